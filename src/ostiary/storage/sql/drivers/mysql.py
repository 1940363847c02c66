"""MariaDB and MySQL by asyncmy, with statements that the server prepares."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from functools import partial
from typing import Any, ClassVar, Final, TypeAlias

import asyncmy
from asyncmy.constants.CLIENT import FOUND_ROWS
from asyncmy.errors import InterfaceError, MySQLError, OperationalError
from sqlalchemy.engine import URL

from ostiary.domain.errors import AlreadyExists, InvalidValue, StorageUnavailable
from ostiary.storage.sql.driver import Conflict, Connection, PoolOptions, repeated
from ostiary.storage.sql.drivers.pool import Pool
from ostiary.storage.sql.rows import Dialect, DriverValue, Row

AsyncmyConnection: TypeAlias = Any  # asyncmy is published without type information

# Error numbers of the server, by what they mean here.
_DUPLICATE: Final = frozenset({1062, 1586})
_CONFLICT: Final = frozenset({1213, 1020})
_INVALID: Final = frozenset({1048, 1264, 1292, 1364, 1366, 1406, 1411, 1451, 1452, 1690, 3140, 4025})
_MISTAKEN: Final = frozenset({1054, 1064, 1146, 1149})  # a statement that cannot be right: it passes unchanged
_LOST: Final = (OSError, TimeoutError, asyncio.IncompleteReadError)
_KNOWN: Final = (MySQLError, ValueError, *_LOST)

# Moments in UTC; refused, not cut, what does not fit; no locks on gaps between rows.
_SETTINGS: Final = (
    "SET time_zone = '+00:00', sql_mode = 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION', innodb_lock_wait_timeout = 10",
    "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
)


def _translated(error: Exception) -> Exception:
    number = error.args[0] if error.args and isinstance(error, MySQLError) else None
    if number in _MISTAKEN:
        return error
    if number in _DUPLICATE:
        return AlreadyExists(str(error))
    if number in _CONFLICT:
        return Conflict(str(error))
    if number in _INVALID or isinstance(error, ValueError):
        return InvalidValue(str(error))
    return StorageUnavailable(f"{type(error).__name__}: {error}")


class _Pinned:
    """One connection, inside a transaction or for one statement."""

    pinned: ClassVar = True

    def __init__(self, connection: AsyncmyConnection) -> None:
        self._connection = connection

    async def fetch(self, sql: str, args: Sequence[DriverValue]) -> Sequence[Row]:
        cursor = await self._run(sql, args)
        rows: Sequence[Row] = cursor._rows or ()
        return rows

    look_up = fetch
    change = fetch

    async def execute(self, sql: str, args: Sequence[DriverValue]) -> int:
        return int((await self._run(sql, args)).rowcount)

    def transaction(self) -> AbstractAsyncContextManager[Connection]:
        return nullcontext(self)
