"""Which application a command is about, and a loop to talk to it."""

import asyncio
from collections.abc import Awaitable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, TypeVar

import typer

if TYPE_CHECKING:
    from ostiary.auth import Auth
    from ostiary.server.application import Application

from ostiary.cli.exits import EXPECTED
from ostiary.domain.errors import ConfigurationError

T = TypeVar("T")
_MOST_NAMED: Final = 3

Config = Annotated[
    Path | None,
    typer.Option(
        "--config", "-c", metavar="FILE", help="Configuration file; by default ostiary.toml, if there is one."
    ),
]
App = Annotated[
    str | None,
    typer.Option(
        "--app",
        "-a",
        metavar="MODULE:AUTH",
        help="The Auth of an application, such as app:auth, with its plugins and fields.",
    ),
]


def target(config: Path | None, app: str | None) -> "Application":
    """Return the application; raises ConfigurationError with the cure."""
    from ostiary.server.application import find_application  # noqa: PLC0415  help texts need no server

    return find_application(config, app)


def run(auth: "Auth", work: Awaitable[T]) -> T:
    """Do work with an auth server, and give its connections back."""

    async def working() -> T:
        """Work on this loop alone: connections belong to the loop that opened them."""
        async with auth.lifespan():
            try:
                return await work
            except EXPECTED:
                raise
            except Exception as error:
                if lacking := await _lacking(auth):
                    cure = "run `ostiary migrate`"
                    raise ConfigurationError(f"the database lacks {lacking}: {cure}") from error
                raise

    return asyncio.run(working())


async def _lacking(auth: "Auth") -> str:
    """Return what the database lacks, which explains why a statement failed: the first of it."""
    if auth.database_url is None:
        return ""
    from ostiary.storage import migrations  # noqa: PLC0415  Alembic is slow to import

    return shortened((await migrations.plan(auth.database_url, auth.schema)).additions)


def shortened(lacking: Sequence[str]) -> str:
    """Name what a database lacks, on one line even where it is empty."""
    more = len(lacking) - _MOST_NAMED
    return ", ".join(lacking[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
