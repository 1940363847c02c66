"""The Store port on a SQL database."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.schema import CreateIndex, CreateTable

from ostiary.domain.runtime import Runtime
from ostiary.domain.schema import Schema
from ostiary.storage.effects import Effects
from ostiary.storage.sql.catalog import Catalog
from ostiary.storage.sql.counters import Counters
from ostiary.storage.sql.driver import Driver, PoolOptions
from ostiary.storage.sql.drivers import driver_of
from ostiary.storage.sql.drivers.sqlite import SqliteDriver
from ostiary.storage.sql.transaction import SqlTables, SqlTransaction
from ostiary.storage.store import Hit, Transaction


class SqlStore(SqlTables):
    """A Store on SQLite, PostgreSQL, MariaDB or MySQL. Connects when it is first used."""

    def __init__(self, schema: Schema, driver: Driver, runtime: Runtime) -> None:
        """Keep a schema's rows where the driver leads."""
        catalog = Catalog(schema, driver.dialect)
        super().__init__(catalog, driver)
        self._driver = driver
        self._counters = Counters(catalog.statements, driver, runtime, serial=catalog.serial)

    @property
    def in_memory(self) -> bool:
        """Whether the database is the memory of this process, which no other connection reaches."""
        return isinstance(self._driver, SqliteDriver) and self._driver.in_memory

    @property
    def metadata(self) -> sa.MetaData:
        """The tables, for an application's own SQLAlchemy and Alembic."""
        return self._catalog.metadata

    @asynccontextmanager
    async def transaction(self, lock: str | None = None) -> AsyncGenerator[Transaction]:
        """Commit at the end of the block, roll back on an exception.

        A statement that failed spoils the whole transaction, caught or not: then the end of the block rolls
        back and raises RuntimeError.
        """
        effects = Effects()
        try:
            async with self._driver.transaction(lock) as connection:
                transaction = SqlTransaction(self._catalog, connection, effects)
                yield transaction
                await effects.prepare(spoiled=transaction.spoiled)
        except BaseException:
            await effects.undo()
            raise
        await effects.finish()

    async def hit(self, key: str, maximum: int, window: timedelta, now_ms: int) -> Hit:
        """Count one use of a key in the `rateLimit` table."""
        return await self._counters.hit(key, maximum, window, now_ms)

    async def create_tables(self) -> None:
        """Make every table in an empty database: for tests, and for databases in memory."""
        engine = self._catalog.statements.engine
        again = engine.name == "sqlite"  # a database in memory is asked for its tables at every start
        for table in self.metadata.tables.values():
            await self._driver.execute(
                str(CreateTable(table, if_not_exists=again).compile(dialect=engine)), ()
            )
        for table in self.metadata.tables.values():
            for index in sorted(table.indexes, key=lambda index: str(index.name)):
                await self._driver.execute(
                    str(CreateIndex(index, if_not_exists=again).compile(dialect=engine)), ()
                )

    async def ping(self) -> None:
        """Ask the database for a sign of life."""
        await self._driver.fetch("SELECT 1", ())

    async def close(self) -> None:
        """Return every connection."""
        await self._driver.close()


def open_store(url: str, schema: Schema, runtime: Runtime, pool: PoolOptions | None = None) -> SqlStore:
    """Return the store at a database URL; nothing is opened before its first use.

    `sqlite:///file.db`, `sqlite://` (in memory), `postgresql://`, `mysql://` and `mariadb://`. Raises
    ConfigurationError for any other.
    """
    return SqlStore(schema, driver_of(url, pool or PoolOptions()), runtime)
