"""Taking people over from other systems: they sign in with the passwords they have."""

import asyncio
import gzip
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from ostiary.domain.errors import AuthError
from ostiary.domain.models import ACCOUNT, AccountFields
from ostiary.http.routes.sign_in import SignInEmail
from ostiary.server import Settings
from tests.builders import PASSWORD, SECRET

from .conftest import Command
from .test_users import create

EXPORTS = Path(__file__).parent / "exports"


@pytest.fixture(autouse=True)
def migrated(command: Command, configured: Path) -> Path:
    assert command("migrate").exit_code == 0
    return configured


def database(directory: Path, name: str) -> str:
    """Make the database that was recorded, and return its URL."""
    with closing(sqlite3.connect(directory / f"{name}.db")) as connection:
        connection.executescript((EXPORTS / f"{name}.sql").read_text())
    return f"sqlite:///{directory / name}.db"


def take(command: Command, source: str, origin: object, *more: str) -> tuple[Result, dict[str, Any]]:
    result = command("import", source, str(origin), "--json", *more)
    assert result.exit_code in {0, 1}, result.output
    return result, json.loads(result.stdout)


def people(command: Command) -> dict[str, dict[str, Any]]:
    listed = json.loads(command("users", "list", "--json").stdout)
    return {each["email"]: each for each in listed}


async def _sign_in(email: str, password: str) -> bool:
    """Call in process, where no rate limit counts."""
    auth = Settings.load().to_auth()
    async with auth.lifespan():
        try:
            await auth.api.sign_in_email(SignInEmail(email=email, password=password))
        except AuthError as refusal:
            return refusal.status not in {401, 403}
        return True


def signs_in(email: str, password: str) -> bool:
    return asyncio.run(_sign_in(email, password))


async def _accounts(email: str) -> dict[str, tuple[str, str | None]]:
    auth = Settings.load().to_auth()
    async with auth.lifespan():
        user = await auth.services.users.by_email(email)
        assert user is not None
        rows = await auth.services.store.rows(ACCOUNT).all(AccountFields.USER_ID.equals(user.id))
        return {row.provider_id: (row.account_id, row.password) for row in rows}


def accounts(email: str) -> dict[str, tuple[str, str | None]]:
    return asyncio.run(_accounts(email))


def test_people_of_fastapi_users(command: Command, migrated: Path) -> None:
    """Tables that fastapi-users made, with argon2 and bcrypt."""
    url = database(migrated, "fastapi-users")
    result, report = take(command, "fastapi-users", url, "--admins")
    assert (result.exit_code, report["read"], report["added"], report["refused"]) == (0, 4, 4, {})
    known = people(command)
    assert (known["ada@example.com"]["emailVerified"], known["ada@example.com"]["role"]) == (False, "user")
    assert (known["boss@example.com"]["emailVerified"], known["boss@example.com"]["role"]) == (True, "admin")
    assert known["gone@example.com"]["banned"] is True
    assert accounts("social@example.com")["google"][0] == "google-4711"
    assert signs_in("ada@example.com", "ada's password")
    assert signs_in("boss@example.com", "boss's password")
    assert not signs_in("boss@example.com", "ada's password")
    assert not signs_in("gone@example.com", "gone's password")


def test_a_password_moves_to_the_configured_hasher_at_the_first_sign_in(
    command: Command, migrated: Path
) -> None:
    take(command, "fastapi-users", database(migrated, "fastapi-users"))
    assert str(accounts("boss@example.com")["credential"][1]).startswith("$2b$04$")
    assert signs_in("boss@example.com", "boss's password")
    assert not str(accounts("boss@example.com")["credential"][1]).startswith("$2b$")
    assert signs_in("boss@example.com", "boss's password")


@pytest.mark.parametrize("kind", ["database", "dump"])
def test_people_of_django(command: Command, migrated: Path, kind: str) -> None:
    """Rows that Django and django-allauth made: PBKDF2, argon2, bcrypt over SHA-256."""
    origin = database(migrated, "django") if kind == "database" else EXPORTS / "django.json"
    result, report = take(command, "django", origin, "--admins")
    assert (result.exit_code, report["added"], report["refused"]) == (1, 5, {"no email address": 1})
    assert report["withoutPassword"] == 1
    known = people(command)
    ada = known["ada@example.com"]
    assert (ada["name"], ada["emailVerified"], ada["role"]) == ("Ada Lovelace", True, "user")
    assert ada["createdAt"].startswith("2026-11-21T10:46:1")
    assert (known["boss@example.com"]["name"], known["boss@example.com"]["role"]) == ("boss", "admin")
    assert accounts("ada@example.com")["google"][0] == "google-1815"
    for name in ("ada", "boss", "slow"):
        assert signs_in(f"{name}@example.com", f"{name}'s password"), name
    assert not signs_in("gone@example.com", "gone's password")
    assert "credential" not in accounts("nopassword@example.com")


def test_people_of_supabase(command: Command) -> None:
    more = ("--identities", str(EXPORTS / "supabase-identities.csv"), "--keep-ids")
    _, report = take(command, "supabase", EXPORTS / "supabase-users.csv", *more)
    assert (report["added"], report["refused"]) == (4, {"no email address": 1, "deleted": 1})
    known = people(command)
    ada = known["ada@example.com"]
    assert ada["id"] == "11111111-1111-4111-8111-111111111111"
    assert (ada["name"], ada["image"]) == ("Ada Lovelace", "https://example.com/ada.png")
    assert (ada["emailVerified"], ada["createdAt"]) == (True, "2023-04-05T06:07:08.123Z")
    linked = {provider: name for provider, (name, _) in accounts("social@example.com").items()}
    assert linked == {"microsoft": "azure-77", "github": "583231"}
    assert signs_in("ada@example.com", "ada's password")
    assert signs_in("back@example.com", "back's password")
    assert not signs_in("gone@example.com", "gone's password")


def test_people_of_auth0(command: Command) -> None:
    more = ("--passwords", str(EXPORTS / "auth0-passwords.json"))
    _, report = take(command, "auth0", EXPORTS / "auth0-users.json", *more)
    reasons = {"no email address": 1, "an email address that is none": 1}
    assert (report["added"], report["refused"]) == (3, reasons)
    assert accounts("ada@example.com")["google"][0] == "1034567890"
    assert accounts("social@example.com")["github"][0] == "583231"
    assert signs_in("ada@example.com", "ada's password")
    assert not signs_in("gone@example.com", "gone's password")


@pytest.mark.parametrize(("file", "added", "refused"), [("firebase.json", 3, 1), ("firebase.csv", 2, 0)])
def test_people_of_firebase(command: Command, file: str, added: int, refused: int) -> None:
    """The hash is the one that Firebase publishes with its scrypt."""
    more = ("--hash-config", str(EXPORTS / "firebase-hash-config.txt"))
    _, report = take(command, "firebase", EXPORTS / file, *more)
    assert (report["added"], sum(report["refused"].values())) == (added, refused)
    ada = people(command)["ada@example.com"]
    assert (ada["name"], ada["createdAt"]) == ("Ada Lovelace", "2017-07-14T02:40:00.123Z")
    assert accounts("ada@example.com")["google"][0] == "1034567890"
    assert accounts("social@example.com")["github"][0] == "583231"
    assert not signs_in("ada@example.com", "user2password")
    assert signs_in("ada@example.com", "user1password")
    assert not str(accounts("ada@example.com")["credential"][1]).startswith("firebase")


def test_people_of_clerk(command: Command) -> None:
    _, report = take(command, "clerk", EXPORTS / "clerk.csv")
    reasons = {"the address stands in the export twice": 1, "no email address": 1}
    assert (report["added"], report["withoutPassword"], report["refused"]) == (2, 1, reasons)
    known = people(command)
    assert (known["ada@example.com"]["name"], known["ada@example.com"]["emailVerified"]) == (
        "Ada Lovelace",
        True,
    )
    assert (known["odd@example.com"]["name"], known["odd@example.com"]["emailVerified"]) == ("odd", False)
    assert signs_in("ada@example.com", "ada's password")


def test_nobody_who_is_known_is_changed(command: Command, migrated: Path) -> None:
    assert create(command, "boss@example.com", "--name", "The boss").exit_code == 0
    before = people(command)["boss@example.com"]
    _, report = take(command, "fastapi-users", database(migrated, "fastapi-users"), "--admins")
    assert (report["added"], report["known"]) == (3, 1)
    assert people(command)["boss@example.com"] == before
    assert signs_in("boss@example.com", PASSWORD)
    assert not signs_in("boss@example.com", "boss's password")


def test_a_second_run_adds_nothing(command: Command, migrated: Path) -> None:
    url = database(migrated, "fastapi-users")
    take(command, "fastapi-users", url)
    before = people(command)
    _, report = take(command, "fastapi-users", url)
    assert (report["read"], report["added"], report["known"]) == (4, 0, 4)
    assert people(command) == before


def test_a_run_goes_on_where_an_earlier_one_was_interrupted(command: Command, migrated: Path) -> None:
    whole = (EXPORTS / "auth0-users.json").read_text().splitlines(keepends=True)
    half = migrated / "half.json"
    half.write_text(whole[0] + whole[1][:40])
    result, report = take(command, "auth0", half, "--batch", "1")
    assert (result.exit_code, report["added"]) == (1, 1)
    assert report["examples"] == [{"place": "line 2", "reason": "broken JSON: unterminated string"}]
    assert set(people(command)) == {"ada@example.com"}
    _, report = take(command, "auth0", EXPORTS / "auth0-users.json", "--batch", "1")
    assert (report["added"], report["known"]) == (2, 1)


def test_a_dry_run_writes_nothing_and_tells_the_same(command: Command, migrated: Path) -> None:
    url = database(migrated, "django")
    result, dry = take(command, "django", url, "--dry-run")
    assert result.exit_code == 1
    assert people(command) == {}
    assert take(command, "django", url)[1] == dry


def test_the_report_is_for_people_as_well(command: Command, migrated: Path) -> None:
    result = command("import", "django", database(migrated, "django"), "--dry-run")
    assert result.stdout.splitlines() == [
        "Would add 5 of 6 people.",
        "1 without a password that can be kept: they sign in by a reset.",
        "1 refused: no email address",
        "  user 5: no email address",
    ]


def test_a_link_that_belongs_to_somebody_else_stays_theirs(command: Command, migrated: Path) -> None:
    take(command, "auth0", EXPORTS / "auth0-users.json")
    entry = {"user_id": "github|583231", "email": "thief@example.com"}
    (migrated / "more.json").write_text(json.dumps(entry))
    _, report = take(command, "auth0", migrated / "more.json")
    assert (report["added"], report["linksLeftOut"]) == (1, 1)
    assert accounts("thief@example.com") == {}
    assert accounts("social@example.com")["github"][0] == "583231"


def test_one_bad_row_does_not_take_its_batch_along(command: Command, migrated: Path) -> None:
    taken = [*people_of(40), {"user_id": "auth0|7", "email": "second@example.com"}]
    (migrated / "many.json").write_text("\n".join(map(json.dumps, taken)))
    _, report = take(command, "auth0", migrated / "many.json", "--keep-ids")
    assert report["added"] == 40
    assert report["refused"] == {"the id or another unique value is taken": 1}


def people_of(number: int) -> list[dict[str, str]]:
    return [{"user_id": f"auth0|{each}", "email": f"person{each}@example.com"} for each in range(number)]


def test_an_export_is_read_piece_by_piece(command: Command, migrated: Path) -> None:
    """Entries cross the borders of what is read at a time, in an array and compressed."""
    many = [{**each, "name": "é" * 300} for each in people_of(1200)]
    with gzip.open(migrated / "many.json.gz", "wt", encoding="utf-8") as file:
        json.dump(many, file, ensure_ascii=False, indent=1)
    _, report = take(command, "auth0", migrated / "many.json.gz", "--batch", "500", "--dry-run")
    assert (report["read"], report["added"]) == (1200, 1200)


@pytest.mark.parametrize(
    ("arguments", "cause"),
    [
        (("myspace", "file.json"), "'myspace' is none of"),
        (("auth0", "nowhere.json"), "cannot be read"),
        (("auth0", "people.json", "--passwords", "broken.json"), "broken.json: line 1: broken JSON"),
        (("supabase", "other.csv", "--identities", "broken.csv"), "broken.csv: line 2: another number"),
        (("supabase", "people.csv"), "has no column 'email'"),
        (("supabase", "other.csv", "--identities", "other.csv"), "has no column 'user_id'"),
        (("auth0", "half.json.gz"), "half.json.gz cannot be read"),
        (("firebase", "broken.json", "--hash-config", "broken.json"), "lacks base64_signer_key"),
        (("django", "oracle://host/name"), "there is no store for 'oracle'"),
        (("django", "sqlite:///nowhere.db"), "no database file 'nowhere.db'"),
        (("django", "sqlite:///other.db"), "has no table 'auth_user'"),
        (("fastapi-users", "sqlite:///other.db"), "has no column 'hashed_password' in the table 'user'"),
        (("clerk", "other.csv"), "has no column 'primary_email_address'"),
    ],
)
def test_what_cannot_be_read_is_said(
    command: Command, migrated: Path, arguments: tuple[str, ...], cause: str
) -> None:
    (migrated / "broken.json").write_text('{"user_id": ')
    (migrated / "people.json").write_text('{"user_id": "auth0|1", "email": "ada@example.com"}')
    (migrated / "other.csv").write_text("id,email\n1,ada@example.com\n")
    (migrated / "broken.csv").write_text("user_id,provider\n1\n")
    (migrated / "people.csv").write_text("id,mail\n1,ada@example.com\n")
    (migrated / "half.json.gz").write_bytes(gzip.compress(b"{}" * 100)[:15])
    with closing(sqlite3.connect(migrated / "other.db")) as connection:
        connection.execute('CREATE TABLE "user" (id, email)')
    result = command("import", *arguments)
    assert (result.exit_code, (migrated / "nowhere.db").exists()) == (2, False)
    assert cause in result.output.replace("\n", " ")
    assert people(command) == {}


def test_a_server_that_lacks_what_is_asked_says_so(command: Command, migrated: Path) -> None:
    (migrated / "bare.py").write_text(
        "from ostiary import Auth, EmailAndPassword, Field, Options, UserOptions\n"
        f'secret = "{SECRET}"\n'
        'auth = Auth(Options(secret=secret), "sqlite:///bare.db")\n'
        'fields = (Field[str](name="plan"),)\n'
        'picky = Auth(Options(secret=secret, user=UserOptions(additional_fields=fields)), "sqlite:///bare.db")\n'
    )
    url = database(migrated, "fastapi-users")
    assert command("migrate", "--app", "bare:auth").exit_code == 0
    result = command("import", "fastapi-users", url, "--app", "bare:auth", "--admins")
    assert (result.exit_code, "knows no roles" in result.output) == (2, True)
    result = command("import", "fastapi-users", url, "--app", "bare:picky")
    assert (result.exit_code, "users need a plan" in result.output) == (2, True)
    _, report = take(command, "fastapi-users", url, "--app", "bare:auth")
    assert report["added"] == 3
    assert list(report["refused"]) == ["disabled, and this server knows no bans: add Admin() to its plugins"]
