"""GET and HEAD read; nothing that could be a link, an image or a prefetch changes anything."""

from datetime import timedelta

import pytest

from ostiary import Auth, CookieCache, Options
from ostiary.domain.runtime import FrozenRuntime
from ostiary.options import SessionOptions
from tests.builders import Browser
from tests.security.conftest import Place
from tests.security.exchange import cookie_header, exchange
from tests.security.surface import BODIES, everything_in, routed, surface_options

PREFETCH = [("purpose", "prefetch"), ("sec-purpose", "prefetch"), ("x-moz", "prefetch")]
QUERIES = (
    "",
    "disableCookieCache=true",
    "disableRefresh=true",
    "error=x&error_description=y",
    "token=abc&callbackURL=/x&email=ada@example.com&password=x&name=x&_method=POST",
)


def deferred(**session: object) -> Options:
    return surface_options(session=SessionOptions(defer_session_refresh=True, **session))


def get_paths(auth: Auth) -> set[str]:
    return {endpoint.path for method, endpoint in routed(auth) if method == "GET"}


async def read_everything(auth: Auth, cookies: list[str], paths: set[str]) -> None:
    """GET and HEAD every path, twice each, by every visitor."""
    for path in sorted(paths):
        for cookie in cookies:
            for query in QUERIES:
                for method in ("GET", "HEAD", "HEAD", "GET"):
                    headers = [*PREFETCH, *([("cookie", cookie)] if cookie else [])]
                    await exchange(auth, method, path, headers=headers, query=query)


@pytest.mark.parametrize("cached", [False, True])
async def test_reading_twice_leaves_the_whole_database_as_it_was(
    place: Place, clock: FrozenRuntime, cached: bool
) -> None:
    """S32: signed in, signed out, with a broken cookie; every GET route, and POST routes asked with GET."""
    cache = CookieCache(enabled=cached)
    auth = await place.open(surface_options(session=SessionOptions(cookie_cache=cache)), clock)
    async with Browser(auth) as browser:
        await browser.sign_up()
        cookies = ["", cookie_header(browser), "better-auth.session_token=broken"]
    before = await everything_in(auth.services.store)
    await read_everything(auth, cookies, get_paths(auth) | set(BODIES))
    assert await everything_in(auth.services.store) == before


@pytest.mark.parametrize("age", [timedelta(days=2), timedelta(days=8), timedelta(days=91)])
async def test_with_deferred_refreshing_not_even_the_life_of_a_session_moves(
    place: Place, clock: FrozenRuntime, age: timedelta
) -> None:
    """S32: neither an extension that is due nor the removal of what is over happens on a GET."""
    auth = await place.open(deferred(), clock)
    async with Browser(auth) as browser:
        await browser.sign_up()
        cookie = cookie_header(browser)
    clock.advance(age)
    before = await everything_in(auth.services.store)
    await read_everything(auth, [cookie], get_paths(auth))
    assert await everything_in(auth.services.store) == before


async def test_otherwise_a_reading_extends_the_readers_own_session_and_touches_nothing_else(
    place: Place, clock: FrozenRuntime
) -> None:
    """S32: the one exception of the protocol: a use is a use, and a session slides by it, once a day."""
    auth = await place.open(clock=clock)
    async with Browser(auth) as ada, Browser(auth) as eve:
        mine = (await ada.sign_up())["token"]
        await eve.sign_up("eve@example.com")
        cookie = cookie_header(ada)
    clock.advance(days=2)
    before = await everything_in(auth.services.store)
    await read_everything(auth, [cookie], get_paths(auth))
    after = await everything_in(auth.services.store)
    (old,) = (row for row in before["session"] if row.token == mine)
    (new,) = (row for row in after["session"] if row.token == mine)
    assert new.expires_at == clock.now() + timedelta(days=7)
    before["session"].remove(old)
    after["session"].remove(new)
    assert (new.token, new.user_id, new.created_at) == (old.token, old.user_id, old.created_at)
    assert after == before


async def test_no_other_method_reaches_a_route(place: Place) -> None:
    """S32: methods that no route declares are 404, overrides are not listened to."""
    auth = await place.open()
    async with Browser(auth) as browser:
        await browser.sign_up()
        cookie = cookie_header(browser)
    before = await everything_in(auth.services.store)
    origin = [("cookie", cookie), ("origin", "http://auth.test")]
    override = [("x-http-method-override", "POST"), ("x-method-override", "POST")]
    for path in sorted(set(BODIES) | get_paths(auth)):
        for method in ("HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "post", "Post"):
            answer = await exchange(auth, method, path, headers=[*origin, *override], send=BODIES.get(path))
            assert (answer.status, answer.body) == (404, b""), (method, path)
        if path not in get_paths(auth):
            answer = await exchange(auth, "GET", path, headers=[*origin, *override], send=BODIES.get(path))
            assert answer.status == 404
    assert await everything_in(auth.services.store) == before
