"""Where sessions are kept: in the database, or in the key-value store in Better Auth's layout."""

from collections.abc import Sequence
from typing import Protocol

from ostiary.domain.entities import ActiveSession, Session, User
from ostiary.domain.models import SESSION, SessionFields
from ostiary.domain.schema import Changes
from ostiary.storage.store import Store, Tables

MOST_LISTED = 100
MOST_ENDED = 100_000
"""Sessions of one person that end at once: all of them, and yet a bound."""


class SessionStore(Protocol):
    """The sessions of all users. `tables` is the transaction a write belongs to, if any."""

    async def insert(
        self, session: Session, user: User, tables: Tables | None = None, *, at_once: bool = False
    ) -> Session:
        """Keep a new session.

        Where it is not kept in the database it waits for the commit, unless `at_once`: then whoever waits for
        a row that the transaction holds finds the session.
        """
        ...

    async def find(self, token: str) -> ActiveSession | None:
        """Return the session of a token with its user, expired or not; None if unknown."""
        ...

    async def update(self, token: str, changes: Changes) -> Session | None:
        """Change a session; None if it is gone."""
        ...

    async def delete(self, token: str, tables: Tables | None = None) -> Session | None:
        """Forget a session; return what it was, None if it was unknown."""
        ...

    async def delete_of_user(
        self, user_id: str, *, keep: str | None = None, tables: Tables | None = None
    ) -> Sequence[Session]:
        """Forget all sessions of a user but the one to keep; return those that went."""
        ...

    async def of_user(self, user_id: str) -> Sequence[Session]:
        """Return the sessions of a user, the oldest first, at most 100."""
        ...

    async def user_changed(self, user_id: str) -> None:
        """Bring copies of a user up to date with the row; nobody who races leaves an older one."""
        ...


class TableSessions:
    """Sessions in the database."""

    def __init__(self, store: Store) -> None:
        """Keep sessions in the `session` table."""
        self._store = store

    async def insert(
        self, session: Session, user: User, tables: Tables | None = None, *, at_once: bool = False
    ) -> Session:
        """Write a row."""
        del user, at_once
        return await (tables or self._store).rows(SESSION).insert(session)

    async def find(self, token: str) -> ActiveSession | None:
        """Read session and user in one statement."""
        return await self._store.session_with_user(token)

    async def update(self, token: str, changes: Changes, tables: Tables | None = None) -> Session | None:
        """Change the row of a token."""
        return await (tables or self._store).rows(SESSION).update(changes, SessionFields.TOKEN.equals(token))

    async def delete(self, token: str, tables: Tables | None = None) -> Session | None:
        """Delete the row of a token."""
        return await (tables or self._store).rows(SESSION).consume(SessionFields.TOKEN.equals(token))

    async def delete_of_user(
        self, user_id: str, *, keep: str | None = None, tables: Tables | None = None
    ) -> Sequence[Session]:
        """Delete the rows of a user."""
        where = [SessionFields.USER_ID.equals(user_id)]
        if keep is not None:
            where.append(SessionFields.TOKEN.differs(keep))
        rows = (tables or self._store).rows(SESSION)
        doomed = await rows.all(*where, limit=MOST_ENDED)
        await rows.delete(*where)
        return doomed

    async def of_user(self, user_id: str) -> Sequence[Session]:
        """Read the rows of a user."""
        rows = await self._store.rows(SESSION).all(SessionFields.USER_ID.equals(user_id), limit=MOST_LISTED)
        # sorted here, where sessions of one moment keep the order in which they were written
        return sorted(rows, key=lambda session: session.created_at)

    async def user_changed(self, user_id: str) -> None:
        """Do nothing: the join always sees the user as it is."""
