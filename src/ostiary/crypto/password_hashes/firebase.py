"""Firebase's scrypt: the derived key encrypts the project's signer key, and the result is what is stored.

The parameters are those of a whole project and stand beside the export; a stored hash has to carry them, as
`firebase_scrypt$memory cost$rounds$salt separator$signer key$salt$hash`, bytes in base64.
"""

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from hmac import compare_digest
from typing import Final

from ostiary.crypto.javascript import text_to_bytes
from ostiary.crypto.password_hashes.algorithm import refuse

_PREFIX: Final = "firebase_scrypt$"
_BYTES = r"([A-Za-z0-9+/]{0,256}={0,2})"
_FORMAT = re.compile(
    rf"firebase_scrypt\$([0-9]{{1,3}})\$([0-9]{{1,3}})\${_BYTES}\${_BYTES}\${_BYTES}\${_BYTES}"
)
_KEY_LENGTH: Final = 32


@dataclass(frozen=True, kw_only=True, slots=True)
class FirebaseParameters:
    """What Firebase's console shows under the password hash parameters of a project."""

    signer_key: str
    """In base64."""
    salt_separator: str
    """In base64."""
    rounds: int
    mem_cost: int

    def stored(self, salt: str, password_hash: str) -> str:
        """Return what to store for a hash of the export; both are in base64, of either alphabet."""
        parts = (self.salt_separator, self.signer_key, salt, password_hash)
        return f"{_PREFIX}{self.mem_cost}${self.rounds}${'$'.join(map(_standard, parts))}"


def _standard(text: str) -> str:
    """Return base64 in the common alphabet; exports use the one for URLs as well."""
    return text.replace("-", "+").replace("_", "/")


@dataclass(frozen=True, slots=True)
class FirebaseScrypt:
    """Verifies only; its first sign-in moves a user to the configured algorithm."""

    memory_cap: int = 64 * 1024 * 1024
    """Bytes for one computation; Firebase's own parameters ask for 16 MiB."""

    def recognises(self, stored: str) -> bool:
        """Begins with our name for it."""
        return stored.startswith(_PREFIX)

    def verify(self, password: str, stored: str) -> bool:
        """Encrypt the signer key again and compare, where the memory is within the cap."""
        parts = _FORMAT.fullmatch(stored)
        if parts is None:
            return False
        cost, rounds = int(parts[1]), int(parts[2])
        memory = 128 * rounds << min(cost, 64)
        if memory > self.memory_cap:
            return refuse("firebase", "memory", memory, self.memory_cap)
        if cost < 1 or rounds < 1:
            return False
        try:
            separator, signer, salt, claimed = (
                base64.b64decode(part, validate=True) for part in parts.groups()[2:]
            )
        except binascii.Error:
            return False
        key = hashlib.scrypt(
            text_to_bytes(password), salt=salt + separator, n=1 << cost, r=rounds, p=1,
            maxmem=2 * self.memory_cap, dklen=_KEY_LENGTH,
        )  # fmt: skip
        return bool(signer) and compare_digest(_encrypted(signer, key), claimed)


def _encrypted(signer_key: bytes, key: bytes) -> bytes:
    from cryptography.hazmat.primitives.ciphers import Cipher  # noqa: PLC0415  few servers keep such hashes
    from cryptography.hazmat.primitives.ciphers.algorithms import AES  # noqa: PLC0415  the same
    from cryptography.hazmat.primitives.ciphers.modes import CTR  # noqa: PLC0415  the same

    # the counter starts at zero: every key encrypts this one text alone
    encryptor = Cipher(AES(key), CTR(bytes(16))).encryptor()
    return encryptor.update(signer_key) + encryptor.finalize()
