"""What `migrate` adds, compares, prints and writes."""

import asyncio
import sqlite3
from contextlib import closing
from importlib import import_module
from pathlib import Path

import pytest

from tests.builders import SECRET

from .conftest import Command

migrate_command = import_module("ostiary.cli.migrate")  # the package's attribute of that name is the function

SHOP = f"""
from ostiary import Auth, Field, Options, UserOptions

plan = Field[str](name="plan", required=False)
auth = Auth(Options(secret="{SECRET}", user=UserOptions(additional_fields=(plan,))), "sqlite:///people.db")
"""


def columns(directory: Path, table: str) -> set[str]:
    with closing(sqlite3.connect(directory / "people.db")) as connection:
        return {row[1] for row in connection.execute(f"PRAGMA table_info('{table}')")}


def test_it_adds_what_is_missing_once(command: Command, configured: Path) -> None:
    first = command("migrate")
    assert first.exit_code == 0
    assert "added table user\n" in first.stdout
    assert {"email", "role", "banned"} <= columns(configured, "user")
    second = command("migrate")
    assert (second.exit_code, second.stderr) == (0, "")
    assert second.stdout == "Nothing to add: the database is as the configuration asks.\n"


def test_check_names_what_differs_and_changes_nothing(command: Command, configured: Path) -> None:
    before = command("migrate", "--check")
    assert before.exit_code == 1
    assert "missing table user" in before.stdout
    assert columns(configured, "user") == set()
    command("migrate")
    after = command("migrate", "--check")
    assert (after.exit_code, after.stdout) == (0, "The database is as the configuration asks.\n")


def test_sql_prints_statements_and_changes_nothing(command: Command, configured: Path) -> None:
    printed = command("migrate", "--sql")
    assert printed.exit_code == 0
    assert columns(configured, "user") == set()
    with closing(sqlite3.connect(configured / "people.db")) as connection:
        connection.executescript(printed.stdout)
    assert command("migrate", "--check").exit_code == 0
    assert command("migrate", "--sql").stdout == ""


def test_write_leaves_a_revision(command: Command, configured: Path) -> None:
    written = command("migrate", "--write", "revisions")
    assert written.exit_code == 0
    [revision] = (configured / "revisions").glob("*.py")
    assert revision.name in written.stdout
    compile(revision.read_text(), revision.name, "exec")
    assert columns(configured, "user") == set()
    command("migrate")
    assert command("migrate", "--write", "revisions").stdout.startswith("Nothing to write")


def test_only_one_thing_at_a_time(command: Command, configured: Path) -> None:
    result = command("migrate", "--check", "--sql")
    assert result.exit_code == 2
    assert "one of --check, --sql and --write" in result.stderr


def test_the_fields_of_an_application_are_known_by_its_auth(command: Command, configured: Path) -> None:
    (configured / "shop.py").write_text(SHOP)
    assert command("migrate").exit_code == 0
    missing = command("migrate", "--check", "--app", "shop:auth")
    assert (missing.exit_code, missing.stdout) == (1, "missing column user.plan\n")
    assert command("migrate", "--app", "shop:auth").stdout == "added column user.plan\n"
    assert "plan" in columns(configured, "user")


def test_what_adding_cannot_mend_ends_with_2_and_changes_nothing(command: Command, configured: Path) -> None:
    command("migrate")
    with closing(sqlite3.connect(configured / "people.db")) as connection:
        connection.execute("ALTER TABLE user DROP COLUMN role")
        connection.execute("CREATE TABLE other (id text)")
        connection.execute("ALTER TABLE user ADD COLUMN shoe_size integer NOT NULL DEFAULT 0")
        connection.execute("DROP TABLE verification")
        connection.execute("CREATE TABLE verification (id text primary key, made_by text NOT NULL)")
        connection.commit()
    result = command("migrate")
    assert result.exit_code == 2
    assert "verification.made_by" in result.stderr
    assert "role" not in columns(configured, "user")


def test_a_store_of_ones_own_is_not_migrated(command: Command, configured: Path) -> None:
    (configured / "shop.py").write_text("from tests.builders import some_auth\nauth = some_auth()\n")
    result = command("migrate", "--app", "shop:auth")
    assert result.exit_code == 2
    assert "a store of its own" in result.stderr


async def test_long_work_says_that_it_goes_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(migrate_command, "HEARTBEAT", 0.001)

    async def a_large_table() -> str:
        while "still at it" not in capsys.readouterr().err:  # noqa: ASYNC110  a stream has no event
            await asyncio.sleep(0)
        return "done"

    assert await migrate_command.with_heartbeat(a_large_table()) == "done"


async def test_a_failure_under_the_heartbeat_is_passed_on() -> None:
    async def a_failure() -> None:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        await migrate_command.with_heartbeat(a_failure())


def test_a_server_that_may_not_migrate_does_not_start_on_an_outdated_database(
    command: Command, configured: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (configured / "shop.py").write_text(SHOP)
    started = list[str]()
    monkeypatch.setattr("uvicorn.run", lambda *_, **__: started.append("server"))
    assert command("migrate").exit_code == 0
    refused = command("serve", "--no-migrate", "--app", "shop:auth")
    assert (refused.exit_code, started) == (2, [])
    assert refused.stderr == "Error: the database lacks column user.plan: run `ostiary migrate`\n"
    assert "plan" not in columns(configured, "user")
    assert command("migrate", "--app", "shop:auth").exit_code == 0
    assert command("serve", "--no-migrate", "--app", "shop:auth").exit_code == 0
    assert started == ["server"]
