"""Session tokens in the Authorization header."""

import pytest

from ostiary.crypto.signing import Keyring, sign
from ostiary.http.api import Caller
from ostiary.http.wire import CurrentSessionOutput
from ostiary.plugins import Bearer
from tests.builders import SECRET, SESSION_COOKIE, Browser, cookie_names, some_auth


async def signed_token(browser: Browser) -> str:
    """Sign up and return what the header hands out."""
    answer = await browser.post(
        "/sign-up/email", json={"name": "Ada", "email": "ada@example.com", "password": "correct horse"}
    )
    token = answer.headers["set-auth-token"]
    assert token == sign(answer.json()["token"], Keyring.of(SECRET))
    assert answer.headers["access-control-expose-headers"] == "set-auth-token"
    return token


async def test_the_header_stands_for_the_cookie_and_needs_no_origin() -> None:
    auth = some_auth(plugins=[Bearer()])
    async with Browser(auth) as browser:
        token = await signed_token(browser)
    async with Browser(auth, origin=None, headers={"authorization": f"bearer {token}"}) as client:
        assert (await client.session())["user"]["email"] == "ada@example.com"
        client.cookies.clear()
        answer = await client.post("/update-user", json={"name": "Z"})
        assert (answer.status_code, cookie_names(answer)) == (200, [SESSION_COOKIE])
        assert answer.headers["set-auth-token"] == token


async def test_the_header_wins_over_another_cookie_and_a_broken_one_is_ignored() -> None:
    auth = some_auth(plugins=[Bearer()])
    async with Browser(auth) as ada, Browser(auth) as bob:
        token = await signed_token(ada)
        await bob.sign_up("bob@example.com")
        answer = await bob.get("/get-session", headers={"authorization": f"Bearer {token}"})
        assert answer.json()["user"]["email"] == "ada@example.com"
        for broken in ("", " ", token[:-2] + "B=", "x.y", "Basic x"):
            answer = await bob.get("/get-session", headers={"authorization": f"Bearer {broken}"})
            assert answer.json()["user"]["email"] == "bob@example.com"


async def test_a_call_in_process_with_the_headers_of_a_request_speaks_for_the_same_person() -> None:
    auth = some_auth(plugins=[Bearer()])
    async with Browser(auth) as ada, Browser(auth) as bob:
        token = await signed_token(ada)
        await bob.sign_up("bob@example.com")
        for cookie in ("", f"{SESSION_COOKIE}={bob.cookie()}"):
            headers = {"Authorization": f"Bearer {token}", "cookie": cookie}
            found = await auth.api.get_session(Caller(headers))
            assert isinstance(found, CurrentSessionOutput)
            assert found.user.email == "ada@example.com"


@pytest.mark.parametrize("allowed", [False, True])
async def test_a_bare_session_token_is_accepted_only_by_option(allowed: bool) -> None:
    """S22"""
    auth = some_auth(plugins=[Bearer(allow_unsigned=allowed)])
    async with Browser(auth) as browser:
        bare = (await signed_token(browser)).partition(".")[0]
        browser.cookies.clear()
        answer = await browser.get("/get-session", headers={"authorization": f"Bearer {bare}"})
    assert (answer.json() is not None) is allowed


async def test_signing_out_by_header_ends_the_session() -> None:
    """S25"""
    auth = some_auth(plugins=[Bearer()])
    async with Browser(auth) as browser:
        token = await signed_token(browser)
    async with Browser(auth, origin=None, headers={"authorization": f"Bearer {token}"}) as client:
        assert (await client.post("/sign-out")).json() == {"success": True}
        client.cookies.clear()
        assert await client.session() is None
