"""What a credential is, told by its form alone: never by trying what would accept it."""

from dataclasses import dataclass, field
from enum import Enum, auto

from ostiary.crypto.signing import decode_cookie_value
from ostiary.crypto.token_form import LONGEST_TOKEN, Cause, TokenRefused

_LONGEST_SCHEME = 64
"""Characters that may come before a token in its header."""


class Form(Enum):
    """The three kinds of credentials."""

    JWT = auto()
    """Three parts, joined by dots."""
    SIGNED = auto()
    """A session token and its signature, joined by a dot."""
    OPAQUE = auto()
    """One part: a session token without a signature."""


@dataclass(frozen=True, slots=True)
class Credential:
    """Something that somebody presented, about which nothing is proved."""

    form: Form
    value: str = field(repr=False)


def credential_of(token: str) -> Credential:
    """Tell a credential by its dots; its size first. Raises TokenRefused for what is none."""
    if len(token) > LONGEST_TOKEN:
        raise TokenRefused("too long", Cause.MALFORMED)
    match token.count("."):
        case 0:
            return Credential(Form.OPAQUE, token)
        case 1:
            # a client that copied the cookie sends its value as the cookie has it, percent-encoded
            return Credential(Form.SIGNED, decode_cookie_value(token))
        case 2:
            return Credential(Form.JWT, token)
    raise TokenRefused("no credential has so many parts", Cause.MALFORMED)


def bearer_token(header: str) -> str | None:
    """Return what follows `Bearer` in an Authorization header (RFC 6750 section 2.1), else None.

    Raises TokenRefused where it is too long to look at.
    """
    if len(header) > LONGEST_TOKEN + _LONGEST_SCHEME:
        raise TokenRefused("too long", Cause.MALFORMED)
    scheme, _, token = header.partition(" ")
    return (token.strip() or None) if scheme.lower() == "bearer" else None
