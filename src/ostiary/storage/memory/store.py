"""The Store port in the memory of one process."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final, TypeVar

from ostiary.domain.entities import ActiveSession, Entity
from ostiary.domain.errors import StorageUnavailable
from ostiary.domain.models import (
    ACCOUNT,
    ID,
    RATE_LIMIT,
    SESSION,
    USER,
    AccountFields,
    SessionFields,
    UserFields,
)
from ostiary.domain.runtime import Runtime
from ostiary.domain.schema import Model, Schema
from ostiary.storage.effects import Effect, Effects
from ostiary.storage.memory.repository import MemoryRepository
from ostiary.storage.memory.tables import MemoryTables, stored_form, with_changes
from ostiary.storage.store import Credential, Hit, Transaction

E = TypeVar("E", bound=Entity)

_PATIENCE: Final = 5.0  # seconds a write waits for a transaction of somebody else
_CREDENTIAL: Final = "credential"


class MemoryTransaction:
    """Writes on a copy that nobody sees before the end."""

    def __init__(self, tables: MemoryTables, effects: Effects) -> None:
        """Work on these tables."""
        self.schema: Final[Schema] = tables.schema
        self._effects = effects
        self.spoiled = False
        self.tables: Final = tables

    def rows(self, model: Model[E]) -> MemoryRepository[E]:
        """Return the repository of a model, inside the transaction."""
        return MemoryRepository(self.schema[model], lambda: self.tables, self._writing)

    async def session_with_user(self, token: str) -> ActiveSession | None:
        """Return a session with its user."""
        session = await self.rows(SESSION).first(SessionFields.TOKEN.equals(token))
        user = session and await self.rows(USER).first(ID.equals(session.user_id))
        return ActiveSession(session, user) if session and user else None

    async def credential(self, email: str) -> Credential | None:
        """Return a user with the account that holds the password."""
        user = await self.rows(USER).first(UserFields.EMAIL.equals(email))
        if user is None:
            return None
        of_user = (AccountFields.USER_ID.equals(user.id), AccountFields.ACCOUNT_ID.equals(user.id))
        is_credential = AccountFields.PROVIDER_ID.equals(_CREDENTIAL)
        return Credential(user, await self.rows(ACCOUNT).first(*of_user, is_credential))

    async def hold(self, user_id: str, account_id: str | None = None) -> Credential | None:
        """Return a user, and the account named: nobody else writes before the end."""
        user = await self.rows(USER).first(ID.equals(user_id))
        if user is None or account_id is None:
            return None if user is None else Credential(user, None)
        of_user = AccountFields.USER_ID.equals(user_id)
        account = await self.rows(ACCOUNT).first(ID.equals(account_id), of_user)
        return None if account is None else Credential(user, account)

    def before_commit(self, effect: Effect) -> None:
        """Run an effect once everything is written, and before it is durable."""
        self._effects.before.append(effect)

    def after_commit(self, effect: Effect) -> None:
        """Run an effect once the writes are durable."""
        self._effects.after.append(effect)

    def after_rollback(self, effect: Effect) -> None:
        """Run an effect once the writes are undone."""
        self._effects.undoing.append(effect)

    @asynccontextmanager
    async def _writing(self) -> AsyncGenerator[MemoryTables]:
        try:
            yield self.tables
        except Exception:
            self.spoiled = True
            raise


class MemoryStore:
    """A Store for one process and for tests: everything is forgotten with it."""

    def __init__(self, schema: Schema, runtime: Runtime) -> None:
        """Start with empty tables."""
        self.schema: Final = schema
        self._runtime = runtime
        self._tables = MemoryTables(schema)
        self._turn = asyncio.Lock()

    def rows(self, model: Model[E]) -> MemoryRepository[E]:
        """Return the repository of a model."""
        return MemoryRepository(self.schema[model], lambda: self._tables, self._writing)

    async def session_with_user(self, token: str) -> ActiveSession | None:
        """Return a session with its user."""
        return await MemoryTransaction(self._tables, Effects()).session_with_user(token)

    async def credential(self, email: str) -> Credential | None:
        """Return a user with the account that holds the password."""
        return await MemoryTransaction(self._tables, Effects()).credential(email)

    @asynccontextmanager
    async def transaction(self, lock: str | None = None) -> AsyncGenerator[Transaction]:
        """Work on a copy, one at a time, and let it take the tables' place at the end."""
        del lock
        effects = Effects()
        try:
            async with self._writing() as tables:
                transaction = MemoryTransaction(tables.copied(), effects)
                yield transaction
                await effects.prepare(spoiled=transaction.spoiled)
                self._tables = transaction.tables
        except BaseException:
            await effects.undo()
            raise
        await effects.finish()

    async def hit(self, key: str, maximum: int, window: timedelta, now_ms: int) -> Hit:
        """Count one use of a key."""
        length = window // timedelta(milliseconds=1)
        async with self._writing() as tables:
            model = self.schema[RATE_LIMIT]
            known = next((row for row in tables.of(model).values() if row.key == key), None)
            if known is None:
                values = {"key": key, "count": 1, "lastRequest": now_ms}
                tables.insert(model, stored_form(model, self._runtime.new_id(), values))
                return Hit(allowed=True)
            rested = now_ms - known.last_request >= length
            if not rested and known.count >= maximum:
                return Hit(
                    allowed=False, retry_after=timedelta(milliseconds=known.last_request + length - now_ms)
                )
            counted = {"count": 1 if rested else known.count + 1, "lastRequest": now_ms}
            tables.replace(model, [with_changes(model, known, counted)])
            return Hit(allowed=True)

    async def ping(self) -> None:
        """Memory always answers."""

    async def close(self) -> None:
        """There is nothing to return; what was stored stays until the process ends."""

    @asynccontextmanager
    async def _writing(self) -> AsyncGenerator[MemoryTables]:
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._turn.acquire()
        except TimeoutError as error:
            raise StorageUnavailable("another transaction holds the database") from error
        try:
            yield self._tables
        finally:
            self._turn.release()
