"""Looking at the record of security acts from the command line."""

import json
import sqlite3
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Command


def with_people(command: Command) -> None:
    assert command("migrate").exit_code == 0
    made = command(
        "users", "create", "ada@example.com", "--password-stdin", typed="Correct horse battery 7\n"
    )
    assert made.exit_code == 0, made.output
    assert command("users", "ban", "ada@example.com", "--reason", "spam").exit_code == 0


def test_acts_of_commands_are_listed_as_the_operators(command: Command, configured: Path) -> None:
    with_people(command)
    listed = command("audit", "list", "--user", "ada@example.com")
    assert listed.exit_code == 0
    newest, oldest = listed.output.splitlines()
    assert "banned" in newest
    assert "why=spam" in newest
    assert "by=operator" in newest
    assert newest.rstrip().endswith("at=ostiary users ban")
    assert "signed_up" in oldest
    assert command("audit", "list", "--user", "nobody@example.com").output == "No events.\n"


def test_an_export_is_one_json_object_per_line(command: Command, configured: Path) -> None:
    with_people(command)
    lines = [json.loads(line) for line in command("audit", "export").stdout.splitlines()]
    assert [line["kind"] for line in lines] == ["signed_up", "banned"]
    assert [line["position"] for line in lines] == [1, 2]
    assert all(len(line["hash"]) == 64 for line in lines)


def test_a_touched_log_ends_with_one_and_names_the_place(command: Command, configured: Path) -> None:
    with_people(command)
    held = command("audit", "verify")
    assert held.exit_code == 0
    assert held.output.startswith("The chain holds. Head: 2:")
    head = held.output.split()[-1]
    with sqlite3.connect(configured / "people.db") as database:
        database.execute("UPDATE \"auditEvent\" SET reason = 'nothing' WHERE kind = 'banned'")
    database.close()
    broken = command("audit", "verify")
    assert broken.exit_code == 1
    assert broken.output.startswith("at 2: event ")
    assert "The chain is broken." in broken.output
    with sqlite3.connect(configured / "people.db") as database:
        database.execute("DELETE FROM \"auditEvent\" WHERE kind = 'banned'")
    database.close()
    assert command("audit", "verify").exit_code == 0
    assert command("audit", "verify", "--expect", head).exit_code == 1


def with_an_old_event(command: Command, directory: Path) -> None:
    with_people(command)
    with sqlite3.connect(directory / "people.db") as database:
        old = "UPDATE \"auditEvent\" SET createdAt = '2020-01-01 00:00:00' WHERE kind = 'signed_up'"
        database.execute(old)
        database.execute('UPDATE "auditEvent" SET position = NULL, hash = NULL')  # as if never linked
    database.close()


def test_old_events_are_exported_and_pruned_and_the_rest_verifies(command: Command, configured: Path) -> None:
    with_an_old_event(command, configured)
    done = command("audit", "prune", "--older-than", "365", "--export", "old.ndjson")
    assert (done.exit_code, done.stdout) == (0, "1 events removed.\n")
    [line] = (configured / "old.ndjson").read_text().splitlines()
    assert (json.loads(line)["kind"], json.loads(line)["position"]) == ("signed_up", 1)
    assert (configured / "old.ndjson").stat().st_mode & 0o077 == 0
    held = command("audit", "verify")
    assert held.exit_code == 0
    assert held.output.startswith("pruned up to 1 at ")
    assert " by operator: older than " in held.output
    assert "The chain holds. Head: 3:" in held.output
    exported = [json.loads(each) for each in command("audit", "export").stdout.splitlines()]
    assert [each["kind"] for each in exported] == ["banned", "audit_pruned"]
    again = command("audit", "prune", "--before", "2021-01-01")
    assert (again.exit_code, again.stdout) == (0, "Nothing is older than 2021-01-01 00:00.\n")


def test_a_broken_chain_is_pruned_only_by_force(command: Command, configured: Path) -> None:
    """Whoever changed old events must not be helped by their end."""
    with_an_old_event(command, configured)
    assert len(command("audit", "export").stdout.splitlines()) == 2
    with sqlite3.connect(configured / "people.db") as database:
        database.execute("UPDATE \"auditEvent\" SET reason = 'nothing' WHERE kind = 'signed_up'")
    database.close()
    refused = command("audit", "prune", "--older-than", "365")
    assert refused.exit_code == 1
    assert "ostiary audit verify" in refused.output
    assert command("audit", "prune", "--older-than", "365", "--force").stdout == "1 events removed.\n"


def test_nothing_is_pruned_where_the_export_fails(command: Command, configured: Path) -> None:
    with_an_old_event(command, configured)
    (configured / "old.ndjson").write_text("an older export\n")
    refused = command("audit", "prune", "--older-than", "365", "--export", "old.ndjson")
    assert refused.exit_code == 1
    assert "File exists" in refused.output
    assert (configured / "old.ndjson").read_text() == "an older export\n"
    assert len(command("audit", "export").stdout.splitlines()) == 2


@pytest.mark.parametrize(
    "options",
    [(), ("--older-than", "1", "--before", "2020-01-01"), ("--before", "2099-01-01"), ("--before", "soon")],
)
def test_a_limit_that_is_none_is_refused(
    command: Command, configured: Path, options: tuple[str, ...]
) -> None:
    with_people(command)
    assert command("audit", "prune", *options).exit_code == 2
    assert len(command("audit", "export").stdout.splitlines()) == 2


def test_a_head_that_is_none_is_refused(command: Command, configured: Path) -> None:
    with_people(command)
    assert command("audit", "verify", "--expect", "seven").exit_code == 2


def test_a_server_without_a_log_says_how_to_have_one(command: Command, configured: Path) -> None:
    with (configured / "ostiary.toml").open("a") as file:
        file.write("audit = false\n")
    assert command("migrate").exit_code == 0
    refused = command("audit", "list")
    assert refused.exit_code == 2
    assert "AuditOptions(enabled=True)" in refused.output
