"""Databases that are away, slow or just back: a clean error, no wrong answer, no lasting harm."""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url

from ostiary.domain.errors import ConfigurationError, StorageUnavailable
from ostiary.domain.models import ID, USER
from ostiary.domain.runtime import FrozenRuntime
from ostiary.storage.sql import PoolOptions, SqlStore, open_store
from tests.contract import processes
from tests.contract.places import MARIA, POSTGRES, SQL_PLACES, Place, execute, fetch, param
from tests.contract.rows import SCHEMA, a_user

SERVERS = [param(POSTGRES), param(MARIA)]
IMPATIENT = PoolOptions(size=2, acquire_timeout=timedelta(milliseconds=100))

Databases = Callable[[Place], str]


@pytest.mark.parametrize(
    "scheme", ["postgresql", "postgres", "postgresql+asyncpg", "mysql", "mariadb+asyncmy"]
)
async def test_a_server_that_is_away_is_unavailable(scheme: str, clock: FrozenRuntime) -> None:
    """S86"""
    store = open_store(f"{scheme}://nobody:nothing@127.0.0.1:1/nowhere", SCHEMA, clock)
    for ask in (
        store.ping(),
        store.rows(USER).first(),
        store.rows(USER).insert(a_user()),
        store.session_with_user("token"),
        store.credential("ada@example.com"),
        store.hit("key", 1, timedelta(seconds=1), 1000),
    ):
        with pytest.raises(StorageUnavailable):
            await ask

    async def read() -> None:
        async with store.transaction() as transaction:
            await transaction.rows(USER).count()

    with pytest.raises(StorageUnavailable):
        await read()
    await store.close()


@pytest.mark.parametrize("sql_place", SERVERS, indirect=True)
async def test_a_database_that_does_not_exist_is_unavailable(sql_place: Place, clock: FrozenRuntime) -> None:
    url = (
        make_url(sql_place.server).set(database="ostiary_there_is_none").render_as_string(hide_password=False)
    )
    store = open_store(url, SCHEMA, clock)
    with pytest.raises(StorageUnavailable):
        await store.ping()
    await store.close()


@pytest.mark.parametrize("url", ["", "nonsense", "oracle://x/y", "mongodb://x/y", "postgresql:/half"])
def test_an_address_nobody_can_read_names_the_cure(url: str, clock: FrozenRuntime) -> None:
    with pytest.raises(ConfigurationError, match="sqlite:///"):
        open_store(url, SCHEMA, clock)


def test_a_store_can_be_made_before_there_is_an_event_loop(clock: FrozenRuntime, tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/app.db", SCHEMA, clock)

    async def use() -> int:
        await store.create_tables()
        await store.rows(USER).insert(a_user())
        count = await store.rows(USER).count()
        await store.close()
        return count

    assert asyncio.run(use()) == 1
    assert asyncio.run(store.rows(USER).count()) == 1
    asyncio.run(store.close())


@pytest.mark.parametrize("sql_place", SQL_PLACES, indirect=True)
def test_a_store_outlives_the_event_loop_that_used_it_first(
    sql_place: Place, databases: Databases, crowd: ProcessPoolExecutor
) -> None:
    assert crowd.submit(processes.in_two_loops, databases(sql_place)).result() == [0, 0]


@pytest.mark.parametrize("sql_place", SERVERS, indirect=True)
async def test_when_every_connection_is_in_use_the_answer_is_unavailable(
    sql_place: Place, databases: Databases, clock: FrozenRuntime
) -> None:
    """S86"""
    store = open_store(databases(sql_place), SCHEMA, clock, IMPATIENT)
    async with store.transaction() as one, store.transaction() as two:
        assert await one.rows(USER).count() == await two.rows(USER).count()
        with pytest.raises(StorageUnavailable, match="in use"):
            await store.rows(USER).count()
    assert await store.rows(USER).count() == 0
    await store.close()


@pytest.mark.parametrize("sql_place", SERVERS, indirect=True)
async def test_a_crowd_waits_for_few_connections_and_nobody_is_lost(
    sql_place: Place, databases: Databases, clock: FrozenRuntime
) -> None:
    store = open_store(databases(sql_place), SCHEMA, clock, PoolOptions(size=2))
    assert await asyncio.gather(*(store.rows(USER).count() for _ in range(60))) == [0] * 60
    await store.close()


async def cut(place: Place, url: str, store: SqlStore) -> None:
    """Let the server end every connection of a store."""
    if place is POSTGRES:
        own = "datname = current_database() AND pid <> pg_backend_pid()"
        await execute(url, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {own}")
        return
    others = "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()"
    await execute(url, *(f"KILL {row[0]}" for row in await fetch(url, others)))


async def answering(store: SqlStore) -> int:
    """Return the number of users as soon as the store answers; a request that met the cut may fail."""
    for _ in range(20):
        try:
            return await store.rows(USER).count()
        except StorageUnavailable:
            await asyncio.sleep(0.01)
    return await store.rows(USER).count()


@pytest.mark.parametrize("sql_place", SERVERS, indirect=True)
async def test_connections_that_the_server_ended_are_replaced(
    sql_place: Place, empty_database: str, clock: FrozenRuntime
) -> None:
    """S86"""
    store = open_store(empty_database, SCHEMA, clock)
    await store.create_tables()
    await asyncio.gather(*(store.rows(USER).count() for _ in range(20)))
    await cut(sql_place, empty_database, store)
    assert await answering(store) == 0
    assert await asyncio.gather(*(answering(store) for _ in range(20))) == [0] * 20
    await store.close()


@pytest.mark.parametrize("sql_place", SERVERS, indirect=True)
async def test_a_transaction_that_lost_its_connection_wrote_nothing(
    sql_place: Place, empty_database: str, clock: FrozenRuntime
) -> None:
    """S86"""
    store = open_store(empty_database, SCHEMA, clock)
    await store.create_tables()

    async def sign_up() -> None:
        async with store.transaction() as transaction:
            await transaction.rows(USER).insert(a_user())
            await cut(sql_place, empty_database, store)
            await transaction.rows(USER).insert(a_user("other@example.com"))

    with pytest.raises(StorageUnavailable):
        await sign_up()
    assert await answering(store) == 0
    await store.close()


@pytest.mark.parametrize("sql_place", SERVERS, indirect=True)
async def test_a_statement_that_takes_too_long_is_unavailable_and_frees_its_connection(
    sql_place: Place, databases: Databases, clock: FrozenRuntime
) -> None:
    """S86"""
    options = PoolOptions(size=1, statement_timeout=timedelta(milliseconds=200))
    store = open_store(databases(sql_place), SCHEMA, clock, options)
    slow = "SELECT pg_sleep(30)" if sql_place is POSTGRES else "SELECT SLEEP(30)"
    with pytest.raises(StorageUnavailable):
        await store._driver.fetch(slow, ())
    assert await store.rows(USER).count() == 0
    await store.close()


@pytest.mark.parametrize("sql_place", SERVERS, indirect=True)
async def test_a_connection_that_rested_too_long_is_replaced(
    sql_place: Place, databases: Databases, clock: FrozenRuntime
) -> None:
    store = open_store(databases(sql_place), SCHEMA, clock, PoolOptions(size=1, idle_timeout=timedelta(0)))
    question = "SELECT pg_backend_pid()" if sql_place is POSTGRES else "SELECT CONNECTION_ID()"
    first, second = [(await store._driver.fetch(question, ()))[0][0] for _ in range(2)]
    assert first != second
    await store.close()


@pytest.fixture
async def file_store(tmp_path: Path, clock: FrozenRuntime) -> Any:
    """Return an impatient store on a file, and the file."""
    path = tmp_path / "app.db"
    store = open_store(f"sqlite:///{path}", SCHEMA, clock, IMPATIENT)
    await store.create_tables()
    yield store, path
    await store.close()


async def test_a_file_that_another_program_writes_can_still_be_read(file_store: Any) -> None:
    store, path = file_store
    user = await store.rows(USER).insert(a_user())
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert await store.rows(USER).first(ID.equals(user.id)) == user
    assert await store.session_with_user("token") is None
    with pytest.raises(StorageUnavailable, match="locked"):
        await store.rows(USER).insert(a_user("other@example.com"))
    other.execute("ROLLBACK")
    await store.rows(USER).insert(a_user("other@example.com"))
    other.close()


async def test_a_file_that_is_locked_entirely_is_unavailable_for_that_time(file_store: Any) -> None:
    """S86"""
    store, path = file_store
    await store.close()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("PRAGMA locking_mode = EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StorageUnavailable):
        await store.session_with_user("token")
    with pytest.raises(StorageUnavailable):
        await store.rows(USER).count()
    other.execute("ROLLBACK")
    other.close()
    assert await store.session_with_user("token") is None
    assert await store.rows(USER).count() == 0


async def test_a_transaction_that_never_ends_keeps_others_waiting_for_a_bounded_time(file_store: Any) -> None:
    store, _ = file_store
    async with store.transaction() as transaction:
        await transaction.rows(USER).insert(a_user())
        with pytest.raises(StorageUnavailable, match="another transaction"):
            await store.rows(USER).insert(a_user("other@example.com"))
    assert await store.rows(USER).count() == 1


async def test_a_file_in_a_folder_that_is_not_there_is_unavailable(
    tmp_path: Path, clock: FrozenRuntime
) -> None:
    store = open_store(f"sqlite:///{tmp_path}/nowhere/app.db", SCHEMA, clock)
    with pytest.raises(StorageUnavailable):
        await store.ping()
    with pytest.raises(StorageUnavailable):
        await store.session_with_user("token")
    await store.close()


async def test_a_file_that_is_no_database_is_unavailable(tmp_path: Path, clock: FrozenRuntime) -> None:
    (tmp_path / "app.db").write_bytes(b"this is not a database" * 100)
    store = open_store(f"sqlite:///{tmp_path}/app.db", SCHEMA, clock)
    with pytest.raises(StorageUnavailable):
        await store.rows(USER).count()
    await store.close()


async def test_a_file_written_before_a_crash_is_complete(file_store: Any) -> None:
    """What was acknowledged is in the file, without the store having been closed."""
    store, path = file_store
    await store.rows(USER).insert(a_user())
    other = sqlite3.connect(path)
    assert other.execute('SELECT count(*) FROM "user"').fetchone() == (1,)
    assert other.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    other.close()


async def test_a_missing_table_is_named_and_not_taken_for_an_outage(
    tmp_path: Path, clock: FrozenRuntime
) -> None:
    store = open_store(f"sqlite:///{tmp_path}/app.db", SCHEMA, clock)
    with pytest.raises(sqlite3.OperationalError, match="no such table: user"):
        await store.rows(USER).count()
    await store.close()


async def test_a_database_in_memory_belongs_to_its_store(clock: FrozenRuntime) -> None:
    one, two = open_store("sqlite://", SCHEMA, clock), open_store("sqlite:///:memory:", SCHEMA, clock)
    for store in (one, two):
        await store.create_tables()
    await one.rows(USER).insert(a_user())
    async with one.transaction() as transaction:
        await transaction.rows(USER).insert(a_user("b@example.com"))
    assert (await one.rows(USER).count(), await two.rows(USER).count()) == (2, 0)
    await one.close()
    await two.close()
