"""Hooks of the application and of plugins around every write of a core row."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from ostiary.domain.audit import EventKind
from ostiary.domain.entities import Account, Entity, Session, User, Verification
from ostiary.domain.schema import Changes, Condition, Model
from ostiary.services.audit import Act, AuditLog
from ostiary.services.audited_writes import (
    Remark,
    changes_security,
    remarks_of_change,
    remarks_of_creation,
    remarks_of_end,
)
from ostiary.storage.store import Store, Tables, as_transaction

E = TypeVar("E", bound=Entity)

_AUDITED: Final = frozenset({"user", "account"})


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

    def __init__(self, store: Store, audit: AuditLog, hooks: Sequence[DatabaseHooks] = ()) -> None:
        """Hooks run in the order given: the application's first, then the plugins'."""
        self.audit: Final = audit
        self._store = store
        self._hooks = tuple(hooks)

    def of(self, model: Model[E]) -> Sequence[ModelHooks[E]]:
        """Return the hooks of a model."""
        return tuple(hooks for each in self._hooks if (hooks := getattr(each, model.name, None)) is not None)

    async def create(
        self, model: Model[E], entity: E, tables: Tables | None = None, *, kind: EventKind | None = None
    ) -> E:
        """Write a new row; raises AlreadyExists where a unique value is taken.

        `kind` is what the act is, where the row alone does not tell.
        """
        entity = await self.before_create(model, entity)
        async with self._acting(tables, audited=model.name in _AUDITED) as (act, there):
            stored = await there.rows(model).insert(entity)
            await self._afterwards(there, [hooks.after_create for hooks in self.of(model)], stored)
            await _record(act, remarks_of_creation(stored), kind, stored)
        return stored

    @asynccontextmanager
    async def _acting(self, tables: Tables | None, *, audited: bool) -> AsyncGenerator[tuple[Act, Tables]]:
        """Open a transaction only for what leaves a record."""
        if not audited:
            yield Act(tables, self.audit), tables or self._store
            return
        async with self.audit.act(tables) as act:
            yield act, act.tables or self._store

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
        self,
        model: Model[E],
        changes: Changes,
        *where: Condition,
        tables: Tables | None = None,
        kind: EventKind | None = None,
    ) -> E | None:
        """Change the row that matches; return it as it is now, None if nothing matched.

        `kind` is what the act is, where the changes alone do not tell.
        """
        changes = await self.before_update(model, changes)
        audited = model.name in _AUDITED and changes_security(changes)
        async with self._acting(tables, audited=audited) as (act, there):
            updated = await there.rows(model).update(changes, *where)
            if updated is not None:
                await self._afterwards(there, [hooks.after_update for hooks in self.of(model)], updated)
                await _record(act, remarks_of_change(changes, updated) if audited else (), kind, updated)
        return updated

    async def note(
        self, model: Model[E], changes: Changes, *where: Condition, tables: Tables | None = None
    ) -> E | None:
        """Change a row without any hook, for what the server keeps for itself; return it as it is now."""
        return await (tables or self._store).rows(model).update(changes, *where)

    async def delete(self, model: Model[E], *where: Condition, tables: Tables | None = None) -> int:
        """Delete matching rows; return how many there were."""
        audited = self.audit.is_on and model.name in _AUDITED
        interested = [hooks for hooks in self.of(model) if hooks.before_delete or hooks.after_delete]
        doomed = await (tables or self._store).rows(model).all(*where) if interested or audited else ()
        for row in doomed:
            await self.after([hooks.before_delete for hooks in interested], row)
        async with self._acting(tables, audited=audited) as (act, there):
            deleted = await there.rows(model).delete(*where)
            for row in doomed:
                await self._afterwards(there, [hooks.after_delete for hooks in interested], row)
                await _record(act, remarks_of_end(row), None, row)
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
        transaction = as_transaction(tables)
        if transaction is None:
            await self.after(effects, row)
        else:
            transaction.after_commit(lambda: self.after(effects, row))


async def _record(act: Act, remarks: Iterable[Remark], kind: EventKind | None, row: Entity) -> None:
    """Record what a write says of itself, or what its caller says it is."""
    if kind is not None and isinstance(row, Account):
        remarks = [Remark(kind=kind, user_id=row.user_id)]
    for remark in remarks:
        await act.record(remark.kind, user_id=remark.user_id, reason=remark.reason, detail=remark.detail)
