"""The cookie cache is that of the reference, believes only what a secret proves, and ends in time."""

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import permutations
from pathlib import Path

import pytest

from ostiary.crypto import base64url
from ostiary.crypto.jose import encrypt_jwt
from ostiary.crypto.session_cache import ACCOUNT_SALT, SESSION_SALT, CachePayload, Strategy, decode, encode
from ostiary.crypto.signed_jwt import sign_jwt
from ostiary.crypto.signing import Keyring, sign
from ostiary.domain.errors import JsonValue
from ostiary.domain.runtime import FrozenRuntime

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "session_cache.json").read_text())
STRATEGIES: tuple[Strategy, ...] = ("compact", "jwt", "jwe")
OLD = "old-secret-old-secret-old-secret-0123"
RING = Keyring.of("new-secret-new-secret-new-secret-0123")
NOW = datetime(2030, 1, 1, 0, 0, 0, 123000, tzinfo=UTC)
FIVE = timedelta(minutes=5)
PAYLOAD = CachePayload(
    session={"token": "t", "userId": "u", "id": "s"},
    user={"name": "Zoë 日本 🙂", "id": "u"},
    updated_at=1,
    version="7",
)


def moment(vector: Mapping[str, JsonValue]) -> datetime:
    return datetime.fromtimestamp(vector["issued_at"], UTC)


@pytest.mark.parametrize(
    "vector",
    VECTORS["captured"] + VECTORS["reference"],
    ids=lambda vector: f"{vector['strategy']} {vector['user']['name']!a}",
)
def test_caches_of_the_reference_are_read(vector: Mapping[str, JsonValue]) -> None:
    cached = decode(vector["value"], vector["strategy"], Keyring.of(VECTORS["secret"]), moment(vector))
    assert cached is not None
    assert cached.session["token"] == vector["token"]
    assert cached.user == vector["user"]
    assert list(cached.user)[-1] == "id"
    assert cached.version == "1"
    assert cached.expires_at is not None
    assert 299 <= cached.expires_at / 1000 - vector["issued_at"] <= 301


@pytest.mark.parametrize(
    "vector",
    [vector for vector in VECTORS["captured"] + VECTORS["reference"] if vector["strategy"] != "jwe"],
    ids=lambda vector: f"{vector['strategy']} {vector['user']['name']!a}",
)
def test_what_was_read_is_written_again_byte_for_byte(vector: Mapping[str, JsonValue]) -> None:
    ring = Keyring.of(VECTORS["secret"])
    cached = decode(vector["value"], vector["strategy"], ring, moment(vector))
    assert cached is not None
    assert cached.expires_at is not None
    written_at = datetime.fromtimestamp(cached.expires_at / 1000, UTC) - FIVE
    runtime = FrozenRuntime(written_at)
    assert encode(cached, vector["strategy"], FIVE, ring, runtime) == vector["value"]


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_copy_is_believed_for_its_life_and_no_longer(strategy: Strategy) -> None:
    value = encode(PAYLOAD, strategy, FIVE, RING, FrozenRuntime(NOW))
    cached = decode(value, strategy, RING, NOW)
    assert cached == PAYLOAD
    assert decode(value, strategy, RING, NOW + FIVE - timedelta(seconds=1)) == PAYLOAD
    assert decode(value, strategy, RING, NOW + FIVE + timedelta(milliseconds=1)) is None


@pytest.mark.parametrize(("strategy", "seconds"), [("compact", 60), ("jwt", 300), ("jwe", 300)])
def test_a_copy_for_as_long_as_the_browser_is_open_has_the_reference_s_life(
    strategy: Strategy, seconds: int
) -> None:
    value = encode(PAYLOAD, strategy, None, RING, FrozenRuntime(NOW))
    cached = decode(value, strategy, RING, NOW)
    assert cached is not None
    assert cached.expires_at is not None
    assert cached.expires_at // 1000 == int(NOW.timestamp()) + seconds


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_s18_copies_of_the_old_secret_are_believed_during_a_rotation_and_not_after(
    strategy: Strategy,
) -> None:
    value = encode(PAYLOAD, strategy, FIVE, Keyring.of(OLD), FrozenRuntime(NOW))
    assert decode(value, strategy, Keyring.of(RING.current, OLD), NOW) == PAYLOAD
    assert decode(value, strategy, RING, NOW) is None


@pytest.mark.parametrize(("made", "read"), list(permutations(STRATEGIES, 2)))
def test_a_copy_in_one_encoding_is_nothing_in_another(made: Strategy, read: Strategy) -> None:
    assert decode(encode(PAYLOAD, made, FIVE, RING, FrozenRuntime(NOW)), read, RING, NOW) is None


def test_other_tokens_of_the_same_secret_are_no_copies_of_a_session() -> None:
    runtime = FrozenRuntime(NOW)
    assert decode(sign_jwt({"email": "a@b.c"}, RING, FIVE, runtime), "jwt", RING, NOW) is None
    assert decode(encrypt_jwt(PAYLOAD.as_json(), RING, ACCOUNT_SALT, FIVE, runtime), "jwe", RING, NOW) is None
    assert decode(encrypt_jwt({"userId": "u"}, RING, SESSION_SALT, FIVE, runtime), "jwe", RING, NOW) is None
    assert decode(sign("token", RING), "compact", RING, NOW) is None


@pytest.mark.parametrize(
    "changed",
    [
        {"session": None},
        {"session": []},
        {"user": "u"},
        {"updatedAt": "1"},
        {"updatedAt": True},
        {"version": 1},
    ],
)
def test_members_of_other_types_are_refused_even_when_signed(changed: Mapping[str, JsonValue]) -> None:
    claims = {**PAYLOAD.as_json(), **changed}
    assert decode(sign_jwt(claims, RING, FIVE, FrozenRuntime(NOW)), "jwt", RING, NOW) is None


def test_a_copy_without_a_version_has_the_first_one() -> None:
    claims = PAYLOAD.as_json()
    del claims["version"]
    cached = decode(sign_jwt(claims, RING, FIVE, FrozenRuntime(NOW)), "jwt", RING, NOW)
    assert cached is not None
    assert cached.version == "1"


def test_a_compact_copy_is_as_long_lived_as_was_signed() -> None:
    text = base64url.decode(encode(PAYLOAD, "compact", FIVE, RING, FrozenRuntime(NOW)))
    expires_at = json.loads(text)["expiresAt"]
    longer = text.replace(b"%d" % expires_at, b"%d" % (expires_at + 1))
    assert decode(base64url.encode(longer).decode(), "compact", RING, NOW) is None


def test_a_compact_copy_cannot_be_given_a_second_user() -> None:
    text = base64url.decode(encode(PAYLOAD, "compact", FIVE, RING, FrozenRuntime(NOW)))
    doubled = text.replace(b'"user":{', b'"user":{"id":"admin"},"user":{', 1)
    assert decode(base64url.encode(doubled).decode(), "compact", RING, NOW) is None


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_copy_over_the_limit_is_not_even_parsed(strategy: Strategy) -> None:
    big = CachePayload({"x": "y" * 20_000}, {}, 1)
    value = encode(big, strategy, FIVE, RING, FrozenRuntime(NOW))
    assert decode(value, strategy, RING, NOW) == big
    assert decode(value, strategy, RING, NOW, limit=len(value) - 1) is None


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize(
    "value",
    [
        "",
        "garbage",
        "é",
        "\ud800",
        "e30",
        "e30.e30.e30",
        "....",
        "A" * 65536,
        "A" * 65537,
        base64.urlsafe_b64encode(b'{"session":{' * 4000).decode().rstrip("="),
        base64.urlsafe_b64encode(b'{"session":{},"expiresAt":9,"signature":"' + b"A" * 43 + b'"}')
        .decode()
        .rstrip("="),
    ],
)
def test_garbage_is_no_copy_and_no_exception(strategy: Strategy, value: str) -> None:
    assert decode(value, strategy, RING, NOW) is None


def test_a_representation_shows_no_token() -> None:
    assert "Zoë" not in repr(PAYLOAD)
    assert "token" not in repr(PAYLOAD)
