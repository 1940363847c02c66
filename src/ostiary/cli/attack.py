"""`ostiary attack`: tries the operator's own server as a stranger would."""

import asyncio
import json
from typing import TYPE_CHECKING, Annotated, Final
from urllib.parse import urlsplit

import typer

from ostiary.cli.exits import REFUSED
from ostiary.domain.errors import ConfigurationError, JsonValue, StorageUnavailable

if TYPE_CHECKING:
    from ostiary.attack import Limits, Verdict

_COLOURS: Final = {"held": "green", "BROKEN": "red", "skipped": "yellow"}
_NOTE: Final = "Sections of OWASP ASVS 5.0 are those that the project's list of requirements cites."


def attack(
    url: Annotated[str, typer.Argument(metavar="URL", help="The server: https://app.example.")],
    *,
    operate: Annotated[
        str | None,
        typer.Option("--i-operate", metavar="HOST", help="The host once more: yes, this server is mine."),
    ] = None,
    base_path: Annotated[
        str, typer.Option("--base-path", metavar="PATH", help="Where the endpoints live.")
    ] = "/api/auth",
    requests: Annotated[
        int, typer.Option("--requests", metavar="N", min=1, max=2000, help="At most so many requests.")
    ] = 300,
    seconds: Annotated[
        int, typer.Option("--seconds", metavar="N", min=1, max=3600, help="At most so many seconds.")
    ] = 240,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Attack a server of your own harmlessly, and report by section of OWASP ASVS.

    Makes two accounts with addresses that lead nowhere, and deletes them. At the end it guesses a password
    until it is refused, so this machine may have to wait before it signs in again. Ends with 1 where
    something is broken.
    """
    from ostiary.attack import Limits  # noqa: PLC0415  help texts need no client

    base = _confirmed(url, operate, base_path)
    verdicts, left = asyncio.run(_attacked(base, Limits(requests=requests, seconds=float(seconds))))
    if as_json:
        typer.echo(json.dumps(_document(base, verdicts, left), indent=2, ensure_ascii=False))
    else:
        _print(base, verdicts, left)
    if any(verdict.outcome == "BROKEN" for verdict in verdicts):
        raise typer.Exit(REFUSED)


def _confirmed(url: str, operate: str | None, base_path: str) -> str:
    """Return the address of the endpoints; raises ConfigurationError unless the host was named twice."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username is not None:
        raise ConfigurationError(f"'{url}' is no web address such as https://app.example")
    if operate is None or operate.lower() != parts.hostname.lower():
        raise ConfigurationError(
            f"attack only what is yours: say so with --i-operate {parts.hostname.lower()}"
        )
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/') or base_path.rstrip('/')}"


async def _attacked(base: str, limits: "Limits") -> tuple[list["Verdict"], list[str]]:
    from ostiary.attack import Verdict, attack  # noqa: PLC0415  as above
    from ostiary.attack.target import Unreachable  # noqa: PLC0415  as above
    from ostiary.domain.runtime import SystemRuntime  # noqa: PLC0415  as above

    verdicts: list[Verdict] = []
    left: list[str] = []
    try:
        async for told in attack(base, SystemRuntime(), limits):
            if isinstance(told, Verdict):
                verdicts.append(told)
            else:
                left.append(told)
    except Unreachable as error:
        raise StorageUnavailable(str(error)) from None
    return verdicts, left


def _section(verdict: "Verdict") -> str:
    return ", ".join(verdict.check.asvs) or "-"


def _document(base: str, verdicts: list["Verdict"], left: list[str]) -> JsonValue:
    return {
        "target": base,
        "note": _NOTE,
        "accountsLeft": left,
        "checks": [
            {
                "row": verdict.check.row,
                "asvs": list(verdict.check.asvs),
                "title": verdict.check.title,
                "outcome": verdict.outcome.lower(),
                "detail": verdict.detail,
            }
            for verdict in verdicts
        ],
    }


def _print(base: str, verdicts: list["Verdict"], left: list[str]) -> None:
    typer.echo(f"{base}\n")
    for verdict in sorted(
        verdicts, key=lambda each: [int(n) for n in (each.check.asvs or ("99",))[0].split(".")]
    ):
        label = typer.style(f"{verdict.outcome:<8}", fg=_COLOURS[verdict.outcome])
        typer.echo(f"{label} {_section(verdict):<28} {verdict.check.title}")
        if verdict.detail:
            typer.echo(f"{'':<37} -> {verdict.detail}")
    broken = sum(verdict.outcome == "BROKEN" for verdict in verdicts)
    held = sum(verdict.outcome == "held" for verdict in verdicts)
    typer.echo(f"\n{held} held, {broken} broken, {len(verdicts) - held - broken} skipped. {_NOTE}")
    for email in left:
        typer.echo(f"An account stays: ostiary users delete {email}")
