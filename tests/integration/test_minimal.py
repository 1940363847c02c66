"""The smallest example runs as it stands."""

from importlib import import_module
from pathlib import Path

import pytest
from fastapi import FastAPI

from tests.builders import SECRET, Browser
from tests.integration.application import ADA

ORIGIN = "http://127.0.0.1:8000"


async def test_the_smallest_application_greets_who_signed_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BETTER_AUTH_SECRET", SECRET)
    app: FastAPI = import_module("examples.minimal").app
    async with app.router.lifespan_context(app), Browser(app, base="", origin=ORIGIN) as tab:
        assert (await tab.get("/me")).status_code == 401
        await tab.post("/api/auth/sign-up/email", json=ADA)
        assert (await tab.get("/me")).json() == "Hello, Ada"
