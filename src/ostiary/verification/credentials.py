"""What a credential is, told by its form alone: never by trying what would accept it."""

from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final

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


_BY_DOTS: Final = (Form.OPAQUE, Form.SIGNED, Form.JWT)


@dataclass(frozen=True, slots=True)
class Credential:
    """Something that somebody presented, about which nothing is proved."""

    form: Form
    value: str = field(repr=False)


def form_of(token: str) -> Form:
    """Tell the form of a credential by its dots; its size first. Raises TokenRefused for what is none."""
    if len(token) > LONGEST_TOKEN:
        raise TokenRefused("too long", Cause.MALFORMED)
    dots = token.count(".")
    if dots >= len(_BY_DOTS):
        raise TokenRefused("no credential has so many parts", Cause.MALFORMED)
    return _BY_DOTS[dots]


def credential_of(token: str) -> Credential:
    """Return a credential with its form; raises TokenRefused for what is none."""
    form = form_of(token)
    # a client that copied the cookie sends its value as the cookie has it, percent-encoded
    return Credential(form, decode_cookie_value(token) if form is Form.SIGNED else token)


def bearer_token(header: str) -> str | None:
    """Return what follows `Bearer` in an Authorization header (RFC 6750 section 2.1), else None.

    Raises TokenRefused where it is too long to look at.
    """
    if len(header) > LONGEST_TOKEN + _LONGEST_SCHEME:
        raise TokenRefused("too long", Cause.MALFORMED)
    scheme, _, token = header.partition(" ")
    return (token.strip() or None) if scheme.lower() == "bearer" else None
