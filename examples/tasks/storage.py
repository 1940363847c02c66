"""Tasks in the database: every statement names the owner, so that nobody reaches somebody else's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    RowMapping,
    String,
    Table,
    Text,
    case,
    delete,
    event,
    func,
    insert,
    inspect,
    make_url,
    select,
    update,
)
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from ostiary.domain.runtime import SystemRuntime

DRIVERS: Final = {"sqlite": "aiosqlite", "postgresql": "asyncpg", "mysql": "asyncmy", "mariadb": "asyncmy"}

metadata = MetaData()

# The auth server's own table, as far as tasks refer to it; `auth.migrate()` makes it.
users = Table(
    "user",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("name", Text),
    Column("email", String(255)),
)

tasks = Table(
    "task",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("user_id", String(36), ForeignKey(users.c.id, ondelete="CASCADE"), nullable=False),
    Column("title", String(200), nullable=False),
    Column("notes", Text, nullable=False),
    Column("done", Boolean, nullable=False),
    Column("created_at", DateTime(timezone=True), default=SystemRuntime().now, nullable=False),
)
Index("task_user_id_id_idx", tasks.c.user_id, tasks.c.id)


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


@dataclass(frozen=True)
class Tasks:
    """The tasks of all people."""

    engine: AsyncEngine

    async def create_table(self) -> None:
        """Make the table where there is none; several processes may start at once."""
        try:
            async with self.engine.begin() as connection:
                await connection.run_sync(tasks.create, checkfirst=True)
        except DBAPIError:
            async with self.engine.connect() as connection:
                if not await connection.run_sync(lambda sync: inspect(sync).has_table(tasks.name)):
                    raise  # it was not another process that made it in the meantime

    async def page(self, owner: str, *, limit: int, offset: int) -> tuple[Sequence[RowMapping], int]:
        """Return some of the owner's tasks, the newest first, and how many there are."""
        mine = tasks.c.user_id == owner
        async with self.engine.connect() as connection:
            total = await connection.scalar(select(func.count()).select_from(tasks).where(mine))
            query = select(tasks).where(mine).order_by(tasks.c.id.desc()).limit(limit).offset(offset)
            return (await connection.execute(query)).mappings().all(), total or 0

    async def by_id(self, owner: str, task_id: int) -> RowMapping | None:
        """Return the owner's task; None if there is none, or if it is somebody else's."""
        async with self.engine.connect() as connection:
            found = await connection.execute(select(tasks).where(*_mine(owner, task_id)))
            return found.mappings().first()

    async def add(self, owner: str, values: Mapping[str, object]) -> RowMapping:
        """Write a new task; raises IntegrityError where the owner is gone."""
        async with self.engine.begin() as connection:
            result = await connection.execute(insert(tasks).values(**values, user_id=owner))
            (task_id,) = result.inserted_primary_key or (None,)
            written = select(tasks).where(tasks.c.id == task_id)
            return (await connection.execute(written)).mappings().one()

    async def change(self, owner: str, task_id: int, values: Mapping[str, object]) -> RowMapping | None:
        """Change the owner's task and return it as it is now; None if there is none."""
        async with self.engine.begin() as connection:
            if values:
                await connection.execute(update(tasks).where(*_mine(owner, task_id)).values(**values))
            found = await connection.execute(select(tasks).where(*_mine(owner, task_id)))
            return found.mappings().first()

    async def remove(self, owner: str, task_id: int) -> bool:
        """Delete the owner's task; tell whether there was one."""
        async with self.engine.begin() as connection:
            return (await connection.execute(delete(tasks).where(*_mine(owner, task_id)))).rowcount > 0

    async def workload(self, limit: int) -> Sequence[RowMapping]:
        """Return how many tasks people have, those with the most first."""
        total = func.count().label("total")
        done = func.sum(case((tasks.c.done, 1), else_=0)).label("done")
        query = (
            select(tasks.c.user_id, users.c.name, users.c.email, total, done)
            .join_from(tasks, users)
            .group_by(tasks.c.user_id, users.c.name, users.c.email)
            .order_by(total.desc(), users.c.email)
        )
        async with self.engine.connect() as connection:
            return (await connection.execute(query.limit(limit))).mappings().all()


def _mine(owner: str, task_id: int) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return tasks.c.id == task_id, tasks.c.user_id == owner
