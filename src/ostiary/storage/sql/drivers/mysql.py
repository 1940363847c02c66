"""MariaDB and MySQL by asyncmy, with statements that the server prepares."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext, suppress
from datetime import timedelta
from functools import partial
from typing import Any, ClassVar, Final, TypeAlias

import asyncmy
from asyncmy.constants.CLIENT import FOUND_ROWS
from asyncmy.errors import MySQLError
from sqlalchemy.engine import URL

from ostiary.domain.errors import AlreadyExists, InvalidValue, StorageUnavailable
from ostiary.storage.sql.driver import LONG_PATIENCE, Conflict, Connection, PoolOptions, Silence, repeated
from ostiary.storage.sql.drivers.pool import Pool
from ostiary.storage.sql.rows import Dialect, DriverValue, Row

AsyncmyConnection: TypeAlias = Any  # asyncmy is published without type information
AsyncmyCursor: TypeAlias = Any

_PORT: Final = 3306

# Error numbers of the server, by what they mean here.
_DUPLICATE: Final = frozenset({1062, 1586})
_CONFLICT: Final = frozenset({1213, 1020})
_INVALID: Final = frozenset({1048, 1264, 1292, 1364, 1366, 1406, 1411, 1451, 1452, 1690, 3140, 4025})
_MISTAKEN: Final = frozenset(
    {1054, 1064, 1146, 1149}
)  # a statement that cannot be right: it passes unchanged
_LOST: Final = (OSError, TimeoutError, asyncio.IncompleteReadError)
_KNOWN: Final = (MySQLError, ValueError, *_LOST)

# Moments in UTC; refused, not cut, what does not fit; no locks on gaps between rows.
_SETTINGS: Final = (
    "SET time_zone = '+00:00', innodb_lock_wait_timeout = 10",
    "SET sql_mode = 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION'",
    "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
)


def _is_open(connection: AsyncmyConnection) -> bool:
    return bool(connection.connected) and not connection._stream_broken  # noqa: SLF001 - asyncmy has no other sign


def _discard(connection: AsyncmyConnection) -> None:
    connection.close()


def _translated(error: Exception) -> Exception:
    number = error.args[0] if error.args and isinstance(error, MySQLError) else None
    if number in _MISTAKEN:
        return error
    if number in _DUPLICATE:
        return AlreadyExists(str(error).rpartition("for key ")[2].strip("'\")"))
    if number in _CONFLICT:
        return Conflict(str(error))
    if number in _INVALID or isinstance(error, ValueError):
        return InvalidValue(f"{type(error).__name__} {number or ''}".strip())
    return _away(error, type(error).__name__)


def _away(error: Exception, what: str) -> StorageUnavailable:
    """Tell a server that said nothing from one that said no."""
    is_silent = isinstance(error, TimeoutError) or "read timeout" in str(error)
    return (Silence if is_silent else StorageUnavailable)(f"{what}: {error}")


class _Pinned:
    """One connection, inside a transaction or for one statement."""

    pinned: ClassVar = True

    def __init__(self, connection: AsyncmyConnection) -> None:
        self.connection = connection

    async def fetch(self, sql: str, args: Sequence[DriverValue]) -> Sequence[Row]:
        rows: Sequence[Row] = await (await self._ask(sql, args)).fetchall()
        return rows

    look_up = fetch
    change = fetch

    async def execute(self, sql: str, args: Sequence[DriverValue]) -> int:
        return int((await self._ask(sql, args)).rowcount)

    def transaction(self) -> AbstractAsyncContextManager[Connection]:
        return nullcontext(self)

    async def roll_back(self) -> None:
        if not _is_open(self.connection):
            return
        try:
            await self.connection.query("ROLLBACK")
        except BaseException:
            self.connection.close()
            raise

    async def _ask(self, sql: str, args: Sequence[DriverValue]) -> AsyncmyCursor:
        cursor = self.connection.cursor()
        try:
            await cursor.execute(sql, args)
        except _KNOWN as error:
            if isinstance(error, _LOST):
                self.connection.close()
            translated = _translated(error)
            if translated is error:
                raise
            # The server's own words quote the value, which may be a secret: they end here.
            raise translated from (None if isinstance(translated, AlreadyExists | InvalidValue) else error)
        except asyncio.CancelledError:
            self.connection.close()  # the answer that nobody awaits would meet the next question
            raise
        return cursor


class _Transaction(_Pinned):
    """One connection that begins with its first statement: if that meets a conflict, it may be repeated.

    InnoDB finds deadlocks between people who merely insert side by side, and undoes one transaction entirely.
    """

    def __init__(self, connection: AsyncmyConnection) -> None:
        super().__init__(connection)
        self.begun = False

    async def _ask(self, sql: str, args: Sequence[DriverValue]) -> AsyncmyCursor:
        if self.begun:
            return await super()._ask(sql, args)
        return await repeated(partial(self._begin, sql, args))

    async def _begin(self, sql: str, args: Sequence[DriverValue]) -> AsyncmyCursor:
        await super()._ask("BEGIN", ())
        cursor = await super()._ask(sql, args)
        self.begun = True
        return cursor


class MysqlDriver:
    """A pool of connections, which belong to the event loop that uses it first."""

    dialect: ClassVar[Dialect] = "mysql"
    pinned: ClassVar = False

    def __init__(self, url: URL, options: PoolOptions) -> None:
        """Open nothing yet."""
        self._url = url
        self._options = options
        self._pool: Pool[AsyncmyConnection] | None = None

    async def fetch(self, sql: str, args: Sequence[DriverValue]) -> Sequence[Row]:
        """Read on any connection."""
        async with self._connection() as pinned:
            return await pinned.fetch(sql, args)

    look_up = fetch

    async def change(self, sql: str, args: Sequence[DriverValue]) -> Sequence[Row]:
        """Write on any connection, and return."""
        return await repeated(partial(self.fetch, sql, args))

    async def execute(self, sql: str, args: Sequence[DriverValue]) -> int:
        """Write on any connection, and count the rows that matched."""
        return await repeated(partial(self._execute, sql, args))

    async def _execute(self, sql: str, args: Sequence[DriverValue]) -> int:
        async with self._connection() as pinned:
            return await pinned.execute(sql, args)

    @asynccontextmanager
    async def transaction(self, lock: str | None = None) -> AsyncGenerator[Connection]:
        """Hold one connection from BEGIN to COMMIT, and a lock, which is the connection's, still longer."""
        async with self._connection() as pinned, self._locked(pinned, lock):
            transaction = _Transaction(pinned.connection)
            try:
                yield transaction
                if transaction.begun:
                    await transaction.execute("COMMIT", ())
            except Exception:
                await transaction.roll_back()
                raise
            except BaseException:
                transaction.connection.close()  # being cancelled is no time to wait; the server rolls back
                raise

    @asynccontextmanager
    async def _locked(self, pinned: _Pinned, lock: str | None) -> AsyncGenerator[None]:
        if lock is None:
            yield
            return
        patience = self._options.acquire_timeout.total_seconds()
        # names are the whole server's, so the database is part of the name
        taken = await pinned.fetch("SELECT GET_LOCK(CONCAT(DATABASE(), ':', %s), %s)", [lock, patience])
        if taken[0][0] != 1:
            raise StorageUnavailable(f"somebody has held the lock '{lock}' for too long")
        try:
            yield
        finally:
            if _is_open(pinned.connection):
                await pinned.fetch("SELECT RELEASE_LOCK(CONCAT(DATABASE(), ':', %s))", [lock])

    async def close(self) -> None:
        """Close every connection that rests; those in use close when they are given back."""
        pool, self._pool = self._pool, None
        for connection in pool.close() if pool is not None else ():
            with suppress(*_KNOWN):  # a server that is gone needs no farewell
                await connection.ensure_closed()

    @asynccontextmanager
    async def _connection(self) -> AsyncGenerator[_Pinned]:
        pool = self._ready()
        connection = await pool.acquire()
        try:
            yield _Pinned(connection)
        except Silence:
            pool.doubt()
            raise
        finally:
            pool.release(connection)

    def _ready(self) -> Pool[AsyncmyConnection]:
        if self._pool is None or self._pool.loop.is_closed():
            self._pool = Pool(self._options, self._connect, _is_open, _discard)
        return self._pool

    async def connect(self) -> AsyncmyConnection:
        """Open a connection outside the pool, whose statements may take long."""
        return await self._connect(LONG_PATIENCE)

    async def _connect(self, patience: timedelta | None = None) -> AsyncmyConnection:
        url, options = self._url, self._options
        socket = url.query.get("unix_socket")
        try:
            connection: AsyncmyConnection = await asyncmy.connect(
                host=url.host or "localhost",
                port=url.port or _PORT,
                user=url.username,
                password=url.password or "",
                database=url.database,
                unix_socket=socket if isinstance(socket, str) else None,
                charset="utf8mb4",
                autocommit=True,
                client_flag=FOUND_ROWS,
                connect_timeout=options.connect_timeout.total_seconds(),
                read_timeout=(patience or options.statement_timeout).total_seconds(),
                stmt_cache_size=options.prepared_statements,
            )
            for setting in _SETTINGS:
                await connection.query(setting)
        except _KNOWN as error:
            raise _away(error, "MySQL") from error
        return connection
