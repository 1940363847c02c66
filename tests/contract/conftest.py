"""Every store behind one fixture: memory, SQLite, PostgreSQL, MariaDB."""

from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import AsyncExitStack
from typing import Any

import pytest

from ostiary.domain.models import ID
from ostiary.domain.runtime import FrozenRuntime
from ostiary.domain.schema import Schema
from ostiary.storage import migrations
from ostiary.storage.memory import MemoryStore
from ostiary.storage.sql import SqlStore, open_store
from tests.contract import processes
from tests.contract.places import PLACES, SQL_PLACES, Place, apart
from tests.contract.rows import SCHEMA

AnyStore = MemoryStore | SqlStore


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Place], str]]:
    """Return the URL of this run's database in a place; made when first asked for, dropped at the end."""
    made: dict[Place, str] = {}

    def url_of(place: Place) -> str:
        if place not in made:
            made[place] = place.create(tmp_path_factory.mktemp(place.name))
            apart(migrations.apply(made[place], SCHEMA))
        return made[place]

    yield url_of
    for place, url in made.items():
        place.drop(url)


@pytest.fixture(scope="session")
def crowd() -> Iterator[ProcessPoolExecutor]:
    """Return processes that share nothing but the database."""
    with processes.crowd() as pool:
        yield pool


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest) -> Place:
    """Return each place where rows can be kept."""
    found: Place = request.param
    return found


@pytest.fixture(params=SQL_PLACES)
def sql_place(request: pytest.FixtureRequest) -> Place:
    """Return each SQL database."""
    found: Place = request.param
    return found


@pytest.fixture
async def store(
    place: Place, databases: Callable[[Place], str], clock: FrozenRuntime
) -> AsyncIterator[AnyStore]:
    """Return a store with empty tables."""
    if place.name == "memory":
        yield MemoryStore(SCHEMA, clock)
        return
    opened = open_store(databases(place), SCHEMA, clock)
    yield opened
    for model in reversed(SCHEMA.models):
        await opened.rows(model).delete(ID.differs("nobody"))
    await opened.close()


@pytest.fixture
async def another(
    store: AnyStore, place: Place, databases: Callable[[Place], str], clock: FrozenRuntime
) -> AsyncIterator[AnyStore]:
    """Return a second server's store on the same database; in memory there is only one."""
    if isinstance(store, MemoryStore):
        yield store
        return
    opened = open_store(databases(place), SCHEMA, clock)
    yield opened
    await opened.close()


@pytest.fixture(scope="session")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Place, str], str]]:
    """Return a function that gives a wiped database, one for each place and purpose."""
    made: dict[tuple[Place, str], str] = {}

    def wiped(place: Place, purpose: str) -> str:
        if (place, purpose) in made:
            place.wipe(made[place, purpose])
        else:
            made[place, purpose] = place.create(tmp_path_factory.mktemp("scratch"))
        return made[place, purpose]

    yield wiped
    for (place, _), url in made.items():
        place.drop(url)


@pytest.fixture
def empty_database(sql_place: Place, scratch: Callable[[Place, str], str]) -> str:
    """Return the URL of a database without any table."""
    return scratch(sql_place, "empty")


@pytest.fixture
def second_database(sql_place: Place, scratch: Callable[[Place, str], str]) -> str:
    """Return the URL of another database without any table."""
    return scratch(sql_place, "second")


@pytest.fixture
async def store_of(
    place: Place, scratch: Callable[[Place, str], str], clock: FrozenRuntime
) -> AsyncIterator[Callable[[Schema], Any]]:
    """Return a function that makes a store for another schema, in a database of its own; once in a test."""
    async with AsyncExitStack() as leaving:

        async def make(schema: Schema) -> AnyStore:
            if place.name == "memory":
                return MemoryStore(schema, clock)
            opened = open_store(scratch(place, "empty"), schema, clock)
            await opened.create_tables()
            leaving.push_async_callback(opened.close)
            return opened

        yield make
