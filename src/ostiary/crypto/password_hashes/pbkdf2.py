"""Django's PBKDF2 (RFC 8018) format `pbkdf2_sha256$iterations$salt$hash`, for imported passwords."""

import base64
import hashlib
import re
from dataclasses import dataclass
from hmac import compare_digest

from ostiary.crypto.javascript import text_to_bytes
from ostiary.crypto.password_hashes.algorithm import refuse

_FORMAT = re.compile(r"pbkdf2_(sha256|sha1)\$([0-9]{1,12})\$([^$]{1,256})\$([A-Za-z0-9+/]{27,43}=)")


@dataclass(frozen=True, slots=True)
class DjangoPbkdf2:
    """Verifies only; its first sign-in moves a user to the configured algorithm."""

    iterations_cap: int = 3_000_000

    def recognises(self, stored: str) -> bool:
        """Begins with either of the two names."""
        return stored.startswith(("pbkdf2_sha256$", "pbkdf2_sha1$"))

    def verify(self, password: str, stored: str) -> bool:
        """Compute with the stored number of iterations, where it is within the cap."""
        parts = _FORMAT.fullmatch(stored)
        if parts is None:
            return False
        digest, iterations, salt, claimed = parts[1], int(parts[2]), parts[3], parts[4]
        if iterations > self.iterations_cap:
            return refuse("pbkdf2", "iterations", iterations, self.iterations_cap)
        if iterations == 0:
            return False
        key = hashlib.pbkdf2_hmac(digest, text_to_bytes(password), text_to_bytes(salt), iterations)
        return compare_digest(base64.b64encode(key).decode(), claimed)
