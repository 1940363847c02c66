"""The page of every table: its columns in the contract's names, and what each database calls their types."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects.mysql.base import MySQLDialect
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.dialects.sqlite.base import SQLiteDialect
from sqlalchemy.engine.interfaces import Dialect as Engine

from docs.writers.example import plugins, server
from docs.writers.markdown import code, page, table
from ostiary.domain.schema import Field, Model
from ostiary.storage.sql.rows import Dialect
from ostiary.storage.sql.tables import metadata_of

INTRODUCTION = """
The tables of Better Auth, column by column, so that a Node server may share the database. Names are
camelCase as written. `model_name` and `fields` of a section rename them; `additional_fields` and plugins
add columns. `id` is text by default; with `advanced.generate_id` it is a `uuid` (PostgreSQL) or a counting
integer. The table `rateLimit` exists where the database counts limits; `session` does not where the
key-value store keeps sessions. `mail` and `auditEvent` are our own: the first exists
where there is a mailer, the second where an [audit log](../explanation/audit-log.md) is kept.
"""

ENGINES: dict[Dialect, Engine] = {
    "sqlite": SQLiteDialect(),
    "postgresql": PGDialect(),  # type: ignore[no-untyped-call]  # the dialect's constructor has no annotations
    "mysql": MySQLDialect(),
}


def write() -> str:
    """Return the page."""
    schema = server().schema
    tables = {name: metadata_of(schema, name).tables for name in ENGINES}
    return page(
        "Tables",
        INTRODUCTION,
        *(
            _section(model, {name: found[model.table_name] for name, found in tables.items()})
            for model in schema.models
        ),
    )


def _section(model: Model[Any], tables: dict[Dialect, Table]) -> str:
    kinds = {name: str(found.c["id"].type.compile(ENGINES[name])) for name, found in tables.items()}
    rows = [("`id`", *(code(kind.lower()) for kind in kinds.values()), "primary key")]
    for field in model.fields:
        types = [
            str(found.c[field.name].type.compile(ENGINES[name])).lower() for name, found in tables.items()
        ]
        rows.append((code(field.name), *map(code, types), ", ".join(_notes(model, field))))
    return f"## {model.name}\n\n" + table(("Column", "SQLite", "PostgreSQL", "MySQL, MariaDB", ""), rows)


def _notes(model: Model[Any], field: Field[Any]) -> Iterator[str]:
    if not field.required:
        yield "may be null"
    if field.unique:
        yield "unique"
    if field.index:
        yield "indexed"
    if field.references:
        target = field.references
        yield f"refers to `{target.model}.{target.field}`, on delete {target.on_delete}"
    if field.database_default:
        yield "filled by PostgreSQL and MySQL where a writer leaves it out"
    for plugin in plugins():
        if field.name in {added.name for added in plugin.fields().get(model.name, ())}:
            yield f"of the plugin {type(plugin).__name__}"
