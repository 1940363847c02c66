"""`ostiary audit`: the record of security acts, to read and to prove."""

from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, Annotated, Final

import typer

from ostiary.cli.exits import REFUSED, group
from ostiary.cli.target import App, Config, run, target
from ostiary.domain.errors import ConfigurationError

if TYPE_CHECKING:
    from ostiary.auth import Auth
    from ostiary.domain.audit import AuditEvent
    from ostiary.services.audit_chain import AuditChain, Head, Verdict

_PAGE: Final = 500

audit = group("List, export, verify and prune the record of security acts.")


def chain_of(auth: "Auth") -> "AuditChain":
    """Return the chain; raises ConfigurationError where no log is kept."""
    linker = auth.services.audit.linker
    if linker is None:
        raise ConfigurationError("this application keeps no audit log: set audit=AuditOptions(enabled=True)")
    return linker.chain


@audit.command("list")
def list_events(
    *,
    user: Annotated[
        str | None, typer.Option("--user", "-u", metavar="USER", help="Only about this email address or id.")
    ] = None,
    size: Annotated[
        int, typer.Option("--size", "-n", metavar="N", min=1, max=1000, help="How many events.")
    ] = 50,
    config: Config = None,
    app: App = None,
) -> None:
    """List events, the newest first: when, what, whom it is about, from where and why."""
    auth = target(config, app).auth
    chain = chain_of(auth)

    async def newest() -> Sequence["AuditEvent"]:
        """Find the person, then the events; of somebody who was deleted only the id is left to ask for."""
        from ostiary.domain.audit import AUDIT_EVENT, AuditFields  # noqa: PLC0415  help texts need no server
        from ostiary.storage.store import OrderBy  # noqa: PLC0415  as above

        found = await auth.services.users.by_email(user) if user and "@" in user else None
        about = [] if user is None else [AuditFields.USER_ID.equals(found.id if found else user)]
        newest_first = OrderBy(AuditFields.CREATED_AT, descending=True)
        return await chain.store.rows(AUDIT_EVENT).all(*about, order_by=newest_first, limit=size)

    events = run(auth, newest())
    for event in events:
        typer.echo(_line(event))
    if not events:
        typer.echo("No events.")


def _line(event: "AuditEvent") -> str:
    from ostiary.cli.people import printable  # noqa: PLC0415  help texts need no server

    told = [
        f"{event.created_at:%Y-%m-%d %H:%M:%S}",
        f"{event.kind:<20}",
        event.user_id or "-",
        event.ip_address or "-",
        *(f"{name}={value}" for name, value in _more(event) if value),
    ]
    return printable("  ".join(told))


def _more(event: "AuditEvent") -> Sequence[tuple[str, str | None]]:
    actor = event.actor_id if event.actor_id != event.user_id else None
    return (
        ("why", event.reason),
        ("what", event.detail),
        ("by", actor),
        ("at", event.endpoint),
        ("request", event.request_id),
    )


@audit.command()
def export(config: Config = None, app: App = None) -> None:
    """Print every event as a line of JSON, in the order of the chain.

    What was not linked yet is linked first.
    """
    auth = target(config, app).auth
    chain = chain_of(auth)

    async def printing() -> None:
        """Print page by page, so that a log of any length fits into memory."""
        await chain.link()
        async for line in lines_of(chain.events()):
            typer.echo(line)

    run(auth, printing())


async def lines_of(events: AsyncIterator["AuditEvent"]) -> AsyncIterator[str]:
    """Return events as lines of JSON, in the names of the columns."""
    from ostiary.domain.audit import AUDIT_EVENT  # noqa: PLC0415  help texts need no server
    from ostiary.domain.entities import value_of  # noqa: PLC0415  as above
    from ostiary.http.json import dump  # noqa: PLC0415  as above

    async for event in events:
        values = {field.name: value_of(event, field) for field in AUDIT_EVENT.fields}
        yield dump({"id": event.id, **values}).decode()


@audit.command()
def verify(
    *,
    expect: Annotated[
        list[str] | None,
        typer.Option(
            "--expect", metavar="POSITION:HASH", help="A head that was noted elsewhere; repeatable."
        ),
    ] = None,
    config: Config = None,
    app: App = None,
) -> None:
    """Compute the hash chain anew, and end with 1 where the log is not what it was.

    A changed, removed or inserted event shows, unless everything after it was computed anew as well; that and
    a missing end show against a head noted elsewhere. Every round of linking logs one.
    """
    auth = target(config, app).auth
    chain = chain_of(auth)
    verdict = run(auth, chain.verify([_head(text) for text in expect or []]))
    _report(verdict)
    if verdict.faults:
        raise typer.Exit(REFUSED)


def _head(text: str) -> "Head":
    from ostiary.services.audit_chain import Head  # noqa: PLC0415  help texts need no server

    head = Head.parse(text)
    if head is None:
        raise typer.BadParameter(f"'{text}' is not POSITION:HASH", param_hint="--expect")
    return head


def _report(verdict: "Verdict") -> None:
    from ostiary.cli.people import printable  # noqa: PLC0415  help texts need no server

    for fault in verdict.faults:
        typer.echo(f"at {fault.position}: {fault.what}")
    if verdict.late:
        typer.echo(f"{verdict.late} linked long after younger ones: a clock was wrong, or they are backdated")
    if verdict.pruning is not None:
        pruning = verdict.pruning
        by = pruning.event.actor_id or "nobody"
        when = f"{pruning.event.created_at:%Y-%m-%d %H:%M}"
        typer.echo(
            printable(f"pruned up to {pruning.last.position} at {when} by {by}: {pruning.event.reason}")
        )
    if verdict.waiting:
        typer.echo(f"{verdict.waiting} not linked yet")
    state = "The chain is broken." if verdict.faults else "The chain holds."
    typer.echo(f"{state} Head: {verdict.head}")
