"""Hostile text and confused types in every field of the token routes."""

import json
from typing import Any

import pytest

from ostiary import Auth
from ostiary.domain.roles import BANNED
from ostiary.plugins import Tokens
from tests.builders import PASSWORD, Browser
from tests.pairs import EMAIL, pair_auth, program
from tests.security.test_token_services import SECRET, SERVICES

TOKEN = {"refresh_token": "rt_" + "A" * 63}
ASKED = {"token": "x", "token_type_hint": "access_token", "client_id": "tasks", "client_secret": SECRET}
LOGIN = {"email": EMAIL, "username": EMAIL, "password": PASSWORD, "grant_type": "password", "client_id": "x"}
PERSON = {"email": EMAIL, "password": PASSWORD, "name": "Ada"}
BODIES: dict[str, dict[str, Any]] = {
    "/api/auth/register": PERSON,
    "/api/auth/signup": {**PERSON, "use_cookie": True},
    "/api/auth/login": {**LOGIN, "use_cookie": True},
    "/api/auth/refresh": {**TOKEN, "client_id": "x"},
    "/api/auth/logout": TOKEN,
    "/api/auth/revoke": ASKED,
    "/api/auth/introspect": ASKED,
    "/api/v1/auth/register": PERSON,
    "/api/v1/auth/login": LOGIN,
    "/api/v1/auth/login/json": LOGIN,
    "/api/v1/auth/refresh": {**TOKEN, "client_id": "x"},
}
FIELDS = [(path, name) for path, body in BODIES.items() for name in body]
CONFUSED = [5, 1.5, [], {}, ["x"], {"a": 1}]
HOSTILE = ["\\u0000", "a\\u0000b", "\\ud800", "x\\udfff"]


@pytest.fixture
def server() -> Auth:
    return pair_auth(Tokens(services=SERVICES))


async def send(client: Browser, path: str, body: str) -> Any:
    answer = await client.post(path, content=body.encode(), headers={"content-type": "application/json"})
    malformed = 400 if path.endswith(("/revoke", "/introspect")) else 422
    assert answer.status_code == malformed, answer.text
    members = answer.json()
    assert members.get("code", members.get("error")) in {"VALIDATION_ERROR", "BAD_REQUEST", "invalid_request"}
    assert not any(word in answer.text for word in ("Traceback", "pydantic", "File "))
    return members


@pytest.mark.parametrize(("path", "name"), FIELDS)
async def test_a_confused_type_is_refused(path: str, name: str, server: Auth) -> None:
    """S58"""
    async with program(server, base="") as client:
        for value in CONFUSED:
            await send(client, path, json.dumps({**BODIES[path], name: value}))


@pytest.mark.parametrize(("path", "name"), [each for each in FIELDS if each[1] != "use_cookie"])
async def test_text_that_no_database_holds_is_refused(path: str, name: str, server: Auth) -> None:
    """S57"""
    async with program(server, base="") as client:
        for text in HOSTILE:
            others = json.dumps({key: value for key, value in BODIES[path].items() if key != name})
            await send(client, path, f'{{"{name}": "{text}", {others[1:]}')


@pytest.mark.parametrize("path", ["/api/auth/register", "/api/auth/signup", "/api/v1/auth/register"])
async def test_no_column_is_written_by_naming_it(path: str, server: Auth) -> None:
    """S62"""
    forbidden = {
        "id": "mine",
        "emailVerified": True,
        "email_verified": True,
        "createdAt": "2000-01-01T00:00:00.000Z",
        "last_login_at": "2000-01-01T00:00:00.000Z",
        "is_active": False,
        "banned": True,
    }
    async with program(server, base="") as client:
        answer = await client.post(path, json={**PERSON, **forbidden})
        assert answer.status_code == 201, answer.text
        user = await server.services.users.by_email(EMAIL)
    assert user is not None
    assert (user.email_verified, user.created_at.year, user.id == "mine", user[BANNED]) == (
        False,
        2030,
        False,
        False,
    )
    async with program(server, base="") as client:
        for column in ("role", "lastLoginAt"):
            refused = await client.post(path, json={**PERSON, "email": "eve@example.com", column: "admin"})
            assert (refused.status_code, refused.json()["code"]) == (400, "FIELD_NOT_ALLOWED"), column
