"""The verbs of a Repository over rows in memory."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Generic, TypeVar

from ostiary.domain.entities import Entity, value_of
from ostiary.domain.schema import Changes, Condition, Field, Model, Value
from ostiary.storage.memory.conditions import matches, ordered, prepared
from ostiary.storage.memory.tables import MemoryTables, with_changes
from ostiary.storage.store import OrderBy

E = TypeVar("E", bound=Entity)


class MemoryRepository(Generic[E]):
    """The rows of one model. No verb awaits anything while it works, so each is atomic."""

    def __init__(
        self,
        model: Model[E],
        reading: Callable[[], MemoryTables],
        writing: Callable[[], AbstractAsyncContextManager[MemoryTables]],
    ) -> None:
        """Read and write through these."""
        self._model = model
        self._reading = reading
        self._writing = writing

    async def insert(self, entity: E) -> E:
        """Write a new row and return it as stored."""
        async with self._writing() as tables:
            return tables.insert(self._model, entity)

    async def first(self, *where: Condition, order_by: OrderBy | None = None) -> E | None:
        """Return one matching row, the first in the order."""
        return next(iter(self._matching(self._reading(), where, order_by)), None)

    async def all(
        self, *where: Condition, order_by: OrderBy | None = None, limit: int = 100, offset: int = 0
    ) -> Sequence[E]:
        """Return matching rows, at most `limit` of them."""
        return self._matching(self._reading(), where, order_by)[offset : offset + limit]

    async def count(self, *where: Condition) -> int:
        """Return how many rows match."""
        return len(self._matching(self._reading(), where))

    async def update(self, changes: Changes, *where: Condition) -> E | None:
        """Change the row that matches and return it as it is now."""
        values = {field.name: value for field, value in changes.items()}
        changed = await self._change(where, lambda _: values)
        return changed[0] if changed else None

    async def update_all(self, changes: Changes, *where: Condition) -> int:
        """Change every matching row."""
        return len(
            await self._change(where, lambda _: {field.name: value for field, value in changes.items()})
        )

    async def increment(
        self, field: Field[int], *where: Condition, by: int = 1, changes: Changes | None = None
    ) -> E | None:
        """Add to a counter of the row that matches."""
        others = {other.name: value for other, value in (changes or {}).items()}

        def added(entity: E) -> Mapping[str, Value]:
            known = value_of(entity, field)
            return {**others, field.name: known + by if isinstance(known, int) else None}

        changed = await self._change(where, added)
        return changed[0] if changed else None

    async def delete(self, *where: Condition) -> int:
        """Delete matching rows."""
        return len(await self._delete(where))

    async def consume(self, *where: Condition, newest: Field[Any] | None = None) -> E | None:
        """Delete every matching row and return the newest of them."""
        doomed = await self._delete(where, None if newest is None else OrderBy(newest, descending=True))
        return doomed[0] if doomed else None

    async def _change(
        self, where: Sequence[Condition], changes_of: Callable[[E], Mapping[str, Value]]
    ) -> Sequence[E]:
        async with self._writing() as tables:
            found = self._matching(tables, where)
            changed = [with_changes(self._model, entity, changes_of(entity)) for entity in found]
            tables.replace(self._model, changed)
            return changed

    async def _delete(self, where: Sequence[Condition], order_by: OrderBy | None = None) -> Sequence[E]:
        if not where:
            raise ValueError("a delete needs a condition")
        async with self._writing() as tables:
            doomed = self._matching(tables, where, order_by)
            tables.delete(self._model, doomed)
            return doomed

    def _matching(
        self, tables: MemoryTables, where: Sequence[Condition], order_by: OrderBy | None = None
    ) -> Sequence[E]:
        wanted = prepared(where)
        found = [entity for entity in tables.of(self._model).values() if matches(entity, wanted)]
        return ordered(found, order_by)
