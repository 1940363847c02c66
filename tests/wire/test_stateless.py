"""A server without a database: the encrypted cookie is the session."""

from datetime import timedelta

from ostiary import Auth, CookieCache, SessionOptions
from ostiary.domain.runtime import FrozenRuntime
from tests.builders import Browser, cheap_hasher, cookie_names, some_options


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


async def test_without_cookies_nobody_is_known(clock: FrozenRuntime) -> None:
    server = a_server(clock)
    async with Browser(server) as browser:
        await browser.sign_up()
    async with Browser(server) as stranger:
        assert await stranger.session() is None
