"""Databases that are made, adopted, extended, compared and refused, and never rebuilt."""

import asyncio
import runpy
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import alembic.op
import pytest
import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory

from ostiary.domain.errors import ConfigurationError
from ostiary.domain.models import ACCOUNT, RATE_LIMIT, SESSION, USER, VERIFICATION
from ostiary.domain.runtime import FrozenRuntime
from ostiary.domain.schema import Field, Index, Reference, Schema
from ostiary.storage import migrations
from ostiary.storage.migrations import MigrationRefused
from ostiary.storage.migrations.connections import with_connection
from ostiary.storage.sql import SqlStore, open_store
from ostiary.storage.sql.tables import index_name
from tests.contract import processes
from tests.contract.places import POSTGRES, SQL_PLACES, Place, execute, fetch, param
from tests.contract.rows import ADDED, NICKNAME, SCHEMA, a_session, a_user, an_account

DATA = Path(__file__).parent / "data"
CORE = Schema((USER, SESSION, ACCOUNT, VERIFICATION))
TABLES = ("user", "session", "account", "verification", "rateLimit")


def quoted(place: Place, statement: str) -> str:
    """Write names in double quotes as the database wants them."""
    return statement.replace('"', "`") if place.name == "mariadb" else statement


async def made_by_node(place: Place, url: str, kind: str = "text") -> None:
    """Make the tables that a Node server makes."""
    dialect = "mysql" if place.name == "mariadb" else place.name
    statements = (DATA / f"better-auth-1.7.7-{dialect}-{kind}.sql").read_text().split(";")
    await execute(url, *(statement for statement in statements if statement.strip()))


async def shape(place: Place, url: str) -> object:
    """Return everything a database says about its tables."""

    def described(connection: sa.Connection) -> object:
        inspector = sa.inspect(connection)
        return {
            table: (
                [str(column) for column in inspector.get_columns(table)],
                sorted(map(str, inspector.get_indexes(table))),
                sorted(map(str, inspector.get_unique_constraints(table))),
                sorted(map(str, inspector.get_foreign_keys(table))),
            )
            for table in inspector.get_table_names()
        }

    return await with_connection(url, described)


async def use(url: str, schema: Schema, clock: FrozenRuntime, **extra: Any) -> None:
    """Sign somebody up and read it back."""
    store = open_store(url, schema, clock)
    user = await store.rows(USER).insert(a_user(row_id=clock.new_id(), **extra))
    await store.rows(SESSION).insert(a_session(user, id=clock.new_id()))
    await store.rows(ACCOUNT).insert(an_account(user, id=clock.new_id()))
    found = await store.session_with_user("token")
    assert found is not None
    assert found.user == user
    assert await store.credential(user.email) is not None
    await store.close()


async def test_an_empty_database_gets_every_table(empty_database: str, clock: FrozenRuntime) -> None:
    done = await migrations.apply(empty_database, SCHEMA)
    assert done.additions[:5] == tuple(f"table {name}" for name in TABLES)
    assert set(done.additions[5:]) == {
        "index session_userId_idx",
        "index account_userId_idx",
        "index verification_identifier_idx",
    }
    assert (await migrations.plan(empty_database, SCHEMA)).differences == ()
    await use(empty_database, SCHEMA, clock, nickname="x")


async def test_migrating_again_changes_nothing(sql_place: Place, empty_database: str) -> None:
    await migrations.apply(empty_database, SCHEMA)
    before = await shape(sql_place, empty_database)
    assert (await migrations.apply(empty_database, SCHEMA)).additions == ()
    assert await shape(sql_place, empty_database) == before


@pytest.mark.parametrize("kind", ["text", "uuid", "serial"])
async def test_a_database_that_node_made_is_adopted_with_nothing_changed(
    sql_place: Place, empty_database: str, kind: Any, clock: FrozenRuntime
) -> None:
    await made_by_node(sql_place, empty_database, kind)
    schema = replace(SCHEMA, id_type=kind)
    before = await shape(sql_place, empty_database)
    assert (await migrations.plan(empty_database, schema)).differences == ()
    assert (await migrations.apply(empty_database, schema)).additions == ()
    assert await migrations.sql(empty_database, schema) == ""
    assert await shape(sql_place, empty_database) == before
    if kind == "uuid":
        clock._new_id = lambda: "7d444840-9dc0-11d1-b245-5ffdce74fad2"
    await use(empty_database, schema, clock)


@pytest.mark.parametrize("kind", ["text", "uuid", "serial"])
async def test_our_tables_are_those_that_node_makes(
    sql_place: Place, empty_database: str, second_database: str, kind: Any
) -> None:
    """Columns, types, defaults, keys, references and indexes alike, by the database's own account."""
    await made_by_node(sql_place, second_database, kind)
    await migrations.apply(empty_database, replace(SCHEMA, id_type=kind))
    ours, theirs = [await portrait(url) for url in (empty_database, second_database)]
    assert ours == theirs


def references(connection: sa.Connection, table: str) -> list[tuple[object, ...]]:
    """Return what a table refers to; SQLAlchemy does not read every spelling that SQLite keeps."""
    if connection.dialect.name == "sqlite":
        rows = connection.exec_driver_sql(f'PRAGMA foreign_key_list("{table}")').mappings()
        return sorted((row["from"], row["table"], row["to"], row["on_delete"]) for row in rows)
    keys = sa.inspect(connection).get_foreign_keys(table)
    return sorted(
        (each["constrained_columns"], each["referred_table"], str(each["options"])) for each in keys
    )


async def portrait(url: str) -> dict[str, object]:
    """Return what two databases must have in common to be the same to both servers."""
    known = {*TABLES}

    def column(each: Any) -> tuple[object, ...]:
        kind = str(each["type"]).split(" COLLATE")[0]
        return each["name"], kind, each["nullable"], str(each["default"]).replace("pg_catalog.", "")

    def described(connection: sa.Connection) -> dict[str, object]:
        inspector = sa.inspect(connection)
        automatic: Any = {"include_auto_indexes": True} if connection.dialect.name == "sqlite" else {}
        mine = {field.column_name for model in SCHEMA.models for field in model.fields} | {"id"}
        return {
            table: {
                "columns": sorted(
                    column(each) for each in inspector.get_columns(table) if each["name"] in mine
                ),
                "key": inspector.get_pk_constraint(table)["constrained_columns"],
                "unique": sorted(
                    each["column_names"]
                    for each in inspector.get_indexes(table, **automatic)
                    if each["unique"] and set(each["column_names"]) <= mine - {"id"}
                ),
                "indexes": sorted(
                    (each["name"], each["column_names"])
                    for each in inspector.get_indexes(table)
                    if not each["unique"]
                ),
                "references": references(connection, table),
            }
            for table in inspector.get_table_names()
            if table in known
        }

    return await with_connection(url, described)


async def test_foreign_tables_and_columns_are_left_alone(sql_place: Place, empty_database: str) -> None:
    await execute(
        empty_database,
        quoted(sql_place, 'CREATE TABLE "orders" ("id" INTEGER PRIMARY KEY, "total" INTEGER NOT NULL)'),
    )
    await migrations.apply(empty_database, SCHEMA)
    await execute(empty_database, quoted(sql_place, 'ALTER TABLE "user" ADD COLUMN "shoeSize" INTEGER'))
    assert (await migrations.plan(empty_database, SCHEMA)).differences == ()
    assert await fetch(empty_database, quoted(sql_place, 'SELECT "total" FROM "orders"')) == []


async def test_a_new_plugins_columns_are_added_to_people_who_are_there(
    sql_place: Place, empty_database: str, clock: FrozenRuntime
) -> None:
    await migrations.apply(empty_database, CORE)
    await use(empty_database, CORE, clock)
    added = await migrations.apply(empty_database, SCHEMA)
    assert {f"column user.{field.name}" for field in ADDED} <= set(added.additions)
    assert "index user_code_uidx" in added.additions
    assert (await migrations.plan(empty_database, SCHEMA)).differences == ()
    store = open_store(empty_database, SCHEMA, clock)
    found = await store.session_with_user("token")
    assert found is not None
    assert (found.user.extra["score"], found.user.extra["vip"], found.user[NICKNAME]) == (0, False, None)
    await store.close()


async def test_a_column_that_refers_and_an_index_over_two_are_added(
    sql_place: Place, empty_database: str, clock: FrozenRuntime
) -> None:
    await migrations.apply(empty_database, CORE)
    await use(empty_database, CORE, clock)
    mentor = Field[str | None](name="mentorId", references=Reference("user"), required=False, index=True)
    session = replace(SESSION, indexes=(Index(fields=("userId", "expiresAt")),))
    schema = Schema((USER.extended([mentor]), session, ACCOUNT, VERIFICATION))
    added = await migrations.apply(empty_database, schema)
    assert added.additions == (
        "column user.mentorId",
        "index user_mentorId_idx",
        "index session_userId_expiresAt_idx",
    )
    assert (await migrations.plan(empty_database, schema)).differences == ()


async def test_a_required_column_without_a_default_is_refused_where_there_are_people(
    empty_database: str, clock: FrozenRuntime
) -> None:
    schema = Schema((USER.extended([Field[str](name="taxNumber")]), SESSION, ACCOUNT, VERIFICATION))
    await migrations.apply(empty_database, CORE)
    assert (await migrations.plan(empty_database, schema)).refusals == ()
    await use(empty_database, CORE, clock)
    with pytest.raises(MigrationRefused, match=r"user\.taxNumber is required .* add it as nullable"):
        await migrations.apply(empty_database, schema)
    [refusal] = (await migrations.plan(empty_database, schema)).refusals
    assert "user.taxNumber" in refusal


async def test_nothing_is_applied_where_anything_is_refused(sql_place: Place, empty_database: str) -> None:
    await migrations.apply(empty_database, CORE)
    await execute(
        empty_database,
        quoted(sql_place, 'ALTER TABLE "session" DROP COLUMN "userAgent"'),
        quoted(sql_place, 'ALTER TABLE "session" ADD COLUMN "userAgent" INTEGER'),
    )
    before = await shape(sql_place, empty_database)
    with pytest.raises(
        MigrationRefused, match=r"session\.userAgent is INTEGER where the configuration keeps a text"
    ):
        await migrations.apply(empty_database, SCHEMA)
    assert await shape(sql_place, empty_database) == before


@pytest.mark.parametrize(
    ("column", "wrong", "expected"),
    [
        ("ipAddress", "INTEGER", "text"),
        ("ipAddress", "TIMESTAMP NULL", "text"),
        ("expiresAt", "BOOLEAN", "date"),
    ],
)
async def test_a_column_of_another_kind_is_named(
    sql_place: Place, empty_database: str, column: str, wrong: str, expected: str
) -> None:
    await migrations.apply(empty_database, CORE)
    await execute(
        empty_database,
        quoted(sql_place, f'ALTER TABLE "session" DROP COLUMN "{column}"'),
        quoted(sql_place, f'ALTER TABLE "session" ADD COLUMN "{column}" {wrong}'),
    )
    [refusal] = (await migrations.plan(empty_database, CORE)).refusals
    assert f"session.{column} is " in refusal
    assert refusal.endswith(f"keeps a {expected}")


async def test_a_required_column_nobody_fills_is_refused_with_the_cure(
    sql_place: Place, empty_database: str
) -> None:
    await migrations.apply(empty_database, CORE)
    await execute(empty_database, quoted(sql_place, 'DROP TABLE "account"'))
    account = ACCOUNT.extended([Field[str](name="branch")])
    await migrations.apply(empty_database, Schema((USER, SESSION, account, VERIFICATION)))
    [refusal] = (await migrations.plan(empty_database, CORE)).refusals
    assert refusal.startswith("column account.branch is NOT NULL without a default")
    await execute(empty_database, *refusal.partition("run: ")[2].split("; "))
    assert (await migrations.plan(empty_database, CORE)).differences == ()


async def test_the_issuer_of_better_auth_1_7_0_is_refused_with_its_own_cure(
    sql_place: Place, empty_database: str, clock: FrozenRuntime
) -> None:
    await migrations.apply(empty_database, CORE)
    await execute(empty_database, quoted(sql_place, 'DROP TABLE "account"'))
    older = ACCOUNT.extended([Field[str](name="issuer")])
    await migrations.apply(empty_database, Schema((USER, SESSION, older, VERIFICATION)))
    with pytest.raises(MigrationRefused, match=r"account\.issuer .* Better Auth 1\.7\.0 to 1\.7\.2"):
        await migrations.apply(empty_database, CORE)
    [refusal] = (await migrations.plan(empty_database, CORE)).refusals
    await execute(empty_database, *refusal.partition("run: ")[2].split("; "))
    assert (await migrations.plan(empty_database, CORE)).differences == ()
    await use(empty_database, CORE, clock)


async def test_a_column_that_must_not_be_empty_where_we_leave_it_so_is_named(
    sql_place: Place, empty_database: str
) -> None:
    strict = replace(
        SESSION,
        fields=tuple(
            replace(each, required=True) if each.name == "userAgent" else each for each in SESSION.fields
        ),
    )
    await migrations.apply(empty_database, Schema((USER, strict, ACCOUNT, VERIFICATION)))
    [refusal] = (await migrations.plan(empty_database, CORE)).refusals
    assert refusal.startswith("column session.userAgent is NOT NULL")


async def test_a_lost_index_is_missed_and_made_again(sql_place: Place, empty_database: str) -> None:
    await migrations.apply(empty_database, CORE)
    of = ' ON "verification"' if sql_place.name == "mariadb" else ""
    await execute(empty_database, quoted(sql_place, f'DROP INDEX "verification_identifier_idx"{of}'))
    assert (await migrations.plan(empty_database, CORE)).differences == (
        "missing index verification_identifier_idx",
    )
    await migrations.apply(empty_database, CORE)
    assert (await migrations.plan(empty_database, CORE)).differences == ()


async def test_an_index_of_another_name_does_as_well(sql_place: Place, empty_database: str) -> None:
    await migrations.apply(empty_database, CORE)
    of = ' ON "verification"' if sql_place.name == "mariadb" else ""
    await execute(
        empty_database,
        quoted(sql_place, f'DROP INDEX "verification_identifier_idx"{of}'),
        quoted(sql_place, 'CREATE INDEX "ours" ON "verification" ("identifier", "expiresAt")'),
    )
    assert (await migrations.plan(empty_database, CORE)).differences == ()


async def test_two_people_with_one_address_keep_it_from_becoming_unique(
    sql_place: Place, empty_database: str
) -> None:
    """An index that cannot be made is an error, and the rest of the migration does not pretend otherwise."""
    plain = replace(
        USER,
        fields=tuple(replace(each, unique=False) if each.name == "email" else each for each in USER.fields),
    )
    await migrations.apply(empty_database, Schema((plain, SESSION, ACCOUNT, VERIFICATION)))
    assert (await migrations.plan(empty_database, CORE)).differences == ("missing index user_email_uidx",)


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


async def test_nodes_that_start_together_take_turns(empty_database: str) -> None:
    done = await asyncio.gather(*(migrations.apply(empty_database, SCHEMA) for _ in range(6)))
    assert sorted(len(each.additions) for each in done) == [0] * 5 + [8]


async def test_processes_that_start_together_take_turns(
    empty_database: str, crowd: ProcessPoolExecutor
) -> None:
    assert sorted(processes.in_parallel(crowd, processes.migrate, empty_database, 2)) == [0, 0, 0, 8]
    assert (await migrations.plan(empty_database, SCHEMA)).differences == ()


@pytest.mark.parametrize("sql_place", [param(POSTGRES)], indirect=True)
async def test_a_migration_that_fails_midway_leaves_nothing(sql_place: Place, empty_database: str) -> None:
    await execute(empty_database, "CREATE VIEW verification AS SELECT 1 AS id")
    with pytest.raises(sa.exc.DBAPIError):
        await migrations.apply(empty_database, CORE)
    rows = await fetch(empty_database, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    assert rows == []


async def test_renamed_tables_are_made_under_their_names(sql_place: Place, empty_database: str) -> None:
    renamed = USER.renamed("people", {"email": "email_address"}).extended(
        [Field[str | None](name="nick", column="nick_name", required=False, unique=True, index=True)]
    )
    schema = Schema((renamed, SESSION, ACCOUNT, VERIFICATION, RATE_LIMIT))
    await migrations.apply(
        empty_database, Schema((USER.renamed("people", {"email": "email_address"}), SESSION))
    )
    added = await migrations.apply(empty_database, schema)
    assert {"column people.nick_name", "index people_nick_name_uidx", "table account"} <= set(added.additions)
    assert (await migrations.plan(empty_database, schema)).differences == ()
    assert await fetch(empty_database, quoted(sql_place, 'SELECT "email_address" FROM "people"')) == []


async def test_models_kept_elsewhere_get_no_table(empty_database: str) -> None:
    schema = replace(CORE, unkept=frozenset({"session", "verification"}))
    done = await migrations.apply(empty_database, schema)
    assert done.additions == ("table user", "table account", "index account_userId_idx")
    assert (await migrations.plan(empty_database, schema)).differences == ()


@pytest.mark.parametrize(
    ("table", "columns", "unique", "name"),
    [
        ("user", ("email",), True, "user_email_uidx"),
        ("session", ("userId",), False, "session_userId_idx"),
        (
            "oauthClientResource",
            ("clientId", "resourceId"),
            True,
            "oauthClientResource_clientId_resourceId_uidx",
        ),
        (
            "aTableWithAVeryLongNameIndeed",
            ("aColumnWithAnEvenLongerNameThanThat", "another"),
            True,
            "aTableWithAVeryLongNameIndeed_aColumnWithAnEvenLo_86ea5689_uidx",
        ),
        ("t", ("x" * 80,), False, "t_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx_d0a87f74_idx"),
        ("tabelle", ("ü" * 40,), False, "tabelle_üüüüüüüüüüüüüüüüüüüüü_9f2d6f8f_idx"),
        ("emoji", ("💥" * 20,), True, "emoji_💥💥💥💥💥💥💥💥💥💥_89f2d105_uidx"),
    ],
)
def test_indexes_have_the_names_that_node_gives_them(
    table: str, columns: tuple[str, ...], unique: bool, name: str
) -> None:
    assert index_name(table, columns, unique=unique) == name


async def test_an_address_nobody_can_read_is_a_configuration_mistake() -> None:
    with pytest.raises(ConfigurationError):
        await migrations.plan("nonsense", CORE)


@pytest.mark.parametrize("place", SQL_PLACES, indirect=True)
async def test_the_tables_can_be_read_by_an_applications_own_sqlalchemy(
    store: SqlStore, place: Place, databases: Any
) -> None:
    """`metadata` decodes what we wrote, and writes what we decode."""
    user = await store.rows(USER).insert(a_user(vip=True, tags=["x"], preferences={"a": 1}))
    table = store.metadata.tables["user"]

    def read(connection: sa.Connection) -> Any:
        connection.execute(sa.update(table).values(vip=False, updatedAt=user.updated_at, lucky=[1, 2]))
        return connection.execute(sa.select(table)).mappings().one()

    row = await with_connection(databases(place), read)
    assert (row["createdAt"], row["emailVerified"], row["tags"]) == (user.created_at, False, ["x"])
    changed = await store.rows(USER).first()
    assert changed is not None
    assert (changed.extra["vip"], changed.extra["lucky"], changed.updated_at) == (
        False,
        [1, 2],
        user.updated_at,
    )
