"""A server without a database: the encrypted cookie is the session."""

from datetime import timedelta

import pytest

from ostiary import Auth, CookieCache, SessionOptions
from ostiary.crypto.session_cache import Strategy
from ostiary.domain.runtime import FrozenRuntime
from tests.builders import PASSWORD, Browser, cheap_hasher, cookie_names, set_cookies, some_options

ADA = {"name": "Ada", "email": "ada@example.com", "password": PASSWORD}


def a_server(clock: FrozenRuntime, **session: object) -> Auth:
    options = some_options(session=SessionOptions(**session))  # type: ignore[arg-type]  # keywords of the test
    return Auth(options, runtime=clock, hasher=cheap_hasher(clock))


async def test_a_session_survives_the_process_that_started_it(clock: FrozenRuntime) -> None:
    async with Browser(a_server(clock)) as browser:
        signed_up = await browser.sign_up()
        cookies = dict(browser.cookies)
    async with Browser(a_server(clock), cookies=cookies) as browser:
        assert (await browser.session())["user"] == {**signed_up["user"]}


async def test_the_copy_is_renewed_before_it_ends(clock: FrozenRuntime) -> None:
    cache = CookieCache(enabled=True, strategy="jwt", max_age=timedelta(minutes=10), refresh_cache=True)
    async with Browser(a_server(clock, cookie_cache=cache)) as browser:
        await browser.sign_up()
        clock.advance(minutes=7)
        assert cookie_names(await browser.get("/get-session")) == []
        clock.advance(minutes=2)
        assert cookie_names(await browser.get("/get-session")) == [
            "better-auth.session_token",
            "better-auth.session_data",
        ]


@pytest.mark.parametrize("strategy", ["compact", "jwe"])
async def test_whoever_is_not_remembered_stays_for_the_day(clock: FrozenRuntime, strategy: Strategy) -> None:
    cache = CookieCache(enabled=True, strategy=strategy)
    async with Browser(a_server(clock, cookie_cache=cache)) as browser:
        await browser.sign_up(rememberMe=False)
        clock.advance(hours=23)
        answer = await browser.get("/get-session")
        assert answer.json()["user"]["name"] == "Ada"
        clock.advance(hours=2)
        assert await browser.session() is None


async def test_whoever_is_not_remembered_is_forgotten_with_the_browser(clock: FrozenRuntime) -> None:
    cache = CookieCache(enabled=True, max_age=timedelta(hours=10), refresh_cache=True)
    async with Browser(a_server(clock, cookie_cache=cache)) as browser:
        answers = [await browser.post("/sign-up/email", json={**ADA, "rememberMe": False})]
        clock.advance(hours=9)
        answers.append(await browser.get("/get-session"))
        assert [len(set_cookies(answer)) for answer in answers] == [3, 3]
        assert not any("Max-Age" in line for answer in answers for line in set_cookies(answer))


async def test_without_cookies_nobody_is_known(clock: FrozenRuntime) -> None:
    server = a_server(clock)
    async with Browser(server) as browser:
        await browser.sign_up()
    async with Browser(server) as stranger:
        assert await stranger.session() is None
