"""`ostiary audit prune`: removes the oldest part of the record of security acts."""

import os
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ostiary.cli.audit import chain_of, lines_of
from ostiary.cli.exits import Refused
from ostiary.cli.moments import moment
from ostiary.cli.target import App, Config, run, target

if TYPE_CHECKING:
    from ostiary.auth import Auth
    from ostiary.services.audit_retention import AuditRetention


def prune(
    *,
    older_than: Annotated[
        int | None, typer.Option("--older-than", metavar="DAYS", min=1, help="Remove what is older.")
    ] = None,
    before: Annotated[
        str | None,
        typer.Option("--before", metavar="WHEN", help="Remove what is older than 2031-12-31, say; UTC."),
    ] = None,
    export: Annotated[
        Path | None,
        typer.Option("--export", metavar="FILE", help="A new file to which they are written before."),
    ] = None,
    batch: Annotated[
        int, typer.Option("--batch", metavar="N", min=1, max=10_000, help="Events in one statement.")
    ] = 500,
    force: Annotated[bool, typer.Option("--force", help="Prune even where the chain does not hold.")] = False,
    config: Config = None,
    app: App = None,
) -> None:
    """Remove the oldest events, and leave a chain that still verifies.

    The chain is verified before; an event in it tells what was removed, when and by whom. Runs beside
    servers; stopped half way, the next run goes on.
    """
    auth = target(config, app).auth
    limit = _limit(auth, older_than, before)
    retention = _retention(auth, batch)
    removed = run(auth, _pruned(retention, limit, export, force=force))
    typer.echo(
        f"{removed:,} events removed." if removed else f"Nothing is older than {limit:%Y-%m-%d %H:%M}."
    )


def _limit(auth: "Auth", days: int | None, before: str | None) -> datetime:
    now = auth.services.runtime.now()
    if (days is None) == (before is None):
        raise typer.BadParameter("say either --older-than or --before")
    if before is None:
        return now - timedelta(days=days or 0)
    limit = moment(before, "--before")
    if limit > now:
        raise typer.BadParameter("must lie in the past", param_hint="--before")
    return limit


def _retention(auth: "Auth", batch: int) -> "AuditRetention":
    from ostiary.services.audit_retention import AuditRetention  # noqa: PLC0415  help texts need no server

    return AuditRetention(auth.services.audit, chain_of(auth), batch)


async def _pruned(retention: "AuditRetention", limit: datetime, export: Path | None, *, force: bool) -> int:
    chain = retention.chain
    await chain.link()
    last = await retention.last_before(limit)
    if last is None:
        return 0
    if not force and (await chain.verify()).faults:
        raise Refused("the chain does not hold, and pruning could hide it: see `ostiary audit verify`")
    if export is not None:
        await _write(export, lines_of(chain.events(up_to=last.position)))
    await retention.mark(last, limit)
    removed = 0
    async for number in retention.remove(last):
        removed += number
        typer.echo(f"\r{removed:,}", nl=False, err=True)
    typer.echo(err=True)
    return removed


async def _write(path: Path, lines: AsyncIterator[str]) -> None:
    """Write a file that only its owner reads, and have it on the disk before anything is removed."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise Refused(f"cannot export to {path}: {error.strerror}") from None
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        async for line in lines:
            file.write(f"{line}\n")
        file.flush()
        os.fsync(file.fileno())
