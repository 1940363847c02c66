"""`ostiary doctor`: looks at the configuration and everything it names, and says what to change."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from ostiary.cli.doctor.finding import Finding, Level, Subject
from ostiary.cli.exits import REFUSED
from ostiary.cli.target import App, Config, target
from ostiary.domain.errors import ConfigurationError

if TYPE_CHECKING:
    from ostiary.server.application import Application

_COLOURS = {Level.OK: "green", Level.HINT: "cyan", Level.WARNING: "yellow", Level.FAILURE: "red"}


def doctor(
    *,
    live: Annotated[
        str | None,
        typer.Option(
            "--live",
            metavar="URL",
            help="Also go the way of a browser, through the front end at this address.",
        ),
    ] = None,
    page: Annotated[
        list[str] | None,
        typer.Option(
            "--page", metavar="ORIGIN", help="With --live: where pages are, if not there; repeatable."
        ),
    ] = None,
    config: Config = None,
    app: App = None,
) -> None:
    """Examine secrets, addresses, cookies, proxies, database, Redis and clocks, and say what to change.

    Ends with 1 where something does not work or is not safe.
    """
    if live is not None and urlsplit(live).scheme not in {"http", "https"}:
        raise typer.BadParameter("an address begins with http:// or https://", param_hint="--live")
    findings = _examined(config, app, live, page or [])
    for finding in findings:
        _print(finding)
    counts = Counter(finding.level for finding in findings)
    failures, warnings = counts[Level.FAILURE], counts[Level.WARNING]
    typer.echo(f"\n{_counted(failures, 'failure')}, {_counted(warnings, 'warning')}.")
    if failures:
        raise typer.Exit(REFUSED)


def _counted(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"


def _print(finding: Finding) -> None:
    label = typer.style(f"{finding.level:<8}", fg=_COLOURS[finding.level])
    typer.echo(f"{label} {finding.subject:<16} {finding.message}")
    if finding.cure:
        typer.echo(f"{'':<25} -> {finding.cure}")


def _examined(
    config: Path | None, app: str | None, live: str | None, pages: Sequence[str]
) -> Sequence[Finding]:
    try:
        application = target(config, app)
    except ConfigurationError as error:
        return [Subject("configuration").failure(str(error), "nothing else was examined")]
    from ostiary.server.settings import config_files  # noqa: PLC0415  help texts need no server

    files = [path for path in config_files(config) if path is not None]
    return asyncio.run(_examine_all(application, files, live, pages))


async def _examine_all(
    application: "Application", files: Sequence[Path], live: str | None, pages: Sequence[str]
) -> Sequence[Finding]:
    findings = await _examine(application, files)
    if live is None:
        return findings
    from ostiary.cli.doctor.live import travel  # noqa: PLC0415  help texts need no server

    return [*findings, *await travel(application, live, pages)]


async def _examine(application: "Application", files: Sequence[Path]) -> Sequence[Finding]:
    from ostiary.cli.doctor import addresses, features, secrets, stores  # noqa: PLC0415  as above
    from ostiary.cli.doctor.names import spelled  # noqa: PLC0415  as above

    options = application.auth.options
    findings = [
        *secrets.strength(options),
        *secrets.permissions(files),
        *addresses.base_url(options),
        *addresses.cookies(options),
        *addresses.origins(options),
        *addresses.proxies(options),
        *features.sign_in(application),
        *features.limits(application),
        *features.mail(application),
    ]
    async with application.auth.lifespan():
        findings += [finding async for finding in stores.database(application)]
        findings += [finding async for finding in stores.redis(application)]
    return spelled(application, findings)
