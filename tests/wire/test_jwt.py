"""Tokens for other services, and the keys that prove them."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest

from ostiary import Auth, ConfigurationError, Session, User
from ostiary.crypto import json_web_keys
from ostiary.crypto.json_web_keys import Algorithm, read_public
from ostiary.crypto.json_web_signatures import SharedKey, parse_token
from ostiary.domain.errors import JsonValue
from ostiary.domain.runtime import FrozenRuntime
from ostiary.domain.signing_keys import JWKS, StoredKey
from ostiary.plugins import Jwt
from ostiary.services.signers import KeyOptions
from ostiary.services.signing_keys import SigningKeys
from tests.builders import ORIGIN, SECRET, Browser, some_auth

AT = datetime(2030, 1, 1, tzinfo=UTC)


async def a_token(browser: Browser) -> str:
    answer = await browser.get("/token")
    assert answer.status_code == 200, answer.text
    return answer.json()["token"]


async def proved(browser: Browser, token: str) -> dict[str, JsonValue]:
    """Return the claims that the published keys prove."""
    keys = {key["kid"]: read_public(key) for key in (await browser.get("/jwks")).json()["keys"]}
    unproved = parse_token(token)
    return unproved.proved_by(keys[unproved.header.kid])


@pytest.mark.parametrize("algorithm", get_args(Algorithm))
async def test_a_token_is_proved_by_the_published_keys_alone(algorithm: json_web_keys.Algorithm) -> None:
    auth = some_auth(plugins=[Jwt(keys=KeyOptions(algorithm=algorithm))])
    async with Browser(auth) as browser:
        signed_up = await browser.sign_up()
        claims = await proved(browser, await a_token(browser))
    assert list(claims) == [
        *("iat", "name", "email", "emailVerified", "image", "createdAt", "updatedAt", "id"),
        *("sub", "exp", "iss", "aud"),
    ]
    assert claims["sub"] == claims["id"] == signed_up["user"]["id"]
    assert claims["iss"] == claims["aud"] == ORIGIN
    assert claims["exp"] - claims["iat"] == 900


async def test_only_public_parts_are_published_and_caches_are_told_how_long() -> None:
    """S15"""
    async with Browser(some_auth(plugins=[Jwt()])) as browser:
        answer = await browser.get("/jwks")
    [key] = answer.json()["keys"]
    assert list(key) == ["alg", "crv", "x", "kty", "kid"]
    assert answer.headers["cache-control"] == "public, max-age=60"


async def test_the_private_key_is_sealed_in_the_database_unless_told_otherwise() -> None:
    for encrypt in (True, False):
        auth = some_auth(plugins=[Jwt(keys=KeyOptions(encrypt_private_keys=encrypt))])
        async with Browser(auth) as browser:
            await browser.get("/jwks")
        [row] = await auth.services.store.rows(JWKS).all()
        stored = json.loads(row.private_key)
        assert isinstance(stored, str) if encrypt else set(stored) == {"crv", "x", "d", "kty"}


async def test_ten_first_requests_make_one_key() -> None:
    """S16"""
    auth = some_auth(plugins=[Jwt()])
    async with Browser(auth) as browser:
        answers = await asyncio.gather(*(browser.get("/jwks") for _ in range(10)))
    assert len({answer.text for answer in answers}) == 1
    assert await auth.services.store.rows(JWKS).count() == 1


async def test_two_nodes_make_one_key(clock: FrozenRuntime) -> None:
    """S16"""
    auth = some_auth(clock=clock, plugins=[Jwt()])
    keyring = auth.services.session_cookies.keyring
    nodes = [SigningKeys(auth.services.store, keyring, clock, KeyOptions()) for _ in range(5)]
    published = await asyncio.gather(*(node.published() for node in nodes))
    assert len({keys[0]["kid"] for keys in published}) == 1
    assert await auth.services.store.rows(JWKS).count() == 1


async def test_after_a_rotation_the_new_key_signs_and_the_old_one_still_proves(clock: FrozenRuntime) -> None:
    """S17"""
    auth = some_auth(clock=clock, plugins=[Jwt(keys=KeyOptions(rotation_interval=timedelta(days=7)))])
    async with Browser(auth) as browser:
        await browser.sign_up()
        before = await a_token(browser)
        clock.advance(days=6.5)
        await browser.session()
        assert parse_token(await a_token(browser)).header.kid == parse_token(before).header.kid
        clock.advance(days=1)
        after = await a_token(browser)
        assert parse_token(after).header.kid != parse_token(before).header.kid
        assert (await proved(browser, before))["sub"] == (await proved(browser, after))["sub"]
        clock.advance(days=30)
        kids = {key["kid"] for key in (await browser.get("/jwks")).json()["keys"]}
    assert parse_token(before).header.kid not in kids


async def test_a_rotation_by_another_node_is_seen_when_its_key_is_asked_for(clock: FrozenRuntime) -> None:
    """S17"""
    auth = some_auth(clock=clock, plugins=[Jwt()])
    keyring = auth.services.session_cookies.keyring
    here, there = (SigningKeys(auth.services.store, keyring, clock, KeyOptions()) for _ in range(2))
    old = await here.sign({"sub": "ada"})
    assert await there.key_for(parse_token(old).header) is not None
    await here.rotate()
    new = await here.sign({"sub": "ada"})
    clock.advance(seconds=1)
    for token in (old, new):
        key = await there.key_for(parse_token(token).header)
        assert key is not None
        assert parse_token(token).proved_by(key) == {"sub": "ada"}


async def test_the_session_comes_with_a_token_unless_told_otherwise() -> None:
    for silent in (False, True):
        async with Browser(some_auth(plugins=[Jwt(disable_setting_jwt_header=silent)])) as browser:
            assert "set-auth-jwt" not in (await browser.get("/get-session")).headers
            await browser.sign_up()
            headers = (await browser.get("/get-session")).headers
            assert ("set-auth-jwt" in headers) is not silent
            if not silent:
                assert headers["access-control-expose-headers"] == "set-auth-jwt"
                assert (await proved(browser, headers["set-auth-jwt"]))["iss"] == ORIGIN


async def test_a_secret_signs_where_services_share_one() -> None:
    secret = "shared-by-the-services-of-one-team-only"
    async with Browser(some_auth(plugins=[Jwt(shared_secret=secret, audience="tasks")])) as browser:
        await browser.sign_up()
        claims = parse_token(await a_token(browser)).proved_by(SharedKey(secret))
        assert (claims["iss"], claims["aud"]) == (ORIGIN, "tasks")
        assert (await browser.get("/jwks")).json() == {"keys": []}
    with pytest.raises(ConfigurationError, match="32 bytes"):
        Jwt(shared_secret="short")
    with pytest.raises(ConfigurationError, match="server's own secret"):
        some_auth(plugins=[Jwt(shared_secret=SECRET)])


UNREADABLE = {
    "of an algorithm nobody signs with": '{"kty":"OKP","crv":"X25519","x":"AAAA"}',
    "with weak numbers": '{"kty":"RSA","alg":"RS256","n":"AQAB","e":"AQAB"}',
    "with a list of algorithms": '{"kty":"RSA","alg":["RS256"],"n":"AQAB","e":"AQAB"}',
    "that is no object": "[]",
    "that is no JSON": "-----BEGIN PUBLIC KEY-----",
}


@pytest.mark.parametrize("public_key", UNREADABLE.values(), ids=UNREADABLE)
async def test_a_key_of_another_writer_that_nobody_can_read_ends_no_other(
    public_key: str, clock: FrozenRuntime, caplog: pytest.LogCaptureFixture
) -> None:
    """S86"""
    auth = some_auth(clock=clock, plugins=[Jwt()])
    alien = StoredKey(id="alien", public_key=public_key, private_key="{}", created_at=clock.now())
    await auth.services.store.rows(JWKS).insert(alien)
    async with Browser(auth) as browser:
        await browser.sign_up()
        claims = await proved(browser, await a_token(browser))
        assert claims["iss"] == ORIGIN, "an unreadable key does not keep a good one from being made"
        clock.advance(minutes=2)
        await a_token(browser)
        kids = [key["kid"] for key in (await browser.get("/jwks")).json()["keys"]]
    assert len(kids) == 1
    assert "alien" not in kids
    assert caplog.text.count("alien") == 1, "the operator learns of it once"


async def test_a_hook_describes_the_user_but_never_touches_what_decides() -> None:
    async def payload(user: User, session: Session) -> dict[str, str]:
        assert session.user_id == user.id
        return {"email": user.email, "team": "blue"}

    async def forged(user: User, session: Session) -> dict[str, str]:
        return {"iss": "https://elsewhere.example", "email": user.email}

    async with Browser(some_auth(plugins=[Jwt(define_payload=payload)])) as browser:
        await browser.sign_up()
        claims = await proved(browser, await a_token(browser))
        assert list(claims) == ["iat", "email", "team", "sub", "exp", "iss", "aud"]
    async with Browser(some_auth(plugins=[Jwt(define_payload=forged)])) as browser:
        await browser.sign_up()
        assert (await browser.get("/token")).status_code == 500


async def test_nobody_gets_a_token_without_a_session() -> None:
    async with Browser(some_auth(plugins=[Jwt()])) as browser:
        answer = await browser.get("/token")
    assert (answer.status_code, answer.json()["code"]) == (401, "UNAUTHORIZED")


async def test_a_key_under_another_secret_is_named_not_replaced(clock: FrozenRuntime) -> None:
    auth = some_auth(clock=clock, plugins=[Jwt()])
    await auth.services.signing.signer.published()
    other = replace(auth.options, secret="another-secret-of-at-least-32-characters")
    moved = Auth(other, auth.services.store, plugins=[Jwt()], runtime=clock)
    with pytest.raises(ConfigurationError, match="encrypted under another secret"):
        await moved.services.signing.signer.published()
    assert await auth.services.store.rows(JWKS).count() == 1
    assert other.secret != SECRET
