"""Idle, sliding and absolute ends of a session, in the row and in the cookie."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ostiary import Auth, CookieCache
from ostiary.domain.runtime import FrozenRuntime
from ostiary.http.asgi import Receive, Scope, Send, request_from, send_response
from ostiary.http.messages import Response
from ostiary.options import SessionOptions
from tests.builders import DAY, SESSION_COOKIE, Browser, some_auth, some_options
from tests.security.conftest import Place
from tests.security.surface import surface_options

IDLE = timedelta(days=7)
ABSOLUTE = timedelta(days=30)
SESSION = SessionOptions(expires_in=IDLE, absolute_lifetime=ABSOLUTE)


def max_ages(answer: Any, name: str = SESSION_COOKIE) -> list[int]:
    lines = [line for line in answer.headers.get_list("set-cookie") if line.startswith(f"{name}=")]
    return [
        int(part.removeprefix("Max-Age=")) for line in lines for part in line.split("; ") if "Max-Age" in part
    ]


async def test_idle_sliding_and_absolute_ends_hold_in_every_store(place: Place, clock: FrozenRuntime) -> None:
    """S24: used daily a session reaches its absolute end and no more; unused it ends after the idle life."""
    auth = await place.open(surface_options(session=SESSION), clock)
    async with Browser(auth) as daily, Browser(auth) as idle:
        begun = clock.now()
        await daily.sign_up()
        await idle.sign_in()
        while clock.now() < begun + ABSOLUTE - DAY:
            clock.advance(DAY)
            answer = await daily.get("/get-session")
            end = datetime.fromisoformat(answer.json()["session"]["expiresAt"])
            assert clock.now() < end <= min(clock.now() + IDLE, begun + ABSOLUTE)
            left = (begun + ABSOLUTE - clock.now()).total_seconds()
            assert all(age <= min(IDLE.total_seconds(), left) for age in max_ages(answer)), "the cookie, too"
            if clock.now() == begun + IDLE:
                assert len((await idle.get("/get-session")).content) > 4, "alive at its last moment"
                clock.advance(milliseconds=1)
        clock.advance(begun + ABSOLUTE - clock.now())
        assert await daily.session() is None
        assert await idle.session() is None


@settings(max_examples=60, deadline=None)
@given(pauses=st.lists(st.floats(0.01, 8.0), min_size=1, max_size=40))
def test_a_session_is_alive_exactly_while_it_is_used_within_both_ends(pauses: list[float]) -> None:
    """S24: for any rhythm of use, judged by a model that knows nothing of rows and cookies."""

    async def live() -> None:
        clock = FrozenRuntime(datetime(2030, 1, 1, tzinfo=UTC))
        options = SessionOptions(expires_in=IDLE, absolute_lifetime=ABSOLUTE, update_age=timedelta(0))
        auth = some_auth(some_options(session=options), clock)
        async with Browser(auth) as browser:
            await browser.sign_up()
            # the program holds the cookie longer than a browser would: the server alone must judge
            cookie = browser.cookie()
            begun = last_used = clock.now()
            for pause in pauses:
                clock.advance(timedelta(milliseconds=round(pause * 86_400_000)))
                alive = clock.now() <= last_used + IDLE and clock.now() < begun + ABSOLUTE
                browser.cookies.clear()
                browser.cookies.set(SESSION_COOKIE, cookie or "", domain="auth.test", path="/")
                assert (await browser.session() is not None) == alive
                if not alive:
                    return
                last_used = clock.now()

    asyncio.run(live())


async def test_the_cached_copy_ends_with_the_session(clock: FrozenRuntime) -> None:
    """S24: a copy with a window longer than the session's life is not believed past that life."""
    cache = CookieCache(enabled=True, max_age=timedelta(days=60))
    for end, session in (
        (IDLE, SessionOptions(expires_in=IDLE, cookie_cache=cache)),
        (
            ABSOLUTE,
            SessionOptions(expires_in=timedelta(days=50), absolute_lifetime=ABSOLUTE, cookie_cache=cache),
        ),
    ):
        auth = some_auth(some_options(session=session), clock)
        async with Browser(auth) as browser:
            await browser.sign_up()
            kept = {cookie.name: cookie.value for cookie in browser.cookies.jar}
            clock.advance(end - timedelta(seconds=1))
            assert await browser.session() is not None
            clock.advance(seconds=2)
            browser.cookies.clear()
            for name, value in kept.items():
                browser.cookies.set(name, value, domain="auth.test", path="/")
            assert await browser.session() is None


async def test_a_session_that_is_not_to_be_remembered_is_never_extended(clock: FrozenRuntime) -> None:
    """S24: it ends a day after the sign-in, however often it is used."""
    auth = some_auth(clock=clock)
    async with Browser(auth) as browser:
        await browser.sign_up(rememberMe=False)
        for _ in range(24):
            assert await browser.session() is not None
            clock.advance(hours=1)
        clock.advance(milliseconds=1)
        assert await browser.session() is None


class Application:
    """An ASGI application that asks on its own route who is calling, as an integration does."""

    def __init__(self, auth: Auth) -> None:
        self.auth = auth

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] != "/api/auth/me":
            await self.auth(scope, receive, send)
            return
        context = self.auth.context(request_from(scope, receive, "/me", self.auth.options.advanced))
        reading = await context.read_session()
        lines = [("set-cookie", line) for line in context.cookies.lines()]
        name = reading.active.user.name if reading.active else "nobody"
        await send_response(Response(200, lines, name.encode()), send)


async def test_a_person_who_uses_application_routes_alone_stays_signed_in(clock: FrozenRuntime) -> None:
    """S29: only `/me` is called for 20 days; row and cookie move together."""
    auth = some_auth(clock=clock)
    async with Browser(Application(auth)) as browser:
        token = (await browser.sign_up())["token"]
        dies_at = clock.now() + IDLE
        slid = 0
        for _ in range(40):
            clock.advance(hours=12)
            if clock.now() >= dies_at:
                browser.cookies.clear()  # what a browser does on time
            answer = await browser.get("/me")
            assert answer.text == "Ada"
            if ages := max_ages(answer):
                dies_at, slid = clock.now() + timedelta(seconds=ages[0]), slid + 1
                active = await auth.services.sessions.by_token(token)
                assert active is not None
                assert active.session.expires_at == dies_at
        assert slid == 20, "once for each day of use"
