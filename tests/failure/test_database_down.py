"""S86: the database is taken away in the middle of traffic, and comes back."""

import pytest

from tests.builders import PASSWORD
from tests.failure.conftest import Serve
from tests.failure.parts import OwnPostgres
from tests.failure.traffic import Outage, Traffic

pytestmark = pytest.mark.services

QUICK = "?pool_timeout=1&connect_timeout=1&query_timeout=1"
BOUND = 6.0
"""Seconds: one turn in the queue, one statement, one connection, and a busy machine."""

OUTAGES: dict[str, Outage[OwnPostgres]] = {
    "stopped": (lambda it: it.stop("fast"), OwnPostgres.start),
    "crashed": (lambda it: it.stop("immediate"), OwnPostgres.start),
    "frozen": (OwnPostgres.freeze, OwnPostgres.thaw),
}


async def test_nothing_acknowledged_is_lost_and_nobody_is_mistaken_while_the_database_is_away(
    postgres: OwnPostgres, serve: Serve
) -> None:
    server = serve(database=postgres.url + QUICK)
    traffic = Traffic(server.address)
    await traffic.survives(postgres, OUTAGES.values())
    assert traffic.slowest < BOUND
    assert "unhandled error" not in server.log


async def test_tokens_are_judged_and_no_refresh_token_is_used_up_while_the_database_is_away(
    postgres: OwnPostgres, serve: Serve
) -> None:
    server = serve(database=postgres.url + QUICK)
    async with Traffic(server.address).client() as client:
        given = {"email": "ada@example.com", "password": PASSWORD, "name": "Ada"}
        issued = (await client.post("/api/auth/signup", json=given)).json()
        refresh = {"refresh_token": issued["refresh_token"]}
        client.cookies.clear()
        bearer = {"authorization": f"Bearer {issued['access_token']}"}
        postgres.stop("fast")
        try:
            me = await client.get("/me", headers=bearer)
            assert (me.status_code, me.json()) == (200, {"email": "ada@example.com"})
            assert (await client.get("/me")).status_code == 401
            forged = {"authorization": f"Bearer {issued['access_token'][:-4]}AAAA"}
            assert (await client.get("/me", headers=forged)).status_code == 401
            assert (await client.post("/api/auth/refresh", json=refresh)).status_code == 503
            assert (await client.post("/api/auth/login", json=given)).status_code == 503
            assert (await client.get("/readyz")).status_code == 503
            assert (await client.get("/healthz")).status_code == 200
        finally:
            postgres.start()
        renewed = await client.post("/api/auth/refresh", json=refresh)
        assert renewed.status_code == 200, renewed.text
        assert renewed.json()["refresh_token"] != issued["refresh_token"]


async def test_a_cached_session_is_read_while_the_database_is_away(
    postgres: OwnPostgres, serve: Serve
) -> None:
    options = {
        "rateLimit": {"enabled": False},
        "session": {"cookieCache": {"enabled": True, "maxAge": 300}},
    }
    server = serve(database=postgres.url + QUICK, options=options)
    async with Traffic(server.address).client() as client:
        given = {"email": "ada@example.com", "password": PASSWORD, "name": "Ada"}
        assert (await client.post("/api/auth/sign-up/email", json=given)).status_code == 200
        postgres.freeze()
        try:
            cached = await client.get("/api/auth/get-session")
            assert cached.json()["user"]["email"] == "ada@example.com"
            assert (await client.post("/api/auth/update-user", json={"name": "Eve"})).status_code == 503
            client.cookies.delete("better-auth.session_data")
            uncached = await client.get("/api/auth/get-session")
            assert uncached.status_code == 503
            assert "set-cookie" not in uncached.headers
        finally:
            postgres.thaw()
        fresh = await client.get("/api/auth/get-session", params={"disableCookieCache": "true"})
        assert fresh.json()["user"]["name"] in {"Ada", "Eve"}  # what came too late may still have been done
