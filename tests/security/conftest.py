"""The three kinds of store that a promise may depend on."""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from ostiary import Auth, Options
from ostiary.domain.runtime import FrozenRuntime, Runtime
from ostiary.storage.memory import MemoryStore
from ostiary.storage.sql import SqlStore
from ostiary.storage.store import Store
from tests.security.surface import surface_auth

Result = TypeVar("Result")

POSTGRES = os.environ.get("OSTIARY_TEST_POSTGRESQL", "postgresql://postgres@127.0.0.1:5432/postgres")


@dataclass
class Place:
    """A database, and the servers that were opened on it."""

    url: str | None = None
    has_tables: bool = False
    memory: Store | None = None
    opened: list[Auth] = field(default_factory=list)

    async def open(self, options: Options | None = None, clock: Runtime | None = None, **parts: Any) -> Auth:
        """Return a server on the database; the first one makes the tables."""
        auth = surface_auth(options, clock or FrozenRuntime(), self.url or self.memory, **parts)
        self.opened.append(auth)
        store = auth.services.store
        if isinstance(store, MemoryStore):
            self.memory = store
        elif isinstance(store, SqlStore) and not self.has_tables:
            await store.create_tables()
            self.has_tables = True
        return auth

    async def close(self) -> None:
        """Return every connection."""
        for auth in self.opened:
            await auth.close()


async def execute(url: str, statement: str) -> None:
    """Run a statement on a database."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def _run(work: Coroutine[Any, Any, Result]) -> Result:
    """Run a coroutine to its end beside the event loop of the test that happens to ask first."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


async def _make_tables(url: str) -> list[str]:
    place = Place(url)
    auth = await place.open()
    await place.close()
    return [model.table_name for model in auth.schema.models]


@pytest.fixture(scope="session")
def postgresql() -> Iterator[tuple[str, list[str]]]:
    """Return the address of a database of our own, and the names of its tables."""
    name = f"ostiary_security_{secrets.token_hex(6)}"
    _run(execute(POSTGRES, f'CREATE DATABASE "{name}"'))
    url = urlunsplit(urlsplit(POSTGRES)._replace(path=f"/{name}"))
    yield url, _run(_make_tables(url))
    _run(execute(POSTGRES, f'DROP DATABASE "{name}" WITH (FORCE)'))


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgresql", marks=pytest.mark.services)])
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    """Return an empty database of each kind."""
    place = Place()
    if request.param == "sqlite":
        place = Place(f"sqlite:///{tmp_path}/auth.db")
    elif request.param == "postgresql":
        url, tables = request.getfixturevalue("postgresql")
        quoted = ", ".join(f'"{table}"' for table in tables)
        await execute(url, f"TRUNCATE {quoted} CASCADE")
        place = Place(url, has_tables=True)
    yield place
    await place.close()
