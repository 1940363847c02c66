"""Signed cookies are those of the reference, byte for byte, and outlive a rotation of the secret."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from ostiary.crypto.signing import (
    Keyring,
    VersionedSecret,
    decode_cookie_value,
    encode_uri_component,
    sign,
    sign_cookie,
    signature,
    unsign,
)
from ostiary.domain.errors import ConfigurationError

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "signing.json").read_text())
OLD = "old-secret-old-secret-old-secret-0123"
NEW = "new-secret-new-secret-new-secret-0123"


@pytest.mark.parametrize("captured", VECTORS["captured"]["cookies"], ids=lambda cookie: cookie["name"])
def test_captured_cookies_verify_and_are_signed_the_same_way(captured: Mapping[str, str]) -> None:
    keyring = Keyring.of(VECTORS["captured"]["secret"])
    assert unsign(decode_cookie_value(captured["cookie"]), keyring) == captured["value"]
    assert sign_cookie(captured["value"], keyring) == captured["cookie"]


@pytest.mark.parametrize("made", VECTORS["reference"], ids=lambda made: ascii(made["value"])[:30])
def test_cookies_of_any_text_are_those_of_the_reference(made: Mapping[str, str]) -> None:
    keyring = Keyring.of(made["secret"])
    assert signature(made["value"], keyring) == made["signature"]
    assert sign_cookie(made["value"], keyring) == made["cookie"]
    assert unsign(decode_cookie_value(made["cookie"]), keyring) == made["value"]


@pytest.mark.parametrize("vector", VECTORS["encode_uri_component"], ids=lambda vector: ascii(vector["text"]))
def test_percent_encoding_is_that_of_javascript(vector: Mapping[str, str]) -> None:
    assert encode_uri_component(vector["text"]) == vector["encoded"]
    assert decode_cookie_value(vector["encoded"]) == vector["text"]


@pytest.mark.parametrize("vector", VECTORS["decode_cookie_value"], ids=lambda vector: ascii(vector["text"]))
def test_what_cannot_be_percent_decoded_stays_as_it_is(vector: Mapping[str, str]) -> None:
    assert decode_cookie_value(vector["text"]) == vector["decoded"]


def test_s18_cookies_of_the_old_secret_verify_while_it_is_on_the_ring_and_not_after() -> None:
    before, during, after = Keyring.of(OLD), Keyring.of(NEW, OLD), Keyring.of(NEW)
    cookie = sign("token", before)
    assert unsign(cookie, during) == "token"
    assert unsign(cookie, after) is None


def test_s18_new_cookies_are_signed_by_the_new_secret_alone() -> None:
    cookie = sign("token", Keyring.of(NEW, OLD))
    assert unsign(cookie, Keyring.of(NEW)) == "token"
    assert unsign(cookie, Keyring.of(OLD)) is None


def test_s18_the_secret_from_before_versions_verifies_but_never_signs() -> None:
    ring = Keyring.parse(f"2:{NEW}", legacy=OLD)
    assert unsign(sign("token", Keyring.of(OLD)), ring) == "token"
    assert unsign(sign("token", ring), Keyring.of(OLD)) is None


@pytest.mark.parametrize(
    "signed",
    [
        "",
        ".",
        "token",
        "token.",
        "." + "A" * 43 + "=",
        "token." + "A" * 43 + "=",
        "token." + "é" * 43 + "=",
        "token." + "\ud800" * 43 + "=",
        "\ud800." + "A" * 43 + "=",
        "token." + "A" * 44,
        "token." + "A" * 42 + "==",
        "\0" * 100,
        "token." + "=" * 44,
        "." * 60 + "=",
    ],
)
def test_s19_verification_answers_none_to_garbage_and_never_raises(signed: str) -> None:
    assert unsign(signed, Keyring.of(NEW)) is None


def test_an_empty_value_proves_nothing_even_when_signed() -> None:
    assert unsign(sign("", Keyring.of(NEW)), Keyring.of(NEW)) is None


def test_s19_a_signature_has_one_spelling_only() -> None:
    """Base64 leaves two bits of the last character unused; a change there is refused as any other."""
    ring = Keyring.of(NEW)
    signed = sign("token", ring)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    sibling = alphabet[alphabet.index(signed[-2]) ^ 1]
    assert unsign(signed[:-2] + sibling + "=", ring) is None


def test_a_ring_is_read_from_its_environment_form() -> None:
    ring = Keyring.parse("2: new:with:colons , 1:old", legacy="older")
    assert ring.secrets == (VersionedSecret(2, "new:with:colons"), VersionedSecret(1, "old"))
    assert (ring.current, ring.version) == ("new:with:colons", 2)
    assert ring.all == ("new:with:colons", "old", "older")
    assert ring.by_version(1) == "old"
    assert ring.by_version(3) is None


def test_a_secret_that_occurs_twice_is_tried_once() -> None:
    assert Keyring.of(NEW, OLD, NEW).all == (NEW, OLD)
    assert Keyring.parse(f"1:{NEW}", legacy=NEW).all == (NEW,)


def test_no_secret_shows_in_a_representation() -> None:
    ring = Keyring.parse(f"2:{NEW},1:{OLD}", legacy="legacy-secret")
    assert not any(secret in repr(ring) for secret in ring.all)


@pytest.mark.parametrize("text", ["", "new", "x:new", "-1:new", "1:", "1:a,1:b", "1:a,,2:b", "²:a"])
def test_a_malformed_ring_is_refused_without_showing_its_secrets(text: str) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        Keyring.parse(text)
    assert "new" not in str(refusal.value).replace("2:new", "")


def test_a_ring_without_secrets_or_with_mixed_versions_is_refused() -> None:
    for secrets in [(), (VersionedSecret(None, ""),), (VersionedSecret(1, "a"), VersionedSecret(None, "b"))]:
        with pytest.raises(ConfigurationError):
            Keyring(secrets)
