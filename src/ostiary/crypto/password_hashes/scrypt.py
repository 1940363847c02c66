"""Better Auth's own format: `salt:key`, scrypt (RFC 7914) with N=16384, r=16, p=1."""

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from hmac import compare_digest

from ostiary.crypto.javascript import text_to_bytes
from ostiary.domain.runtime import Runtime

_FORMAT = re.compile(r"([^:$]{1,256}):([0-9a-f]{128})")
_CURRENT = re.compile(r"[0-9a-f]{32}:[0-9a-f]{128}")
_MEMORY = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Scrypt:
    """Fixed parameters, 32 MiB for each computation; the only format that every Better Auth server reads."""

    def recognises(self, stored: str) -> bool:
        """Two parts around one colon, the second one a key of 64 bytes in hexadecimal."""
        return _FORMAT.fullmatch(stored) is not None

    def hash(self, password: str, runtime: Runtime) -> str:
        """Return `salt:key` under 16 random bytes of salt."""
        salt = runtime.random_bytes(16).hex()
        return f"{salt}:{_key(password, salt)}"

    def verify(self, password: str, stored: str) -> bool:
        """Compute the key again and compare."""
        parts = _FORMAT.fullmatch(stored)
        return parts is not None and compare_digest(_key(password, parts[1]), parts[2])

    def is_current(self, stored: str) -> bool:
        """The salt is one of ours."""
        return _CURRENT.fullmatch(stored) is not None


def _key(password: str, salt: str) -> str:
    # NFKC, so that the same characters typed on another keyboard are the same password
    secret = text_to_bytes(unicodedata.normalize("NFKC", password))
    # wire: the salt is the text of the hexadecimal digits, not the bytes they stand for
    return hashlib.scrypt(
        secret, salt=text_to_bytes(salt), n=16384, r=16, p=1, maxmem=_MEMORY, dklen=64
    ).hex()
