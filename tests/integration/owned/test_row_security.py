"""S75: policies of PostgreSQL keep the same rule for whatever SQL there is."""

import os
import shutil
import signal
import subprocess
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import URL, delete, func, make_url, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from ostiary.integrations.sqlalchemy import (
    OwnRows,
    policy_gaps,
    policy_statements,
    prove_isolation,
    secure_tables,
)
from tests.contract.places import POSTGRES, param
from tests.failure.parts import family, listens, program, signal_all, wait_until
from tests.integration.cli.conftest import free_port
from tests.integration.owned.models import Project, Remark, Task
from tests.integration.owned.test_isolation import PEOPLE, SAMPLES
from tests.services import as_user

pytestmark = pytest.mark.parametrize("url", [param(POSTGRES)], indirect=True)
TITLES = text("SELECT title FROM owned_task ORDER BY title")


@pytest.fixture
async def application(engine: AsyncEngine, url: str) -> AsyncIterator[AsyncEngine]:
    """Return the engine of a role that is no superuser, with a single connection for everybody."""
    role = f"ostiary_test_{uuid.uuid4().hex[:12]}"
    async with engine.begin() as connection:
        await connection.run_sync(secure_tables, Task, Project)
        await connection.execute(text(f"CREATE ROLE {role} LOGIN"))
        for objects in ("TABLES", "SEQUENCES"):
            await connection.execute(text(f"GRANT ALL ON ALL {objects} IN SCHEMA public TO {role}"))
    address = make_url(url).set(drivername="postgresql+asyncpg", username=role)
    made = create_async_engine(address, pool_size=1, max_overflow=0)
    yield made
    await made.dispose()
    async with engine.begin() as connection:
        await connection.execute(text(f"DROP OWNED BY {role}"))
        await connection.execute(text(f"DROP ROLE {role}"))


async def named(application: AsyncEngine, owner: str | None) -> list[str]:
    """Return the titles that plain SQL finds in a transaction of an owner."""
    async with application.begin() as connection:
        if owner is not None:
            await connection.execute(select(func.set_config("ostiary.user_id", owner, True)))
        return [row.title for row in await connection.execute(TITLES)]


async def test_plain_sql_sees_the_named_owners_rows_only(application: AsyncEngine) -> None:
    assert await named(application, "ada") == ["ada's"]
    assert await named(application, "eve") == ["eve's"]
    assert await named(application, "nobody") == []


async def test_without_a_name_there_are_no_rows(application: AsyncEngine) -> None:
    """The first connection has never heard of the setting; the second has an empty one left over."""
    assert await named(application, None) == []
    assert await named(application, "ada") == ["ada's"]
    assert await named(application, None) == []


async def test_plain_sql_writes_no_foreign_rows(application: AsyncEngine) -> None:
    async with application.connect() as connection:
        await connection.execute(select(func.set_config("ostiary.user_id", "ada", True)))
        changed = await connection.execute(text("UPDATE owned_task SET title = 'x'"))
        assert changed.rowcount == 1
        with pytest.raises(DBAPIError, match="row-level security"):
            await connection.execute(text("UPDATE owned_task SET owner = 'eve'"))


async def test_plain_sql_leads_to_no_foreign_rows(application: AsyncEngine) -> None:
    async with application.connect() as connection:
        await connection.execute(select(func.set_config("ostiary.user_id", "ada", True)))
        await connection.execute(text("UPDATE owned_task SET project_id = 1"))
        with pytest.raises(DBAPIError, match="row-level security"):
            await connection.execute(text("UPDATE owned_task SET project_id = 2"))


async def test_sessions_name_their_owner_in_every_transaction(application: AsyncEngine) -> None:
    """Two people take turns on one connection, as behind a pooler that hands it on between transactions."""
    rows = OwnRows(application, row_level_security=True)
    async with rows.of("ada") as ada, rows.of("eve") as eve:
        for _ in range(2):
            for session, title in ((ada, "ada's"), (eve, "eve's")):
                assert (await session.scalars(select(Task.title))).all() == [title]
                async with session.begin_nested():
                    assert (await session.scalars(select(Project.name))).all() == [title]
                await session.commit()
    assert await named(application, None) == []


@contextmanager
def pooler(url: URL) -> Iterator[URL]:
    """Run PgBouncer in transaction mode with one connection to the database; yield its address."""
    folder, port = Path(tempfile.mkdtemp(prefix="ostiary-pooler-")), free_port()
    settings = folder / "pgbouncer.ini"
    settings.write_text(
        f"[databases]\n{url.database} = host={url.host} port={url.port} user={url.username}\n[pgbouncer]\n"
        f"listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\n"
        "pool_mode = transaction\ndefault_pool_size = 1\n"
    )
    if os.geteuid() == 0:
        for each in (folder, settings):
            shutil.chown(each, "postgres")
    with (folder / "log").open("ab") as log:
        command = [*as_user("postgres"), program("pgbouncer"), "-q", str(settings)]
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
    try:
        wait_until(lambda: listens(port), "PgBouncer does not listen")
        yield url.set(host="127.0.0.1", port=port)
    finally:
        signal_all(family(process.pid), signal.SIGKILL)
        process.wait(30)
        shutil.rmtree(folder)


async def test_people_share_a_connection_behind_a_pooler(application: AsyncEngine) -> None:
    """Each transaction may get a connection that another person's transaction has just left."""
    without_cache = {
        "statement_cache_size": 0,
        "prepared_statement_name_func": lambda: f"p_{uuid.uuid4().hex}",
    }
    with pooler(application.url) as address:
        engine = create_async_engine(address, connect_args=without_cache)
        rows = OwnRows(engine, row_level_security=True)
        async with rows.of("ada") as ada, rows.of("eve") as eve:
            for _ in range(5):
                for session, title in ((ada, "ada's"), (eve, "eve's")):
                    assert (await session.scalars(select(Task.title))).all() == [title]
                    await session.commit()
                assert await named(engine, None) == []
        await engine.dispose()


async def test_owned_models_are_proved_to_be_apart(
    application: AsyncEngine, everything: AsyncSession
) -> None:
    await everything.execute(delete(Remark))
    await everything.commit()
    rows = OwnRows(application, row_level_security=True)
    assert await prove_isolation(rows, owners=PEOPLE, samples=SAMPLES)


async def test_gaps_are_found(engine: AsyncEngine, application: AsyncEngine) -> None:
    async with engine.connect() as connection:
        gaps = await connection.run_sync(policy_gaps, Task)
        assert gaps == [
            "the role sees all rows: it is a superuser or has BYPASSRLS",
            "no policy holds for the table owned_task",
        ]
    async with application.connect() as connection:
        assert await connection.run_sync(policy_gaps, Task, Project) == []


async def test_policies_can_be_put_in_place_again(engine: AsyncEngine, application: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.run_sync(secure_tables, Task, Project)
    assert await named(application, "ada") == ["ada's"]


def test_the_statements_name_the_column_as_it_is_called(url: str) -> None:
    *_, policy = policy_statements(Task)
    assert policy == (
        "CREATE POLICY owned_task_owner ON owned_task "
        "USING (owner = CAST(NULLIF(current_setting('ostiary.user_id', true), '') AS VARCHAR(36))) "
        "WITH CHECK (owner = CAST(NULLIF(current_setting('ostiary.user_id', true), '') AS VARCHAR(36)) "
        "AND (owned_task.project_id IS NULL "
        "OR EXISTS (SELECT 1 FROM project AS led WHERE owned_task.project_id = led.id)))"
    )
