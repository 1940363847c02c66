"""PostgreSQL by asyncpg, which prepares each statement once per connection."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext, suppress
from datetime import timedelta
from functools import partial
from typing import Any, ClassVar, Final, NoReturn, TypeAlias

import asyncpg
from asyncpg import exceptions as refused
from sqlalchemy.engine import URL

from ostiary.domain.errors import AlreadyExists, InvalidValue, StorageUnavailable
from ostiary.storage.sql.driver import LONG_PATIENCE, Conflict, Connection, PoolOptions, Silence, repeated
from ostiary.storage.sql.drivers.pool import Pool
from ostiary.storage.sql.rows import Dialect, DriverValue, Row

AsyncpgConnection: TypeAlias = Any  # asyncpg is published without type information

_LOST: Final = (asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, TimeoutError)
_TRANSLATIONS: Final[tuple[tuple[tuple[type[Exception], ...], type[Exception]], ...]] = (
    ((refused.UniqueViolationError,), AlreadyExists),
    ((refused.TransactionRollbackError,), Conflict),
    # asyncpg refuses some values itself, and then raises a ValueError.
    ((ValueError, asyncpg.DataError, refused.ProgramLimitExceededError), InvalidValue),
    ((refused.IntegrityConstraintViolationError,), InvalidValue),
    ((refused.PostgresConnectionError, refused.OperatorInterventionError), StorageUnavailable),
    ((refused.InsufficientResourcesError, refused.PostgresSystemError), StorageUnavailable),
    ((refused.InvalidAuthorizationSpecificationError, refused.InvalidCatalogNameError), StorageUnavailable),
    ((refused.ReadOnlySQLTransactionError, refused.LockNotAvailableError), StorageUnavailable),
    ((TimeoutError,), Silence),
    (_LOST, StorageUnavailable),
)
_ABOUT_VALUES: Final = (AlreadyExists, InvalidValue)
_KNOWN: Final = tuple(kind for kinds, _ in _TRANSLATIONS for kind in kinds)


def _is_open(connection: AsyncpgConnection) -> bool:
    return not connection.is_closed()


def _discard(connection: AsyncpgConnection) -> None:
    connection.terminate()


def _translated(error: Exception) -> Exception:
    kind = next(ours for theirs, ours in _TRANSLATIONS if isinstance(error, theirs))
    if kind in _ABOUT_VALUES:
        return kind(getattr(error, "constraint_name", None) or type(error).__name__)
    return kind(f"{type(error).__name__}: {error}")


def _affected(status: str) -> int:
    count = status.rpartition(" ")[2]
    return int(count) if count.isdigit() else 0


class _Pinned:
    """One connection, inside a transaction or for one statement."""

    pinned: ClassVar = True

    def __init__(self, connection: AsyncpgConnection) -> None:
        self._connection = connection

    async def fetch(self, sql: str, args: Sequence[DriverValue]) -> Sequence[Row]:
        try:
            rows: Sequence[Row] = await self._connection.fetch(sql, *args)
        except _KNOWN as error:
            self._fail(error)
        except asyncio.CancelledError:
            self._connection.terminate()  # the answer that nobody awaits would meet the next question
            raise
        return rows

    look_up = fetch
    change = fetch

    async def execute(self, sql: str, args: Sequence[DriverValue]) -> int:
        try:
            return _affected(await self._connection.execute(sql, *args))
        except _KNOWN as error:
            self._fail(error)
        except asyncio.CancelledError:
            self._connection.terminate()
            raise

    def transaction(self) -> AbstractAsyncContextManager[Connection]:
        return nullcontext(self)

    async def roll_back(self) -> None:
        if self._connection.is_closed():
            return
        try:
            await self._connection.execute("ROLLBACK")
        except BaseException:
            self._connection.terminate()
            raise

    def _fail(self, error: Exception) -> NoReturn:
        if isinstance(error, _LOST) and not isinstance(error, ValueError):
            self._connection.terminate()
        translated = _translated(error)
        # The server's own words quote the value, which may be a secret: they end here.
        raise translated from (None if isinstance(translated, _ABOUT_VALUES) else error)


class PostgresDriver:
    """A pool of connections, which belong to the event loop that uses it first."""

    dialect: ClassVar[Dialect] = "postgresql"
    pinned: ClassVar = False

    def __init__(self, url: URL, options: PoolOptions) -> None:
        """Open nothing yet."""
        self._dsn = url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._options = options
        self._pool: Pool[AsyncpgConnection] | None = None

    async def fetch(self, sql: str, args: Sequence[DriverValue]) -> Sequence[Row]:
        """Read on any connection."""
        pool = self._ready()
        connection = await pool.acquire()
        try:
            return await _Pinned(connection).fetch(sql, args)
        except Silence:
            pool.doubt()
            raise
        finally:
            pool.release(connection)

    look_up = fetch

    async def change(self, sql: str, args: Sequence[DriverValue]) -> Sequence[Row]:
        """Write on any connection, and return."""
        return await repeated(partial(self.fetch, sql, args))

    async def execute(self, sql: str, args: Sequence[DriverValue]) -> int:
        """Write on any connection, and count the rows."""
        return await repeated(partial(self._execute, sql, args))

    async def _execute(self, sql: str, args: Sequence[DriverValue]) -> int:
        pool = self._ready()
        connection = await pool.acquire()
        try:
            return await _Pinned(connection).execute(sql, args)
        except Silence:
            pool.doubt()
            raise
        finally:
            pool.release(connection)

    @asynccontextmanager
    async def transaction(self, lock: str | None = None) -> AsyncGenerator[Connection]:
        """Hold one connection from BEGIN to COMMIT."""
        pool = self._ready()
        connection = await pool.acquire()
        pinned = _Pinned(connection)
        try:
            await pinned.execute("BEGIN", ())
            if lock is not None:
                await pinned.fetch("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", [lock])
            yield pinned
            await pinned.execute("COMMIT", ())
        except Exception as error:
            if isinstance(error, Silence):
                pool.doubt()
            await pinned.roll_back()
            raise
        except BaseException:
            connection.terminate()  # being cancelled is no time to wait; the server rolls back
            raise
        finally:
            pool.release(connection)

    async def close(self) -> None:
        """Close every connection that rests; those in use close when they are given back."""
        pool, self._pool = self._pool, None
        for connection in pool.close() if pool is not None else ():
            with suppress(*_KNOWN):  # a server that is gone needs no farewell
                await connection.close(timeout=self._options.connect_timeout.total_seconds())

    def _ready(self) -> Pool[AsyncpgConnection]:
        if self._pool is None or self._pool.loop.is_closed():
            self._pool = Pool(self._options, self._connect, _is_open, _discard)
        return self._pool

    async def connect(self) -> AsyncpgConnection:
        """Open a connection outside the pool, whose statements may take long."""
        return await self._connect(LONG_PATIENCE)

    async def _connect(self, patience: timedelta | None = None) -> AsyncpgConnection:
        try:
            return await asyncpg.connect(
                self._dsn,
                timeout=self._options.connect_timeout.total_seconds(),
                command_timeout=(patience or self._options.statement_timeout).total_seconds(),
                statement_cache_size=self._options.prepared_statements,
            )
        except (*_KNOWN, refused.PostgresError) as error:  # whatever it says, there is no connection
            kind = Silence if isinstance(error, TimeoutError) else StorageUnavailable
            raise kind(f"PostgreSQL: {error or 'no answer in time'}") from error
