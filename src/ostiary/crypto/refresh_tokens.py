"""The text of refresh tokens, and how each follows from the one before it."""

import hashlib
import re
from dataclasses import dataclass, field
from hmac import digest as hmac_digest
from typing import Final

from ostiary.crypto import base64url
from ostiary.domain.runtime import Runtime

_FAMILY: Final = 20  # letters and digits: 119 bits, so that nobody finds another one's family
_SECRET: Final = 32  # bytes
_SALT: Final = 32  # bytes
_FORM: Final = re.compile(r"rt_([A-Za-z0-9]{20})([A-Za-z0-9_-]{43})")
_PURPOSE: Final = b"ostiary refresh token successor v1\0"


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """A refresh token: `rt_`, the family, 256 bits of secret. Without a dot it is no JWT."""

    family: str
    secret: str = field(repr=False)

    @property
    def text(self) -> str:
        """What the client keeps."""
        return f"rt_{self.family}{self.secret}"

    @property
    def hash(self) -> str:
        """What the database keeps: SHA-256 is enough for a secret that nobody can guess."""
        return hashlib.sha256(self.secret.encode()).hexdigest()

    @property
    def family_hash(self) -> str:
        """What the database keeps of the family: who reads it there cannot even end the session."""
        return hashlib.sha256(self.family.encode()).hexdigest()

    def successor(self, salt: str) -> "RefreshToken":
        """Return the token that follows: HMAC-SHA256 of fresh chance under the secret of this one.

        Whoever holds this token and reads the salt in the database can compute it; neither is enough alone.
        """
        mac = hmac_digest(self.secret.encode(), _PURPOSE + salt.encode(), "sha256")
        return RefreshToken(self.family, base64url.encode(mac).decode())


def new_refresh_token(runtime: Runtime) -> RefreshToken:
    """Return the first token of a new family."""
    secret = base64url.encode(runtime.random_bytes(_SECRET)).decode()
    return RefreshToken(runtime.random_string(_FAMILY), secret)


def new_salt(runtime: Runtime) -> str:
    """Return the chance that goes into a successor."""
    return base64url.encode(runtime.random_bytes(_SALT)).decode()


def parse_refresh_token(text: str) -> RefreshToken | None:
    """Return the token of a text; None if it is no refresh token."""
    parts = _FORM.fullmatch(text)
    return None if parts is None else RefreshToken(parts[1], parts[2])
