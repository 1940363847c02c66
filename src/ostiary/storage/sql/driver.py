"""The protocol that the thin drivers share: SQL text and values in, tuples out."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final, Protocol, TypeVar

from sqlalchemy import URL

from ostiary.domain.errors import ConfigurationError, StorageUnavailable
from ostiary.storage.sql.rows import Dialect, DriverValue, Row

T = TypeVar("T")

_ATTEMPTS: Final = 5

LONG_PATIENCE: Final = timedelta(hours=1)
"""For statements outside of requests: an index on millions of rows takes its time."""


class Conflict(StorageUnavailable):
    """The database undid a statement so that another could proceed; it may be repeated."""


class Silence(StorageUnavailable):
    """Nothing came back in time, neither an answer nor a refusal."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PoolOptions:
    """How many connections there are, and how long anybody waits for one or for an answer."""

    size: int = 10
    acquire_timeout: timedelta = timedelta(seconds=5)
    connect_timeout: timedelta = timedelta(seconds=5)
    statement_timeout: timedelta = timedelta(seconds=10)
    idle_timeout: timedelta = timedelta(minutes=5)
    """A connection that rested longer is replaced: what lies between may have forgotten it."""
    prepared_statements: int = 100
    """How many statements a connection keeps prepared; 0 behind a proxy that shares connections."""

    def told_by(self, url: URL) -> tuple["PoolOptions", URL]:
        """Return what the query of a URL asks for, and the URL without it. Raises ConfigurationError."""
        told: dict[str, int | timedelta] = {}
        for name, (field, kind) in _PARAMETERS.items():
            if (text := url.query.get(name)) is None:
                continue
            if not isinstance(text, str) or not text.isascii() or not text.isdigit():
                raise ConfigurationError(f"the database URL: {name} is a whole number, given once")
            told[field] = int(text) if kind is int else timedelta(seconds=int(text))
        options: PoolOptions = replace(self, **told)  # type: ignore[arg-type]  # the table says which is which
        if options.size < 1:
            raise ConfigurationError("the database URL: pool_size is at least 1")
        return options, url.difference_update_query(_PARAMETERS)


_PARAMETERS: Final[dict[str, tuple[str, type]]] = {
    "pool_size": ("size", int),
    "pool_timeout": ("acquire_timeout", timedelta),
    "connect_timeout": ("connect_timeout", timedelta),
    "query_timeout": ("statement_timeout", timedelta),
    "prepared_statements": ("prepared_statements", int),
}
"""What a database URL may say; times are whole seconds."""


class Connection(Protocol):
    """What executes statements.

    Raises AlreadyExists, InvalidValue and StorageUnavailable; whatever else a database says is a mistake in
    the program or a database that was not migrated, and passes unchanged.
    """

    @property
    def pinned(self) -> bool:
        """Whether its statements belong to a transaction."""
        ...

    async def fetch(self, sql: str, args: Sequence[DriverValue]) -> Sequence[Row]:
        """Read rows."""
        ...

    async def look_up(self, sql: str, args: Sequence[DriverValue]) -> Sequence[Row]:
        """Read by a unique index: so little work that a driver may do it without leaving the event loop."""
        ...

    async def change(self, sql: str, args: Sequence[DriverValue]) -> Sequence[Row]:
        """Write, and return what the statement returns."""
        ...

    async def execute(self, sql: str, args: Sequence[DriverValue]) -> int:
        """Write, and return how many rows matched."""
        ...

    def transaction(self) -> AbstractAsyncContextManager["Connection"]:
        """Pin one connection whose statements stand or fall together; inside one already, join it."""
        ...


class Driver(Connection, Protocol):
    """A database: each statement outside a transaction is durable when its call returns."""

    @property
    def dialect(self) -> Dialect:
        """Which kind of database it is."""
        ...

    def transaction(self, lock: str | None = None) -> AbstractAsyncContextManager[Connection]:
        """Pin a connection; with a lock, wait until no transaction anywhere holds one of that name."""
        ...

    async def connect(self) -> Any:  # Any: a connection of the driver's own kind
        """Open a connection outside the pool, which waits longer for locks than a request would."""
        ...

    async def close(self) -> None:
        """Return every connection; the next statement opens new ones."""
        ...


async def repeated(action: Callable[[], Awaitable[T]]) -> T:
    """Do something anew, a few times, where the database undid it for the sake of another."""
    for _ in range(_ATTEMPTS - 1):
        try:
            return await action()
        except Conflict:
            continue
    return await action()
