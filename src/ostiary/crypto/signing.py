"""Signed values: the server's secrets, HMAC-SHA256 signatures, and the text form cookies carry them in."""

import binascii
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from hmac import compare_digest
from string import hexdigits
from typing import Self
from urllib.parse import quote

from ostiary.crypto import base64url
from ostiary.crypto.javascript import text_to_bytes
from ostiary.domain.errors import ConfigurationError
from ostiary.domain.secret import VersionedSecret

_BLOCK = 64
_INNER = bytes(byte ^ 0x36 for byte in range(256))
_OUTER = bytes(byte ^ 0x5C for byte in range(256))
_ESCAPED = {(high + low).encode(): bytes.fromhex(high + low) for high in hexdigits for low in hexdigits}


class Mac:
    """HMAC-SHA256 (RFC 2104) under one secret, with both padded key blocks hashed in advance.

    Preparing the key costs more than the rest of a signature check, so it is done once.
    """

    __slots__ = ("_inner", "_outer")

    def __init__(self, secret: str) -> None:
        """Prepare the key."""
        key = text_to_bytes(secret)
        if len(key) > _BLOCK:
            key = hashlib.sha256(key).digest()
        block = key.ljust(_BLOCK, b"\0")
        self._inner = hashlib.sha256(block.translate(_INNER))
        self._outer = hashlib.sha256(block.translate(_OUTER))

    def digest(self, message: bytes) -> bytes:
        """Return the 32 bytes of the code."""
        inner = self._inner.copy()
        inner.update(message)
        outer = self._outer.copy()
        outer.update(inner.digest())
        return outer.digest()


@dataclass(frozen=True, slots=True)
class Keyring:
    """The server's secrets: the first one signs and encrypts, every one verifies and decrypts.

    `legacy` is the secret from before versions were introduced; it never signs.
    """

    secrets: tuple[VersionedSecret, ...]
    legacy: str | None = field(default=None, repr=False)
    macs: tuple[Mac, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse rings that could not tell their secrets apart, and prepare the keys."""
        _require_order(self.secrets)
        object.__setattr__(self, "macs", tuple(map(Mac, self.all)))

    @classmethod
    def of(cls, *secrets: str) -> Self:
        """Make a ring of unversioned secrets, the current one first."""
        return cls(tuple(VersionedSecret(None, value) for value in secrets))

    @classmethod
    def parse(cls, text: str, legacy: str | None = None) -> Self:
        """Read `2:new,1:old`, the form of BETTER_AUTH_SECRETS."""
        return cls(tuple(_parse_entry(entry.strip()) for entry in text.split(",")), legacy or None)

    @property
    def current(self) -> str:
        """The secret that signs."""
        return self.secrets[0].value

    @property
    def version(self) -> int | None:
        """The version of the current secret; None where versions are not used."""
        return self.secrets[0].version

    @property
    def all(self) -> tuple[str, ...]:
        """Every secret once, the current one first and the legacy one last."""
        values = [secret.value for secret in self.secrets]
        return tuple(dict.fromkeys([*values, self.legacy] if self.legacy else values))

    def by_version(self, version: int) -> str | None:
        """Return the secret of a version."""
        return next((secret.value for secret in self.secrets if secret.version == version), None)

    def derive(self, one: Callable[[str], str]) -> "Keyring":
        """Return the ring of the secrets that `one` makes of each of these, versions kept."""
        derived = tuple(VersionedSecret(secret.version, one(secret.value)) for secret in self.secrets)
        return Keyring(derived, one(self.legacy) if self.legacy else None)


def _require_order(secrets: tuple[VersionedSecret, ...]) -> None:
    if not secrets or not all(secret.value for secret in secrets):
        raise ConfigurationError("a keyring needs at least one secret, and none may be empty")
    versions = [secret.version for secret in secrets if secret.version is not None]
    if len(versions) not in {0, len(secrets)}:
        raise ConfigurationError("give every secret of a keyring a version, or none of them")
    if len(set(versions)) != len(versions) or min(versions, default=0) < 0:
        raise ConfigurationError("versions of secrets must be unique and not negative")


def _parse_entry(entry: str) -> VersionedSecret:
    version, colon, value = entry.partition(":")
    if not colon or not re.fullmatch(r"[0-9]{1,15}", version.strip()):
        raise ConfigurationError("each entry of the secrets reads <version>:<secret>, such as 2:new,1:old")
    return VersionedSecret(int(version), value.strip())


def signature(value: str, keyring: Keyring) -> str:
    """Return the 44 characters that prove `value`: its HMAC under the current secret in padded base64."""
    return _signature(value.encode(), keyring.macs[0]).decode()


def _signature(message: bytes, mac: Mac) -> bytes:
    return binascii.b2a_base64(mac.digest(message), newline=False)


def sign(value: str, keyring: Keyring) -> str:
    """Return `value.signature`; a value that UTF-8 cannot carry raises ValueError."""
    return f"{value}.{signature(value, keyring)}"


def sign_cookie(value: str, keyring: Keyring) -> str:
    """Return the signed value in the percent-encoded form of a Set-Cookie header."""
    return encode_uri_component(sign(value, keyring))


def unsign(signed: str, keyring: Keyring) -> str | None:
    """Return the value whose signature any secret of the ring proves, else None; no input raises."""
    value, _, claimed = signed.rpartition(".")
    if not value or len(claimed) != 44 or claimed[-1] != "=":
        return None
    try:
        message, expected = value.encode(), claimed.encode("ascii")
    except UnicodeEncodeError:
        return None
    # the texts are compared, not the bytes behind them, so that one value has exactly one valid signature
    for mac in keyring.macs:
        if compare_digest(_signature(message, mac), expected):
            return value
    return None


def is_signed(message: bytes, claimed: bytes, keyring: Keyring) -> bool:
    """Tell whether `claimed` is the HMAC of a message under any secret of the ring, in base64url."""
    return any(compare_digest(base64url.encode(mac.digest(message)), claimed) for mac in keyring.macs)


def encode_uri_component(text: str) -> str:
    """Percent-encode as encodeURIComponent does; a surrogate that stands alone raises ValueError."""
    return quote(text, safe="!*'()")


def decode_cookie_value(text: str) -> str:
    """Percent-decode as decodeURIComponent does; what it cannot decode is returned as it is."""
    if "%" not in text:
        return text
    try:
        first, *rest = text.encode().split(b"%")
        return (first + b"".join([_ESCAPED[part[:2]] + part[2:] for part in rest])).decode()
    except (KeyError, UnicodeError):
        return text
