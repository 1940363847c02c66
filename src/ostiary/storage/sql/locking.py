"""The verbs for databases that cannot return what they change: rows are locked, read, changed, and let go."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, TypeVar

from ostiary.domain.entities import Entity
from ostiary.domain.models import ID
from ostiary.domain.schema import Changes, Condition, Field
from ostiary.storage.sql.driver import Connection, repeated
from ostiary.storage.sql.repository import SqlRepository, required
from ostiary.storage.sql.rows import DriverValue, Row
from ostiary.storage.sql.statements import where_of

E = TypeVar("E", bound=Entity)
T = TypeVar("T")


class LockingRepository(SqlRepository[E]):
    """The rows of one model on MySQL or MariaDB."""

    async def _insert_serial(self, sql: str, args: Sequence[DriverValue]) -> DriverValue:
        async def insert(connection: Connection) -> DriverValue:
            await connection.execute(sql, args)
            [row] = await connection.fetch("SELECT LAST_INSERT_ID()", ())
            return row[0]

        return await self._atomically(insert)

    async def _update(
        self, changes: Changes, added: str | None, by: int, where: Sequence[Condition]
    ) -> E | None:
        names, written = self._changed(changes), self._written(changes)

        async def update(connection: Connection) -> E | None:
            found = await self._locked(connection, where)
            if not found:
                return None
            shape = where_of([ID.is_in([str(row[0]) for row in found])], self._rows)
            step = () if added is None else (by,)
            statement = self._statements.update(self._model, names, added, shape.shape, False)
            await connection.execute(statement.sql, statement.arrange([*written, *step, *shape.args]))
            return self._rows.decode(
                self._as_changed(found[0], dict(zip(names, written, strict=True)), added, by)
            )

        return await self._atomically(update)

    async def consume(self, *where: Condition, newest: Field[Any] | None = None) -> E | None:
        """Delete every matching row and return the newest of them."""
        required(where)

        async def consume(connection: Connection) -> Sequence[Row]:
            found = await self._locked(connection, where)
            if found:
                doomed = where_of([ID.is_in([str(row[0]) for row in found])], self._rows)
                statement = self._statements.delete(self._model, doomed.shape)
                await connection.execute(statement.sql, statement.arrange(doomed.args))
            return found

        return self._newest([self._rows.decode(row) for row in await self._atomically(consume)], newest)

    async def _locked(self, connection: Connection, where: Sequence[Condition]) -> Sequence[Row]:
        wanted = where_of(where, self._rows)
        statement = self._statements.select(self._model, wanted.shape, None, False, True)
        return await connection.fetch(statement.sql, statement.arrange(wanted.args))

    def _as_changed(self, row: Row, changes: dict[str, DriverValue], added: str | None, by: int) -> Row:
        now = [changes.get(name, value) for name, value in zip(self._rows.names, row, strict=True)]
        if added is not None:
            position = self._rows.names.index(added)
            now[position] = None if row[position] is None else row[position] + by
        return now

    async def _atomically(self, action: Callable[[Connection], Awaitable[T]]) -> T:
        if self._connection.pinned:
            return await action(self._connection)  # a conflict undoes the whole transaction, not this step
        return await repeated(partial(self._in_transaction, action))

    async def _in_transaction(self, action: Callable[[Connection], Awaitable[T]]) -> T:
        async with self._connection.transaction() as connection:
            return await action(connection)
