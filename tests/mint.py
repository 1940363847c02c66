"""Makes tokens of another server: honest ones, and with any part of them changed."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from ostiary.crypto import base64url
from ostiary.crypto.json_web_keys import KeyPair, PrivateKey, generate, read_private
from ostiary.crypto.json_web_signatures import sign_token
from ostiary.domain.runtime import FrozenRuntime

AUDIENCE = "https://api.example"
LIFE = 900


@cache
def pair(algorithm: Any, number: int = 0) -> KeyPair:
    """Return a key, the same one each time: RSA takes a while to make."""
    return generate(algorithm)


def published(algorithm: str, kid: str | None = "", number: int = 0) -> dict[str, Any]:
    """Return the public part as a key set shows it, named for its algorithm."""
    named = {} if kid is None else {"kid": kid or algorithm}
    return {**pair(algorithm, number).public, "alg": algorithm, **named}


@cache
def private(algorithm: str, kid: str | None = "", number: int = 0) -> PrivateKey:
    """Return the part that signs."""
    key = read_private(pair(algorithm, number).private, kid=kid or algorithm, algorithm=algorithm)
    return PrivateKey(None, algorithm, key._key) if kid is None else key  # type: ignore[arg-type]  # to leave it out


@dataclass
class Mint:
    """Signs in the name of an issuer."""

    issuer: str
    clock: FrozenRuntime

    @property
    def seconds(self) -> int:
        """The time as tokens tell it."""
        return int(self.clock.now().timestamp())

    def claims(self, **changes: Any) -> dict[str, Any]:
        """Return good claims with some changed; `...` leaves one out."""
        good = {
            "sub": "ada",
            "name": "Ada",
            "email": "ada@example.com",
            "iss": self.issuer,
            "aud": AUDIENCE,
            "iat": self.seconds,
            "exp": self.seconds + LIFE,
        }
        return {name: value for name, value in {**good, **changes}.items() if value is not ...}

    def token(
        self,
        algorithm: str = "EdDSA",
        *,
        kid: str | None = "",
        typ: str | None = None,
        number: int = 0,
        **claims: Any,
    ) -> str:
        """Return a token; claims as above."""
        return sign_token(self.claims(**claims), private(algorithm, kid, number), typ)


def segment(content: Any) -> str:
    """Return one part of a token: bytes as they are, anything else as JSON."""
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    return base64url.encode(data).decode()


def signed(header: Any, claims: Any, key: PrivateKey) -> str:
    """Return a token of any header and any claims with a good signature."""
    message = f"{segment(header)}.{segment(claims)}"
    return f"{message}.{base64url.encode(key.sign(message.encode())).decode()}"


def header(algorithm: str = "EdDSA", **more: Any) -> Mapping[str, Any]:
    """Return a header with some parameters changed; `...` leaves one out."""
    named = {"alg": algorithm, "kid": algorithm, **more}
    return {name: value for name, value in named.items() if value is not ...}
