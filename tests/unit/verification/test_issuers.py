"""What an operator writes about issuers is refused at the start where it would protect nothing."""

from dataclasses import FrozenInstanceError
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization

from ostiary import ConfigurationError, JwksIssuer, Options, SessionIssuer, SharedSecretIssuer, Verifier
from ostiary.crypto.shared_secrets import require_secret
from ostiary.domain.runtime import FrozenRuntime
from ostiary.storage.memory import MemoryKeyValue
from tests.builders import SECRET
from tests.mint import AUDIENCE, private
from tests.security.forgeries import KEYS, encodings

ISSUER = "https://auth.example"


def jwks(**changes: Any) -> JwksIssuer:
    return JwksIssuer(**{"issuer": ISSUER, "audience": AUDIENCE, **changes})


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": ""},
        {"audience": ""},
        {"audience": []},
        {"audience": ["a", ""]},
        {"leeway": timedelta(seconds=61)},
        {"leeway": timedelta(seconds=-1)},
        {"algorithms": []},
        {"algorithms": ["none"]},
        {"algorithms": ["HS256", "EdDSA"]},
        {"issuer": "auth.example"},
        {"issuer": "http://auth.example"},
    ],
)
def test_rules_that_protect_nothing_are_refused(changes: dict[str, Any]) -> None:
    """S1, S7, S8"""
    with pytest.raises(ConfigurationError):
        jwks(**changes)


def test_keys_are_where_better_auth_publishes_them_unless_said_otherwise() -> None:
    assert jwks().keys_at == "https://auth.example/api/auth/jwks"
    assert jwks(issuer="https://auth.example/").keys_at == "https://auth.example/api/auth/jwks"
    assert jwks(issuer="auth", jwks_url="https://keys.example/set").keys_at == "https://keys.example/set"


def test_an_issuer_does_not_change_and_shows_no_secret() -> None:
    issuer = SharedSecretIssuer(issuer=ISSUER, audience=AUDIENCE, secret=SECRET)
    sessions = SessionIssuer(options=Options(secret=SECRET), database="postgresql://user:hunter2@db/auth")
    with pytest.raises(FrozenInstanceError):
        issuer.secret = "x"  # type: ignore[misc]  # that is the point
    assert SECRET not in repr([issuer, sessions])
    assert "hunter2" not in repr(sessions)


@pytest.mark.parametrize("secret", ["", "short", "x" * 31, "é" * 15])
def test_a_secret_that_can_be_guessed_is_refused(secret: str) -> None:
    """S2"""
    with pytest.raises(ConfigurationError, match="32 bytes"):
        SharedSecretIssuer(issuer=ISSUER, audience=AUDIENCE, secret=secret)


@pytest.mark.parametrize("algorithm", [*KEYS, "ES512"])
def test_a_public_key_in_any_form_is_no_secret(algorithm: str) -> None:
    """S2"""
    tried = 0
    for form, secret in encodings(algorithm):
        if form in {"x as text", "y as text", "n as text", "raw in hexadecimal digits"} or len(secret) < 32:
            continue  # nothing tells these from a random secret, so row 2 is also kept by the algorithm
        if form in {"x as bytes", "y as bytes", "n as bytes", "raw"}:
            continue
        tried += 1
        text = secret.decode("latin-1")
        for variant in (text, f"\n {text} \n" if text.isascii() else text):
            with pytest.raises(ConfigurationError, match="is a key"):
                require_secret(variant, form)
    assert tried >= 10


def test_private_keys_and_certificates_are_no_secrets_either() -> None:
    """S2"""
    key = private("ES256")._key.raw_value
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    for text in (pem.decode(), "-----BEGIN CERTIFICATE-----\n" + "A" * 40, "ssh-ed25519 " + "AAAA" * 10):
        with pytest.raises(ConfigurationError, match="is a key"):
            require_secret(text, "secret")


def test_random_secrets_are_accepted_in_every_usual_form(clock: FrozenRuntime) -> None:
    for _ in range(300):
        data = clock.random_bytes(32)
        for secret in (
            clock.new_token(32),
            data.hex(),
            clock.random_string(64),
            "-".join([data.hex()[:8]] * 5),
        ):
            require_secret(secret, "secret")


def test_a_verifier_needs_issuers_that_can_be_told_apart(clock: FrozenRuntime) -> None:
    """S7"""
    sessions = SessionIssuer(options=Options(secret=SECRET), key_value=MemoryKeyValue(clock))
    shared = SharedSecretIssuer(issuer=ISSUER, audience=AUDIENCE, secret=SECRET)
    for mistaken in (
        (),
        (jwks(), jwks(audience="https://other.example")),
        (shared, shared),
        (sessions, sessions),
    ):
        with pytest.raises(ConfigurationError):
            Verifier(*mistaken)
    Verifier(jwks(), shared, sessions)


def test_sessions_need_a_place() -> None:
    with pytest.raises(ConfigurationError, match="database"):
        SessionIssuer(options=Options(secret=SECRET))
    with pytest.raises(ConfigurationError):
        Verifier(SessionIssuer(options=Options(secret=SECRET), database="mongodb://db"))
