"""S29: an application that never asks the auth endpoints keeps its people signed in."""

import httpx2
import pytest
from fastapi import FastAPI, Response

from ostiary import Auth, CookieCache, SessionOptions
from ostiary.domain.runtime import FrozenRuntime
from ostiary.http.asgi import encode_headers
from ostiary.integrations.fastapi import CurrentUser
from tests.builders import SESSION_COOKIE, Browser, cookie_names, set_cookies, some_auth, some_options
from tests.integration.application import ADA, application


@pytest.mark.parametrize("path", ["/me", "/own-response", "/whoever", "/not-found", "/refused"])
async def test_eight_days_of_calls_keep_cookie_and_row_alive(
    ada: Browser, clock: FrozenRuntime, path: str
) -> None:
    """S29: whatever the handler answers, its own response and refusals included."""
    extended = 0
    for _ in range(8):
        clock.advance(days=1, minutes=1)
        answer = await ada.get(path)
        assert answer.status_code != 401
        extended += cookie_names(answer) == [SESSION_COOKIE]
        assert all("Max-Age=604800" in line for line in set_cookies(answer))
    assert extended == 8
    assert (await ada.get("/me")).status_code == 200


async def test_the_cookie_goes_out_with_an_unexpected_error_too(
    ada: Browser, app: FastAPI, clock: FrozenRuntime
) -> None:
    """S29: the row was extended, whatever became of the request."""
    clock.advance(days=2)
    transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(
        transport=transport, base_url="http://auth.test", cookies=ada.cookies
    ) as tab:
        answer = await tab.get("/broken")
    assert answer.status_code == 500
    assert cookie_names(answer) == [SESSION_COOKIE]


async def test_an_unused_session_still_ends(ada: Browser, clock: FrozenRuntime) -> None:
    clock.advance(days=7, seconds=1)
    answer = await ada.get("/me")
    assert answer.status_code == 401
    assert all("Max-Age=0" in line for line in set_cookies(answer))


@pytest.mark.parametrize("path", ["/me", "/public", "/own-response"])
async def test_nothing_is_set_where_nothing_is_due(ada: Browser, path: str) -> None:
    assert set_cookies(await ada.get(path)) == []


async def test_a_route_that_asks_for_nobody_extends_nothing(ada: Browser, clock: FrozenRuntime) -> None:
    clock.advance(days=2)
    assert set_cookies(await ada.get("/public")) == []


async def test_the_auth_endpoints_set_their_cookies_once(ada: Browser, clock: FrozenRuntime) -> None:
    clock.advance(days=2)
    assert cookie_names(await ada.get("/api/auth/get-session")) == [SESSION_COOKIE]


async def test_the_cookie_cache_is_renewed_on_application_routes(clock: FrozenRuntime) -> None:
    options = some_options(session=SessionOptions(cookie_cache=CookieCache(enabled=True)))
    async with Browser(application(some_auth(options, clock)), base="") as tab:
        await tab.post("/api/auth/sign-up/email", json=ADA)
        assert set_cookies(await tab.get("/me")) == []
        clock.advance(minutes=6)
        assert "better-auth.session_data" in cookie_names(await tab.get("/me"))


async def test_a_query_of_the_application_does_not_steer_the_session(
    ada: Browser, clock: FrozenRuntime
) -> None:
    clock.advance(days=2)
    answer = await ada.get("/me", params={"disableRefresh": "true"})
    assert cookie_names(answer) == [SESSION_COOKIE]


async def test_a_handler_that_signs_out_has_the_last_word(
    ada: Browser, auth: Auth, app: FastAPI, clock: FrozenRuntime
) -> None:
    """The session is due to be extended in the very request that ends it."""

    @app.get("/leave")
    async def leave(user: CurrentUser, response: Response) -> None:
        response.raw_headers.extend(encode_headers([("set-cookie", f"{SESSION_COOKIE}=; Max-Age=0; Path=/")]))

    clock.advance(days=2)
    lines = [line for line in set_cookies(await ada.get("/leave")) if line.startswith(SESSION_COOKIE)]
    assert lines == [f"{SESSION_COOKIE}=; Max-Age=0; Path=/"]
