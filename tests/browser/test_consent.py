"""People sign in by a certified OpenID provider, in a real browser and with the real client."""

import asyncio
import json
import os
import secrets
import shutil
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI, Response

from ostiary import Auth, GenericOAuth, Options
from tests.builders import NO_LIMITS, SECRET
from tests.conformance.databases import create, drop

HERE = Path(__file__).parent
CLIENT: Mapping[str, Any] = {"client_id": "our-client", "client_secret": "a secret of the client"}
PATIENCE = 150
PAGE = '<!doctype html><title>Site</title><script src="/client.js"></script>'


def site_of(auth: Auth, script: str) -> FastAPI:
    """Return an application with the auth server and a page that has the client."""
    application = FastAPI()
    auth.install(application)

    @application.get("/client.js")
    async def client() -> Response:
        return Response(script, media_type="text/javascript")

    @application.get("/{path:path}")
    async def page(path: str) -> Response:
        return Response(PAGE, media_type="text/html")

    return application


def auth_of(origin: str, database: str, issuers: Mapping[str, str]) -> Auth:
    """Return an auth server that knows the providers."""
    providers = tuple(
        GenericOAuth(
            provider_id=name,
            discovery_url=f"{issuer}/.well-known/openid-configuration",
            scope=("email", "profile"),
            post_logout_redirect_uri="/out",
            **CLIENT,
        )
        for name, issuer in issuers.items()
    )
    options = Options(secret=SECRET, base_url=origin, social_providers=providers, rate_limit=NO_LIMITS)
    return Auth(options, database)


@asynccontextmanager
async def serving(application: FastAPI, listener: socket.socket) -> AsyncIterator[None]:
    """Serve an application for the time of a block."""
    server = uvicorn.Server(uvicorn.Config(application, log_config=None, lifespan="on"))
    task = asyncio.create_task(server.serve([listener]))
    try:
        yield
    finally:
        server.should_exit = True
        await task


async def ended(node: asyncio.subprocess.Process) -> None:
    """End the journeys, if they have not; asked kindly, they end the browser as well."""
    if node.returncode is not None:
        return
    node.terminate()
    try:
        await asyncio.wait_for(node.wait(), 10)
    except TimeoutError:
        node.kill()
        await node.wait()


async def play(database: str) -> dict[str, Any]:
    """Play every journey; return what came of each."""
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    assert chromium, "Chromium is missing: `make test` installs it"
    listener = socket.create_server(("127.0.0.1", 0))
    origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
    callbacks = [f"{origin}/api/auth/callback/{name}" for name in ("honest", "other")]
    node = await asyncio.create_subprocess_exec(
        "node",
        str(HERE / "journeys.mjs"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=1 << 24,
    )
    assert node.stdin is not None
    assert node.stdout is not None
    try:
        async with asyncio.timeout(PATIENCE):
            given = {"site": origin, "callbacks": callbacks, "executable": chromium}
            node.stdin.write(json.dumps(given).encode() + b"\n")
            told = json.loads(await node.stdout.readline())
            auth = auth_of(origin, database, {"honest": told["honest"], "other": told["other"]})
            await auth.migrate()
            async with serving(site_of(auth, told["script"]), listener):
                node.stdin.write(b"\n")
                outcomes: dict[str, Any] = json.loads(await node.stdout.readline())
            await node.wait()
    finally:
        await ended(node)
    return outcomes


@pytest.fixture(scope="module")
def outcomes() -> Any:
    name = f"ostiary_browser_{secrets.token_hex(4)}"
    database = create(name)
    try:
        return asyncio.run(play(database))
    finally:
        drop(name)


def test_a_person_consents_at_the_provider_and_comes_back_signed_in(outcomes: Any) -> None:
    home = {"at": "/home", "error": None, "email": "ada@example.com"}
    assert outcomes["consents"]["first"] == home
    assert outcomes["consents"]["again"] == home, "without a question: the provider knows who it is"


def test_whoever_signs_out_is_signed_out_at_the_provider_as_well(outcomes: Any) -> None:
    assert outcomes["consents"]["out"] is None
    home = {"at": "/home", "error": None, "email": "joan@example.com"}
    assert outcomes["consents"]["another"] == home, "the next person is asked who it is"


def test_a_person_who_denies_comes_back_with_the_reason_and_nobody_is_signed_in(outcomes: Any) -> None:
    assert outcomes["denies"] == {"at": "/failed", "error": "access_denied", "email": None}


def test_a_provider_may_change_its_keys_at_any_time(outcomes: Any) -> None:
    home = {"at": "/home", "error": None, "email": "grace@example.com"}
    assert outcomes["rotatedKeys"] == {"before": home, "after": home}


@pytest.mark.parametrize(
    ("journey", "code"),
    [
        ("anotherIssuer", "issuer_mismatch"),
        ("noIssuer", "issuer_mismatch"),
        ("anotherProvider", "state_mismatch"),
        ("anotherNonce", "unable_to_get_user_info"),
        ("anotherChallenge", "invalid_code"),
        ("noChallenge", "invalid_request"),
    ],
)
def test_what_somebody_in_between_changes_signs_nobody_in(outcomes: Any, journey: str, code: str) -> None:
    """S71: PKCE, nonce, and the issuer of the answer (RFC 9207)."""
    assert outcomes[journey] == {"at": "/failed", "error": code, "email": None}


def test_another_browser_does_not_end_the_flow(outcomes: Any) -> None:
    """S71"""
    nobody = {"at": "/home", "error": None, "email": None}
    thief = {"at": "/failed", "error": "state_mismatch", "email": None}
    assert outcomes["anotherBrowser"] == {"robbed": nobody, "thief": thief}
