"""Looking after people: what the commands do is what the endpoints then know."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from typer.testing import Result

from ostiary.server import Settings
from tests.builders import PASSWORD, SECRET, SESSION_COOKIE, Browser, code_of

from .conftest import Command

NEW_PASSWORD = "Another horse, entirely 8"

SHOP = f"""
from ostiary import Auth, EmailAndPassword, Field, Options, UserOptions

fields = (
    Field[str](name="plan"),
    Field[int](name="seats", type="number", default=1),
    Field[bool](name="vip", type="boolean", required=False, input=False),
)
auth = Auth(Options(secret="{SECRET}", user=UserOptions(additional_fields=fields)), "sqlite:///shop.db")
"""


@pytest.fixture
def migrated(command: Command, configured: Path) -> Path:
    """Return a directory with a database that has all tables."""
    assert command("migrate").exit_code == 0
    return configured


@asynccontextmanager
async def a_browser() -> AsyncIterator[Browser]:
    """Open a browser on the server of the working directory."""
    auth = Settings.load().to_auth()
    async with auth.lifespan(), Browser(auth) as browser:
        yield browser


async def beside(command: Command, *arguments: str, typed: str | None = None) -> Result:
    """Run a command in a thread: it has a loop of its own."""
    result = await asyncio.to_thread(command, *arguments, typed=typed)
    assert result.exit_code == 0, result.output
    return result


def create(command: Command, email: str, *more: str) -> Result:
    return command("users", "create", email, "--password-stdin", *more, typed=f"{PASSWORD}\n")


async def test_who_was_created_can_sign_in(command: Command, migrated: Path) -> None:
    await beside(
        command, "users", "create", "Ada@Example.com", "--name", "Ada", "--role", "admin", "--verified",
        typed=f"{PASSWORD}\n{PASSWORD}\n",
    )  # fmt: skip
    async with a_browser() as browser:
        answer = await browser.sign_in("ada@example.com")
        assert answer.status_code == 200
        user = answer.json()["user"]
    assert (user["email"], user["name"], user["emailVerified"]) == ("ada@example.com", "Ada", True)
    listed = json.loads((await beside(command, "users", "list", "--json")).stdout)
    assert [(each["id"], each["role"]) for each in listed] == [(user["id"], "admin")]


def test_a_password_is_asked_for_twice_and_not_shown(command: Command, migrated: Path) -> None:
    result = command("users", "create", "ada@example.com", typed=f"{PASSWORD}\nsomething else\n")
    assert result.exit_code != 0
    assert PASSWORD not in result.output
    assert command("users", "list").stdout == "No users.\n"


def test_no_option_takes_a_password(command: Command) -> None:
    for name in ("create", "set-password"):
        assert "--password-stdin" in command("users", name, "--help").output
        assert command("users", name, "ada@example.com", "--password", PASSWORD).exit_code == 2


def test_the_password_policy_holds_for_operators_too(
    command: Command, migrated: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = command("users", "create", "ada@example.com", "--password-stdin", typed="short\n")
    assert (short.exit_code, short.stderr) == (1, "Error: Password too short\n")
    assert create(command, "ada@example.com").exit_code == 0
    monkeypatch.setenv("OSTIARY_PASSWORD_POLICY", "strict")
    plain = command("users", "set-password", "ada@example.com", "--password-stdin", typed="all lower case\n")
    assert (plain.exit_code, "upper-case" in plain.stderr) == (1, True)


def test_an_address_has_one_account(command: Command, migrated: Path) -> None:
    assert create(command, "ada@example.com").exit_code == 0
    again = create(command, "ADA@example.com")
    assert again.exit_code == 1
    assert "has an account already" in again.stderr
    assert create(command, "no address").exit_code == 2


async def test_a_new_password_ends_every_session(command: Command, migrated: Path) -> None:
    async with a_browser() as browser:
        await browser.sign_up()
        typed = f"{NEW_PASSWORD}\n"
        await beside(command, "users", "set-password", "ada@example.com", "--password-stdin", typed=typed)
        assert await browser.session() is None
        assert code_of(await browser.sign_in()) == "INVALID_EMAIL_OR_PASSWORD"
        assert (await browser.sign_in(password=NEW_PASSWORD)).status_code == 200


async def test_a_ban_ends_every_session_and_refuses_signing_in(command: Command, migrated: Path) -> None:
    """S26: a ban takes effect everywhere at once."""
    async with a_browser() as browser:
        await browser.sign_up()
        stolen = {"cookie": f"{SESSION_COOKIE}={browser.cookie()}"}
        await beside(command, "users", "ban", "ada@example.com", "--reason", "spam")
        assert await browser.session() is None
        assert (await browser.sign_in()).status_code == 403
        assert "banned" in (await beside(command, "users", "list")).stdout
        await beside(command, "users", "unban", "ada@example.com")
        # the ban has ended the session, not merely hidden it
        assert (await browser.get("/get-session", headers=stolen)).json() is None
        assert (await browser.sign_in()).status_code == 200
        assert await browser.session() is not None


def test_a_ban_may_end_by_itself(command: Command, migrated: Path) -> None:
    create(command, "ada@example.com")
    banned = command("users", "ban", "ada@example.com", "--until", "2999-12-31T18:00+01:00")
    assert banned.stdout == "Banned ada@example.com until 2999-12-31 17:00 UTC; all sessions ended.\n"
    [user] = json.loads(command("users", "list", "--json").stdout)
    assert user["banExpires"] == "2999-12-31T17:00:00.000Z"
    assert command("users", "ban", "ada@example.com", "--until", "2001-01-01").exit_code == 2
    assert command("users", "ban", "ada@example.com", "--until", "tomorrow").exit_code == 2


async def test_who_was_deleted_is_gone_with_every_session(command: Command, migrated: Path) -> None:
    async with a_browser() as browser:
        await browser.sign_up()
        await beside(command, "users", "delete", "ada@example.com", typed="y\n")
        assert await browser.session() is None
        assert code_of(await browser.sign_in()) == "INVALID_EMAIL_OR_PASSWORD"
        await browser.sign_up()  # the address is free again


def test_nobody_is_deleted_without_being_asked(command: Command, migrated: Path) -> None:
    create(command, "ada@example.com")
    kept = command("users", "delete", "ada@example.com", typed="n\n")
    assert kept.exit_code == 1
    assert "ada@example.com" in command("users", "list").stdout
    assert command("users", "delete", "ada@example.com", "--yes").exit_code == 0
    assert command("users", "list").stdout == "No users.\n"


@pytest.mark.parametrize("name", ["set-password", "ban", "unban", "delete"])
def test_a_stranger_is_named(command: Command, migrated: Path, name: str) -> None:
    options = ["--password-stdin"] if name == "set-password" else []
    result = command("users", name, "nobody@example.com", *options, typed=f"{PASSWORD}\n")
    assert (result.exit_code, result.stderr) == (1, "Error: there is no user nobody@example.com\n")


def test_people_are_found_by_id_as_well(command: Command, migrated: Path) -> None:
    create(command, "ada@example.com")
    [user] = json.loads(command("users", "list", "--json").stdout)
    assert command("users", "ban", user["id"]).exit_code == 0
    assert command("users", "ban", "ADA@example.com").exit_code == 0


def test_a_list_has_pages_and_can_be_searched(command: Command, migrated: Path) -> None:
    for name in ("ada", "bob", "eve"):
        create(command, f"{name}@example.com")
    create(command, "mallory@evil.test")
    first, second = (command("users", "list", "--size", "3", "--page", page).stdout for page in "12")
    assert "1 to 3 of 4" in first
    assert "4 to 4 of 4" in second
    emails = [line.split()[1] for line in (first + second).splitlines() if "@" in line]
    assert emails == ["mallory@evil.test", "eve@example.com", "bob@example.com", "ada@example.com"]
    assert command("users", "list", "--page", "9").stdout == "Nothing on page 9 of 4 users.\n"
    found = json.loads(command("users", "list", "--search", "EVIL", "--json").stdout)
    assert [user["email"] for user in found] == ["mallory@evil.test"]
    assert json.loads(command("users", "list", "--search", "%", "--json").stdout) == []


def test_a_search_finds_names_as_well_as_addresses(command: Command, migrated: Path) -> None:
    for name, email in (
        ("Ada", "countess@a.test"),
        ("Bob", "ada@b.test"),
        ("Ada", "ada@c.test"),
        ("Cid", "c@d.test"),
    ):
        create(command, email, "--name", name)
    pages = [
        command("users", "list", "--search", "Ada", "--size", "2", "--page", page).stdout for page in "12"
    ]
    emails = [line.split()[1] for line in "".join(pages).splitlines() if "@" in line]
    assert emails == ["ada@c.test", "ada@b.test", "countess@a.test"]
    assert [page.splitlines()[-1] for page in pages] == ["1 to 2 of 3", "3 to 3 of 3"]


def test_a_name_cannot_move_the_cursor(command: Command, migrated: Path) -> None:
    create(command, "eve@example.com", "--name", "\x1b[2J\rroot\u202e")
    shown = command("users", "list").stdout
    assert "root" in shown
    assert not {"\x1b", "\r", "\u202e"} & set(shown)


def test_a_database_that_was_not_migrated_says_so(command: Command, configured: Path) -> None:
    result = command("users", "list")
    assert result.exit_code == 2
    assert "run `ostiary migrate`" in result.stderr


def test_additional_fields_of_an_application_are_asked_for(command: Command, configured: Path) -> None:
    (configured / "shop.py").write_text(SHOP)
    shop = ("--app", "shop:auth")
    command("migrate", *shop)
    missing = create(command, "ada@example.com", *shop)
    assert missing.exit_code == 2
    assert "--field plan=..." in missing.stderr
    wrong = create(command, "ada@example.com", "--field", "plan=gold", "--field", "seats=many", *shop)
    assert (wrong.exit_code, "seats" in wrong.stderr) == (2, True)
    unknown = create(command, "ada@example.com", "--field", "colour=red", *shop)
    assert (unknown.exit_code, "no field 'colour'" in unknown.stderr) == (2, True)
    assert create(command, "a@b.example", "--field", "plan", *shop).exit_code == 2
    assert (
        create(command, "ada@example.com", "--field", "plan=gold", "--field", "vip=true", *shop).exit_code
        == 0
    )
    [user] = json.loads(command("users", "list", "--json", *shop).stdout)
    assert (user["plan"], user["seats"], user["vip"]) == ("gold", 1, True)


def test_roles_and_bans_need_their_plugin(command: Command, configured: Path) -> None:
    (configured / "shop.py").write_text(SHOP)
    shop = ("--app", "shop:auth")
    command("migrate", *shop)
    role = create(command, "ada@example.com", "--role", "admin", "--field", "plan=gold", *shop)
    assert (role.exit_code, "add Admin()" in role.stderr) == (2, True)
    for name in ("ban", "unban"):
        result = command("users", name, "ada@example.com", *shop)
        assert (result.exit_code, "add Admin()" in result.stderr) == (2, True)


@pytest.mark.usefixtures("migrated")
async def test_roles_are_given_and_taken_away(command: Command) -> None:
    await asyncio.to_thread(create, command, "ada@example.com")
    given = await beside(command, "users", "role", "ada@example.com", "admin", "editor")
    assert given.output == "ada@example.com has the roles admin, editor.\n"
    async with a_browser() as browser:
        await browser.sign_in()
        assert (await browser.session())["user"]["role"] == "admin,editor"
        await beside(command, "users", "role", "ada@example.com")
        assert (await browser.session())["user"]["role"] is None
    wrong = await asyncio.to_thread(command, "users", "role", "ada@example.com", "admin,editor")
    assert wrong.exit_code == 2
