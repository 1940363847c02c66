"""What can be read and written, inside a transaction or outside one."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager, nullcontext
from typing import Any, ClassVar, Final, TypeVar

from ostiary.domain.entities import Account, ActiveSession, Entity, Session, User
from ostiary.domain.models import ACCOUNT, SESSION, USER
from ostiary.domain.schema import Model, Schema
from ostiary.storage.effects import Effect, Effects
from ostiary.storage.sql.catalog import Catalog
from ostiary.storage.sql.driver import Connection
from ostiary.storage.sql.locking import LockingRepository
from ostiary.storage.sql.repository import SqlRepository
from ostiary.storage.sql.rows import DriverValue, Row, Rows
from ostiary.storage.store import Credential

E = TypeVar("E", bound=Entity)

_CREDENTIAL: Final = "credential"


class SqlTables:
    """What can be read and written, on one connection or on whichever is free."""

    def __init__(self, catalog: Catalog, connection: Connection) -> None:
        """Read and write through the connection."""
        self.schema: Final[Schema] = catalog.schema
        self._catalog = catalog
        self._connection = connection
        self._repositories: dict[str, SqlRepository[Any]] = {}

    def rows(self, model: Model[E]) -> SqlRepository[E]:
        """Return the repository of a model of the configured schema."""
        known = self._repositories.get(model.name)
        if known is None:
            catalog = self._catalog
            kind = LockingRepository if catalog.dialect == "mysql" else SqlRepository
            rows = catalog.rows[model.name]
            known = kind(rows, catalog.statements, self._connection, serial=catalog.serial)
            self._repositories[model.name] = known
        return known

    async def session_with_user(self, token: str) -> ActiveSession | None:
        """Return the session row of a token joined with its user."""
        sessions: Rows[Session] = self._catalog.rows[SESSION.name]
        users: Rows[User] = self._catalog.rows[USER.name]
        statement = self._catalog.session_with_user
        args = statement.arrange([sessions.match("token", token)])
        found = await self._connection.look_up(statement.sql, args)
        if not found:
            return None
        width = len(sessions.names)
        return ActiveSession(sessions.decode(found[0][:width]), users.decode(found[0][width:]))

    async def credential(self, email: str) -> Credential | None:
        """Return the user with this address and the account that holds the password."""
        users: Rows[User] = self._catalog.rows[USER.name]
        statement = self._catalog.credential
        args = statement.arrange([_CREDENTIAL, users.match("email", email)])
        found = await self._connection.look_up(statement.sql, args)
        return self._credential(found[0]) if found else None

    def _credential(self, row: Row) -> Credential:
        """Read a user, and an account where the row has one."""
        users: Rows[User] = self._catalog.rows[USER.name]
        accounts: Rows[Account] = self._catalog.rows[ACCOUNT.name]
        width = len(users.names)
        user, account = users.decode(row[:width]), row[width:]
        return Credential(user, accounts.decode(account) if account and account[0] is not None else None)


class SqlTransaction(SqlTables):
    """Writes that stand or fall together."""

    def __init__(self, catalog: Catalog, connection: Connection, effects: Effects) -> None:
        """Read and write through one pinned connection."""
        self._guarded = _Guarded(connection)
        super().__init__(catalog, self._guarded)
        self._effects = effects

    @property
    def spoiled(self) -> bool:
        """Whether a statement failed: the database may have undone those before it."""
        return self._guarded.spoiled

    async def hold(self, user_id: str, account_id: str | None = None) -> Credential | None:
        """Return a user, and the account named, under a lock that others may share but not write through."""
        rows, args = self._catalog.rows, [self._catalog.rows[USER.name].match("id", user_id)]
        statement = self._catalog.held_user
        if account_id is not None:
            statement = self._catalog.held_account
            args.append(rows[ACCOUNT.name].match("id", account_id))
        found = await self._connection.fetch(statement.sql, statement.arrange(args))
        return self._credential(found[0]) if found else None

    def before_commit(self, effect: Effect) -> None:
        """Run an effect once everything is written, and before it is durable."""
        self._effects.before.append(effect)

    def after_commit(self, effect: Effect) -> None:
        """Run an effect once the writes are durable."""
        self._effects.after.append(effect)

    def after_rollback(self, effect: Effect) -> None:
        """Run an effect once the writes are undone."""
        self._effects.undoing.append(effect)


class _Guarded:
    """A pinned connection that remembers whether a statement failed."""

    pinned: ClassVar = True

    def __init__(self, connection: Connection) -> None:
        self.spoiled = False
        self._connection = connection

    async def fetch(self, sql: str, args: Sequence[DriverValue]) -> Sequence[Row]:
        with self._watched():
            return await self._connection.fetch(sql, args)

    async def look_up(self, sql: str, args: Sequence[DriverValue]) -> Sequence[Row]:
        with self._watched():
            return await self._connection.look_up(sql, args)

    async def change(self, sql: str, args: Sequence[DriverValue]) -> Sequence[Row]:
        with self._watched():
            return await self._connection.change(sql, args)

    async def execute(self, sql: str, args: Sequence[DriverValue]) -> int:
        with self._watched():
            return await self._connection.execute(sql, args)

    def transaction(self) -> AbstractAsyncContextManager[Connection]:
        return nullcontext(self)

    @contextmanager
    def _watched(self) -> Iterator[None]:
        try:
            yield
        except Exception:
            self.spoiled = True
            raise
