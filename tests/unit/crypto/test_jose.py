"""Tokens under the server's secrets: one algorithm, one kind, in size, in time; all else is refused."""

import base64
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from joserfc import jwe

from ostiary.crypto.jose import (
    TokenRefused,
    _content_key,
    decrypt_jwt,
    encrypt_jwt,
    parse_object,
    read_header,
)
from ostiary.crypto.session_cache import ACCOUNT_SALT, SESSION_SALT
from ostiary.crypto.signed_jwt import sign_jwt, verify_jwt
from ostiary.crypto.signing import Keyring
from ostiary.domain.errors import JsonValue
from ostiary.domain.runtime import FrozenRuntime

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "session_cache.json").read_text())
OLD = "old-secret-old-secret-old-secret-0123"
NEW = "new-secret-new-secret-new-secret-0123"
RING = Keyring.of(NEW)
HOUR = timedelta(hours=1)
NOW = datetime(2030, 1, 1, tzinfo=UTC)
SECONDS = int(NOW.timestamp())


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def forge(
    header: Mapping[str, JsonValue] | str, claims: Mapping[str, JsonValue] | str, secret: str = NEW
) -> str:
    """Sign anything with the right secret, so that only the rule under test can refuse it."""
    head, body = (part if isinstance(part, str) else json.dumps(part) for part in (header, claims))
    signed = f"{b64(head.encode())}.{b64(body.encode())}"
    return f"{signed}.{b64(hmac.digest(secret.encode(), signed.encode(), 'sha256'))}"


def test_a_signed_token_carries_its_claims_and_times() -> None:
    runtime = FrozenRuntime(NOW)
    token = sign_jwt({"email": "zoë@example.com"}, RING, HOUR, runtime)
    assert base64.urlsafe_b64decode(token.split(".")[0] + "==") == b'{"alg":"HS256"}'
    claims = {"email": "zoë@example.com", "iat": SECONDS, "exp": SECONDS + 3600}
    assert verify_jwt(token, RING, runtime.now()) == claims


def test_a_signed_token_of_the_reference_verifies() -> None:
    made = VECTORS["email_verification_jwt"]
    claims = verify_jwt(
        made["token"], Keyring.of(VECTORS["secret"]), datetime.fromtimestamp(made["issued_at"], UTC)
    )
    assert (claims["email"], claims["name"]) == (made["email"], made["name"])


def test_s18_tokens_of_the_old_secret_verify_during_a_rotation_and_not_after() -> None:
    signed = sign_jwt({"a": 1}, Keyring.of(OLD), HOUR, FrozenRuntime(NOW))
    sealed = encrypt_jwt({"a": 1}, Keyring.of(OLD), SESSION_SALT, HOUR, FrozenRuntime(NOW))
    assert verify_jwt(signed, Keyring.of(NEW, OLD), NOW)["a"] == 1
    assert decrypt_jwt(sealed, Keyring.of(NEW, OLD), SESSION_SALT, NOW)["a"] == 1
    with pytest.raises(TokenRefused):
        verify_jwt(signed, RING, NOW)
    with pytest.raises(TokenRefused):
        decrypt_jwt(sealed, RING, SESSION_SALT, NOW)


@pytest.mark.parametrize(
    "alg", ["none", "None", "nOnE", "", "HS384", "HS512", "RS256", "EdDSA", "hs256", 5, None]
)
def test_no_other_algorithm_is_believed_in_the_header(alg: JsonValue) -> None:
    with pytest.raises(TokenRefused):
        verify_jwt(forge({"alg": alg}, {"exp": SECONDS + 60}), RING, NOW)


def test_an_unsigned_token_is_refused() -> None:
    head, body, _ = forge({"alg": "HS256"}, {"exp": SECONDS + 60}).split(".")
    none = b64(b'{"alg":"none"}')
    for token in (f"{head}.{body}.", f"{head}.{body}", f"{none}.{body}.", f"{none}.{body}"):
        with pytest.raises(TokenRefused):
            verify_jwt(token, RING, NOW)


@pytest.mark.parametrize(
    "extension",
    [
        {"crit": ["x"], "x": 1},
        {"crit": []},
        {"crit": "x"},
        {"crit": None},
        {"crit": ["b64"], "b64": False},
        {"b64": True},
        {"zip": "DEF"},
    ],
)
def test_extensions_are_refused_even_when_signed(extension: Mapping[str, JsonValue]) -> None:
    with pytest.raises(TokenRefused):
        verify_jwt(forge({"alg": "HS256", **extension}, {"exp": SECONDS + 60}), RING, NOW)


def test_a_token_of_another_type_is_refused() -> None:
    typed = sign_jwt({}, RING, HOUR, FrozenRuntime(NOW), typ="mail+jwt")
    assert verify_jwt(typed, RING, NOW, typ="mail+jwt")
    for expected in (None, "at+jwt", "MAIL+JWT"):
        with pytest.raises(TokenRefused):
            verify_jwt(typed, RING, NOW, typ=expected)
    with pytest.raises(TokenRefused):
        verify_jwt(sign_jwt({}, RING, HOUR, FrozenRuntime(NOW)), RING, NOW, typ="mail+jwt")


@pytest.mark.parametrize(
    "times",
    [
        {},
        {"exp": SECONDS},
        {"exp": SECONDS - 1},
        {"exp": str(SECONDS + 60)},
        {"exp": SECONDS + 60.5},
        {"exp": 1e308},
        {"exp": -1},
        {"exp": True},
        {"exp": None},
        {"exp": SECONDS + 60, "nbf": SECONDS + 61},
        {"exp": SECONDS + 99, "iat": SECONDS + 61},
        {"exp": SECONDS + 99, "iat": "0"},
    ],
)
def test_tokens_out_of_time_or_without_whole_seconds_are_refused(times: Mapping[str, JsonValue]) -> None:
    with pytest.raises(TokenRefused):
        verify_jwt(forge({"alg": "HS256"}, times), RING, NOW)


def test_a_token_is_good_to_its_last_second_and_from_a_clock_slightly_ahead() -> None:
    assert verify_jwt(forge({"alg": "HS256"}, {"exp": SECONDS + 1}), RING, NOW)
    times = {"exp": SECONDS + 99, "iat": SECONDS + 60, "nbf": SECONDS + 60}
    assert verify_jwt(forge({"alg": "HS256"}, times), RING, NOW)


@pytest.mark.parametrize(
    ("header", "claims"),
    [('{"alg":"none","alg":"HS256"}', "{}"), ('["HS256"]', "{}"), ("5", "{}"), ("", "{}"), ("[" * 300, "{}")]
    + [('{"alg":"HS256","kid":["x"]}', "{}"), ('{"alg":"HS256","typ":5}', "{}"), ('{"kid":"x"}', "{}")]
    + [('{"alg":"HS256"}', body) for body in ("[]", "", "null", '{"sub":1,"sub":2}', '{"a":NaN}', "[" * 900)],
)
def test_malformed_and_ambiguous_json_is_refused(header: str, claims: str) -> None:
    if claims == "{}":
        claims = json.dumps({"exp": SECONDS + 60})
    with pytest.raises(TokenRefused):
        verify_jwt(forge(header, claims), RING, NOW)


def test_nesting_without_end_and_foreign_encodings_are_no_json_object() -> None:
    for data in (
        b'{"a":' + b"[" * 100_000,
        b"\xff\xfe{\0}\0",
        b'{"a":"\xff"}',
        b'{"a":' + b"9" * 5000 + b"}",
    ):
        with pytest.raises(ValueError):  # noqa: PT011  # any ValueError is the contract
            parse_object(data)


def test_size_is_checked_before_anything_is_parsed() -> None:
    big = sign_jwt({"x": "y" * 9000}, RING, HOUR, FrozenRuntime(NOW))
    with pytest.raises(TokenRefused, match="too long"):
        verify_jwt(big, RING, NOW)
    assert verify_jwt(big, RING, NOW, limit=20_000)
    with pytest.raises(TokenRefused, match="header too long"):
        verify_jwt(forge({"alg": "HS256", "kid": "k" * 500}, {"exp": SECONDS + 60}), RING, NOW)


def test_a_header_is_read_as_data() -> None:
    header = read_header(forge({"alg": "HS256", "kid": "../../etc/passwd", "typ": "x"}, {}), parts=3)
    assert (header.alg, header.enc, header.kid, header.typ) == ("HS256", None, "../../etc/passwd", "x")


def test_an_encrypted_token_names_its_key_and_hides_its_claims() -> None:
    runtime = FrozenRuntime(NOW)
    token = encrypt_jwt({"a": "ü"}, RING, SESSION_SALT, HOUR, runtime)
    header = base64.urlsafe_b64decode(token.split(".")[0] + "==").decode()
    assert header.startswith('{"alg":"dir","enc":"A256CBC-HS512","kid":"')
    claims = decrypt_jwt(token, RING, SESSION_SALT, NOW)
    assert list(claims) == ["a", "iat", "exp", "jti"]
    assert (claims["a"], claims["exp"]) == ("ü", SECONDS + 3600)


@pytest.mark.parametrize("cookie", VECTORS["account_cookies"], ids=["captured", "made"])
def test_account_cookies_of_the_reference_decrypt_under_their_own_salt_only(
    cookie: Mapping[str, JsonValue],
) -> None:
    ring, now = Keyring.of(VECTORS["secret"]), datetime.fromtimestamp(cookie["issued_at"], UTC)
    assert cookie["claims"].items() <= decrypt_jwt(cookie["token"], ring, ACCOUNT_SALT, now).items()
    with pytest.raises(TokenRefused, match="no key"):
        decrypt_jwt(cookie["token"], ring, SESSION_SALT, now)


def test_encrypted_tokens_get_fifteen_seconds_of_grace() -> None:
    token = encrypt_jwt({}, RING, SESSION_SALT, HOUR, FrozenRuntime(NOW))
    assert decrypt_jwt(token, RING, SESSION_SALT, NOW + HOUR + timedelta(seconds=14))
    with pytest.raises(TokenRefused, match="expired"):
        decrypt_jwt(token, RING, SESSION_SALT, NOW + HOUR + timedelta(seconds=15))


def _encrypt(header: Mapping[str, JsonValue], ring: Keyring = RING) -> str:
    key = _content_key(ring.current, SESSION_SALT)[1]
    registry = jwe.JWERegistry(
        algorithms=["dir", "A256CBC-HS512", "A128KW", "DEF"], strict_check_header=False
    )
    return jwe.encrypt_compact(
        dict(header), json.dumps({"exp": SECONDS + 60}).encode(), key, registry=registry
    )


def test_an_encrypted_token_from_before_keys_were_named_is_tried_with_every_secret() -> None:
    token = _encrypt({"alg": "dir", "enc": "A256CBC-HS512"}, Keyring.of(OLD))
    assert decrypt_jwt(token, Keyring.of(NEW, OLD), SESSION_SALT, NOW)


@pytest.mark.parametrize("extra", [{"zip": "DEF"}, {"kid": "unknown"}, {"typ": "JWT"}])
def test_encrypted_tokens_that_the_server_never_makes_are_refused(extra: Mapping[str, str]) -> None:
    with pytest.raises(TokenRefused):
        decrypt_jwt(_encrypt({"alg": "dir", "enc": "A256CBC-HS512", **extra}), RING, SESSION_SALT, NOW)


def test_a_signed_token_is_no_encrypted_one_nor_the_other_way_round() -> None:
    runtime = FrozenRuntime(NOW)
    with pytest.raises(TokenRefused):
        decrypt_jwt(sign_jwt({}, RING, HOUR, runtime), RING, SESSION_SALT, NOW)
    with pytest.raises(TokenRefused):
        verify_jwt(encrypt_jwt({}, RING, SESSION_SALT, HOUR, runtime), RING, NOW)


@pytest.mark.parametrize(
    "token", ["", ".", "..", "....", "é..", "\ud800..", "a.b.c", "e30.e30.e30", "\0" * 50, "." * 9000]
)
def test_garbage_is_refused_by_name(token: str) -> None:
    with pytest.raises(TokenRefused):
        verify_jwt(token, RING, NOW)
    with pytest.raises(TokenRefused):
        decrypt_jwt(token, RING, SESSION_SALT, NOW)
