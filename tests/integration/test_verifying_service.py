"""An application that trusts what a server elsewhere issued: the same dependencies, no routes of its own."""

from collections.abc import AsyncIterator
from importlib import import_module
from typing import Annotated

import pytest
from fastapi import FastAPI, WebSocket
from starlette.testclient import TestClient

from ostiary import Auth, ConfigurationError, JwksIssuer, SessionIssuer, User, Verifier
from ostiary.domain.runtime import FrozenRuntime
from ostiary.http.messages import Request
from ostiary.integrations.fastapi import (
    CurrentPrincipal,
    CurrentUser,
    FreshSession,
    OptionalUser,
    is_still_signed_in,
    require_role,
    require_scope,
)
from ostiary.outgoing import HttpAnswer
from ostiary.plugins import Admin, Bearer, Jwt
from tests.builders import ORIGIN, SESSION_COOKIE, Browser, code_of, some_auth
from tests.integration.application import ADA, give_role
from tests.integration.sockets import open_socket


class Line:
    """An HTTP client whose only peer is the auth server in this process; the line may be cut."""

    def __init__(self, auth: Auth) -> None:
        self.auth = auth
        self.cut = False

    async def get(self, url: str, **_: object) -> HttpAnswer:
        if self.cut:
            raise OSError("nobody answers")
        path = url.removeprefix(f"{ORIGIN}/api/auth")
        answer = await self.auth.handle(Request("GET", path, {}))
        return HttpAnswer(answer.status, answer.body, dict(answer.headers))


@pytest.fixture
async def auth(clock: FrozenRuntime) -> AsyncIterator[Auth]:
    """Return the server elsewhere."""
    server = some_auth(clock=clock, plugins=[Admin(), Bearer(), Jwt()])
    yield server
    await server.close()


@pytest.fixture
def line(auth: Auth) -> Line:
    return Line(auth)


@pytest.fixture
def app(auth: Auth, line: Line, clock: FrozenRuntime) -> FastAPI:
    """Return the service."""
    app = FastAPI()
    verifier = Verifier(
        JwksIssuer(issuer=ORIGIN, audience=ORIGIN, private_network=True),
        SessionIssuer(options=auth.options, database=auth.services.store),
        http_client=line,
        runtime=clock,
    )
    verifier.install(app)

    @app.get("/me")
    async def me(user: CurrentUser) -> str:
        return user.email

    @app.post("/me")
    async def change(user: CurrentUser) -> str:
        return user.email

    @app.get("/whoever")
    async def whoever(user: OptionalUser) -> str | None:
        return user.email if user else None

    @app.get("/proof")
    async def proof(caller: CurrentPrincipal) -> str:
        return caller.proof

    @app.get("/admin")
    async def admin(user: Annotated[User, require_role("admin")]) -> str:
        return user.email

    @app.get("/fresh")
    async def fresh(active: FreshSession) -> str:
        return active.user.email

    @app.get("/reports")
    async def reports(user: Annotated[User, require_scope("reports")]) -> str:
        return user.email

    @app.websocket("/socket")
    async def socket(socket: WebSocket, user: CurrentUser) -> None:
        await socket.accept()
        await socket.send_json([user.email, await is_still_signed_in(socket)])
        await socket.close()

    return app


@pytest.fixture
async def service(app: FastAPI) -> AsyncIterator[Browser]:
    """Return a client of the service."""
    async with Browser(app, base="", origin=None) as client:
        yield client


async def credentials(auth: Auth, role: str | None = None) -> dict[str, dict[str, str]]:
    """Sign up elsewhere; return the headers of each kind of credential."""
    async with Browser(auth) as browser:
        answer = await browser.post("/sign-up/email", json=ADA)
        if role is not None:
            await give_role(auth, "ada@example.com", role)
        token = (await browser.get("/token")).json()["token"]
        cookie = f"{SESSION_COOKIE}={browser.cookie()}"
    signed = answer.headers["set-auth-token"]
    return {
        "jwt": {"authorization": f"Bearer {token}"},
        "session-token": {"authorization": f"Bearer {signed}"},
        "cookie": {"cookie": cookie},
    }


async def test_every_credential_of_the_server_is_good_here(auth: Auth, service: Browser) -> None:
    for proof, headers in (await credentials(auth, "user,admin")).items():
        assert (await service.get("/proof", headers=headers)).json() == proof
        for path in ("/me", "/whoever", "/admin"):
            answer = await service.get(path, headers=headers)
            assert (answer.status_code, answer.json()) == (200, "ada@example.com"), path


async def test_nobody_is_told_how_to_authenticate(service: Browser) -> None:
    answer = await service.get("/me")
    assert (answer.status_code, answer.json()["detail"]) == (401, "Authorization header required")
    assert answer.headers["www-authenticate"] == "Bearer"
    for header in ("Basic YTpi", "Bearer", "Bearer "):
        wrong = await service.get("/me", headers={"authorization": header})
        assert (wrong.status_code, wrong.json()["detail"]) == (401, "Invalid authorization format")
    assert (await service.get("/whoever")).json() is None


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"cookie": f"{SESSION_COOKIE}=forged"}, "AUTHORIZATION_REQUIRED"),
        ({"authorization": "Bearer"}, "INVALID_AUTHORIZATION_FORMAT"),
        ({"authorization": "Bearer a.b.c"}, "MALFORMED_TOKEN"),
        ({"authorization": "Bearer a.b"}, "INVALID_SIGNATURE"),
        ({"authorization": "Bearer opaque"}, "MALFORMED_TOKEN"),
    ],
)
async def test_a_refusal_names_its_cause_and_the_log_what_was_wrong(
    service: Browser, headers: dict[str, str], code: str, caplog: pytest.LogCaptureFixture
) -> None:
    """S85"""
    answer = await service.get("/me", headers=headers)
    assert (answer.status_code, code_of(answer)) == (401, code)
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert f"refused: {code}" in caplog.text
    assert all(value not in caplog.text for value in headers.values())


async def test_a_role_or_scope_that_is_missing_is_forbidden(auth: Auth, service: Browser) -> None:
    headers = (await credentials(auth))["jwt"]
    assert code_of(await service.get("/admin", headers=headers)) == "FORBIDDEN"
    assert code_of(await service.get("/reports", headers=headers)) == "INSUFFICIENT_SCOPE"


async def test_a_session_that_was_revoked_is_over_here_too(auth: Auth, service: Browser) -> None:
    """S26"""
    headers = await credentials(auth)
    [session] = await auth.services.sessions.of_user(
        (await auth.services.users.by_email("ada@example.com")).id
    )
    await auth.services.sessions.revoke(session.token)
    assert code_of(await service.get("/me", headers=headers["session-token"])) == "INVALID_TOKEN"
    assert (await service.get("/me", headers=headers["cookie"])).status_code == 401


async def test_without_the_keys_nobody_is_let_in_and_nobody_is_called_a_liar(
    auth: Auth, service: Browser, line: Line
) -> None:
    """S86"""
    headers = (await credentials(auth))["jwt"]
    line.cut = True
    answer = await service.get("/me", headers=headers)
    assert (answer.status_code, code_of(answer)) == (503, "SERVICE_UNAVAILABLE")
    assert answer.headers["retry-after"] == "1"


async def test_keys_that_are_known_outlive_the_server_that_published_them(
    auth: Auth, service: Browser, line: Line, clock: FrozenRuntime
) -> None:
    """S86"""
    headers = (await credentials(auth))["jwt"]
    line.cut = True
    assert (await service.get("/me", headers=headers)).status_code == 503
    line.cut = False
    clock.advance(seconds=10)
    assert (await service.get("/me", headers=headers)).status_code == 200
    line.cut = True
    clock.advance(minutes=10)
    assert (await service.get("/me", headers=headers)).status_code == 200


async def test_a_rotation_of_keys_refuses_nobody(auth: Auth, service: Browser) -> None:
    """S17"""
    old = (await credentials(auth))["jwt"]
    assert (await service.get("/me", headers=old)).status_code == 200
    assert auth.services.signing is not None
    await auth.services.signing.signer.rotate()
    async with Browser(auth) as browser:
        await browser.sign_in(ADA["email"], ADA["password"])
        new = {"authorization": f"Bearer {(await browser.get('/token')).json()['token']}"}
    assert new != old
    for headers in (new, old):
        assert (await service.get("/me", headers=headers)).status_code == 200


async def test_a_token_that_comes_again_and_again_ends_with_its_time(
    auth: Auth, service: Browser, clock: FrozenRuntime
) -> None:
    """S8"""
    headers = (await credentials(auth))["jwt"]
    for _ in range(4):
        for path, told in {"/me": "ada@example.com", "/proof": "jwt"}.items():
            assert (await service.get(path, headers=headers)).json() == told
    clock.advance(hours=1)
    for path in ("/me", "/proof"):
        answer = await service.get(path, headers=headers)
        assert (answer.status_code, code_of(answer)) == (401, "EXPIRED_TOKEN")


async def test_a_session_is_fresh_as_long_as_its_server_says(
    auth: Auth, service: Browser, clock: FrozenRuntime
) -> None:
    headers = await credentials(auth)
    assert (await service.get("/fresh", headers=headers["session-token"])).status_code == 200
    assert code_of(await service.get("/fresh", headers=headers["jwt"])) == "UNAUTHORIZED"
    clock.advance(days=1)
    assert code_of(await service.get("/fresh", headers=headers["cookie"])) == "SESSION_NOT_FRESH"


async def test_a_cookie_changes_nothing_from_elsewhere(auth: Auth, service: Browser) -> None:
    """S30"""
    headers = (await credentials(auth))["cookie"]
    evil = await service.post("/me", headers={**headers, "origin": "https://evil.example"})
    assert (evil.status_code, code_of(evil)) == (403, "INVALID_ORIGIN")
    own = await service.post("/me", headers={**headers, "origin": ORIGIN})
    assert own.status_code == 200


async def test_a_socket_is_judged_the_same_way(auth: Auth, app: FastAPI) -> None:
    headers = (await credentials(auth))["jwt"]
    with TestClient(app) as client, client.websocket_connect("/socket", headers=headers) as socket:
        assert socket.receive_json() == ["ada@example.com", True]


async def test_a_cookie_opens_no_socket_from_elsewhere(auth: Auth, app: FastAPI) -> None:
    """S35"""
    cookie = (await credentials(auth))["cookie"]["cookie"]
    for origin, accepted in (("https://evil.example", False), (None, False), (ORIGIN, True)):
        async with open_socket(app, "/socket", cookie, origin) as socket:
            assert socket.accepted == accepted


async def test_the_document_shows_tokens_and_cookies(app: FastAPI) -> None:
    document = app.openapi()
    assert set(document["components"]["securitySchemes"]) == {"bearer", SESSION_COOKIE}
    assert document["paths"]["/me"]["get"]["security"] == [{"bearer": []}, {SESSION_COOKIE: []}]


def test_an_application_has_one_host(app: FastAPI, auth: Auth) -> None:
    with pytest.raises(ConfigurationError, match="has an auth server"):
        auth.install(app)


def test_connections_are_returned_with_the_application(clock: FrozenRuntime) -> None:
    closed: list[bool] = []

    async def close() -> None:
        closed.append(True)

    verifier = Verifier(JwksIssuer(issuer="https://auth.example", audience=ORIGIN), runtime=clock)
    verifier._closing.append(close)
    app = FastAPI()
    verifier.install(app)
    with TestClient(app):
        assert closed == []
    assert closed == [True]


async def test_the_example_asks_who_calls() -> None:
    example: FastAPI = import_module("examples.verifier").app
    async with Browser(example, base="", origin=None) as client:
        answer = await client.get("/hello")
    assert (answer.status_code, code_of(answer)) == (401, "AUTHORIZATION_REQUIRED")
