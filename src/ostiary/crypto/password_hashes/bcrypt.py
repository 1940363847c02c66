"""bcrypt in its modular form `$2b$cost$salt-and-hash`, and the two forms that Django wraps it in."""

import base64
import hashlib
import re
from dataclasses import dataclass
from typing import Final

from ostiary.crypto.javascript import text_to_bytes
from ostiary.crypto.password_hashes.algorithm import refuse
from ostiary.domain.errors import ConfigurationError
from ostiary.domain.runtime import Runtime

_LONGEST: Final = 72  # bytes; bcrypt ignores whatever follows
_WHOLE: Final = "bcrypt_sha256$"  # Django's form, in which bcrypt gets the SHA-256 of the password

_FORMAT = re.compile(r"(bcrypt\$|bcrypt_sha256\$)?(\$2[aby]\$([0-9]{2})\$[./A-Za-z0-9]{53})")
_PREFIX = re.compile(r"(?:bcrypt\$|bcrypt_sha256\$)?\$2[aby]\$")
_ALPHABET = bytes.maketrans(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
    b"./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
)


@dataclass(frozen=True, slots=True)
class Bcrypt:
    """Verifies as the makers of the stored hashes did, often cut at 72 bytes; its own are never cut."""

    cost: int = 12
    """The binary logarithm of the rounds; 12 takes about 200 ms."""
    cost_cap: int = 15
    """Stored hashes that ask for more are refused."""

    def __post_init__(self) -> None:
        """Refuse a cost that bcrypt does not have, or that would not be verified again."""
        if not 4 <= self.cost <= self.cost_cap:
            raise ConfigurationError(f"the cost of bcrypt must be 4 to {self.cost_cap}, its cap")

    def recognises(self, stored: str) -> bool:
        """Begins with one of the sound versions 2a, 2b and 2y."""
        return _PREFIX.match(stored) is not None

    def hash(self, password: str, runtime: Runtime) -> str:
        """Return Django's `bcrypt_sha256$$2b$...`: bcrypt of the password's SHA-256 in hexadecimal."""
        import bcrypt  # noqa: PLC0415  few servers make or keep such hashes

        salt = base64.b64encode(runtime.random_bytes(16)).rstrip(b"=").translate(_ALPHABET)
        return _WHOLE + bcrypt.hashpw(_digest(password), b"$2b$%02d$%b" % (self.cost, salt)).decode()

    def verify(self, password: str, stored: str) -> bool:
        """Compute with the stored cost, where it is within the cap."""
        parts = _FORMAT.fullmatch(stored)
        if parts is None:
            return False
        wrapper, encoded, cost = parts[1], parts[2], int(parts[3])
        if cost > self.cost_cap:
            return refuse("bcrypt", "cost", cost, self.cost_cap)
        import bcrypt  # noqa: PLC0415  see `hash`

        secret = _digest(password) if wrapper == _WHOLE else text_to_bytes(password)[:_LONGEST]
        try:
            return bcrypt.checkpw(secret, encoded.encode())
        except ValueError:
            return False

    def is_current(self, stored: str) -> bool:
        """The form, the version and the cost are those of new hashes."""
        return stored.startswith(f"{_WHOLE}$2b${self.cost:02d}$")


def _digest(password: str) -> bytes:
    return hashlib.sha256(text_to_bytes(password)).hexdigest().encode()
