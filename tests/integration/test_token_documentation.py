"""What a document says of the token routes, and that Swagger UI's Authorize button works by it."""

from typing import Any

import pytest

from ostiary import Auth
from ostiary.plugins import Tokens
from tests.builders import PASSWORD, Browser
from tests.integration.application import application
from tests.pairs import EMAIL, bearer, pair_auth
from tests.security.test_token_services import SERVICES

JSON = "application/json"
UNPROCESSABLE = {"VALIDATION_ERROR", "BAD_REQUEST", "FAILED_TO_CREATE_USER"}
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def server() -> Auth:
    return pair_auth(Tokens(services=SERVICES))


@pytest.fixture
def document(server: Auth) -> Any:
    return application(server).openapi()


def refusals(document: Any, path: str, method: str) -> dict[str, tuple[int, Any]]:
    return {
        name: (int(status), example["value"])
        for status, response in document["paths"][path][method]["responses"].items()
        for name, example in response.get("content", {}).get(JSON, {}).get("examples", {}).items()
    }


async def test_the_authorize_button_signs_in_and_its_token_is_sent_along(document: Any, server: Auth) -> None:
    scheme = document["components"]["securitySchemes"]["oauth2"]
    assert scheme["type"] == "oauth2"
    token_url = scheme["flows"]["password"]["tokenUrl"]
    async with Browser(application(server), base="") as browser:
        await browser.post("/api/auth/register", json={"email": EMAIL, "password": PASSWORD})
        form = {"grant_type": "password", "username": EMAIL, "password": PASSWORD, "scope": ""}
        answer = await browser.post(token_url, data=form)
        assert answer.json()["token_type"] == "bearer"
        sent = bearer(answer.json()["access_token"])
        for path in ("/api/auth/me", "/api/v1/auth/me", "/api/auth/list-sessions", "/me"):
            assert {"oauth2": []} in document["paths"][path]["get"]["security"]
            assert (await browser.get(path, headers=sent)).status_code == 200
    assert document["paths"]["/api/auth/me"]["get"]["security"] == [{"oauth2": []}]
    assert "security" not in document["paths"]["/api/auth/login"]["post"]


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [
        ("/api/auth/register", "post", "201"),
        ("/api/auth/signup", "post", "201"),
        ("/api/auth/login", "post", "200"),
        ("/api/auth/refresh", "post", "200"),
        ("/api/auth/me", "get", "200"),
        ("/api/auth/logout", "post", "204"),
        ("/api/v1/auth/register", "post", "201"),
        ("/api/v1/auth/login", "post", "200"),
        ("/api/v1/auth/login/json", "post", "200"),
        ("/api/v1/auth/refresh", "post", "200"),
        ("/api/v1/auth/me", "get", "200"),
        ("/api/v1/auth/logout", "post", "200"),
    ],
)
def test_every_route_shows_its_success_and_its_refusals_in_its_own_shape(
    document: Any, server: Auth, path: str, method: str, status: str
) -> None:
    operation = document["paths"][path][method]
    successes = {code: each for code, each in operation["responses"].items() if code.startswith("2")}
    assert list(successes) == [status]
    assert (JSON in successes[status].get("content", {})) is (status != "204")
    [endpoint] = [each for each in server.endpoints if (each.mount or "/api/auth") + each.path == path]
    shown = refusals(document, path, method)
    assert {refusal.name for refusal in endpoint.raises} <= set(shown)
    for code, value in shown.values():
        assert set(value) >= {"detail", "code"}
        assert (code == 422) is (value["code"] in UNPROCESSABLE)


def test_the_known_refusals_have_the_statuses_of_the_contract(document: Any) -> None:
    register, login = (refusals(document, f"/api/auth{path}", "post") for path in ("/register", "/login"))
    assert register["USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL"] == (
        400,
        {"detail": "Email already registered", "code": "USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL"},
    )
    assert login["INVALID_EMAIL_OR_PASSWORD"] == (
        401,
        {"detail": "Incorrect email or password", "code": "INVALID_EMAIL_OR_PASSWORD"},
    )
    assert login["ACCOUNT_DISABLED"][0] == 403
    assert refusals(document, "/api/auth/introspect", "post")["INVALID_CLIENT"] == (
        401,
        {"error": "invalid_client", "error_description": "Client authentication failed"},
    )


def test_forms_are_shown_where_they_are_taken(document: Any) -> None:
    for path in ("/api/auth/login", "/api/v1/auth/login"):
        form = document["paths"][path]["post"]["requestBody"]["content"][FORM]["schema"]
        assert {"username", "password", "grant_type", "client_id"} <= set(form["properties"])
        assert form["required"] == ["password"]
    assert FORM not in document["paths"]["/api/v1/auth/login/json"]["post"]["requestBody"]["content"]
