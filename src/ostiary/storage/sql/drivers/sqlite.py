"""SQLite by the standard library: one writer at a time, readers that never wait for it."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, nullcontext, suppress
from functools import partial
from typing import ClassVar, Final, TypeVar

from ostiary.domain.errors import AlreadyExists, InvalidValue, StorageUnavailable
from ostiary.storage.sql.driver import Connection, PoolOptions
from ostiary.storage.sql.rows import Dialect, DriverValue, Row

T = TypeVar("T")

_READERS: Final = 2
_LONG_PATIENCE: Final = 60.0  # seconds
_BUSY: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_DUPLICATE: Final = frozenset(
    {sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_ROWID}
)


def _is_busy(error: sqlite3.Error) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _BUSY


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except sqlite3.IntegrityError as error:
        if error.sqlite_errorcode in _DUPLICATE:
            raise AlreadyExists(str(error)) from error
        raise InvalidValue(str(error)) from error
    except (sqlite3.DataError, OverflowError) as error:
        raise InvalidValue(str(error)) from error
    except sqlite3.DatabaseError as error:
        # SQLITE_ERROR is a statement that cannot be right, such as one about a missing table.
        if getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) == sqlite3.SQLITE_ERROR:
            raise
        raise StorageUnavailable(str(error)) from error


def _fetch(sql: str, args: Sequence[DriverValue], connection: sqlite3.Connection) -> Sequence[Row]:
    return connection.execute(sql, args).fetchall()


def _execute(sql: str, args: Sequence[DriverValue], connection: sqlite3.Connection) -> int:
    return connection.execute(sql, args).rowcount


def _roll_back(connection: sqlite3.Connection) -> None:
    with suppress(sqlite3.Error):  # the connection is as clean as it can be made
        if connection.in_transaction:
            connection.execute("ROLLBACK")


class _Workers:
    """Threads that keep a connection each, and finish what they began whoever stops waiting."""

    def __init__(self, threads: int, connect: Callable[[], sqlite3.Connection]) -> None:
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="ostiary-sqlite")
        self._connect = connect
        self._own = threading.local()
        self._opened: list[sqlite3.Connection] = []

    def submit(self, action: Callable[[sqlite3.Connection], T]) -> "Future[T]":
        return self._executor.submit(self._run, action)

    async def run(self, action: Callable[[sqlite3.Connection], T]) -> T:
        with _translated():
            return await asyncio.wrap_future(self.submit(action))

    def _run(self, action: Callable[[sqlite3.Connection], T]) -> T:
        connection: sqlite3.Connection | None = getattr(self._own, "connection", None)
        if connection is None:
            connection = self._own.connection = self._connect()
            self._opened.append(connection)
        return action(connection)

    def close(self) -> None:
        self._executor.shutdown()
        for connection in self._opened:
            connection.close()


class _Inline:
    """The one connection of a database in memory: nothing there is worth a thread."""

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        self._connection = connect()

    def submit(self, action: Callable[[sqlite3.Connection], T]) -> T:
        return action(self._connection)

    async def run(self, action: Callable[[sqlite3.Connection], T]) -> T:
        with _translated():
            return action(self._connection)

    def close(self) -> None:
        self._connection.close()


class _Pinned:
    """The writer, inside a transaction."""

    pinned: ClassVar = True

    def __init__(self, writer: _Workers | _Inline) -> None:
        self._writer = writer

    async def fetch(self, sql: str, args: Sequence[DriverValue]) -> Sequence[Row]:
        return await self._writer.run(partial(_fetch, sql, args))

    look_up = fetch
    change = fetch

    async def execute(self, sql: str, args: Sequence[DriverValue]) -> int:
        return await self._writer.run(partial(_execute, sql, args))

    def transaction(self) -> AbstractAsyncContextManager[Connection]:
        return nullcontext(self)


class SqliteDriver:
    """One file, or the memory of one process, which is then one connection for everybody."""

    dialect: ClassVar[Dialect] = "sqlite"
    pinned: ClassVar = False

    def __init__(self, path: str, options: PoolOptions) -> None:
        """Open nothing yet; an empty path is a database in memory."""
        self._path = path or ":memory:"
        self.in_memory = self._path == ":memory:"
        self._patience = options.acquire_timeout.total_seconds()
        self._turn = asyncio.Lock()
        self._writer: _Workers | _Inline | None = None
        self._readers: _Workers | None = None
        self._nearby: sqlite3.Connection | None = None

    async def fetch(self, sql: str, args: Sequence[DriverValue]) -> Sequence[Row]:
        """Read in a thread, beside whoever writes."""
        if self.in_memory:
            return await self.change(sql, args)
        if self._readers is None:
            await self._open()
        if self._readers is None:  # still: somebody else may have been as early
            self._readers = _Workers(_READERS, partial(self._connect, self._patience, writes=False))
        return await self._readers.run(partial(_fetch, sql, args))

    async def look_up(self, sql: str, args: Sequence[DriverValue]) -> Sequence[Row]:
        """Read on the event loop: a hop to a thread costs several times the statement."""
        if self.in_memory:
            return await self.change(sql, args)
        if self._nearby is None:
            await self._open()
        try:
            with _translated():
                self._nearby = self._nearby or self._connect(0, writes=False)
                return _fetch(sql, args, self._nearby)
        except StorageUnavailable as error:
            if isinstance(error.__cause__, sqlite3.Error) and _is_busy(error.__cause__):
                return await self.fetch(sql, args)  # wait where waiting stops nobody
            raise

    async def change(self, sql: str, args: Sequence[DriverValue]) -> Sequence[Row]:
        """Write when the writer is free."""
        async with self._writing() as writer:
            return await writer.run(partial(_fetch, sql, args))

    async def execute(self, sql: str, args: Sequence[DriverValue]) -> int:
        """Write when the writer is free; count the rows."""
        async with self._writing() as writer:
            return await writer.run(partial(_execute, sql, args))

    @asynccontextmanager
    async def transaction(self, lock: str | None = None) -> AsyncGenerator[Connection]:
        """Hold the writer from BEGIN to COMMIT, which is all the lock there is."""
        del lock
        async with self._writing() as writer:
            pinned = _Pinned(writer)
            try:
                await pinned.execute("BEGIN IMMEDIATE", ())
                yield pinned
                await pinned.execute("COMMIT", ())
            except BaseException:
                # Not awaited: the one writing thread takes it before anything that follows, even if this
                # task is being cancelled.
                writer.submit(_roll_back)
                raise

    async def close(self) -> None:
        """Finish what is being written and close the file."""
        workers = [worker for worker in (self._readers, self._writer) if worker is not None]
        nearby, self._nearby, self._readers, self._writer = self._nearby, None, None, None
        for worker in workers:
            await asyncio.to_thread(worker.close)
        if nearby is not None:
            nearby.close()

    @asynccontextmanager
    async def _writing(self) -> AsyncGenerator[_Workers | _Inline]:
        try:
            async with asyncio.timeout(self._patience):
                await self._turn.acquire()
        except TimeoutError as error:
            raise StorageUnavailable("another transaction holds the database") from error
        try:
            yield self._writer or self._start_writer()
        finally:
            self._turn.release()

    async def _open(self) -> None:
        # The writer makes the file and its journal; a reader that came first would find neither. Nothing is
        # written, so a transaction that holds the writer is no obstacle.
        await (self._writer or self._start_writer()).run(partial(_fetch, "SELECT 1", ()))

    def _start_writer(self) -> _Workers | _Inline:
        connect = partial(self._connect, self._patience, writes=True)
        self._writer = _Inline(connect) if self.in_memory else _Workers(1, connect)
        return self._writer

    async def connect(self) -> sqlite3.Connection:
        """Open a connection that waits a minute for locks; raises StorageUnavailable."""
        try:
            return await asyncio.to_thread(self._connect, _LONG_PATIENCE, writes=True)
        except sqlite3.OperationalError as error:
            raise StorageUnavailable(f"cannot open '{self._path}': {error}") from error

    def _connect(self, patience: float, *, writes: bool) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path, timeout=patience, isolation_level=None, check_same_thread=False, cached_statements=256
        )
        connection.execute("PRAGMA foreign_keys = ON")
        if not writes:
            connection.execute("PRAGMA query_only = ON")
        elif not self.in_memory:
            with suppress(sqlite3.OperationalError):  # another process is switching it just now
                connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
        return connection
