"""What a database says about its tables, and what Node makes of them."""

from pathlib import Path
from typing import Any

import sqlalchemy as sa

from ostiary.domain.models import ACCOUNT, SESSION, USER, VERIFICATION
from ostiary.domain.runtime import FrozenRuntime
from ostiary.domain.schema import Schema
from ostiary.storage.migrations.connections import with_connection
from ostiary.storage.sql import open_store
from tests.contract.places import Place, execute
from tests.contract.rows import SCHEMA, a_session, a_user, an_account

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
