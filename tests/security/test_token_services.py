"""Revocation and introspection, for services that do not verify tokens themselves (S82)."""

import hashlib
from base64 import b64encode

import httpx2
import pytest

from ostiary import Auth, ConfigurationError
from ostiary.domain.models import USER
from ostiary.domain.roles import BANNED, ROLE
from ostiary.domain.runtime import FrozenRuntime
from ostiary.plugins import Tokens
from tests.builders import ORIGIN, Browser
from tests.pairs import EMAIL, Pair, pair_auth, program, refresh, refreshed, signed_up

SECRET = "a-secret-of-the-service-with-32-characters"
HASHED = "another-secret-of-32-characters-at-least"
SERVICES = {"tasks": SECRET, "mail": f"sha256:{hashlib.sha256(HASHED.encode()).hexdigest()}"}
INACTIVE = b'{"active":false}'
UNKNOWN = ["", "nonsense", "a.b.c", "rt_" + "A" * 63, "x" * 9000, "\u00e4.\u00e4.\u00e4"]


def basic(name: str, secret: str) -> dict[str, str]:
    return {"authorization": "Basic " + b64encode(f"{name}:{secret}".encode()).decode()}


TASKS = basic("tasks", SECRET)


def service_auth(clock: FrozenRuntime | None = None) -> Auth:
    return pair_auth(Tokens(services=SERVICES), clock=clock)


async def ask(client: Browser, path: str, token: str, hint: str | None = None) -> httpx2.Response:
    form = {"token": token, **({"token_type_hint": hint} if hint else {})}
    return await client.post(path, data=form, headers=TASKS)


@pytest.mark.parametrize("path", ["/revoke", "/introspect"])
@pytest.mark.parametrize(
    ("headers", "form"),
    [
        ({}, {}),
        ({}, {"client_id": "tasks"}),
        ({}, {"client_id": "tasks", "client_secret": "wrong"}),
        ({}, {"client_id": "nobody", "client_secret": SECRET}),
        ({}, {"client_secret": SECRET}),
        (basic("tasks", "wrong"), {}),
        (basic("nobody", SECRET), {}),
        (basic("tasks", HASHED), {}),
        (basic("mail", SERVICES["mail"]), {}),
        (basic("tasks", ""), {}),
        ({"authorization": "Basic !!!"}, {}),
        ({"authorization": "Basic " + b64encode(b"\xff\xff:x").decode()}, {}),
        ({"authorization": "Basic " + b64encode(b"tasks").decode()}, {}),
        ({"authorization": f"Bearer {SECRET}"}, {}),
    ],
)
async def test_whoever_is_no_service_learns_nothing(
    path: str, headers: dict[str, str], form: dict[str, str]
) -> None:
    async with program(service_auth()) as client:
        pair = await signed_up(client)
        answer = await client.post(path, data={"token": pair.access, **form}, headers=headers)
        assert answer.status_code == 401
        assert answer.json() == {
            "error": "invalid_client",
            "error_description": "Client authentication failed",
        }
        assert answer.headers["www-authenticate"].startswith("Basic ")
        assert (await client.get("/me", headers=pair.bearer)).status_code == 200


async def test_a_service_proves_itself_by_header_or_form_but_not_by_both() -> None:
    async with program(service_auth()) as client:
        pair = await signed_up(client)
        form = {"token": pair.access}
        in_form = {**form, "client_id": "mail", "client_secret": HASHED}
        for data, headers in ((form, TASKS), (form, basic("mail", HASHED)), (in_form, {})):
            answer = await client.post("/introspect", data=data, headers=headers)
            assert answer.json()["active"] is True
        both = await client.post("/introspect", data=in_form, headers=TASKS)
        assert (both.status_code, both.json()["error"]) == (400, "invalid_request")
        bare = await client.post("/introspect", data={"x": "y"}, headers=TASKS)
        assert (bare.status_code, bare.json()["error"]) == (400, "invalid_request")


async def test_an_access_token_that_is_alive_is_described() -> None:
    async with program(service_auth()) as client:
        pair = await signed_up(client)
        answer = await ask(client, "/introspect", pair.access)
    body = answer.json()
    assert answer.headers["cache-control"] == "no-store"
    assert {name: body[name] for name in ("active", "username", "token_type", "iss", "aud", "role")} == {
        "active": True,
        "username": EMAIL,
        "token_type": "Bearer",
        "iss": ORIGIN,
        "aud": ORIGIN,
        "role": "user",
    }
    assert body["sub"] == pair.body["user"]["id"]
    assert body["exp"] - body["iat"] == 900
    assert set(body) - {"active", "username", "token_type", "iss", "aud", "role", "sub", "exp", "iat"} == {
        "jti",
        "sid",
    }


async def test_a_refresh_token_is_told_of_only_to_who_names_it(clock: FrozenRuntime) -> None:
    """S41: a service that takes whatever is active must not take a refresh token for an access token."""
    async with program(service_auth(clock)) as client:
        pair = await signed_up(client)
        for hint in (None, "access_token", "nonsense"):
            assert (await ask(client, "/introspect", pair.refresh, hint)).content == INACTIVE
        body = (await ask(client, "/introspect", pair.refresh, "refresh_token")).json()
        assert (body["active"], body["token_type"], body["sub"]) == (
            True,
            "refresh_token",
            pair.body["user"]["id"],
        )
        assert (await ask(client, "/introspect", pair.access, "refresh_token")).content == INACTIVE
        again = await refreshed(client, pair.refresh)
        assert (await ask(client, "/introspect", pair.refresh, "refresh_token")).content == INACTIVE
        assert (await ask(client, "/introspect", again.refresh, "refresh_token")).json()["active"] is True


@pytest.mark.parametrize("hint", [None, "access_token", "refresh_token"])
@pytest.mark.parametrize("token", UNKNOWN)
async def test_whatever_is_no_living_token_of_ours_is_not_active_and_that_is_all(
    token: str, hint: str | None
) -> None:
    async with program(service_auth()) as client:
        answer = await ask(client, "/introspect", token, hint)
        assert (answer.status_code, answer.content) == (200, INACTIVE)
        gone = await ask(client, "/revoke", token, hint)
        assert (gone.status_code, gone.content) == (200, b"{}")


async def test_tokens_of_another_kind_or_another_server_are_not_active() -> None:
    """S9"""
    auth = service_auth()
    async with Browser(auth) as browser, program(auth) as client, program(service_auth()) as elsewhere:
        await browser.sign_up("eve@example.com")
        jwt = (await browser.get("/token")).json()["token"]
        session = (await browser.session())["session"]["token"]
        foreign = await signed_up(elsewhere)
        for token in (jwt, session, browser.cookie() or "", foreign.access, foreign.refresh):
            for hint in (None, "refresh_token"):
                assert (await ask(client, "/introspect", token, hint)).content == INACTIVE
                assert (await ask(client, "/revoke", token, hint)).status_code == 200
        assert await browser.session() is not None


@pytest.mark.parametrize("kind", ["access", "refresh"])
async def test_revoking_either_token_ends_both_and_the_session(kind: str) -> None:
    async with program(service_auth()) as client:
        pair = await signed_up(client)
        answer = await ask(client, "/revoke", getattr(pair, kind))
        assert (answer.status_code, answer.content) == (200, b"{}")
        await is_dead(client, pair)
        assert (await ask(client, "/revoke", getattr(pair, kind))).status_code == 200


async def is_dead(client: Browser, pair: Pair) -> None:
    assert (await client.get("/me", headers=pair.bearer)).status_code == 401
    assert (await refresh(client, pair.refresh)).status_code == 401
    assert (await ask(client, "/introspect", pair.access)).content == INACTIVE
    assert (await ask(client, "/introspect", pair.refresh, "refresh_token")).content == INACTIVE


async def test_active_means_the_user_is_as_the_token_says(clock: FrozenRuntime) -> None:
    """S26"""
    auth = service_auth(clock)
    async with program(auth) as client:
        pair = await signed_up(client)
        user = await auth.services.users.by_id(pair.body["user"]["id"])
        assert user is not None
        for changes, active in (
            ({BANNED: True}, False),
            ({BANNED: False}, True),
            ({ROLE: "admin"}, False),
            ({ROLE: "user"}, True),
        ):
            await auth.services.users.change(user, changes)  # type: ignore[arg-type]  # fields by object
            assert (await ask(client, "/introspect", pair.access)).json()["active"] is active
        assert await auth.services.store.rows(USER).count() == 1
        clock.advance(minutes=15)
        assert (await ask(client, "/introspect", pair.access)).content == INACTIVE


async def test_without_services_there_is_nobody_to_ask() -> None:
    async with program(pair_auth()) as client:
        for path in ("/revoke", "/introspect"):
            assert (await client.post(path, data={"token": "x"})).status_code == 404


@pytest.mark.parametrize("services", [{"tasks": "short"}, {"": SECRET}, {"tasks": "sha256:abc"}])
def test_a_secret_that_can_be_guessed_is_refused(services: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="32 characters"):
        Tokens(services=services)
    assert SECRET not in repr(Tokens(services=SERVICES))
