"""Hooks of the application and of plugins around every write of a core row."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from ostiary.domain.entities import Account, Entity, Session, User, Verification
from ostiary.domain.schema import Changes, Condition, Model
from ostiary.storage.store import Store, Tables

E = TypeVar("E", bound=Entity)


@dataclass(frozen=True, kw_only=True)
class ModelHooks(Generic[E]):
    """Hooks around the writes of one table. An AuthError raised before a write refuses it."""

    before_create: Callable[[E], Awaitable[E]] | None = None
    """Returns the row to write, the same or another."""
    after_create: Callable[[E], Awaitable[None]] | None = None
    """Called once the row is durable."""
    before_update: Callable[[Changes], Awaitable[Changes]] | None = None
    """Returns the changes to write."""
    after_update: Callable[[E], Awaitable[None]] | None = None
    """Called with the row as it is now, once that is durable."""
    before_delete: Callable[[E], Awaitable[None]] | None = None
    """Called with the row that is about to go."""
    after_delete: Callable[[E], Awaitable[None]] | None = None
    """Called once the row is gone for good."""


@dataclass(frozen=True, kw_only=True)
class DatabaseHooks:
    """Hooks around the writes of the core tables."""

    user: ModelHooks[User] = field(default_factory=ModelHooks)
    session: ModelHooks[Session] = field(default_factory=ModelHooks)
    account: ModelHooks[Account] = field(default_factory=ModelHooks)
    verification: ModelHooks[Verification] = field(default_factory=ModelHooks)


class HookedWrites:
    """Writes core rows with every hook around them; hooks that follow a write run after the commit."""

    def __init__(self, store: Store, hooks: Sequence[DatabaseHooks] = ()) -> None:
        """Hooks run in the order given: the application's first, then the plugins'."""
        self._store = store
        self._hooks = tuple(hooks)

    def of(self, model: Model[E]) -> Sequence[ModelHooks[E]]:
        """Return the hooks of a model."""
        return tuple(hooks for each in self._hooks if (hooks := getattr(each, model.name, None)) is not None)

    async def create(self, model: Model[E], entity: E, tables: Tables | None = None) -> E:
        """Write a new row; raises AlreadyExists where a unique value is taken."""
        entity = await self.before_create(model, entity)
        tables = tables or self._store
        stored = await tables.rows(model).insert(entity)
        await self._afterwards(tables, [hooks.after_create for hooks in self.of(model)], stored)
        return stored

    async def before_create(self, model: Model[E], entity: E) -> E:
        """Run what comes before a creation, for rows that are not kept in the database."""
        for hooks in self.of(model):
            if hooks.before_create:
                entity = await hooks.before_create(entity)
        return entity

    async def before_update(self, model: Model[E], changes: Changes) -> Changes:
        """Run what comes before an update, for rows that are not kept in the database."""
        for hooks in self.of(model):
            if hooks.before_update:
                changes = await hooks.before_update(changes)
        return changes

    async def update(
        self, model: Model[E], changes: Changes, *where: Condition, tables: Tables | None = None
    ) -> E | None:
        """Change the row that matches; return it as it is now, None if nothing matched."""
        changes = await self.before_update(model, changes)
        tables = tables or self._store
        updated = await tables.rows(model).update(changes, *where)
        if updated is not None:
            await self._afterwards(tables, [hooks.after_update for hooks in self.of(model)], updated)
        return updated

    async def note(
        self, model: Model[E], changes: Changes, *where: Condition, tables: Tables | None = None
    ) -> E | None:
        """Change a row without any hook, for what the server keeps for itself; return it as it is now."""
        return await (tables or self._store).rows(model).update(changes, *where)

    async def delete(self, model: Model[E], *where: Condition, tables: Tables | None = None) -> int:
        """Delete matching rows; return how many there were."""
        tables = tables or self._store
        interested = [hooks for hooks in self.of(model) if hooks.before_delete or hooks.after_delete]
        doomed = await tables.rows(model).all(*where) if interested else ()
        for row in doomed:
            for hooks in interested:
                if hooks.before_delete:
                    await hooks.before_delete(row)
        deleted = await tables.rows(model).delete(*where)
        for row in doomed:
            await self._afterwards(tables, [hooks.after_delete for hooks in interested], row)
        return deleted

    async def after(self, effects: Sequence[Callable[[E], Awaitable[None]] | None], row: E) -> None:
        """Run effects now."""
        for effect in effects:
            if effect is not None:
                await effect(row)

    async def _afterwards(
        self, tables: Tables, effects: Sequence[Callable[[E], Awaitable[None]] | None], row: E
    ) -> None:
        """Run effects once the row is durable: at once outside a transaction, else after its commit."""
        if not any(effects):
            return
        after_commit: Any = getattr(tables, "after_commit", None)  # only a Transaction has one
        if after_commit is None:
            await self.after(effects, row)
        else:
            after_commit(lambda: self.after(effects, row))
