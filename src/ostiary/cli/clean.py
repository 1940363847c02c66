"""`ostiary clean`: deletes rows that are over."""

from collections import Counter
from typing import TYPE_CHECKING, Annotated

import typer

from ostiary.cli.target import App, Config, run, target

if TYPE_CHECKING:
    from ostiary.auth import Auth


def clean(
    *,
    batch: Annotated[
        int, typer.Option("--batch", metavar="N", min=1, max=10_000, help="Rows in one statement.")
    ] = 500,
    config: Config = None,
    app: App = None,
) -> None:
    """Delete sessions, one-time values and refresh tokens that ended more than a day ago.

    A batch at a time, beside running servers; stopped half way, the rest waits for the next run. `ostiary
    serve` does it by itself; for an application run it from cron, once a day, or set `housekeeping`.
    """
    auth = target(config, app).auth
    deleted = run(auth, _cleaned(auth, batch))
    for name, number in deleted.items():
        typer.echo(f"{name}: {number:,} rows")
    if not deleted:
        typer.echo("Nothing was over.")


async def _cleaned(auth: "Auth", batch: int) -> Counter[str]:
    from ostiary.services.cleaning import Cleaning  # noqa: PLC0415  help texts need no server

    services, session = auth.services, auth.options.session
    cleaning = Cleaning(services.store, services.runtime, session.preserve_session_in_database, batch)
    deleted: Counter[str] = Counter()
    async for name, number in cleaning.batches():
        deleted[name] += number
        typer.echo(f"\r{name}: {deleted[name]:,}", nl=False, err=True)
    if deleted:
        typer.echo(err=True)
    return deleted
