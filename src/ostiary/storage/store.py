"""The port to the database: repositories of entities, atomic verbs, transactions."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol, TypeVar, cast

from ostiary.domain.entities import Account, ActiveSession, Entity, User
from ostiary.domain.schema import Changes, Condition, Field, Model, Schema

E = TypeVar("E", bound=Entity)


@dataclass(frozen=True, slots=True)
class OrderBy:
    """The sort key of a listing."""

    field: Field[Any]
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Credential:
    """A user together with an account, if there is one: above all the one that holds the password."""

    user: User
    account: Account | None


@dataclass(frozen=True, slots=True)
class Hit:
    """The answer of a rate limiter: allowed, or refused for `retry_after`."""

    allowed: bool
    retry_after: timedelta = timedelta(0)


class Repository(Protocol[E]):
    """The rows of one table. Every verb is one atomic step; conditions are joined by AND.

    Any verb raises InvalidValue for a value that its column cannot hold, written or compared with, for a
    reference to a row that does not exist, and for a required value that is missing. Text is compared byte by
    byte; in searches (contains, starts_with, ends_with) the database decides whether case matters. An
    identifier that cannot exist matches nothing.
    """

    async def insert(self, entity: E) -> E:
        """Write a new row and return it as stored (a serial id is assigned by the database).

        Raises AlreadyExists where a unique value is taken; then nothing was written.
        """
        ...

    async def first(self, *where: Condition, order_by: OrderBy | None = None) -> E | None:
        """Return one matching row, the first in the order; None if there is none."""
        ...

    async def all(
        self, *where: Condition, order_by: OrderBy | None = None, limit: int = 100, offset: int = 0
    ) -> Sequence[E]:
        """Return matching rows, at most `limit` of them."""
        ...

    async def count(self, *where: Condition) -> int:
        """Return how many rows match."""
        ...

    async def update(self, changes: Changes, *where: Condition) -> E | None:
        """Change the one row that matches and return it as it is now; None if nothing matched.

        A condition on the old value makes it compare-and-swap: of two who race, one gets None.
        """
        ...

    async def update_all(self, changes: Changes, *where: Condition) -> int:
        """Change every matching row; return how many there were."""
        ...

    async def increment(
        self, field: Field[int], *where: Condition, by: int = 1, changes: Changes | None = None
    ) -> E | None:
        """Add to a counter of the one row that matches, with further changes in the same statement.

        Returns the row as it is now; None if nothing matched (a limit in the conditions holds under races).
        """
        ...

    async def delete(self, *where: Condition) -> int:
        """Delete matching rows; return how many there were. At least one condition is required."""
        ...

    async def consume(self, *where: Condition, newest: Field[Any] | None = None) -> E | None:
        """Delete every matching row and return the newest of them, exactly once.

        A second call, or the loser of a race, gets None.
        """
        ...


class Tables(Protocol):
    """What can be read and written, inside a transaction or outside one."""

    @property
    def schema(self) -> Schema:
        """The configured tables."""
        ...

    def rows(self, model: Model[E]) -> Repository[E]:
        """Return the repository of a model of the configured schema."""
        ...

    async def session_with_user(self, token: str) -> ActiveSession | None:
        """Return the session row of a token joined with its user, expired or not; None if unknown."""
        ...

    async def credential(self, email: str) -> Credential | None:
        """Return the user with this (lower-case) address and its `credential` account; None if unknown."""
        ...


class Transaction(Tables, Protocol):
    """Writes that stand or fall together."""

    async def hold(self, user_id: str, account_id: str | None = None) -> Credential | None:
        """Return a user, and the account named, as they are now; until the end nobody changes either.

        Waits for a transaction that is changing one of them. None where one of them is gone.
        """
        ...

    def before_commit(self, effect: Callable[[], Awaitable[None]]) -> None:
        """Run an effect once everything is written; what it raises rolls the writes back.

        For an end that must not be missed: whoever dies after it has ended too much, not too little.
        """
        ...

    def after_commit(self, effect: Callable[[], Awaitable[None]]) -> None:
        """Run an effect once the writes are durable; never if they are rolled back."""
        ...

    def after_rollback(self, effect: Callable[[], Awaitable[None]]) -> None:
        """Run an effect once the writes are undone, or may be; its failure is logged."""
        ...


def as_transaction(tables: Tables | None) -> Transaction | None:
    """Return the tables if they are a transaction, whose effects wait for its commit; else None."""
    # told by its verb: `isinstance` asks a protocol for every member, at each write
    return cast("Transaction", tables) if hasattr(tables, "after_commit") else None


class Store(Tables, Protocol):
    """The database. A statement outside a transaction is durable when its call returns.

    Raises StorageUnavailable from any verb where the database does not answer.
    """

    def transaction(self, lock: str | None = None) -> AbstractAsyncContextManager[Transaction]:
        """Open a transaction: commits at the end of the block, rolls back on an exception.

        With a lock it waits until no other transaction holds one of that name, in this process or another.

        A statement that fails spoils the transaction, even where its exception is caught: then the end of
        the block rolls back and raises RuntimeError. Catch AlreadyExists around the block, not inside it.
        """
        ...

    async def hit(self, key: str, maximum: int, window: timedelta, now_ms: int) -> Hit:
        """Count one use of a key in the `rateLimit` table, atomically across processes.

        Refused while `maximum` uses were counted and less than `window` passed since the last accepted one;
        each accepted use restarts the window, a pause of `window` restarts the count.
        """
        ...

    async def ping(self) -> None:
        """Ask the database for a sign of life."""
        ...

    async def close(self) -> None:
        """Return every connection."""
        ...
