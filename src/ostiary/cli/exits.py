"""How commands end: exit codes, and errors as one line with the cure."""

from typing import Any, Final

import typer
from typer.core import TyperGroup

from ostiary.domain.circumstances import Circumstances, under
from ostiary.domain.errors import AuthError, ConfigurationError, InvalidValue, StorageUnavailable

REFUSED: Final = 1
MISCONFIGURED: Final = 2
UNREACHABLE: Final = 3


class Refused(Exception):
    """A command cannot do what it was asked; the message says why."""


EXPECTED: Final = (ConfigurationError, StorageUnavailable, AuthError, InvalidValue, Refused)
"""What ends a command with a sentence."""


class Group(TyperGroup):
    """Commands whose expected failures are a sentence on standard error and an exit code."""

    def invoke(self, ctx: typer.Context) -> Any:  # type: ignore[override]  # Typer's own Context class; Any is its contract
        """Run the command; what is a mistake in the program passes with its traceback."""

        def circumstances() -> Circumstances:
            """Return what the audit log says of it, once the subcommand is known."""
            return Circumstances(endpoint=f"{ctx.command_path} {ctx.invoked_subcommand}", actor_id="operator")

        try:
            with under(circumstances):
                return super().invoke(ctx)
        except ConfigurationError as error:
            raise _ended(str(error), MISCONFIGURED) from None
        except StorageUnavailable as error:
            raise _ended(f"cannot connect: {error} (start it, or correct its address)", UNREACHABLE) from None
        except AuthError as error:
            raise _ended(error.message or error.code or "refused", REFUSED) from None
        except (Refused, InvalidValue) as error:
            raise _ended(str(error), REFUSED) from None


def group(about: str) -> typer.Typer:
    """Return a group of commands; without a command it shows its help."""
    return typer.Typer(
        cls=Group,
        help=about,
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,  # they would show local variables
    )


def _ended(message: str, code: int) -> typer.Exit:
    typer.secho(f"Error: {' '.join(message.split())}", fg="red", err=True)
    return typer.Exit(code)
