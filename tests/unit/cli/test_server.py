"""The standalone server: endpoints, documentation, health."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from fastapi import FastAPI

from ostiary import ConfigurationError
from ostiary.server.app import application_server, create_app
from ostiary.server.application import Application
from ostiary.server.settings import Settings
from ostiary.storage.redis import RedisKeyValue
from tests.builders import Browser, some_auth


@pytest.fixture
async def app(configured: Path) -> AsyncIterator[FastAPI]:
    """Return the server of the working directory, started."""
    app = create_app()
    async with app.router.lifespan_context(app):
        yield app


async def test_it_makes_its_tables_and_signs_people_up(app: FastAPI) -> None:
    async with Browser(app) as browser:
        await browser.sign_up()
        assert (await browser.session())["user"]["email"] == "ada@example.com"
        assert "role" in (await browser.session())["user"]


async def test_its_documentation_shows_every_endpoint(app: FastAPI) -> None:
    async with Browser(app, base="") as browser:
        page = await browser.get("/docs")
        assert page.status_code == 200
        paths = (await browser.get("/openapi.json")).json()["paths"]
    assert {"/api/auth/sign-up/email", "/api/auth/get-session", "/healthz", "/readyz"} <= set(paths)
    assert [path for path in paths if f" {path}</code>" not in page.text] == []
    assert {"INVALID_EMAIL_OR_PASSWORD", "rememberMe"} <= set(re.findall(r"<code>(\w+)</code>", page.text))


async def test_its_documentation_needs_no_other_host_and_no_script(app: FastAPI) -> None:
    """It is read where there is no network, and must not run what somebody else serves."""
    async with Browser(app, base="") as browser:
        page = await browser.get("/docs")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert re.findall(r"<script|<link|<img|src=|://", page.text) == []


async def test_it_is_alive_and_ready(app: FastAPI) -> None:
    async with Browser(app, base="", origin=None) as browser:
        assert (await browser.get("/healthz")).json() == {"status": "ok"}
        ready = await browser.get("/readyz")
    assert (ready.status_code, ready.json()) == (200, {"status": "ok", "database": "ok", "redis": None})


async def test_it_is_not_ready_while_redis_is_down_and_does_not_say_why(configured: Path) -> None:
    auth = some_auth(key_value=RedisKeyValue.from_url("redis://127.0.0.1:1"))
    app = application_server(Application(Settings.load(), auth))
    async with Browser(app, base="", origin=None) as browser:
        assert (await browser.get("/healthz")).status_code == 200
        ready = await browser.get("/readyz")
    assert ready.status_code == 503
    assert ready.json() == {"status": "unavailable", "database": "ok", "redis": "unavailable"}


async def test_pages_of_trusted_origins_may_call_with_credentials(
    configured: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BETTER_AUTH_TRUSTED_ORIGINS", "http://localhost:3000")
    async with Browser(create_app(), origin=None) as browser:
        granted = await _preflight(browser, "http://localhost:3000")
        refused = await _preflight(browser, "http://evil.test")
    assert granted["access-control-allow-origin"] == "http://localhost:3000"
    assert granted["access-control-allow-credentials"] == "true"
    assert "access-control-allow-origin" not in refused


async def _preflight(browser: Browser, origin: str) -> httpx2.Headers:
    headers = {"origin": origin, "access-control-request-method": "POST"}
    return (await browser.request("OPTIONS", "/sign-in/email", headers=headers)).headers


def test_without_a_secret_it_does_not_start() -> None:
    with pytest.raises(ConfigurationError, match="ostiary secret"):
        create_app()
