"""Tasks in the database: they are owned, so that a session of their owner reaches no others."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import (
    DateTime,
    ForeignKey,
    Index,
    RowMapping,
    String,
    Text,
    case,
    event,
    func,
    inspect,
    make_url,
    select,
)
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.pool import ConnectionPoolEntry

from ostiary.domain.runtime import SystemRuntime
from ostiary.integrations.sqlalchemy import Owned

DRIVERS: Final = {"sqlite": "aiosqlite", "postgresql": "asyncpg", "mysql": "asyncmy", "mariadb": "asyncmy"}


class Base(DeclarativeBase):
    """The tables of this application."""


class Person(Base):
    """The auth server's own table, as far as tasks refer to it; `auth.migrate()` makes it."""

    __tablename__ = "user"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    email: Mapped[str] = mapped_column(String(255))


class StoredTask(Owned, Base):
    """A task of one person."""

    __tablename__ = "task"
    __table_args__ = (Index("task_user_id_id_idx", "user_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(String(36), ForeignKey(Person.id, ondelete="CASCADE"))
    title: Mapped[str] = mapped_column(String(200))
    notes: Mapped[str] = mapped_column(Text)
    done: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=SystemRuntime().now)


def open_engine(database_url: str) -> AsyncEngine:
    """Return an engine for the address that Ostiary was given."""
    url = make_url(database_url)
    backend = url.get_backend_name()
    engine = create_async_engine(url.set(drivername=f"{backend}+{DRIVERS[backend]}"), pool_pre_ping=True)
    if backend == "sqlite":
        event.listen(engine.sync_engine, "connect", _keep_foreign_keys)
    return engine


def _keep_foreign_keys(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys = ON")  # SQLite forgets them with every connection
    cursor.close()


async def create_table(engine: AsyncEngine) -> None:
    """Make the table where there is none; several processes may start at once."""
    table = StoredTask.metadata.tables["task"]
    try:
        async with engine.begin() as connection:
            await connection.run_sync(table.create, checkfirst=True)
    except DBAPIError:
        async with engine.connect() as connection:
            if not await connection.run_sync(lambda sync: inspect(sync).has_table(table.name)):
                raise  # it was not another process that made it in the meantime


async def workload(engine: AsyncEngine, limit: int) -> Sequence[RowMapping]:
    """Return how many tasks people have, those with the most first; this is no owner's session."""
    total = func.count(StoredTask.id).label("total")
    done = func.sum(case((StoredTask.done, 1), else_=0)).label("done")
    query = (
        select(StoredTask.user_id, Person.name, Person.email, total, done)
        .join_from(StoredTask, Person)
        .group_by(StoredTask.user_id, Person.name, Person.email)
        .order_by(total.desc(), Person.email)
    )
    async with engine.connect() as connection:
        found: Sequence[RowMapping] = (await connection.execute(query.limit(limit))).mappings().all()
        return found
