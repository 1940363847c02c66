"""`ostiary migrate`: adds what the database lacks, and nothing else."""

import asyncio
from collections.abc import Awaitable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, TypeVar

import typer

from ostiary.cli.exits import REFUSED
from ostiary.cli.target import App, Config, target
from ostiary.domain.errors import ConfigurationError

if TYPE_CHECKING:
    from ostiary.auth import Auth
    from ostiary.domain.schema import Schema

T = TypeVar("T")

HEARTBEAT: Final = 5.0  # seconds without news before a person wonders


def migrate(
    check: Annotated[bool, typer.Option("--check", help="Only compare; end with 1 if they differ.")] = False,
    sql: Annotated[bool, typer.Option("--sql", help="Only print the statements.")] = False,
    write: Annotated[
        Path | None,
        typer.Option("--write", metavar="DIR", help="Write a revision for your own Alembic history instead."),
    ] = None,
    config: Config = None,
    app: App = None,
) -> None:
    """Add the tables, columns and indexes that the configuration asks for and the database lacks.

    Nothing is ever dropped or rewritten. Several may run at once: they take turns.
    """
    if check + sql + (write is not None) > 1:
        raise typer.BadParameter("choose one of --check, --sql and --write")
    auth = target(config, app).auth
    if auth.database_url is None:
        raise ConfigurationError("this application brings a store of its own, which is not migrated here")
    if check:
        _check(auth.database_url, auth.schema)
    elif sql:
        _print_sql(auth.database_url, auth.schema)
    elif write is not None:
        _write(auth.database_url, auth.schema, write)
    else:
        _apply(auth, auth.database_url)


def _check(url: str, schema: "Schema") -> None:
    from ostiary.storage import migrations  # noqa: PLC0415  Alembic is slow to import

    plan = asyncio.run(migrations.plan(url, schema))
    for difference in plan.differences:
        typer.echo(difference)
    if plan.differences:
        raise typer.Exit(REFUSED)
    typer.echo("The database is as the configuration asks.")


def _print_sql(url: str, schema: "Schema") -> None:
    from ostiary.storage import migrations  # noqa: PLC0415  Alembic is slow to import

    typer.echo(asyncio.run(migrations.sql(url, schema)), nl=False)


def _write(url: str, schema: "Schema", directory: Path) -> None:
    from ostiary.storage import migrations  # noqa: PLC0415  Alembic is slow to import

    written = asyncio.run(migrations.write(url, schema, directory))
    typer.echo(f"Wrote {written}." if written else "Nothing to write: the database lacks nothing.")


def _apply(auth: "Auth", url: str) -> None:
    from ostiary.storage import migrations  # noqa: PLC0415  Alembic is slow to import

    async def applying() -> None:
        """Say what is to come before it takes its time, and what came."""
        wanted = await migrations.plan(url, auth.schema)
        if wanted.additions:
            typer.echo(f"Adding {len(wanted.additions)}: {', '.join(wanted.additions)}", err=True)
        added = await with_heartbeat(auth.migrate())
        for addition in added:
            typer.echo(f"added {addition}")
        if not added:
            typer.echo("Nothing to add: the database is as the configuration asks.")

    asyncio.run(applying())


async def with_heartbeat(work: Awaitable[T]) -> T:
    """Tell every few seconds that a change of a large table is still under way."""
    task = asyncio.ensure_future(work)
    waited = 0.0
    while not (await asyncio.wait({task}, timeout=HEARTBEAT))[0]:
        waited += HEARTBEAT
        typer.echo(f"still at it after {waited:.0f} s ...", err=True)
    return task.result()
