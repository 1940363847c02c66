"""`ostiary mail`: what waits, what could not be delivered, and whether the mail server takes anything."""

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ostiary.cli.exits import Refused, group
from ostiary.cli.target import App, Config, run, target
from ostiary.domain.errors import ConfigurationError

if TYPE_CHECKING:
    from ostiary.auth import Auth
    from ostiary.services.courier import Courier

mail = group("List mail, try again what could not be delivered, and send a test.")

State = Annotated[
    Literal["waiting", "sent", "dead"] | None,
    typer.Option("--state", "-s", metavar="STATE", help="Only waiting, sent or dead ones."),
]


def _courier(auth: "Auth") -> "Courier":
    courier = auth.services.courier
    if courier is None:
        raise ConfigurationError(
            "this application sends no mail of its own: set SMTP_URL, or pass a mailer to Auth"
        )
    return courier


@mail.command("list")
def list_mail(
    *,
    state: State = None,
    size: Annotated[int, typer.Option("--size", "-n", metavar="N", min=1, max=1000, help="How many.")] = 50,
    config: Config = None,
    app: App = None,
) -> None:
    """List mail, the newest first: id, when, what about, to whom, and what became of it.

    What it says is not shown: it may open an account.
    """
    auth = target(config, app).auth
    rows = run(auth, _courier(auth).outbox.list(state, size))
    if not rows:
        typer.echo("No mail.")
    for row in rows:
        outcome = f"{row.state}, {row.attempts} attempt{'' if row.attempts == 1 else 's'}"
        reason = f": {row.last_error}" if row.last_error else ""
        when = f"{row.created_at:%Y-%m-%d %H:%M} UTC"
        typer.echo(f"{row.id}  {when}  {row.kind:<20} {row.recipient or '-'}  {outcome}{reason}")


@mail.command()
def retry(
    mail_id: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="One mail; without it, every dead one.")
    ] = None,
    *,
    config: Config = None,
    app: App = None,
) -> None:
    """Let dead mail be tried anew; a server that runs delivers it within seconds.

    A link that works no longer is not sent: whoever wants it asks again.
    """
    auth = target(config, app).auth
    count = run(auth, _courier(auth).outbox.retry(mail_id))
    if mail_id is not None and count == 0:
        raise Refused(f"there is no dead mail '{mail_id}': see `ostiary mail list --state dead`")
    typer.echo(f"{count} to be tried anew.")


@mail.command("test")
def send_test(
    to: Annotated[str, typer.Argument(metavar="EMAIL", help="Where to send it.")],
    *,
    config: Config = None,
    app: App = None,
) -> None:
    """Send a test message at once, without the outbox, and say why it fails if it does."""
    from ostiary.services.courier import reason_of  # noqa: PLC0415  help texts need no server

    auth = target(config, app).auth
    courier = _courier(auth)
    if courier.mailer.transport is None:
        raise ConfigurationError("no mail leaves this server: set SMTP_URL")
    try:
        run(auth, courier.send_test(to))
    except Exception as error:  # noqa: BLE001  transports raise what they like; each is the answer
        raise Refused(reason_of(error)) from None
    typer.echo(f"Handed over: look into the mailbox of {to}.")
