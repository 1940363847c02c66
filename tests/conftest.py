"""Fixtures that every test may ask for: few and boring."""

from collections.abc import AsyncIterator, Iterator

import pytest

from ostiary import Auth
from ostiary.domain.runtime import FrozenRuntime
from tests.builders import Browser, some_auth
from tests.identity_provider import IdentityProvider, identity_provider

pytest_plugins = ["ostiary.integrations.pytest"]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "services: needs PostgreSQL, MariaDB or Redis")


@pytest.fixture
async def auth(clock: FrozenRuntime) -> AsyncIterator[Auth]:
    """Return a server in memory with sign-up on and limits off."""
    server = some_auth(clock=clock)
    yield server
    await server.close()


@pytest.fixture
async def browser(auth: Auth) -> AsyncIterator[Browser]:
    """Return a browser on that server."""
    async with Browser(auth) as tab:
        yield tab


@pytest.fixture
def provider(clock: FrozenRuntime) -> Iterator[IdentityProvider]:
    """Return identity providers on this machine."""
    with identity_provider(clock) as running:
        yield running
