"""One dependency for every kind of credential that the server itself issues."""

from collections.abc import AsyncIterator
from typing import Annotated

import pytest
from fastapi import FastAPI, WebSocket
from starlette.testclient import TestClient

from ostiary import Auth, User
from ostiary.domain.runtime import FrozenRuntime
from ostiary.integrations.fastapi import CurrentPrincipal, is_still_signed_in, require_scope
from ostiary.plugins import Admin, Bearer, Jwt
from tests.builders import Browser, code_of, some_auth
from tests.integration.application import ADA, application, give_role


@pytest.fixture
async def auth(clock: FrozenRuntime) -> AsyncIterator[Auth]:
    """Return a server that issues session tokens and JWTs."""
    server = some_auth(clock=clock, plugins=[Admin(), Bearer(), Jwt()])
    yield server
    await server.close()


@pytest.fixture
def app(auth: Auth) -> FastAPI:
    """Return the application with a few more routes."""
    app = application(auth)

    @app.get("/principal")
    async def principal(caller: CurrentPrincipal) -> dict[str, object]:
        return {"proof": caller.proof, "email": caller.user.email, "aud": caller.claims.get("aud")}

    @app.get("/reports")
    async def reports(user: Annotated[User, require_scope("reports:read")]) -> str:
        return user.email

    @app.websocket("/credential")
    async def credential(socket: WebSocket, caller: CurrentPrincipal) -> None:
        await socket.accept()
        await socket.send_json([caller.user.email, await is_still_signed_in(socket)])
        await socket.close()

    return app


@pytest.fixture
async def program(app: FastAPI) -> AsyncIterator[Browser]:
    """Return a client without cookies or origin."""
    async with Browser(app, base="", origin=None) as client:
        yield client


async def credentials(tab: Browser) -> dict[str, str]:
    """Sign up and return an Authorization header of each kind."""
    answer = await tab.post("/api/auth/sign-up/email", json=ADA)
    token = (await tab.get("/api/auth/token")).json()["token"]
    return {"session-token": f"Bearer {answer.headers['set-auth-token']}", "jwt": f"Bearer {token}"}


async def test_every_kind_of_credential_passes_the_same_dependency(tab: Browser, program: Browser) -> None:
    headers = await credentials(tab)
    assert (await tab.get("/principal")).json()["proof"] == "cookie"
    for proof, header in headers.items():
        answer = await program.get("/principal", headers={"authorization": header})
        assert (answer.status_code, answer.json()["proof"]) == (200, proof)
        assert answer.json()["email"] == "ada@example.com"
        assert (await program.get("/me", headers={"authorization": header})).json() == "ada@example.com"
        assert (await program.get("/whoever", headers={"authorization": header})).json() == "ada@example.com"
        assert (
            await program.post("/notes", json={"text": "x"}, headers={"authorization": header})
        ).is_success
        program.cookies.clear()


@pytest.mark.parametrize(
    ("header", "code", "detail", "challenge"),
    [
        (None, "UNAUTHORIZED", "Authorization header required", "Bearer"),
        ("Basic YTpi", "INVALID_AUTHORIZATION_FORMAT", "Invalid authorization format", "Bearer"),
        ("Bearer", "INVALID_AUTHORIZATION_FORMAT", "Invalid authorization format", "Bearer"),
        ("Bearer a.b.c", "MALFORMED_TOKEN", "Token error: malformed-token", "malformed-token"),
        ("Bearer opaque", "MALFORMED_TOKEN", "Token error: malformed-token", "malformed-token"),
        ("Bearer a.b", "MALFORMED_TOKEN", "Token error: malformed-token", "malformed-token"),
    ],
)
async def test_a_refusal_names_its_cause_and_how_to_authenticate(
    program: Browser, header: str | None, code: str, detail: str, challenge: str
) -> None:
    answer = await program.get("/me", headers={"authorization": header} if header else {})
    assert answer.status_code == 401
    message = detail if header else "Unauthorized"
    assert answer.json() == {"message": message, "code": code, "detail": detail}
    if challenge != "Bearer":
        challenge = f'Bearer error="invalid_token", error_description="{challenge}"'
    assert answer.headers["www-authenticate"] == challenge


async def test_an_expired_and_a_forged_token_are_told_apart(
    tab: Browser, program: Browser, clock: FrozenRuntime
) -> None:
    jwt = (await credentials(tab))["jwt"]
    head, _, signature = jwt.rpartition(".")
    forged = f"{head}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"
    assert code_of(await program.get("/me", headers={"authorization": forged})) == "INVALID_SIGNATURE"
    clock.advance(minutes=15)
    assert code_of(await program.get("/me", headers={"authorization": jwt})) == "EXPIRED_TOKEN"
    assert code_of(await program.get("/whoever", headers={"authorization": jwt})) == "EXPIRED_TOKEN"


async def test_a_token_that_fails_is_not_replaced_by_a_cookie_that_would_pass(tab: Browser) -> None:
    await credentials(tab)
    assert (await tab.get("/me", headers={"authorization": "Bearer a.b.c"})).status_code == 401
    # but a scheme that is somebody else's, such as a proxy's, is none of our business
    assert (await tab.get("/me", headers={"authorization": "Basic YTpi"})).status_code == 200


async def test_a_session_token_ends_with_its_session(tab: Browser, program: Browser) -> None:
    header = {"authorization": (await credentials(tab))["session-token"]}
    assert (await program.get("/fresh", headers=header)).status_code == 200
    await tab.post("/api/auth/sign-out", json={})
    answer = await program.get("/me", headers=header)
    assert (answer.status_code, code_of(answer)) == (401, "INVALID_TOKEN")


async def test_a_token_tells_the_role_and_is_no_session(auth: Auth, tab: Browser, program: Browser) -> None:
    await tab.post("/api/auth/sign-up/email", json=ADA)
    await give_role(auth, "ada@example.com", "admin")
    token = (await tab.get("/api/auth/token")).json()["token"]
    header = {"authorization": f"Bearer {token}"}
    assert (await program.get("/admin", headers=header)).status_code == 200
    for path in ("/session", "/fresh"):
        assert code_of(await program.get(path, headers=header)) == "UNAUTHORIZED"


async def test_a_scope_is_asked_of_tokens_not_of_sessions(tab: Browser, program: Browser) -> None:
    jwt = (await credentials(tab))["jwt"]
    answer = await program.get("/reports", headers={"authorization": jwt})
    assert (answer.status_code, code_of(answer)) == (403, "INSUFFICIENT_SCOPE")
    assert answer.headers["www-authenticate"] == 'Bearer error="insufficient_scope", scope="reports:read"'
    assert (await tab.get("/reports")).json() == "ada@example.com"


async def test_a_socket_takes_the_same_credentials(app: FastAPI, tab: Browser) -> None:
    for header in (await credentials(tab)).values():
        with (
            TestClient(app) as client,
            client.websocket_connect("/credential", headers={"authorization": header}) as socket,
        ):
            assert socket.receive_json() == ["ada@example.com", True]


async def test_the_document_shows_every_way_to_authenticate(app: FastAPI) -> None:
    document = app.openapi()
    assert set(document["components"]["securitySchemes"]) == {"session", "bearer"}
    assert document["paths"]["/me"]["get"]["security"] == [{"session": []}, {"bearer": []}]
