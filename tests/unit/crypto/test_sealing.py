"""Envelopes are those of the reference; they survive a rotation and nothing else."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from ostiary.crypto.sealing import (
    SealError,
    decrypt,
    encrypt,
    hchacha20,
    looks_sealed,
    purpose_keyring,
    purpose_secret,
    seal,
    unseal,
)
from ostiary.crypto.signing import Keyring
from ostiary.domain.runtime import FrozenRuntime

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "sealing.json").read_text())
RUNTIME = FrozenRuntime()
OLD = "old-secret-old-secret-old-secret-0123"
NEW = "new-secret-new-secret-new-secret-0123"


@pytest.mark.parametrize("vector", VECTORS["hchacha20"])
def test_subkeys_are_those_of_the_draft(vector: Mapping[str, str]) -> None:
    subkey = hchacha20(bytes.fromhex(vector["key"]), bytes.fromhex(vector["nonce"]))
    assert subkey.hex() == vector["subkey"]


@pytest.mark.parametrize("vector", VECTORS["xchacha20poly1305"])
def test_the_cipher_is_that_of_the_draft(vector: Mapping[str, str]) -> None:
    key, nonce, associated = (bytes.fromhex(vector[name]) for name in ("key", "nonce", "associated"))
    plaintext, sealed = bytes.fromhex(vector["plaintext"]), bytes.fromhex(vector["sealed"])
    assert encrypt(key, nonce, plaintext, associated) == sealed
    assert decrypt(key, nonce, sealed, associated) == plaintext


@pytest.mark.parametrize("vector", VECTORS["bare"], ids=lambda vector: ascii(vector["data"])[:20])
def test_bare_envelopes_of_the_reference_open(vector: Mapping[str, str]) -> None:
    assert unseal(vector["sealed"], Keyring.of(vector["secret"])) == vector["data"]
    assert unseal(vector["sealed"].upper(), Keyring.of(vector["secret"])) == vector["data"]


@pytest.mark.parametrize("vector", VECTORS["versioned"], ids=lambda vector: vector["sealed"][:7])
def test_versioned_and_legacy_envelopes_of_the_reference_open(vector: Mapping[str, str]) -> None:
    assert unseal(vector["sealed"], Keyring.parse(vector["secrets"], vector["legacy"])) == vector["data"]


@pytest.mark.parametrize("vector", VECTORS["purposes"], ids=lambda vector: vector["purpose"])
def test_purpose_secrets_are_those_of_the_reference(vector: Mapping[str, str]) -> None:
    assert purpose_secret(vector["secret"], vector["purpose"]) == vector["derived"]


def test_an_envelope_names_its_version_where_versions_are_used() -> None:
    assert seal("text", Keyring.parse(f"7:{NEW},1:{OLD}"), RUNTIME).startswith("$ba$7$")
    assert bytes.fromhex(seal("text", Keyring.of(NEW), RUNTIME))


def test_s18_what_the_old_secret_sealed_opens_while_it_is_on_the_ring_and_not_after() -> None:
    bare = seal("text", Keyring.of(OLD), RUNTIME)
    versioned = seal("text", Keyring.parse(f"1:{OLD}"), RUNTIME)
    assert unseal(bare, Keyring.of(NEW, OLD)) == "text"
    assert unseal(versioned, Keyring.parse(f"2:{NEW},1:{OLD}")) == "text"
    with pytest.raises(SealError):
        unseal(bare, Keyring.of(NEW))
    with pytest.raises(SealError):
        unseal(versioned, Keyring.parse(f"2:{NEW}"))


def test_a_version_is_opened_by_the_secret_of_that_version_only() -> None:
    sealed = seal("text", Keyring.parse(f"1:{OLD}"), RUNTIME)
    with pytest.raises(SealError):
        unseal(sealed.replace("$ba$1$", "$ba$2$"), Keyring.parse(f"2:{NEW},1:{OLD}"))


def test_an_envelope_of_one_purpose_opens_for_no_other() -> None:
    ring = Keyring.parse(f"2:{NEW}", legacy=OLD)
    sealed = seal("text", purpose_keyring(ring, "oauth-state-cookie"), RUNTIME)
    assert unseal(sealed, purpose_keyring(ring, "oauth-state-cookie")) == "text"
    for other in (ring, purpose_keyring(ring, "oauth-proxy-state")):
        with pytest.raises(SealError):
            unseal(sealed, other)


def test_two_envelopes_of_one_text_differ() -> None:
    assert seal("text", Keyring.of(NEW), RUNTIME) != seal("text", Keyring.of(NEW), RUNTIME)


@pytest.mark.parametrize(
    "sealed",
    [
        "",
        "00",
        "zz",
        "0" * 79,
        "00" * 39,
        "$ba$",
        "$ba$1",
        "$ba$1$",
        "$ba$x$00",
        "$ba$-1$" + "00" * 50,
        "$ba$9$" + "00" * 50,
        "$ba$" + "9" * 30 + "$00",
        "é" * 90,
        "�",
        "00 " * 50,
        "00" * 50,
    ],
)
def test_what_is_no_envelope_is_refused_by_name(sealed: str) -> None:
    for ring in (Keyring.of(NEW), Keyring.parse(f"1:{NEW}")):
        with pytest.raises(SealError):
            unseal(sealed, ring)


def test_plain_text_from_before_encryption_is_told_apart() -> None:
    assert looks_sealed("$ba$2$00ff")
    assert looks_sealed("00FF")
    assert not any(map(looks_sealed, ["", "0", "ya29.a0Af", "gho_abc", "00ff\n", "é"]))
