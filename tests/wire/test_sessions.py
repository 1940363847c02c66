"""Reading, sliding and revoking sessions over HTTP."""

from datetime import timedelta

from ostiary import Auth, CookieCache, SessionOptions
from ostiary.domain.runtime import FrozenRuntime
from tests.builders import (
    DAY,
    SESSION_COOKIE,
    Browser,
    code_of,
    cookie_names,
    set_cookies,
    some_auth,
    some_options,
)


async def test_nobody_is_signed_in_at_first(browser: Browser) -> None:
    assert await browser.session() is None


async def test_a_person_signs_up_and_is_known(browser: Browser) -> None:
    signed_up = await browser.sign_up()
    session = await browser.session()
    assert session["user"] == signed_up["user"]
    assert session["session"]["token"] == signed_up["token"]


async def test_a_session_slides_once_a_day_and_the_cookie_with_it(
    browser: Browser, clock: FrozenRuntime
) -> None:
    await browser.sign_up()
    clock.advance(hours=23)
    answer = await browser.get("/get-session")
    assert set_cookies(answer) == []
    clock.advance(hours=2)
    answer = await browser.get("/get-session")
    assert cookie_names(answer) == [SESSION_COOKIE]
    assert answer.json()["session"]["expiresAt"] == "2030-01-09T01:00:00.000Z"


async def test_an_unused_session_ends_after_its_idle_life(browser: Browser, clock: FrozenRuntime) -> None:
    """S24."""
    await browser.sign_up()
    clock.advance(days=7, seconds=1)
    answer = await browser.get("/get-session")
    assert answer.json() is None
    assert all("Max-Age=0" in line for line in set_cookies(answer))


async def test_sliding_never_passes_the_absolute_end(clock: FrozenRuntime) -> None:
    """S24."""
    auth = some_auth(some_options(session=SessionOptions(absolute_lifetime=timedelta(days=30))), clock)
    async with Browser(auth) as browser:
        await browser.sign_up()
        ends = []
        for _ in range(29):
            clock.advance(DAY)
            ends.append((await browser.session())["session"]["expiresAt"])
        assert max(ends) == "2030-01-31T00:00:00.000Z"
        clock.advance(DAY)
        assert await browser.session() is None


async def test_a_forgettable_session_lives_a_day_and_its_cookie_until_the_browser_closes(
    browser: Browser, clock: FrozenRuntime
) -> None:
    await browser.sign_up()
    answer = await browser.sign_in(rememberMe=False)
    assert all("Max-Age" not in line for line in set_cookies(answer) if "session_token" in line)
    clock.advance(hours=23)
    assert await browser.session() is not None
    clock.advance(hours=2)
    assert await browser.session() is None


async def test_other_sessions_are_revoked_and_this_one_stays(auth: Auth, browser: Browser) -> None:
    await browser.sign_up()
    async with Browser(auth) as other:
        await other.sign_in()
        assert len((await browser.get("/list-sessions")).json()) == 2
        assert (await browser.post("/revoke-other-sessions", json={})).json() == {"status": True}
        assert await other.session() is None
    assert await browser.session() is not None


async def test_a_stranger_cannot_revoke_my_session(auth: Auth, browser: Browser) -> None:
    mine = await browser.sign_up()
    async with Browser(auth) as stranger:
        await stranger.sign_up("eve@example.com")
        answer = await stranger.post("/revoke-session", json={"token": mine["token"]})
        assert answer.json() == {"status": True}
    assert await browser.session() is not None


async def test_listing_sessions_needs_a_recent_sign_in(browser: Browser, clock: FrozenRuntime) -> None:
    await browser.sign_up()
    clock.advance(DAY)
    answer = await browser.get("/list-sessions")
    assert (answer.status_code, code_of(answer)) == (403, "SESSION_NOT_FRESH")


async def test_the_cookie_cache_answers_within_its_window_only(clock: FrozenRuntime) -> None:
    """S28."""
    options = some_options(session=SessionOptions(cookie_cache=CookieCache(enabled=True)))
    auth = some_auth(options, clock)
    async with Browser(auth) as browser:
        signed_up = await browser.sign_up()
        await auth.services.sessions.revoke(signed_up["token"])
        clock.advance(minutes=4)
        assert await browser.session() is not None
        assert await browser.session(disableCookieCache="true") is None
    async with Browser(auth) as browser:
        signed_in = (await browser.sign_in()).json()
        await auth.services.sessions.revoke(signed_in["token"])
        clock.advance(minutes=5, milliseconds=1)
        assert await browser.session() is None
