"""A connection for migrations: one at a time, under the database's own lock where something is changed."""

import asyncio
import sqlite3
from collections.abc import Callable
from typing import Final, TypeVar

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from ostiary.domain.errors import StorageUnavailable
from ostiary.storage.sql.driver import PoolOptions
from ostiary.storage.sql.drivers import driver_of
from ostiary.storage.sql.rows import Dialect

T = TypeVar("T")

_PATIENCE: Final = 60  # seconds a node waits for another that migrates
_POSTGRES_LOCK: Final = int.from_bytes(b"ostiary")
_ENGINES: Final[dict[Dialect, str]] = {
    "sqlite": "sqlite://",
    "postgresql": "postgresql+asyncpg://",
    "mysql": "mysql+asyncmy://",
}


def dialect_of(url: str) -> Dialect:
    """Return the kind of database behind a URL."""
    return driver_of(url, PoolOptions()).dialect


async def with_connection(url: str, work: Callable[[sa.Connection], T], *, locked: bool = False) -> T:
    """Do something on a connection; `locked` keeps out every other node and makes it one transaction.

    MySQL ends its transaction with each change of a table; the lock still holds to the end.
    """
    driver = driver_of(url, PoolOptions())
    if driver.dialect == "sqlite":
        return await asyncio.to_thread(_with_sqlite, await driver.connect(), work, locked=locked)
    from sqlalchemy.ext.asyncio import create_async_engine  # noqa: PLC0415  SQLite starts without the ORM

    engine = create_async_engine(_ENGINES[driver.dialect], async_creator=driver.connect, poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            return await connection.run_sync(_locked_work, work, locked)
    finally:
        await engine.dispose()


def _locked_work(connection: sa.Connection, work: Callable[[sa.Connection], T], locked: bool) -> T:
    if locked and connection.dialect.name == "postgresql":
        connection.execute(sa.text(f"SET LOCAL lock_timeout = '{_PATIENCE}s'"))
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_POSTGRES_LOCK)))
    elif locked:
        name = sa.func.concat("ostiary:", sa.func.database())
        if connection.execute(sa.select(sa.func.get_lock(name, _PATIENCE))).scalar() != 1:
            raise StorageUnavailable("another node has been migrating the database for too long")
    return work(connection)


def _with_sqlite(opened: sqlite3.Connection, work: Callable[[sa.Connection], T], *, locked: bool) -> T:
    engine = sa.create_engine("sqlite://", creator=lambda: opened, poolclass=NullPool)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("BEGIN EXCLUSIVE" if locked else "BEGIN")
        try:
            done = work(connection)
        except BaseException:
            connection.exec_driver_sql("ROLLBACK")
            raise
        connection.exec_driver_sql("COMMIT")
        return done
