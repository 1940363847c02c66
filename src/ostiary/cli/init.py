"""`ostiary init`: writes an application that works."""

import os
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Final

import typer

from ostiary.cli.exits import Refused
from ostiary.cli.secret import new_secret

_FILES: Final = ("app.py", "ostiary.toml", "README.md")
_IGNORED: Final = (".env", "*.db", "*.db-shm", "*.db-wal", "__pycache__/")


def init(
    directory: Annotated[Path, typer.Argument(help="Where to; it is made if it does not exist.")] = Path(),
) -> None:
    """Write a working application: app.py, ostiary.toml, and .env with a fresh secret. Overwrites nothing."""
    taken = [name for name in (*_FILES, ".env") if os.path.lexists(directory / name)]
    if taken:
        raise Refused(f"{directory} has {', '.join(taken)} already; nothing was written")
    try:
        _write(directory)
    except OSError as error:
        raise Refused(f"{error.filename or directory} cannot be written: {error.strerror}") from None
    here = "" if directory == Path() else f"cd {directory} && "
    typer.echo(f"Wrote {', '.join(_FILES)} and .env into {directory.resolve()}.\n")
    typer.echo(f"Start it:      {here}uvicorn app:app --reload")
    typer.echo("Look at it:    http://localhost:8000/docs")
    typer.echo(f"Before launch: {here}ostiary doctor --app app:auth")


def _write(directory: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    template = files("ostiary.cli") / "template"
    _write_private(directory / ".env", f"BETTER_AUTH_SECRET={new_secret()}\n")
    _ignore(directory / ".gitignore")
    for name in _FILES:
        with (directory / name).open("x", encoding="utf-8") as file:
            file.write((template / name).read_text("utf-8"))


def _write_private(path: Path, text: str) -> None:
    """Write a file that nobody else can read, not even for a moment."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)


def _ignore(path: Path) -> None:
    """Keep secrets and databases out of version control; what is listed already stays as it is."""
    present = path.read_text("utf-8") if path.exists() else ""
    missing = [line for line in _IGNORED if line not in present.splitlines()]
    if missing:
        separator = "\n" if present and not present.endswith("\n") else ""
        path.write_text(present + separator + "\n".join(missing) + "\n", "utf-8")
