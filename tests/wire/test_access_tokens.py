"""Access tokens on the ordinary auth routes, where they stand for their session."""

import pytest

from ostiary import User
from ostiary.crypto.json_web_signatures import parse_token
from ostiary.domain.runtime import FrozenRuntime
from ostiary.plugins import Admin, Bearer, Tokens
from tests.builders import PASSWORD, Browser, cookie_names
from tests.pairs import Pair, bearer, logged_in, pair_auth, program, refresh, refreshed, signed_up


async def test_an_access_token_reads_and_changes_what_its_session_may() -> None:
    async with program(pair_auth()) as client:
        pair = await signed_up(client)
        session = (await client.get("/get-session", headers=pair.bearer)).json()
        assert session["session"]["id"] == parse_token(pair.access).claims["sid"]
        assert session["user"]["id"] == pair.body["user"]["id"]
        [listed] = (await client.get("/list-sessions", headers=pair.bearer)).json()
        assert listed["id"] == session["session"]["id"]
        assert (await client.post("/update-user", json={"name": "C"}, headers=pair.bearer)).status_code == 200
        change = {"currentPassword": PASSWORD, "newPassword": "another horse battery"}
        answer = await client.post("/change-password", json=change, headers=pair.bearer)
        assert answer.status_code == 200


async def test_an_access_token_does_not_turn_into_a_cookie(clock: FrozenRuntime) -> None:
    """S41: a token of minutes must not become a session of days."""
    auth = pair_auth(clock=clock, others=(Admin(), Bearer()))
    async with program(auth) as client:
        pair = await signed_up(client)
        for _ in range(4):
            pair = await refreshed(client, pair.refresh)
            for answer in (
                await client.get("/get-session", headers=pair.bearer),
                await client.post("/update-user", json={"name": "C"}, headers=pair.bearer),
                await client.post("/update-session", json={}, headers=pair.bearer),
            ):
                assert cookie_names(answer) == []
                assert "set-auth-token" not in answer.headers
            clock.advance(days=2)


async def test_signing_out_by_access_token_ends_the_family() -> None:
    """S25"""
    async with program(pair_auth()) as client:
        pair = await signed_up(client)
        assert (await client.post("/sign-out", headers=pair.bearer)).json() == {"success": True}
        assert (await refresh(client, pair.refresh)).status_code == 401
        assert (await client.get("/get-session", headers=pair.bearer)).json() is None


async def test_a_failed_access_token_is_nobody_even_beside_a_good_cookie(clock: FrozenRuntime) -> None:
    auth = pair_auth(clock=clock)
    async with Browser(auth) as browser:
        await browser.sign_up()
        pair = await logged_in(browser)
        clock.advance(minutes=15)
        assert (await browser.get("/get-session", headers=pair.bearer)).json() is None
        answer = await browser.get("/list-sessions", headers=pair.bearer)
        assert (answer.status_code, answer.json()["code"]) == (401, "UNAUTHORIZED")
        assert (await browser.session())["user"]["id"] == pair.body["user"]["id"]


async def test_an_expired_access_token_does_not_stand_in_the_way_of_a_refresh(clock: FrozenRuntime) -> None:
    async with program(pair_auth(clock=clock)) as client:
        pair = await signed_up(client)
        clock.advance(hours=1)
        answer = await client.post("/refresh", json={"refresh_token": pair.refresh}, headers=pair.bearer)
        assert answer.status_code == 200
        body = {"email": pair.body["user"]["email"], "password": PASSWORD}
        assert (await client.post("/login", json=body, headers=pair.bearer)).status_code == 200


@pytest.mark.parametrize("path", ["/get-session", "/list-sessions", "/me"])
async def test_a_jwt_without_session_stands_for_none(path: str) -> None:
    """S9"""
    auth = pair_auth()
    async with Browser(auth) as browser:
        await browser.sign_up()
        jwt = (await browser.get("/token")).json()["token"]
    async with program(auth) as client:
        answer = await client.get(path, headers=bearer(jwt))
        assert answer.status_code == 401 or answer.json() is None


async def test_an_access_token_of_less_than_everything_is_nobody_on_routes_that_know_no_scopes() -> None:
    async def reading(_: User) -> list[str]:
        return ["read"]

    async with program(pair_auth(Tokens(scopes=reading))) as client:
        pair = await signed_up(client)
        assert (await client.get("/me", headers=pair.bearer)).status_code == 200
        assert (await client.get("/get-session", headers=pair.bearer)).json() is None
        for path in ("/update-user", "/delete-user", "/revoke-sessions"):
            assert (await client.post(path, json={"name": "C"}, headers=pair.bearer)).status_code in {
                401,
                404,
            }


async def test_a_long_name_makes_no_token_that_nobody_reads() -> None:
    async with program(pair_auth()) as client:
        body = {"email": "long@example.com", "password": PASSWORD, "name": "\N{FIRE}" * 100_000}
        pair = Pair.of(await client.post("/signup", json=body), 201)
        assert parse_token(pair.access).claims["name"] == "\N{FIRE}" * 256
        assert (await client.get("/me", headers=pair.bearer)).status_code == 200
