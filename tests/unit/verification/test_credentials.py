"""A credential is what its form says, whoever might accept it."""

import pytest

from ostiary.crypto.token_form import Cause, TokenRefused
from ostiary.verification.credentials import Form, bearer_token, credential_of


@pytest.mark.parametrize(
    ("text", "form", "value"),
    [
        ("a.b.c", Form.JWT, "a.b.c"),
        ("..", Form.JWT, ".."),
        ("token.signature=", Form.SIGNED, "token.signature="),
        ("token.sig%2Fna%2Bture%3D", Form.SIGNED, "token.sig/na+ture="),
        (".", Form.SIGNED, "."),
        ("token", Form.OPAQUE, "token"),
        ("%2E", Form.OPAQUE, "%2E"),
        ("", Form.OPAQUE, ""),
        ("a" * 8192, Form.OPAQUE, "a" * 8192),
    ],
)
def test_dots_tell_the_form(text: str, form: Form, value: str) -> None:
    credential = credential_of(text)
    assert (credential.form, credential.value) == (form, value)
    assert value not in repr(credential) or len(value) < 2


@pytest.mark.parametrize("text", ["a.b.c.d", "....", "a.b.c.d.e", "." * 100, "a" * 8193])
def test_what_has_no_such_form_is_malformed(text: str) -> None:
    """S10"""
    with pytest.raises(TokenRefused) as refused:
        credential_of(text)
    assert refused.value.cause is Cause.MALFORMED


@pytest.mark.parametrize(
    ("header", "token"),
    [
        ("Bearer x", "x"),
        ("bearer x", "x"),
        ("BEARER  x ", "x"),
        ("Bearer x y", "x y"),
        ("Bearer", None),
        ("Bearer ", None),
        ("Bearerx", None),
        ("Basic x", None),
        ("x", None),
        ("", None),
        (" Bearer x", None),
        ("Bearer\tx", None),
        ("Token Bearer x", None),
    ],
)
def test_a_bearer_token_follows_its_scheme(header: str, token: str | None) -> None:
    assert bearer_token(header) == token
