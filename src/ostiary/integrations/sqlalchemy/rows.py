"""Sessions for the rows of whoever calls: the engine in, one session per owner out."""

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Annotated, Any, Final

from fastapi import Depends, FastAPI
from sqlalchemy import Engine
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.orm import Session
from starlette.requests import HTTPConnection

from ostiary.domain.errors import ConfigurationError
from ostiary.integrations.fastapi import CurrentUser
from ostiary.integrations.sqlalchemy.sessions import OwnSession

_STATE: Final = "ostiary_own_rows"


class _Rows:
    """What sessions of either kind are made with."""

    def __init__(self, *, id_type: Callable[[str], object], row_level_security: bool) -> None:
        self._id_type = id_type
        self._row_level_security = row_level_security

    def install(self, app: FastAPI) -> None:
        """Let the application's routes ask for the rows of whoever calls."""
        setattr(app.state, _STATE, self)

    def _parts(self, user_id: str, more: dict[str, Any]) -> dict[str, Any]:
        owner = self._id_type(user_id)
        return {**more, "owner": owner, "tell_database": self._row_level_security}


class OwnRows(_Rows):
    """Opens asynchronous sessions that see one user's rows."""

    def __init__(
        self,
        engine: AsyncEngine,
        *,
        id_type: Callable[[str], object] = str,
        row_level_security: bool = False,
    ) -> None:
        """`id_type` makes the owner's column of a user's id: `int` or `UUID` where it is not text.

        `row_level_security` names the owner to PostgreSQL, whose policies then restrict the rows as well.
        """
        super().__init__(id_type=id_type, row_level_security=row_level_security)
        self.engine: Final = engine

    def of(self, user_id: str, **more: Any) -> AsyncSession:
        """Open a session for the rows of a user; `more` is for `AsyncSession`."""
        return AsyncSession(self.engine, sync_session_class=OwnSession, **self._parts(user_id, more))


class SyncOwnRows(_Rows):
    """Opens synchronous sessions that see one user's rows."""

    def __init__(
        self, engine: Engine, *, id_type: Callable[[str], object] = str, row_level_security: bool = False
    ) -> None:
        """Take what `OwnRows` takes, with a synchronous engine."""
        super().__init__(id_type=id_type, row_level_security=row_level_security)
        self.engine: Final = engine

    def of(self, user_id: str, **more: Any) -> OwnSession:
        """Open a session for the rows of a user; `more` is for `Session`."""
        return OwnSession(self.engine, **self._parts(user_id, more))


async def _callers_rows(connection: HTTPConnection, user: CurrentUser) -> AsyncIterator[AsyncSession]:
    """Commit where the route returns; roll back where it raises."""
    rows = getattr(connection.app.state, _STATE, None)
    if not isinstance(rows, OwnRows):
        raise ConfigurationError("this application knows no own rows: call `OwnRows(engine).install(app)`")
    async with rows.of(user.id) as session:
        yield session
        await session.commit()


def _callers_rows_in_a_thread(connection: HTTPConnection, user: CurrentUser) -> Iterator[Session]:
    rows = getattr(connection.app.state, _STATE, None)
    if not isinstance(rows, SyncOwnRows):
        raise ConfigurationError(
            "this application knows no own rows: call `SyncOwnRows(engine).install(app)`"
        )
    with rows.of(user.id) as session:
        yield session
        session.commit()


# scope: the transaction ends before the response begins, so that nobody hears "done" before it is
MyRows = Annotated[AsyncSession, Depends(_callers_rows, scope="function")]
"""A session on the rows of whoever calls, one transaction for each request; 401 where nobody calls."""
SyncMyRows = Annotated[Session, Depends(_callers_rows_in_a_thread, scope="function")]
"""The same for routes that are no coroutines."""
