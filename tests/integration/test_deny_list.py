"""A service that only verifies learns at once what happened at the server that issued the tokens."""

import secrets
from collections.abc import AsyncIterator
from typing import Annotated

import pytest
from fastapi import FastAPI

from ostiary import SharedSecretIssuer, User, Verifier
from ostiary.domain.roles import BANNED, ROLE
from ostiary.domain.runtime import FrozenRuntime
from ostiary.integrations.fastapi import CurrentUser, require_role
from ostiary.plugins import Admin, Jwt, Tokens
from ostiary.storage.key_value import KeyValue
from ostiary.storage.memory import MemoryKeyValue
from ostiary.storage.redis import RedisKeyValue
from tests.builders import ORIGIN, some_auth
from tests.contract.places import REDIS
from tests.pairs import program, refreshed, signed_up

SECRET = "shared-by-the-services-of-one-team-only"
AGAIN = 3  # times that a token comes before something happens: by then it is remembered


def service(clock: FrozenRuntime, deny_list: KeyValue | None) -> FastAPI:
    app = FastAPI()
    issuer = SharedSecretIssuer(issuer=ORIGIN, audience=ORIGIN, secret=SECRET)
    Verifier(issuer, runtime=clock, deny_list=deny_list).install(app)

    @app.get("/me")
    async def me(user: CurrentUser) -> str:
        return user.email

    @app.get("/member")
    async def member(user: Annotated[User, require_role("member")]) -> str:
        return user.email

    return app


@pytest.fixture(params=["memory", pytest.param("redis", marks=pytest.mark.services)])
async def shared(request: pytest.FixtureRequest, clock: FrozenRuntime) -> AsyncIterator[KeyValue]:
    """Return what both sides read and write."""
    if request.param == "memory":
        yield MemoryKeyValue(clock)
        return
    kept = RedisKeyValue.from_url(REDIS, prefix=f"test-{secrets.token_hex(6)}:")
    yield kept
    await kept.close()


@pytest.mark.parametrize("event", ["logout", "ban", "role", "deletion", "nothing"])
async def test_a_verifier_that_reads_the_deny_list_refuses_what_died(
    shared: KeyValue, clock: FrozenRuntime, event: str
) -> None:
    """S26"""
    plugins = [Admin(default_role="member"), Jwt(shared_secret=SECRET), Tokens()]
    auth = some_auth(clock=clock, plugins=plugins, key_value=shared)
    reading, blind = service(clock, shared), service(clock, None)
    async with (
        program(auth) as client,
        program(reading, base="") as careful,
        program(blind, base="") as other,
    ):
        pair = await signed_up(client)
        for caller in (careful, other) * AGAIN:
            assert (await caller.get("/member", headers=pair.bearer)).status_code == 200
        users = auth.services.users
        user = await users.by_id(pair.body["user"]["id"])
        assert user is not None
        match event:
            case "logout":
                await client.post("/logout", headers=pair.bearer)
            case "ban":
                await users.change(user, {BANNED: True})
            case "role":
                await users.change(user, {ROLE: "admin"})
                renewed = await refreshed(client, pair.refresh)
                assert (await careful.get("/me", headers=renewed.bearer)).status_code == 200
                assert (await careful.get("/member", headers=renewed.bearer)).status_code == 403
            case "deletion":
                await users.delete(user)
            case "nothing":
                await client.post("/update-user", json={"name": "Countess"}, headers=pair.bearer)
        expected = 200 if event == "nothing" else 401
        assert (await careful.get("/me", headers=pair.bearer)).status_code == expected
        assert (await other.get("/me", headers=pair.bearer)).status_code == 200
    await auth.close()


@pytest.mark.parametrize("event", ["logout", "ban", "role", "deletion", "nothing"])
async def test_an_application_that_hosts_the_server_refuses_what_died(
    clock: FrozenRuntime, event: str
) -> None:
    """S26: nobody is asked about a token that comes again, and yet it dies at once."""
    auth = some_auth(clock=clock, plugins=[Admin(default_role="member"), Jwt(), Tokens()])
    app = FastAPI()
    auth.install(app)

    @app.get("/me")
    async def me(user: CurrentUser) -> str:
        return user.email

    async with program(auth) as client, program(app, base="") as caller:
        pair = await signed_up(client)
        for _ in range(AGAIN):
            assert (await caller.get("/me", headers=pair.bearer)).status_code == 200
        users = auth.services.users
        user = await users.by_id(pair.body["user"]["id"])
        assert user is not None
        match event:
            case "logout":
                await client.post("/logout", headers=pair.bearer)
            case "ban":
                await users.change(user, {BANNED: True})
            case "role":
                await users.change(user, {ROLE: "admin"})
            case "deletion":
                await users.delete(user)
        expected = 200 if event == "nothing" else 401
        for _ in range(AGAIN):
            assert (await caller.get("/me", headers=pair.bearer)).status_code == expected
    await auth.close()
