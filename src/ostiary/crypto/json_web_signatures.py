"""Signed tokens in the compact form (RFC 7515), judged in the order size, form, key, signature, time."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from hmac import compare_digest
from hmac import digest as hmac_digest

from ostiary.crypto import base64url
from ostiary.crypto.javascript import stringify, text_to_bytes
from ostiary.crypto.json_web_keys import SigningKey, VerifyingKey
from ostiary.crypto.strict_json import Claims, parse_object
from ostiary.crypto.token_form import CLOCK_SKEW, LONGEST_TOKEN, Cause, Header, TokenRefused, read_header
from ostiary.domain.errors import JsonValue


@dataclass(frozen=True, slots=True)
class SharedKey:
    """A secret that signs and proves HS256 (RFC 7518 section 3.2)."""

    secret: str = field(repr=False)
    kid: str | None = None
    algorithm: str = field(default="HS256", init=False)

    def sign(self, message: bytes) -> bytes:
        """Return the signature of a message."""
        return hmac_digest(text_to_bytes(self.secret), message, "sha256")

    def verifies(self, message: bytes, signature: bytes) -> bool:
        """Tell whether the signature is of this message and by this secret."""
        return compare_digest(self.sign(message), signature)


@dataclass(frozen=True, slots=True)
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
    header = read_header(token, parts=3, limit=limit)
    message, _, signature = token.rpartition(".")
    try:
        claims = parse_object(base64url.decode(message[message.index(".") + 1 :]))
        proof = base64url.decode(signature)
    except ValueError as error:
        raise TokenRefused("not a JSON object in base64url", Cause.MALFORMED) from error
    return UnprovedToken(header, claims, message.encode(), proof)


def sign_token(claims: Mapping[str, JsonValue], key: SigningKey, typ: str | None = None) -> str:
    """Return the signed token; its header names algorithm, key and `typ`, what is absent left out."""
    signed = b".".join([_header_segment(key.algorithm, key.kid, typ), base64url.encode(stringify(claims))])
    return b".".join([signed, base64url.encode(key.sign(signed))]).decode()


@lru_cache(maxsize=64)
def _header_segment(algorithm: str, kid: str | None, typ: str | None) -> bytes:
    members = {"alg": algorithm, "kid": kid, "typ": typ}
    return base64url.encode(stringify({name: text for name, text in members.items() if text is not None}))


@dataclass(frozen=True, slots=True)
class Life:
    """When a token may be used, in seconds since the epoch: from `begins` on, until `ends` is reached."""

    begins: float
    ends: float

    def covers(self, seconds: float) -> bool:
        """Tell whether it is now."""
        return self.begins <= seconds < self.ends

    def check(self, seconds: float) -> None:
        """Raise TokenRefused before and after."""
        if seconds >= self.ends:
            raise TokenRefused("expired", Cause.EXPIRED)
        if seconds < self.begins:
            raise TokenRefused("not valid yet")


def life_of(claims: Claims, now: datetime, *, leeway: timedelta, longest: timedelta | None) -> Life:
    """Read `exp`, `nbf` and `iat` (RFC 7519 section 4.1): whole seconds, and an end there must be.

    `leeway` is granted to `exp` and `nbf`, the usual difference of clocks to `iat`; a token without `iat` may
    live for `longest` from now on. Raises TokenRefused.
    """
    expires, begins, issued = _moment(claims, "exp"), _moment(claims, "nbf"), _moment(claims, "iat")
    if expires is None:
        raise TokenRefused("it never expires")
    born = now.timestamp() if issued is None else issued
    if longest is not None and expires - born > longest.total_seconds():
        raise TokenRefused("it lives longer than this server admits")
    earliest = 0.0 if begins is None else begins - leeway.total_seconds()
    if issued is not None:
        earliest = max(earliest, issued - CLOCK_SKEW.total_seconds())
    return Life(earliest, expires + leeway.total_seconds())


def _moment(claims: Claims, name: str) -> int | None:
    value = claims.get(name)
    if value is None and name not in claims:
        return None
    if type(value) is not int or not 0 <= value < 1 << 53:
        raise TokenRefused(f"its {name} is not a number of seconds", Cause.MALFORMED)
    return value
