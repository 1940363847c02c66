"""`ostiary doctor`: looks at the configuration and everything it names, and says what to change."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from ostiary.cli.doctor.finding import Finding, Level, Subject
from ostiary.cli.exits import REFUSED
from ostiary.cli.target import App, Config, target
from ostiary.domain.errors import ConfigurationError

if TYPE_CHECKING:
    from ostiary.server.application import Application

_COLOURS = {Level.OK: "green", Level.HINT: "cyan", Level.WARNING: "yellow", Level.FAILURE: "red"}


def doctor(config: Config = None, app: App = None) -> None:
    """Examine secrets, addresses, cookies, proxies, database, Redis and clocks, and say what to change.

    Ends with 1 where something does not work or is not safe.
    """
    findings = _examined(config, app)
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


def _examined(config: Path | None, app: str | None) -> Sequence[Finding]:
    try:
        application = target(config, app)
    except ConfigurationError as error:
        return [Subject("configuration").failure(str(error), "nothing else was examined")]
    from ostiary.server.settings import config_files  # noqa: PLC0415  help texts need no server

    files = [path for path in config_files(config) if path is not None]
    return asyncio.run(_examine(application, files))


async def _examine(application: "Application", files: Sequence[Path]) -> Sequence[Finding]:
    from ostiary.cli.doctor import addresses, features, secrets, stores  # noqa: PLC0415  as above

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
    return findings
