"""Who calls, on WebSockets: everything is decided at the handshake, before the connection is accepted."""

import pytest
from fastapi import FastAPI

from ostiary import Auth
from ostiary.domain.runtime import FrozenRuntime
from tests.builders import SESSION_COOKIE, Browser, some_auth, some_options
from tests.integration.application import ADA, application, give_role
from tests.integration.sockets import open_socket

POLICY_VIOLATION = 1008


def cookie_of(browser: Browser) -> str:
    return f"{SESSION_COOKIE}={browser.cookie()}"


async def test_a_socket_knows_who_is_signed_in(ada: Browser, app: FastAPI) -> None:
    async with open_socket(app, "/socket", cookie_of(ada)) as socket:
        assert socket.accepted
        assert await socket.hear() == "ada@example.com"


@pytest.mark.parametrize("cookie", [None, f"{SESSION_COOKIE}=forged.signature", "theme=dark"])
async def test_nobody_is_refused_before_acceptance(app: FastAPI, cookie: str | None) -> None:
    async with open_socket(app, "/socket", cookie) as socket:
        assert socket.opening["type"] == "websocket.close"
        assert (socket.opening["code"], socket.opening["reason"]) == (POLICY_VIOLATION, "UNAUTHORIZED")


@pytest.mark.parametrize("path", ["/socket", "/open-socket", "/admin-socket"])
@pytest.mark.parametrize(
    ("origin", "reason"),
    [
        ("https://evil.example", "INVALID_ORIGIN"),
        ("https://app.example.evil.example", "INVALID_ORIGIN"),
        ("http://app.example", "INVALID_ORIGIN"),
        ("null", "MISSING_OR_NULL_ORIGIN"),
        (None, "MISSING_OR_NULL_ORIGIN"),
    ],
)
async def test_a_handshake_from_another_site_is_refused_before_acceptance(
    ada: Browser, app: FastAPI, path: str, origin: str | None, reason: str
) -> None:
    """S35, the handshake: a page anywhere may open a socket, and the browser adds the cookie."""
    async with open_socket(app, path, cookie_of(ada), origin) as socket:
        assert socket.opening["type"] == "websocket.close"
        assert (socket.opening["code"], socket.opening["reason"]) == (POLICY_VIOLATION, reason)


@pytest.mark.parametrize("origin", ["https://app.example", "https://a.pages.example"])
async def test_a_handshake_from_a_trusted_origin_is_accepted(ada: Browser, app: FastAPI, origin: str) -> None:
    async with open_socket(app, "/socket", cookie_of(ada), origin) as socket:
        assert socket.accepted


async def test_an_optional_user_may_be_nobody_from_anywhere(app: FastAPI) -> None:
    async with open_socket(app, "/open-socket", origin="https://evil.example") as socket:
        assert socket.accepted
        assert await socket.hear() == "nobody"


async def test_a_role_is_asked_for_at_the_handshake(ada: Browser, auth: Auth, app: FastAPI) -> None:
    async with open_socket(app, "/admin-socket", cookie_of(ada)) as socket:
        assert (socket.opening["type"], socket.opening["reason"]) == ("websocket.close", "FORBIDDEN")
    await give_role(auth, "ada@example.com", "admin")
    async with open_socket(app, "/admin-socket", cookie_of(ada)) as socket:
        assert await socket.hear() == "ada@example.com"


async def test_an_open_socket_can_ask_whether_its_session_lives(
    ada: Browser, auth: Auth, app: FastAPI
) -> None:
    """S35, the revocation: the application asks where it matters."""
    async with open_socket(app, "/socket", cookie_of(ada)) as socket:
        await socket.hear()
        assert await socket.ask("still there?") == "true"
        await ada.post("/api/auth/sign-out", json={})
        assert await socket.ask("still there?") == "false"


async def test_the_handshake_extends_the_session_and_its_cookie(
    ada: Browser, app: FastAPI, clock: FrozenRuntime
) -> None:
    """S29."""
    clock.advance(days=2)
    async with open_socket(app, "/socket", cookie_of(ada)) as socket:
        lines = [value for name, value in socket.opening["headers"] if name == b"set-cookie"]
    assert [line.partition(b"=")[0] for line in lines] == [SESSION_COOKIE.encode()]


async def test_the_auth_server_itself_has_no_sockets(auth: Auth, app: FastAPI) -> None:
    for server in (auth, app):
        async with open_socket(server, "/api/auth/ok") as socket:
            assert socket.opening["type"] == "websocket.close"


async def test_a_secure_socket_comes_from_the_https_origin_of_its_host() -> None:
    """Without a base URL a request's own origin is trusted: https for a page whose socket speaks wss."""
    app = application(some_auth(some_options(base_url=None)))
    async with Browser(app, base="") as tab:
        await tab.post("/api/auth/sign-up/email", json=ADA)
        cookie = cookie_of(tab)
    async with open_socket(app, "/socket", cookie, "https://auth.test", scheme="wss") as socket:
        assert socket.accepted
    async with open_socket(app, "/socket", cookie, "http://auth.test", scheme="wss") as socket:
        assert not socket.accepted
