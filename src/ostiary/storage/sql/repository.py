"""The verbs of a Repository as single statements that return what they changed."""

from collections.abc import Sequence
from typing import Any, Generic, TypeVar

from ostiary.domain.entities import Entity, value_of
from ostiary.domain.schema import Changes, Condition, Field
from ostiary.storage.sql.driver import Connection
from ostiary.storage.sql.rows import DriverValue, Rows
from ostiary.storage.sql.statements import Order, Statements, where_of
from ostiary.storage.store import OrderBy

E = TypeVar("E", bound=Entity)


class SqlRepository(Generic[E]):
    """The rows of one model, on one connection or on whichever is free."""

    def __init__(
        self, rows: Rows[E], statements: Statements, connection: Connection, *, serial: bool
    ) -> None:
        """`serial` means that the database gives identifiers."""
        self._rows = rows
        self._model = rows.model.name
        self._statements = statements
        self._connection = connection
        self._serial = serial

    async def insert(self, entity: E) -> E:
        """Write a new row and return it as stored."""
        statement = self._statements.insert(self._model, self._serial)
        values = self._rows.encode(entity)
        if self._serial:
            return self._rows.decode([await self._insert_serial(statement.sql, values), *values])
        row = [self._rows.write("id", entity.id), *values]
        await self._connection.execute(statement.sql, row)
        return self._rows.decode(row)

    async def _insert_serial(self, sql: str, args: Sequence[DriverValue]) -> DriverValue:
        [row] = await self._connection.change(sql, args)
        return row[0]

    async def first(self, *where: Condition, order_by: OrderBy | None = None) -> E | None:
        """Return one matching row, the first in the order."""
        found = await self._select(where, order_by, 1, 0)
        return found[0] if found else None

    async def all(
        self, *where: Condition, order_by: OrderBy | None = None, limit: int = 100, offset: int = 0
    ) -> Sequence[E]:
        """Return matching rows, at most `limit` of them."""
        return await self._select(where, order_by, limit, offset)

    async def _select(
        self, where: Sequence[Condition], order_by: OrderBy | None, limit: int, offset: int
    ) -> Sequence[E]:
        wanted = where_of(where, self._rows)
        order = None if order_by is None else Order(order_by.field.name, order_by.descending)
        statement = self._statements.select(self._model, wanted.shape, order, True, False)
        args = statement.arrange([*wanted.args, limit, offset])
        is_point = any(each.operator == "=" and each.field.name in self._rows.unique for each in where)
        read = self._connection.look_up if is_point else self._connection.fetch
        return [self._rows.decode(row) for row in await read(statement.sql, args)]

    async def count(self, *where: Condition) -> int:
        """Return how many rows match."""
        wanted = where_of(where, self._rows)
        statement = self._statements.count(self._model, wanted.shape)
        [row] = await self._connection.fetch(statement.sql, statement.arrange(wanted.args))
        return int(row[0])

    async def update(self, changes: Changes, *where: Condition) -> E | None:
        """Change the row that matches and return it as it is now."""
        return await self._update(changes, None, 0, where)

    async def update_all(self, changes: Changes, *where: Condition) -> int:
        """Change every matching row."""
        names, values, wanted = self._changed(changes), self._written(changes), where_of(where, self._rows)
        statement = self._statements.update(self._model, names, None, wanted.shape, False)
        return await self._connection.execute(statement.sql, statement.arrange([*values, *wanted.args]))

    async def increment(
        self, field: Field[int], *where: Condition, by: int = 1, changes: Changes | None = None
    ) -> E | None:
        """Add to a counter of the row that matches."""
        return await self._update(changes or {}, field.name, by, where)

    async def _update(
        self, changes: Changes, added: str | None, by: int, where: Sequence[Condition]
    ) -> E | None:
        values, wanted = self._written(changes), where_of(where, self._rows)
        statement = self._statements.update(self._model, self._changed(changes), added, wanted.shape, True)
        step = () if added is None else (by,)
        args = statement.arrange([*values, *step, *wanted.args])
        found = await self._connection.change(statement.sql, args)
        return self._rows.decode(found[0]) if found else None

    async def delete(self, *where: Condition) -> int:
        """Delete matching rows."""
        wanted = where_of(required(where), self._rows)
        statement = self._statements.delete(self._model, wanted.shape)
        return await self._connection.execute(statement.sql, statement.arrange(wanted.args))

    async def consume(self, *where: Condition, newest: Field[Any] | None = None) -> E | None:
        """Delete every matching row and return the newest of them."""
        wanted = where_of(required(where), self._rows)
        statement = self._statements.consume(self._model, wanted.shape)
        found = await self._connection.change(statement.sql, statement.arrange(wanted.args))
        return self._newest([self._rows.decode(row) for row in found], newest)

    def _newest(self, found: Sequence[E], newest: Field[Any] | None) -> E | None:
        if not found or newest is None:
            return found[0] if found else None
        return max(found, key=lambda entity: value_of(entity, newest))

    def _changed(self, changes: Changes) -> tuple[str, ...]:
        return tuple(field.name for field in changes)

    def _written(self, changes: Changes) -> list[DriverValue]:
        return [self._rows.write(field.name, value) for field, value in changes.items()]


def required(where: Sequence[Condition]) -> Sequence[Condition]:
    """Refuse to delete everything by leaving the conditions out."""
    if not where:
        raise ValueError("a delete needs a condition")
    return where
