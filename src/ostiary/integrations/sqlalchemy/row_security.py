"""The same rule inside PostgreSQL: policies that hold for whatever SQL reaches the table."""

from collections.abc import Iterator

from sqlalchemy import Connection, Dialect, FromClause, Table, func, inspect, select, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Mapper
from sqlalchemy.sql.compiler import IdentifierPreparer

from ostiary.integrations.sqlalchemy.ownership import Owned
from ostiary.integrations.sqlalchemy.references import references_of
from ostiary.integrations.sqlalchemy.sessions import SETTING


def policy_statements(model: type[Owned]) -> tuple[str, ...]:
    """Return the DDL that keeps a model's rows with their owners; for a migration, or `op.execute`.

    A row that leads to another owned row by a foreign key must lead to one of the same owner.

    Without a named owner there are no rows at all, for the owner of the table neither. Superusers and roles
    with BYPASSRLS see everything: the application must be neither.
    """
    mapper: Mapper[Owned] = inspect(model)
    dialect: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]  # untyped in SQLAlchemy
    column = mapper.columns["user_id"]
    quote = dialect.identifier_preparer
    table = quote.format_table(column.table)
    kind = column.type.compile(dialect)
    # an empty text is what the setting leaves behind in a connection that is used again
    mine = f"{quote.format_column(column)} = CAST(NULLIF(current_setting('{SETTING}', true), '') AS {kind})"
    name = quote.quote(f"{column.table.name}_owner")
    checked = " AND ".join([mine, *_references(column.table, quote)])
    return (
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"DROP POLICY IF EXISTS {name} ON {table}",
        f"CREATE POLICY {name} ON {table} USING ({mine}) WITH CHECK ({checked})",
    )


def _references(table: FromClause, quote: IdentifierPreparer) -> Iterator[str]:
    """Yield a condition for each foreign key to owned rows: the policies of their table hide the others'."""
    for reference in references_of(table) if isinstance(table, Table) else ():
        target = reference.targets[0].table
        pairs = zip(reference.columns, reference.targets, strict=True)
        ours = [f"{quote.format_table(table)}.{quote.format_column(each)}" for each in reference.columns]
        same = " AND ".join(
            f"{quote.format_table(table)}.{quote.format_column(here)} = led.{quote.format_column(there)}"
            for here, there in pairs
        )
        empty = " OR ".join(f"{each} IS NULL" for each in ours)
        yield f"({empty} OR EXISTS (SELECT 1 FROM {quote.format_table(target)} AS led WHERE {same}))"  # noqa: S608  DDL


def secure_tables(connection: Connection, *models: type[Owned]) -> None:
    """Put the policies of some models into the database, in place of earlier ones."""
    for model in models:
        for statement in policy_statements(model):
            connection.execute(text(statement))


def policy_gaps(connection: Connection, *models: type[Owned]) -> list[str]:
    """Return why policies do not hold for the role of a connection; nothing where they do."""
    role = text("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
    gaps = ["the role sees all rows: it is a superuser or has BYPASSRLS"] if connection.scalar(role) else []
    for model in models:
        table = str(inspect(model).columns["user_id"].table)
        if not connection.scalar(select(func.row_security_active(table))):
            gaps.append(f"no policy holds for the table {table}")
    return gaps
