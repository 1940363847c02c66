"""S86: a database that takes connections and says nothing costs one caller at a time a wait."""

import asyncio
from time import monotonic

import pytest

from ostiary.domain.errors import StorageUnavailable
from ostiary.domain.runtime import SystemRuntime
from ostiary.domain.schema import Schema
from ostiary.storage.sql import SqlStore, open_store
from tests.failure.mariadb import OwnMaria
from tests.failure.parts import OwnPostgres
from tests.failure.test_database_down import QUICK

pytestmark = pytest.mark.services

CALLERS = 12


async def wait(store: SqlStore) -> float:
    """Return the seconds until a caller is told that the database is away."""
    begun = monotonic()
    with pytest.raises(StorageUnavailable):
        await store.ping()
    return monotonic() - begun


@pytest.mark.parametrize("connections", ["open", "none yet"])
@pytest.mark.parametrize("kind", ["postgres", "maria"])
async def test_after_one_silence_one_caller_waits_and_the_others_are_told_at_once(
    kind: str, connections: str, request: pytest.FixtureRequest
) -> None:
    database: OwnPostgres | OwnMaria = request.getfixturevalue(kind)
    store = open_store(f"{database.url}{QUICK}&pool_size=3", Schema(()), SystemRuntime())
    if connections == "open":
        await store.ping()
    database.freeze()
    assert max(await asyncio.gather(*(wait(store) for _ in range(CALLERS)))) < 4
    later = sorted(await asyncio.gather(*(wait(store) for _ in range(CALLERS))))
    assert later[-2] < 0.5, later
    assert later[-1] < 2
    database.thaw()
    await store.ping()
    await store.close()


async def test_one_statement_that_waits_for_a_lock_makes_nobody_else_hear_that_the_database_is_away(
    postgres: OwnPostgres,
) -> None:
    store = open_store(f"{postgres.url}{QUICK}&pool_size=3", Schema(()), SystemRuntime())
    async with store._driver.transaction(lock="held") as holding:
        waiting = asyncio.create_task(wait_for_lock(store))
        while not waiting.done():
            await store.ping()
            await asyncio.sleep(0.01)
        assert await waiting
        await asyncio.gather(*(store.ping() for _ in range(2)))
        await holding.fetch("SELECT 1", ())
    await store.close()


async def wait_for_lock(store: SqlStore) -> bool:
    """Tell whether the lock could not be had in time."""
    try:
        async with store._driver.transaction(lock="held"):
            return False
    except StorageUnavailable:
        return True
