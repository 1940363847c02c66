"""The command line: serve, init, migrate, secret, users, doctor and more."""

import typer

from ostiary.cli.attack import attack
from ostiary.cli.audit import audit
from ostiary.cli.audit_pruning import prune
from ostiary.cli.clean import clean
from ostiary.cli.doctor import doctor
from ostiary.cli.exits import Group
from ostiary.cli.importing.command import import_people
from ostiary.cli.init import init
from ostiary.cli.keys import keys
from ostiary.cli.mail import mail
from ostiary.cli.migrate import migrate
from ostiary.cli.mint_session import mint_session
from ostiary.cli.secret import secret
from ostiary.cli.serve import serve
from ostiary.cli.users import users

app = typer.Typer(
    name="ostiary",
    cls=Group,
    help="Authentication for Python back ends, in Better Auth's protocol.",
    epilog="Configuration: ostiary.toml, .env beside it, and the environment, which wins. "
    "Exit codes: 0 done, 1 refused or something found, 2 usage or configuration, 3 cannot connect.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,  # they would show local variables
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command(short_help="Run the standalone server.")(serve)
app.command(short_help="Write a working application.")(init)
app.command(short_help="Add what the database lacks of the configured tables.")(migrate)
app.command(short_help="Print a new secret, or rotate secrets.")(secret)
app.add_typer(users, name="users", short_help="List, create, ban and delete users.")
app.add_typer(keys, name="keys", short_help="List and rotate the keys that sign tokens.")
app.add_typer(mail, name="mail", short_help="List mail, retry what failed, send a test.")
audit.command()(prune)
app.add_typer(audit, name="audit", short_help="List, export, verify and prune the record of security acts.")
app.command("import", short_help="Take people over from another system.")(import_people)
app.command("mint-session", short_help="Print a signed-in browser for Playwright.")(mint_session)
app.command(short_help="Delete rows that ended more than a day ago.")(clean)
app.command(short_help="Say what is wrong or unsafe, and what to change.")(doctor)
app.command(short_help="Attack a server of your own harmlessly, and report what is broken.")(attack)


def main() -> None:
    """Run the command that the arguments name."""
    app(prog_name="ostiary")
