"""`ostiary import`: take people over from another system."""

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ostiary.cli.exits import REFUSED
from ostiary.cli.target import App, Config, run, target
from ostiary.domain.errors import ConfigurationError

if TYPE_CHECKING:
    from ostiary.cli.importing.writing import Report
    from ostiary.crypto.password_hashes.firebase import FirebaseParameters


def import_people(
    source: Annotated[
        str,
        typer.Argument(metavar="SOURCE", help="fastapi-users, django, supabase, auth0, firebase or clerk."),
    ],
    origin: Annotated[str, typer.Argument(metavar="FROM", help="The file of the export, or a database URL.")],
    *,
    passwords: Annotated[
        Path | None, typer.Option("--passwords", metavar="FILE", help="Auth0: the file with the hashes.")
    ] = None,
    identities: Annotated[
        Path | None, typer.Option("--identities", metavar="FILE", help="Supabase: auth.identities.")
    ] = None,
    hash_config: Annotated[
        Path | None,
        typer.Option("--hash-config", metavar="FILE", help="Firebase: the password hash parameters."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write nothing; say what would happen.")] = False,
    keep_ids: Annotated[
        bool, typer.Option("--keep-ids", help="People keep their ids, for data that refers to them.")
    ] = False,
    admins: Annotated[
        bool, typer.Option("--admins", help="Superusers get the role admin; without it nobody does.")
    ] = False,
    batch: Annotated[
        int, typer.Option("--batch", metavar="N", min=1, max=2000, help="People in one transaction.")
    ] = 500,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
    config: Config = None,
    app: App = None,
) -> None:
    """Take people over from another system, with their passwords.

    Who has an account is left as they are, so it can be run again after an interruption and adds nothing
    twice. A broken line is reported and the rest taken over. Exits with 1 where somebody was refused.
    """
    from ostiary.cli.importing.newcomers import Export  # noqa: PLC0415  help texts need no server
    from ostiary.cli.importing.sources import SOURCES  # noqa: PLC0415  the same
    from ostiary.cli.importing.writing import Manner, Writer  # noqa: PLC0415  the same

    if source not in SOURCES:
        raise ConfigurationError(f"'{source}' is none of {', '.join(SOURCES)}")
    export = Export(
        origin=origin,
        passwords=passwords,
        identities=identities,
        hash_parameters=_parameters(hash_config) if hash_config else None,
        page=batch,
    )
    auth = target(config, app).auth
    writer = Writer(auth, Manner(batch=batch, dry=dry_run, keep_ids=keep_ids, admins=admins))
    report = run(auth, writer.take(SOURCES[source](export), _tell))
    typer.echo(json.dumps(report.as_json()) if as_json else "\n".join(report.lines(dry=dry_run)))
    if report.refused:
        raise typer.Exit(REFUSED)


def _tell(report: "Report") -> None:
    """Show how far it is, where somebody watches."""
    if sys.stderr.isatty():
        typer.echo(f"{report.read:,} read, {report.added:,} new, {report.known:,} known", err=True)


def _parameters(path: Path) -> "FirebaseParameters":
    """Read what Firebase's console shows: `hash_config { base64_signer_key: ..., rounds: 8, ... }`."""
    from ostiary.crypto.password_hashes.firebase import FirebaseParameters  # noqa: PLC0415  the same

    try:
        told = dict(re.findall(r"\"?(\w+)\"?\s*[:=]\s*\"?([A-Za-z0-9+/=_-]+)", path.read_text("utf-8")))
        return FirebaseParameters(
            signer_key=told["base64_signer_key"],
            salt_separator=told["base64_salt_separator"],
            rounds=int(told["rounds"]),
            mem_cost=int(told["mem_cost"]),
        )
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}") from None
    except KeyError as error:
        raise ConfigurationError(f"{path} lacks {error.args[0]}") from None
