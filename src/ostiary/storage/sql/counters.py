"""Rate limits in the `rateLimit` table: one atomic statement decides."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from ostiary.domain.errors import AlreadyExists, StorageUnavailable
from ostiary.domain.models import RATE_LIMIT
from ostiary.domain.runtime import Runtime
from ostiary.storage.sql.driver import Connection
from ostiary.storage.sql.rows import DriverValue
from ostiary.storage.sql.statements import Statement, Statements
from ostiary.storage.store import Hit

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite

_ATTEMPTS: Final = 8
_BETWEEN_PRUNINGS: Final = 60.0  # seconds
_KEPT_MS: Final = 7 * 24 * 3600 * 1000  # another server may count in windows that this one has not seen

# The values of every statement, by place: identifier, key, now, window, maximum.
_ID, _KEY, _NOW, _WINDOW, _MAXIMUM = range(5)


@dataclass(slots=True)
class _Pruning:
    longest_ms: int = _KEPT_MS
    due: float | None = None


class Counters:
    """Counts uses of keys; a row says how many there were and when the last accepted one was."""

    def __init__(
        self, statements: Statements, connection: Connection, runtime: Runtime, *, serial: bool
    ) -> None:
        """`serial` means that the database gives identifiers."""
        self._statements = statements
        self._connection = connection
        self._runtime = runtime
        self._serial = serial
        self._pruning = _Pruning()

    async def hit(self, key: str, maximum: int, window: timedelta, now_ms: int) -> Hit:
        """Count one use, or refuse it. A count that was pruned or has expired meanwhile is tried again."""
        window_ms = window // timedelta(milliseconds=1)
        args = (self._runtime.new_id(), key, now_ms, window_ms, maximum)
        for _ in range(_ATTEMPTS):
            if await self._accepted(args):
                await self._prune(window_ms, now_ms)
                return Hit(allowed=True)
            count, last = await self._counted(args)
            if count >= maximum and now_ms - last < window_ms:
                return Hit(allowed=False, retry_after=timedelta(milliseconds=last + window_ms - now_ms))
        raise StorageUnavailable("a rate limit is counted by too many at once")

    async def _accepted(self, args: tuple[DriverValue, ...]) -> bool:
        if self._statements.dialect != "mysql":
            return bool(await self._connection.change(self._upsert.sql, self._upsert.arrange(args)))
        if await self._connection.execute(self._renew.sql, self._renew.arrange(args)):
            return True
        try:
            await self._connection.execute(self._start.sql, self._start.arrange(args))
        except AlreadyExists:
            return False
        return True

    async def _counted(self, args: tuple[DriverValue, ...]) -> tuple[int, int]:
        rows = await self._connection.fetch(self._read.sql, self._read.arrange(args))
        return (int(rows[0][0]), int(rows[0][1])) if rows else (0, 0)

    async def _prune(self, window_ms: int, now_ms: int) -> None:
        pruning, now = self._pruning, self._runtime.monotonic()
        pruning.longest_ms = max(pruning.longest_ms, window_ms)
        if pruning.due is None:
            pruning.due = now + _BETWEEN_PRUNINGS
        if now < pruning.due:
            return
        pruning.due = now + _BETWEEN_PRUNINGS
        with suppress(StorageUnavailable):  # the use is counted; forgetting can wait
            await self._connection.execute(self._forget.sql, (now_ms - pruning.longest_ms,))

    @cached_property
    def _table(self) -> sa.Table:
        return self._statements.tables[RATE_LIMIT.name]

    @cached_property
    def _upsert(self) -> Statement:
        """Insert, or count on, or start anew; returns a row only if the use was accepted."""
        table = self._table
        statement = (
            self._insert(table)
            .values(self._first_use())
            .on_conflict_do_update(
                index_elements=[table.c.key], set_=self._next_use(), where=self._acceptable()
            )
        )
        return self._compiled(statement.returning(table.c.count))

    def _insert(self, table: sa.Table) -> "sqlite.Insert | postgresql.Insert":
        if self._statements.dialect == "postgresql":
            from sqlalchemy.dialects.postgresql import Insert as Insertion  # noqa: PLC0415  each is large

            return Insertion(table)
        from sqlalchemy.dialects.sqlite import Insert  # noqa: PLC0415  see above

        return Insert(table)

    @cached_property
    def _renew(self) -> Statement:
        table = self._table
        counted = sa.update(table).where(table.c.key == _value(_KEY), self._acceptable())
        # The count comes first: MySQL assigns one after the other, and the condition must see the old moment.
        return self._compiled(
            counted.ordered_values(*((table.c[key], use) for key, use in self._next_use().items()))
        )

    @cached_property
    def _start(self) -> Statement:
        return self._compiled(sa.insert(self._table).values(self._first_use()))

    @cached_property
    def _read(self) -> Statement:
        table = self._table
        return self._compiled(
            sa.select(table.c.count, table.c.lastRequest).where(table.c.key == _value(_KEY))
        )

    @cached_property
    def _forget(self) -> Statement:
        table = self._table
        return self._statements.compile(sa.delete(table).where(table.c.lastRequest < sa.bindparam("v0")))

    def _first_use(self) -> dict[str, Any]:  # Any: numbers and parameters
        use = {"key": _value(_KEY), "count": sa.literal_column("1"), "lastRequest": _value(_NOW)}
        return use if self._serial else {"id": _value(_ID), **use}

    def _next_use(self) -> dict[str, Any]:  # Any: expressions
        counted = sa.case(
            (self._rested(), sa.literal_column("1")), else_=self._table.c.count + sa.literal_column("1")
        )
        return {"count": counted, "lastRequest": _value(_NOW)}

    def _rested(self) -> sa.ColumnElement[bool]:
        return self._table.c.lastRequest <= _value(_NOW) - _value(_WINDOW)

    def _acceptable(self) -> sa.ColumnElement[bool]:
        return sa.or_(self._rested(), self._table.c.count < _value(_MAXIMUM))

    def _compiled(self, statement: sa.ClauseElement) -> Statement:
        return self._statements.compile(statement, values=5)


def _value(place: int) -> sa.BindParameter[Any]:  # Any: text or number
    if place in {_ID, _KEY}:
        return sa.bindparam(f"v{place}", type_=sa.Text())
    return sa.bindparam(f"v{place}", type_=sa.BigInteger())
