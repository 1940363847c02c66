"""Signed tokens in the compact form (RFC 7515), judged in the order size, form, key, signature, time."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from hmac import compare_digest
from typing import Final

from ostiary.crypto import base64url
from ostiary.crypto.javascript import stringify
from ostiary.crypto.json_web_keys import SigningKey, VerifyingKey
from ostiary.crypto.signing import Mac
from ostiary.crypto.strict_json import Claims, parse_object
from ostiary.crypto.token_form import (
    CLOCK_SKEW,
    LONGEST_TOKEN,
    Cause,
    Header,
    TokenRefused,
    header_and_parts,
)
from ostiary.domain.errors import JsonValue

_SKEW: Final = CLOCK_SKEW.total_seconds()


@dataclass(frozen=True, slots=True)
class SharedKey:
    """A secret that signs and proves HS256 (RFC 7518 section 3.2)."""

    secret: str = field(repr=False)
    kid: str | None = None
    algorithm: str = field(default="HS256", init=False)
    _mac: Mac = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Prepare the secret, which costs more than a signature."""
        object.__setattr__(self, "_mac", Mac(self.secret))

    def sign(self, message: bytes) -> bytes:
        """Return the signature of a message."""
        return self._mac.digest(message)

    def verifies(self, message: bytes, signature: bytes) -> bool:
        """Tell whether the signature is of this message and by this secret."""
        return compare_digest(self._mac.digest(message), signature)


@dataclass(slots=True)  # frozen, one would cost as much as the parsing of its claims
class UnprovedToken:
    """A token of the right form about which nothing is proved: data to choose a key by, never to obey."""

    header: Header
    claims: Claims = field(repr=False)
    message: bytes = field(repr=False)
    signature: bytes = field(repr=False)

    def proved_by(self, key: VerifyingKey) -> Claims:
        """Return the claims if the key proves them; raises TokenRefused.

        The algorithm is the key's; the header may only agree with it (RFC 8725 section 3.1).
        """
        if self.header.alg != key.algorithm:
            raise TokenRefused("its alg is not the key's", Cause.INVALID_TOKEN)
        if not key.verifies(self.message, self.signature):
            raise TokenRefused("the signature is not by this key", Cause.INVALID_SIGNATURE)
        return self.claims


def parse_token(token: str, *, limit: int = LONGEST_TOKEN) -> UnprovedToken:
    """Take a token apart, its size first; `limit` counts characters. Raises TokenRefused."""
    header, (_, payload, signature) = header_and_parts(token, 3, limit)
    try:
        claims = parse_object(base64url.decode(payload))
        proof = base64url.decode(signature)
    except ValueError as error:
        raise TokenRefused("not a JSON object in base64url", Cause.MALFORMED) from error
    return UnprovedToken(header, claims, token[: -1 - len(signature)].encode(), proof)


def sign_token(claims: Mapping[str, JsonValue], key: SigningKey, typ: str | None = None) -> str:
    """Return the signed token; its header names algorithm, key and `typ`, what is absent left out."""
    signed = b".".join([_header_segment(key.algorithm, key.kid, typ), base64url.encode(stringify(claims))])
    return b".".join([signed, base64url.encode(key.sign(signed))]).decode()


@lru_cache(maxsize=64)
def _header_segment(algorithm: str, kid: str | None, typ: str | None) -> bytes:
    members = {"alg": algorithm, "kid": kid, "typ": typ}
    return base64url.encode(stringify({name: text for name, text in members.items() if text is not None}))


@dataclass(slots=True)  # see UnprovedToken
class Life:
    """When a token may be used, in seconds since the epoch: from `begins` on, until `ends` is reached."""

    begins: float
    ends: float

    def check(self, seconds: float) -> None:
        """Raise TokenRefused before and after."""
        if seconds >= self.ends:
            raise TokenRefused("expired", Cause.EXPIRED)
        if seconds < self.begins:
            raise TokenRefused("not valid yet")


def life_of(claims: Claims, now: float, *, leeway: float, longest: float) -> Life:
    """Read `exp`, `nbf` and `iat` (RFC 7519 section 4.1): whole seconds, and an end there must be.

    `leeway` is granted to `exp` and `nbf`, the usual difference of clocks to `iat`; a token without `iat` may
    live for `longest` from now on. All of them are seconds. Raises TokenRefused.
    """
    expires, begins, issued = _moment(claims, "exp"), _moment(claims, "nbf"), _moment(claims, "iat")
    if expires is None:
        raise TokenRefused("it never expires")
    if expires - (now if issued is None else issued) > longest:
        raise TokenRefused("it lives longer than this server admits")
    earliest = 0.0 if begins is None else begins - leeway
    if issued is not None and issued - _SKEW > earliest:
        earliest = issued - _SKEW
    return Life(earliest, expires + leeway)


def _moment(claims: Claims, name: str) -> int | None:
    value = claims.get(name)
    if type(value) is int and 0 <= value < 1 << 53:
        return value
    if name in claims:
        raise TokenRefused(f"its {name} is not a number of seconds", Cause.MALFORMED)
    return None
