"""The form of compact tokens: what can be told, and refused, before any key is touched."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import lru_cache

from ostiary.crypto import base64url
from ostiary.crypto.strict_json import Claims, parse_object
from ostiary.domain.errors import JsonValue

LONGEST_TOKEN = 8192
"""Characters."""
LONGEST_HEADER = 512
"""Characters, encoded."""
ACCESS_TOKEN = "at+jwt"  # noqa: S105  a name, not a secret
"""The `typ` of an access token (RFC 9068 section 2.1)."""
CLOCK_SKEW = timedelta(seconds=60)
"""How far ahead of ours the clock of whoever issued a token may be."""


class Cause(StrEnum):
    """Why a token was refused, as its bearer may know."""

    EXPIRED = "expired-token"
    INVALID_SIGNATURE = "invalid-signature"
    MALFORMED = "malformed-token"
    INVALID_TOKEN = "invalid-token"  # noqa: S105  a name, not a secret


class TokenRefused(Exception):
    """The token proves nothing; the message is for the operator."""

    def __init__(self, message: str, cause: Cause = Cause.INVALID_TOKEN) -> None:
        """`cause` is what the bearer is told."""
        super().__init__(message)
        self.cause = cause


@dataclass(frozen=True, slots=True)
class Header:
    """The protected header of a token, before anything is proved: data to compare, never to obey."""

    alg: str
    enc: str | None
    kid: str | None
    typ: str | None


def read_header(token: str, *, parts: int, limit: int = LONGEST_TOKEN) -> Header:
    """Read the unproved header of a token of `parts` parts; size first. Raises TokenRefused."""
    return header_and_parts(token, parts, limit)[0]


def header_and_parts(token: str, parts: int, limit: int) -> tuple[Header, list[str]]:
    """Return the unproved header of a token and its parts, the header's among them. Raises TokenRefused."""
    if len(token) > limit:
        raise TokenRefused("too long", Cause.MALFORMED)
    segments = token.split(".", parts)
    if len(segments) != parts or not token.isascii():
        raise TokenRefused("not a compact serialisation", Cause.MALFORMED)
    if len(segments[0]) > LONGEST_HEADER:
        raise TokenRefused("header too long", Cause.MALFORMED)
    return _parse_header(segments[0]), segments


@lru_cache(maxsize=128)
def _parse_header(segment: str) -> Header:
    """Tokens of one key share their header, so this is nearly always a look-up."""
    header = parse_segment(segment)
    if not {"crit", "b64", "zip"}.isdisjoint(header):
        raise TokenRefused("extensions are not supported")
    alg, *others = (header.get(name) for name in ("alg", "enc", "kid", "typ"))
    if not isinstance(alg, str):
        raise TokenRefused("no algorithm", Cause.MALFORMED)
    enc, kid, typ = (_text_or_none(value) for value in others)
    return Header(alg, enc, kid, typ)


def _text_or_none(value: JsonValue) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise TokenRefused("a header parameter is not text", Cause.MALFORMED)


def parse_segment(segment: str) -> Claims:
    """Read a part of a token that is a JSON object; raises TokenRefused."""
    try:
        return parse_object(base64url.decode(segment))
    except ValueError as error:
        raise TokenRefused("not a JSON object in base64url", Cause.MALFORMED) from error
