"""Planning, applying and printing what a database lacks."""

import io
from functools import partial

import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations

from ostiary.domain.errors import ConfigurationError
from ostiary.domain.schema import Schema
from ostiary.storage.migrations.connections import dialect_of, with_connection
from ostiary.storage.migrations.plan import Comparison, Plan
from ostiary.storage.sql.rows import Dialect


class MigrationRefused(ConfigurationError):
    """The database differs in ways that adding cannot mend; nothing was changed."""


async def plan(url: str, schema: Schema) -> Plan:
    """Return what a database lacks of a schema, and what only a person can settle."""
    return await with_connection(url, partial(_compared, schema, dialect_of(url)))


async def apply(url: str, schema: Schema) -> Plan:
    """Add what is missing and return what that was; nodes that start together take turns.

    Raises MigrationRefused, before anything is changed, where a difference is not a mere lack.
    """
    return await with_connection(url, partial(_applied, schema, dialect_of(url)), locked=True)


async def sql(url: str, schema: Schema) -> str:
    """Return the statements that would add what is missing; empty where nothing is."""
    wanted = await plan(url, schema)
    return await with_connection(url, partial(_printed, wanted)) if wanted.operations else ""


def _compared(schema: Schema, dialect: Dialect, connection: sa.Connection) -> Plan:
    return Comparison(connection, schema, dialect).plan()


def _applied(schema: Schema, dialect: Dialect, connection: sa.Connection) -> Plan:
    wanted = _compared(schema, dialect, connection)
    if wanted.refusals:
        raise MigrationRefused("the database does not fit: " + "; ".join(wanted.refusals))
    operations = Operations(MigrationContext.configure(connection))
    for operation in wanted.operations:
        operations.invoke(operation)
    return wanted


def _printed(wanted: Plan, connection: sa.Connection) -> str:
    printed = io.StringIO()
    context = MigrationContext.configure(
        dialect=connection.dialect, opts={"as_sql": True, "output_buffer": printed}
    )
    operations = Operations(context)
    for operation in wanted.operations:
        operations.invoke(operation)
    return printed.getvalue().strip() + "\n"
