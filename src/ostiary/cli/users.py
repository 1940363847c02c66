"""`ostiary users`: look after people from the command line."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ostiary.cli.exits import Refused, group
from ostiary.cli.moments import moment
from ostiary.cli.target import App, Config, run, target

if TYPE_CHECKING:
    from ostiary.cli.people import People

users = group("List, create, ban and delete users, and set their passwords.")

Who = Annotated[str, typer.Argument(metavar="USER", help="Email address or id.")]
PasswordStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input, without asking.")
]


def _people(config: Path | None, app: str | None) -> "People":
    from ostiary.cli.people import People  # noqa: PLC0415  help texts need no server

    return People(target(config, app).auth)


def _password(from_stdin: bool) -> str:
    """Ask twice, or read one line; never an argument, which every process of the machine can see."""
    if from_stdin:
        return typer.get_text_stream("stdin").readline().removesuffix("\n").removesuffix("\r")
    password: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    return password


@users.command("list")
def list_users(
    *,
    search: Annotated[
        str | None,
        typer.Option("--search", "-s", metavar="TEXT", help="Only addresses and names that contain this."),
    ] = None,
    page: Annotated[int, typer.Option("--page", "-p", metavar="N", min=1, help="Which page.")] = 1,
    size: Annotated[
        int, typer.Option("--size", "-n", metavar="N", min=1, max=1000, help="How many on a page.")
    ] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON array.")] = False,
    config: Config = None,
    app: App = None,
) -> None:
    """List users, the newest first."""
    from ostiary.cli.people import Page  # noqa: PLC0415  help texts need no server

    people = _people(config, app)
    listing = run(people.auth, people.page(Page(search=search, number=page, size=size)))
    typer.echo(listing.as_json() if as_json else listing.as_table())


@users.command()
def create(
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="Email address.")],
    *,
    name: Annotated[
        str | None, typer.Option("--name", metavar="NAME", help="By default what stands before the @.")
    ] = None,
    role: Annotated[
        str | None, typer.Option("--role", metavar="ROLE", help="Such as admin; several with commas.")
    ] = None,
    verified: Annotated[bool, typer.Option("--verified", help="The address is known to be theirs.")] = False,
    field: Annotated[
        list[str] | None,
        typer.Option("--field", metavar="NAME=VALUE", help="A field the application adds; repeatable."),
    ] = None,
    password_stdin: PasswordStdin = False,
    config: Config = None,
    app: App = None,
) -> None:
    """Create a user; the password is asked for.

    The server's password policy holds, and fields of the application may be given with --field.
    """
    from ostiary.cli.people import Person  # noqa: PLC0415  help texts need no server

    people = _people(config, app)
    person = Person(email=email, name=name, role=role, verified=verified, fields=_pairs(field or []))
    new = people.draft(person)
    user = run(people.auth, people.create(new, _password(password_stdin)))
    typer.echo(f"Created {user.email} with id {user.id}.")


def _pairs(fields: list[str]) -> dict[str, str]:
    pairs = dict[str, str]()
    for field in fields:
        name, equals, value = field.partition("=")
        if not equals:
            raise typer.BadParameter(f"'{field}' is not NAME=VALUE", param_hint="--field")
        pairs[name] = value
    return pairs


@users.command("set-password")
def set_password(
    person: Who, password_stdin: PasswordStdin = False, config: Config = None, app: App = None
) -> None:
    """Set a password and end every session.

    The password is asked for; the server's password policy holds.
    """
    people = _people(config, app)
    user = run(people.auth, people.set_password(person, _password(password_stdin)))
    typer.echo(f"Set the password of {user.email}; all sessions ended.")


@users.command()
def role(
    person: Who,
    roles: Annotated[
        list[str] | None, typer.Argument(metavar="[ROLE]...", help="Such as admin; none takes all away.")
    ] = None,
    config: Config = None,
    app: App = None,
) -> None:
    """Give a user these roles, and no others.

    Sessions go on with the new roles; tokens that tell the old ones end where a deny list is kept.
    """
    people = _people(config, app)
    user = run(people.auth, people.set_roles(person, roles or []))
    typer.echo(f"{user.email} has the roles {', '.join(roles)}." if roles else f"{user.email} has no role.")


@users.command()
def ban(
    person: Who,
    reason: Annotated[
        str | None, typer.Option("--reason", metavar="TEXT", help="Why; for the record.")
    ] = None,
    until: Annotated[
        str | None,
        typer.Option("--until", metavar="WHEN", help="Such as 2031-12-31 or 2031-12-31T18:00+01:00; UTC."),
    ] = None,
    config: Config = None,
    app: App = None,
) -> None:
    """Ban a user and end every session.

    Signing in is refused until the ban is lifted or over.
    """
    ends = moment(until, "--until") if until is not None else None
    people = _people(config, app)
    user = run(people.auth, people.ban(person, reason, ends))
    end = f" until {ends:%Y-%m-%d %H:%M} UTC" if ends else ""
    typer.echo(f"Banned {user.email}{end}; all sessions ended.")


@users.command()
def unban(person: Who, config: Config = None, app: App = None) -> None:
    """Lift a ban."""
    people = _people(config, app)
    user = run(people.auth, people.unban(person))
    typer.echo(f"{user.email} may sign in again.")


@users.command()
def delete(
    person: Who,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    config: Config = None,
    app: App = None,
) -> None:
    """Delete a user, accounts and sessions.

    There is no way back.
    """
    people = _people(config, app)
    user = run(people.auth, people.find(person))
    if not yes and not typer.confirm(f"Delete {user.email} (id {user.id}) for good?"):
        raise Refused("nothing was deleted")
    run(people.auth, people.delete(user))
    typer.echo(f"Deleted {user.email}.")
