"""Databases that are made, adopted and extended, and never rebuilt."""

import asyncio
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from ostiary.domain.models import ACCOUNT, RATE_LIMIT, SESSION, USER, VERIFICATION
from ostiary.domain.runtime import FrozenRuntime
from ostiary.domain.schema import Field, Index, Reference, Schema
from ostiary.storage import migrations
from ostiary.storage.migrations.connections import with_connection
from ostiary.storage.sql import SqlStore, open_store
from ostiary.storage.sql.tables import index_name
from tests.contract import processes
from tests.contract.inspection import CORE, TABLES, made_by_node, portrait, quoted, shape, use
from tests.contract.places import SQL_PLACES, Place, execute, fetch
from tests.contract.rows import ADDED, NICKNAME, SCHEMA, a_user


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


async def test_nodes_that_start_together_take_turns(empty_database: str) -> None:
    done = await asyncio.gather(*(migrations.apply(empty_database, SCHEMA) for _ in range(6)))
    assert sorted(len(each.additions) for each in done) == [0] * 5 + [8]


async def test_processes_that_start_together_take_turns(
    empty_database: str, crowd: ProcessPoolExecutor
) -> None:
    assert sorted(processes.in_parallel(crowd, processes.migrate, empty_database, 2)) == [0, 0, 0, 8]
    assert (await migrations.plan(empty_database, SCHEMA)).differences == ()


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
