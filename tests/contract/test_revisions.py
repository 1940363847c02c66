"""Migrations for those who run them themselves: printed statements, and revisions for Alembic."""

import runpy
from pathlib import Path

import alembic.op
import pytest
import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory

from ostiary.domain.runtime import FrozenRuntime
from ostiary.storage import migrations
from ostiary.storage.migrations.connections import with_connection
from tests.contract.inspection import CORE, use
from tests.contract.places import Place, execute
from tests.contract.rows import SCHEMA


async def test_the_statements_can_be_printed_and_run_by_hand(
    sql_place: Place, empty_database: str, clock: FrozenRuntime
) -> None:
    printed = await migrations.sql(empty_database, SCHEMA)
    assert "CREATE TABLE" in printed
    assert (await migrations.plan(empty_database, SCHEMA)).additions != ()
    await execute(empty_database, *(each for each in printed.split(";") if each.strip()))
    assert (await migrations.plan(empty_database, SCHEMA)).differences == ()
    await use(empty_database, SCHEMA, clock)


async def test_a_revision_can_be_written_and_run_by_alembic(
    sql_place: Place, empty_database: str, tmp_path: Path, clock: FrozenRuntime
) -> None:
    written = await migrations.write(empty_database, CORE, tmp_path / "versions")
    assert written is not None
    await run_revision(empty_database, written)
    assert (await migrations.plan(empty_database, CORE)).differences == ()
    await use(empty_database, CORE, clock)
    following = await migrations.write(empty_database, SCHEMA, tmp_path / "versions")
    assert following is not None
    await run_revision(empty_database, following)
    assert (await migrations.plan(empty_database, SCHEMA)).differences == ()
    assert await migrations.write(empty_database, SCHEMA, tmp_path / "versions") is None
    history = ScriptDirectory(str(tmp_path), version_locations=[str(tmp_path / "versions")])
    assert [script.down_revision for script in history.walk_revisions()] == [
        runpy.run_path(str(written))["revision"],
        None,
    ]


async def run_revision(url: str, path: Path) -> None:
    """Run a revision's upgrade as Alembic does; it needs nothing of ours."""
    revision = runpy.run_path(str(path))
    assert [name for name in revision if "ostiary" in str(getattr(revision[name], "__module__", ""))] == []

    def upgrade(connection: sa.Connection) -> None:
        with Operations.context(MigrationContext.configure(connection)):
            assert alembic.op.get_context() is not None
            revision["upgrade"]()

    await with_connection(url, upgrade, locked=True)
    with pytest.raises(RuntimeError):
        revision["downgrade"]()


async def test_a_revision_joins_the_history_of_an_environment(empty_database: str, tmp_path: Path) -> None:
    environment = tmp_path / "alembic"
    (environment / "versions").mkdir(parents=True)
    (environment / "env.py").write_text("")
    (environment / "script.py.mako").write_text(
        "revision = ${repr(up_revision)}\ndown_revision = ${repr(down_revision)}\n"
    )
    (environment / "versions" / "first.py").write_text('revision = "first"\ndown_revision = None\n')
    written = await migrations.write(empty_database, CORE, environment)
    assert written is not None
    assert written.parent == environment / "versions"
    assert "down_revision = 'first'" in written.read_text()
