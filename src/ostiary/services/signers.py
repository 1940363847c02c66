"""What signs the server's own tokens, and finds the keys that prove them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from ostiary.crypto.json_web_keys import SMALLEST_MODULUS, Algorithm, Jwk, VerifyingKey
from ostiary.crypto.json_web_signatures import SharedKey, sign_token
from ostiary.crypto.token_form import Header
from ostiary.domain.errors import JsonValue


class Signer(Protocol):
    """Signs the server's own tokens and finds the keys that prove them."""

    async def sign(self, claims: Mapping[str, JsonValue], typ: str | None = None) -> str:
        """Return a token with exactly these claims."""
        ...

    def at_hand(self, header: Header) -> VerifyingKey | None:
        """Return the key that a token's header names where nothing has to be read for it; None otherwise."""
        ...

    async def key_for(self, header: Header) -> VerifyingKey | None:
        """Return the key that a token's header names; None if it is none of ours."""
        ...

    async def published(self) -> Sequence[Jwk]:
        """Return the public keys, the newest first; empty where there is nothing to publish."""
        ...


@dataclass(frozen=True)
class SharedSecret:
    """A Signer whose services all know one secret: HS256, nothing to publish."""

    key: SharedKey

    async def sign(self, claims: Mapping[str, JsonValue], typ: str | None = None) -> str:
        """Return a token with exactly these claims."""
        return sign_token(claims, self.key, typ)

    def at_hand(self, header: Header) -> VerifyingKey | None:
        """Return the secret's key for tokens that name it, or nothing where it has no name."""
        return self.key if header.kid == self.key.kid else None

    async def key_for(self, header: Header) -> VerifyingKey | None:
        """Return the same: the secret is always at hand."""
        return self.at_hand(header)

    async def published(self) -> Sequence[Jwk]:
        """Return nothing: the secret is one."""
        return []


@dataclass(frozen=True, kw_only=True)
class KeyOptions:
    """How the server's signing keys are made and kept."""

    algorithm: Algorithm = "EdDSA"
    """What new keys are for."""
    modulus_length: int = SMALLEST_MODULUS
    """Bits of an RSA key."""
    rotation_interval: timedelta | None = None
    """After this time a new key takes over; None keeps the key for good."""
    grace_period: timedelta = timedelta(days=30)
    """How long a key that signs no more stays published, so that what it signed can be proved."""
    encrypt_private_keys: bool = True
    """Keep private keys encrypted under the server's secret."""
    read_again_after: timedelta = timedelta(seconds=60)
    """How long a node relies on its memory of the table; so long it may sign with a key that was rotated."""


@dataclass(frozen=True, kw_only=True)
class SigningOptions:
    """What a server signs its tokens with, and in whose name."""

    keys: KeyOptions | SharedKey = field(default_factory=KeyOptions)
    """Keys of a key set, or one secret."""
    issuer: str | None = None
    """The `iss` of tokens; None is the origin of the base URL."""
    audience: str | None = None
    """The `aud` of tokens; None is the issuer."""


@dataclass(frozen=True, kw_only=True)
class Signing:
    """The server as an issuer of tokens."""

    signer: Signer
    issuer: str
    audience: str
