"""Help texts, exit codes and one-line errors."""

import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import Command

COMMANDS = ("serve", "init", "migrate", "secret", "users", "doctor")


def test_help_lists_every_command(command: Command) -> None:
    result = command("--help")
    assert result.exit_code == 0
    assert not [name for name in COMMANDS if f"\n  {name} " not in result.output]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(command: Command, name: str) -> None:
    result = command(name, "-h")
    assert result.exit_code == 0
    assert "Usage:" in result.output


@pytest.mark.parametrize(
    "arguments", [["nosuch"], ["serve", "--port", "x"], ["migrate", "--chekc"], ["users", "ban"]]
)
def test_wrong_usage_ends_with_2(command: Command, arguments: list[str]) -> None:
    assert command(*arguments).exit_code == 2


@pytest.mark.parametrize("arguments", [["serve"], ["migrate"], ["users", "list"]])
def test_a_missing_secret_is_one_line_with_the_cure(command: Command, arguments: list[str]) -> None:
    result = command(*arguments)
    assert result.exit_code == 2
    assert result.stderr.startswith("Error: a secret is required: make one with `ostiary secret`")
    assert "set it as BETTER_AUTH_SECRET" in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("arguments", [["migrate"], ["migrate", "--check"], ["users", "list"], ["serve"]])
def test_a_database_that_does_not_answer_ends_with_3(
    command: Command, configured: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing")
    result = command(*arguments)
    assert result.exit_code == 3
    assert result.stderr.startswith("Error: cannot connect: ")
    assert result.stderr.endswith("(start it, or correct its address)\n")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("arguments", [["users", "list"], ["clean"], ["serve", "--no-migrate"]])
def test_an_empty_database_is_one_short_line_with_the_cure(
    command: Command, configured: Path, arguments: list[str]
) -> None:
    result = command(*arguments)
    assert result.exit_code == 2
    assert re.fullmatch(
        r"Error: the database lacks table user, table session, table account and \d+ more: "
        r"run `ostiary migrate`\n",
        result.stderr,
    )


def test_a_port_that_is_taken_is_one_line(command: Command, configured: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        result = command("serve", "--port", str(port))
    assert result.exit_code == 2
    assert f"cannot listen on 127.0.0.1, port {port}: Address already in use; see --host" in result.stderr


@pytest.mark.parametrize(
    ("reference", "cure"),
    [
        ("shop", "--app needs module:attribute"),
        ("nosuch:auth", "there is no module 'nosuch' here"),
        ("shop:nosuch", "the module 'shop' has no 'nosuch'"),
        ("shop:number", "'shop:number' is of type int"),
    ],
)
def test_an_application_that_cannot_be_found_is_explained(
    command: Command, configured: Path, reference: str, cure: str
) -> None:
    (configured / "shop.py").write_text("number = 1\n")
    result = command("users", "list", "--app", reference)
    assert result.exit_code == 2
    assert cure in result.stderr


def test_what_an_application_fails_to_import_keeps_its_traceback(command: Command, configured: Path) -> None:
    (configured / "shop.py").write_text("import a_module_that_is_not_installed\n")
    with pytest.raises(ModuleNotFoundError, match="a_module_that_is_not_installed"):
        command("users", "list", "--app", "shop:auth")


def test_help_loads_no_server() -> None:
    heavy = {"uvicorn", "alembic", "fastapi", "pydantic_settings", "structlog", "redis"}
    program = f"import ostiary.cli, sys; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_the_module_is_the_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ostiary.cli", "secret"], capture_output=True, text=True, check=True
    )
    assert len(done.stdout.strip()) == 43
