"""A command line in a directory of its own, with nothing in its environment."""

import logging
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from ostiary.cli import app
from tests.builders import SECRET

Command = Callable[..., Result]
NAMES = (
    "OSTIARY_",
    "BETTER_AUTH_",
    "AUTH_SECRET",
    "DATABASE_URL",
    "REDIS_URL",
    "SMTP_URL",
    "MAIL_FROM",
    "PORT",
    "WEB_CONCURRENCY",
)


def _told() -> list[str]:
    return [name for name in os.environ if name.startswith(NAMES)]


@pytest.fixture(autouse=True)
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return an empty working directory; nothing of the environment or of imported applications remains."""
    for name in _told():
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", list(root.handlers))
    monkeypatch.setattr(root, "level", root.level)
    known = set(sys.modules)
    yield tmp_path
    for name in _told():
        del os.environ[name]  # what a command left for its workers
    for name in set(sys.modules) - known:
        if str(tmp_path) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


@pytest.fixture
def command() -> Command:
    """Return a function that runs `ostiary` with arguments."""
    runner = CliRunner()

    def run(*arguments: str, typed: str | None = None) -> Result:
        result = runner.invoke(app, arguments, input=typed)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run


@pytest.fixture
def configured(directory: Path) -> Path:
    """Return a directory with a secret in `.env` and a database file in `ostiary.toml`."""
    (directory / ".env").write_text(f"BETTER_AUTH_SECRET={SECRET}\n")
    (directory / ".env").chmod(0o600)
    (directory / "ostiary.toml").write_text(
        'database = "sqlite:///people.db"\nbase_url = "http://auth.test"\n'
    )
    return directory
