"""What is broken in an export is reported by its line, and takes nobody else along."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from .conftest import Command
from .test_import import EXPORTS, people, people_of, take


@pytest.fixture(autouse=True)
def directory_with_tables(command: Command, configured: Path) -> Path:
    assert command("migrate").exit_code == 0
    return configured


def told(report: dict[str, Any]) -> list[tuple[str, str]]:
    return [(each["place"], each["reason"]) for each in report["examples"]]


def lines_of(number: int) -> list[str]:
    return [json.dumps(each) for each in people_of(number)]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"user_id": "auth0|x", "email": "x@exam', "broken JSON: unterminated string"),
        ('{"user_id": ', "broken JSON: expecting ',' delimiter"),
        ("garbage", "broken JSON: expecting value"),
        ("7", "no object"),
        ("{}", "no object"),
        ('{"a": ' + "[" * 20_000, "broken JSON: nested too deeply"),
        ('{"a": ' + "9" * 5_000 + "}", "broken JSON: a number that is too long"),
        ('{"email": "x@example.com", "name": "' + "x" * 100_000, "broken JSON: unterminated string"),
    ],
)
@pytest.mark.parametrize("at", [0, 1, 3])
def test_a_broken_line_of_json_is_told_and_the_others_are_taken_over(
    command: Command, configured: Path, line: str, reason: str, at: int
) -> None:
    lines = lines_of(3)
    lines.insert(at, line)
    (configured / "people.json").write_text("\n".join(lines) + "\n")
    result, report = take(command, "auth0", "people.json", "--dry-run")
    place, why = told(report)[0]
    assert (result.exit_code, report["read"], report["added"], place) == (1, 4, 3, f"line {at + 1}")
    assert why == reason or at == 3  # at the end of the file some stop at another character


def test_each_of_many_broken_lines_is_counted(command: Command, configured: Path) -> None:
    lines = [*lines_of(60), *['{"email": "x', "broken"] * 40, *lines_of(62)[60:]]
    (configured / "people.json").write_text("\n".join(lines))
    result = command("import", "auth0", "people.json", "--batch", "7")
    assert result.exit_code == 1
    output = result.stdout.splitlines()
    assert output[0] == "Added 62 of 142 people."
    assert output[4] == "  line 61: broken JSON: unterminated string"
    assert output[-1] == "  and 60 more"
    _, report = take(command, "auth0", "people.json")
    assert (report["added"], report["known"]) == (0, 62)


@pytest.mark.parametrize("indent", [None, 0, 2])
@pytest.mark.parametrize("wrapped", [True, False])
def test_a_broken_entry_of_an_array_is_told_and_the_others_are_taken_over(
    command: Command, configured: Path, indent: int | None, *, wrapped: bool
) -> None:
    entries = [
        json.dumps({"localId": str(n), "email": f"p{n}@example.com", "tags": [{"a": 1}]}, indent=indent)
        for n in range(700)
    ]
    height = entries[0].count("\n") + 1
    entries[300] = entries[300].replace('"email":', '"email"')
    opening, closing = ('{"users": [', "]}") if wrapped else ("[", "]")
    (configured / "people.json").write_text("\n".join((opening, ",\n".join(entries), closing)))
    _, report = take(command, "firebase", "people.json", "--dry-run")
    assert told(report)[0] == (f"line {2 + 300 * height}", "broken JSON: expecting ':' delimiter")
    assert report["added"] == 699


def test_after_a_broken_entry_the_rest_of_its_line_cannot_be_read(command: Command, configured: Path) -> None:
    """Where the next entry begins is anybody's guess: what is nested looks the same."""
    first, second, third = lines_of(3)
    (configured / "people.json").write_text(f"[{first}, {second[:-1]}, {third}]")
    _, report = take(command, "auth0", "people.json", "--dry-run")
    assert told(report)[0][0] == "line 1, entry 2"
    assert (report["read"], report["added"]) == (2, 1)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('user_9,Nine,"nine,nine@example.com', "broken CSV: ',' expected after '\"'"),
        ("user_9,Nine", "another number of cells than columns"),
        ("user_9,Nine,Of, Course,nine@example.com,,,,,,", "another number of cells than columns"),
        ("user_9,N\udce9e,nine,nine@example.com", "not in UTF-8"),
    ],
)
def test_a_broken_line_of_csv_is_told_and_the_others_are_taken_over(
    command: Command, configured: Path, line: str, reason: str
) -> None:
    rows = [f'user_{n},"Sur\nname",p{n},p{n}@example.com' for n in range(2)]
    text = "\n".join(["id,first_name,username,primary_email_address", rows[0], line, rows[1], ""])
    (configured / "clerk.csv").write_bytes(text.encode("utf-8", "surrogateescape"))
    result, report = take(command, "clerk", "clerk.csv")
    assert (result.exit_code, told(report)) == (1, [("line 4", reason)])
    assert {each["name"] for each in people(command).values()} == {"Sur\nname"}
    assert len(people(command)) == 2


def test_a_quote_that_is_never_closed_hides_nobody(command: Command, configured: Path) -> None:
    rows = [f"user_{n},p{n}@example.com" for n in range(3000)]
    rows[1200] = 'user_1200,"p1200@example.com'
    (configured / "clerk.csv").write_text("\n".join(["id,primary_email_address", *rows]))
    _, report = take(command, "clerk", "clerk.csv", "--dry-run")
    assert told(report) == [("line 1202", "broken CSV: unexpected end of data")]
    assert (report["read"], report["added"]) == (3000, 2999)


def test_bytes_that_are_not_utf_8_are_those_of_one_person(command: Command, configured: Path) -> None:
    lines = [each.encode() for each in lines_of(3)]
    lines.insert(1, '{"user_id": "auth0|9", "email": "x@example.com", "name": "Zoë"}'.encode("latin-1"))
    (configured / "people.json.gz").write_bytes(gzip.compress(b"\n".join(lines)))
    _, report = take(command, "auth0", "people.json.gz")
    assert (report["added"], told(report)) == (3, [("line 2", "not in UTF-8")])


def test_a_broken_entry_of_django_is_told(command: Command, configured: Path) -> None:
    dump = json.dumps(json.loads((EXPORTS / "django.json").read_text()), indent=1)
    (configured / "people.json").write_text(dump.replace('"email": "boss', '"email" "boss'))
    _, report = take(command, "django", "people.json")
    assert report["refused"] == {"no email address": 1, "broken JSON: expecting ':' delimiter": 1}
    assert report["added"] == 4


@pytest.mark.parametrize(
    ("source", "file", "content"),
    [
        ("clerk", "clerk.csv", ""),
        ("clerk", "clerk.csv", "id,primary_email_address\n"),
        ("firebase", "firebase.csv", ""),
        ("firebase", "firebase.json", '{"users": []}'),
        ("firebase", "firebase.json", ""),
        ("auth0", "auth0.json", "\n"),
        ("supabase", "users.csv", "id,email\n"),
        ("django", "dump.json", "[]"),
    ],
)
def test_an_export_of_nobody_says_so(
    command: Command, configured: Path, source: str, file: str, content: str
) -> None:
    (configured / file).write_text(content)
    result = command("import", source, file)
    assert (result.exit_code, result.stdout) == (0, "The export holds nobody: there was nothing to add.\n")
