"""An installed application, and a browser on it."""

from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI

from ostiary import Auth, UserOptions
from ostiary.domain.runtime import FrozenRuntime
from ostiary.plugins import Admin
from tests.builders import Browser, some_auth, some_options
from tests.integration.application import ADA, PLAN, application


@pytest.fixture
async def auth(clock: FrozenRuntime) -> AsyncIterator[Auth]:
    """Return a server with roles, one additional field and one front end elsewhere."""
    options = some_options(
        user=UserOptions(additional_fields=(PLAN,)),
        trusted_origins=("https://app.example", "https://*.pages.example"),
        cors=True,
    )
    server = some_auth(options, clock, plugins=[Admin()])
    yield server
    await server.close()


@pytest.fixture
def app(auth: Auth) -> FastAPI:
    """Return the application."""
    return application(auth)


@pytest.fixture
async def tab(app: FastAPI) -> AsyncIterator[Browser]:
    """Return a browser whose page came from the application itself."""
    async with Browser(app, base="") as browser:
        yield browser


@pytest.fixture
async def ada(tab: Browser) -> Browser:
    """Return the browser, signed in."""
    answer = await tab.post("/api/auth/sign-up/email", json=ADA)
    assert answer.status_code == 200, answer.text
    return tab
