"""The example tells people of sign-ins from new browsers, and of why they were signed out."""

from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from fastapi import FastAPI

from examples.tasks.application import create_app
from examples.tasks.settings import Settings
from tests.builders import SECRET

HERE = "http://127.0.0.1:8000"
ADA = {"email": "ada@example.com", "password": "Analytical-Engine-1"}


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[FastAPI]:
    """Return the example as `make run` starts it."""
    environment = {"DATABASE_URL": f"sqlite:///{tmp_path / 'app.db'}", "BETTER_AUTH_SECRET": SECRET}
    application = create_app(Settings.from_environment(environment))
    async with application.router.lifespan_context(application):
        yield application


def browser(app: FastAPI) -> httpx2.AsyncClient:
    transport = httpx2.ASGITransport(app, client=("127.0.0.1", 50_000))
    return httpx2.AsyncClient(transport=transport, base_url=HERE, headers={"origin": HERE})


async def link_in(app: FastAPI, kind: str) -> str:
    """Return the link in the one mail of a kind that she got."""
    await app.state.ostiary.services.background.drain()
    async with browser(app) as reader:
        mails: Sequence[Mapping[str, Any]] = (await reader.get("/dev/mail.json")).json()
    [mail] = [each for each in mails if each["kind"] == kind]
    link: str = mail["links"][0]
    return link


async def test_whoever_was_not_at_the_new_browser_comes_to_a_new_password(app: FastAPI) -> None:
    async with browser(app) as ada, browser(app) as eve:
        assert (await ada.post("/api/auth/sign-up/email", json={**ADA, "name": "Ada"})).status_code == 200
        assert (await eve.post("/api/auth/sign-in/email", json=ADA)).status_code == 200

        link = await link_in(app, "new-device")
        token = parse_qs(urlsplit(link).query)["token"][0]
        assert "not-me/confirm" in (await ada.get(link)).text
        assert (await ada.post("/api/auth/not-me/confirm", data={"token": token})).status_code == 200
        refused = await eve.get("/api/tasks")
        assert (refused.status_code, refused.headers["x-session-ended"]) == (401, "disowned")

        led = await ada.get(await link_in(app, "reset-password"))
        page = urlsplit(led.headers["location"])
        assert (led.status_code, page.path) == (302, "/reset-password")
        assert 'name="newPassword"' in (await ada.get(led.headers["location"])).text
        chosen = {"token": parse_qs(page.query)["token"][0], "newPassword": "Difference-Engine-2"}
        assert (await ada.post("/api/auth/reset-password", json=chosen)).status_code == 200
        assert (await eve.post("/api/auth/sign-in/email", json=ADA)).status_code == 401
        hers = {**ADA, "password": chosen["newPassword"]}
        assert (await ada.post("/api/auth/sign-in/email", json=hers)).status_code == 200
