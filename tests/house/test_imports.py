"""Whoever imports the package pays for what they use: what only some need is loaded by its first use."""

import os
import subprocess
import sys
from pathlib import Path

import ostiary
from ostiary import plugins

SOURCE = Path(ostiary.__file__).parent
SELDOM = {
    "alembic",
    "argon2",
    "asyncmy",
    "asyncpg",
    "bcrypt",
    "cryptography",
    "fastapi",
    "httpcore2",
    "httpx2",
    "joserfc",
    "redis",
    "sqlalchemy",
    "starlette",
    "structlog",
    "typer",
    "uvicorn",
}
LIST = """
import sys
print(*sys.modules)
"""
SERVE = """
import asyncio
from ostiary import Auth, EmailAndPassword, Options
from ostiary.http.messages import Request

async def main():
    sign_in = EmailAndPassword(enabled=True)
    options = Options(secret="s" * 40, base_url="http://127.0.0.1", email_and_password=sign_in)
    auth = Auth(options, "sqlite:///auth.db")
    answer = await auth.handle(Request("GET", "/get-session", {"cookie": "better-auth.session_token=forged"}))
    assert (answer.status, answer.body) == (200, b"null"), answer
    await auth.close()

asyncio.run(main())
"""


def modules_after(program: str, folder: Path) -> set[str]:
    """Return what a process of its own has loaded once it ran the program."""
    environment = {**os.environ, "PYTHONPATH": str(SOURCE.parent)}
    command = [sys.executable, "-c", program + LIST]
    done = subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True, text=True)
    return set(done.stdout.split())


def test_importing_the_package_loads_no_part_that_only_some_need(tmp_path: Path) -> None:
    assert modules_after("import ostiary", tmp_path) & SELDOM == set()


def test_importing_the_package_loads_no_plugin_writes_no_mail_and_builds_no_validator(tmp_path: Path) -> None:
    loaded = modules_after("import ostiary", tmp_path)
    assert {name for name in loaded if name.startswith("ostiary.plugins.")} == {"ostiary.plugins.base"}
    assert loaded & {"email.message", "pydantic.plugin._loader"} == set()


def test_every_plugin_is_found_by_its_name() -> None:
    for name in plugins.__all__:
        assert getattr(plugins, name).__name__ == name
    assert not hasattr(plugins, "Nonesuch")


def test_serving_sessions_from_sqlite_loads_no_other_database_and_no_migrations(tmp_path: Path) -> None:
    loaded = modules_after(SERVE, tmp_path)
    assert loaded & SELDOM == {"sqlalchemy"}
    others = {"sqlalchemy.dialects.mysql", "sqlalchemy.dialects.postgresql", "sqlalchemy.orm"}
    assert loaded & others == set()
