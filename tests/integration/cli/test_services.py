"""The command line on PostgreSQL, MariaDB and Redis."""

import asyncio
import json
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from ostiary.server import Settings
from tests.builders import PASSWORD, Browser
from tests.contract.places import MARIA, POSTGRES, REDIS, Place, apart, execute, param
from tests.unit.cli.conftest import Command

pytestmark = pytest.mark.services


@pytest.fixture(params=[param(POSTGRES), param(MARIA)])
def database(
    request: pytest.FixtureRequest, configured: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """Return the address of an empty database, which the commands use."""
    place: Place = request.param
    url = place.create(configured)
    monkeypatch.setenv("DATABASE_URL", url)
    yield url
    place.drop(url)


def test_people_are_looked_after_on_every_database(command: Command, database: str) -> None:
    assert command("migrate", "--check").exit_code == 1
    assert "CREATE TABLE" in command("migrate", "--sql").stdout
    assert command("migrate").exit_code == 0
    assert command("migrate", "--check").exit_code == 0
    typed = f"{PASSWORD}\n"
    assert command("users", "create", "ada@example.com", "--password-stdin", typed=typed).exit_code == 0
    assert command("users", "ban", "ada@example.com", "--until", "2037-01-01").exit_code == 0
    [user] = json.loads(command("users", "list", "--search", "ada", "--json").stdout)
    assert (user["banned"], user["banExpires"]) == (True, "2037-01-01T00:00:00.000Z")
    assert command("users", "delete", "ada@example.com", "--yes").exit_code == 0
    assert command("users", "list").stdout == "No users.\n"


def test_the_doctor_compares_schema_and_clock(command: Command, database: str) -> None:
    command("migrate")
    healthy = command("doctor").output
    assert "agrees with that of the database" in healthy
    assert "8 tables, all as configured" in healthy
    quote = '"' if database.startswith("postgresql") else "`"
    apart(execute(database, f"ALTER TABLE {quote}user{quote} DROP COLUMN {quote}banReason{quote}"))
    ill = command("doctor")
    assert ill.exit_code == 1
    assert "missing: column user.banReason" in ill.output


@pytest.fixture
def redis(configured: Path, command: Command, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keep sessions in Redis, under a prefix of this test."""
    prefix = f"ostiary-test-{uuid.uuid4().hex[:12]}:"
    monkeypatch.setenv("REDIS_URL", REDIS)
    monkeypatch.setenv("OSTIARY_REDIS_SESSIONS", "true")
    monkeypatch.setenv("OSTIARY_REDIS_PREFIX", prefix)
    assert command("migrate").exit_code == 0
    yield
    with Redis.from_url(REDIS) as client:
        for key in client.scan_iter(f"{prefix}*"):
            client.delete(key)


@pytest.mark.parametrize("name", ["ban", "delete", "set-password"])
async def test_sessions_in_redis_end_as_well(command: Command, redis: None, name: str) -> None:
    """S26: whatever ends a user's sessions ends those in the key-value store."""
    auth = Settings.load().to_auth()
    async with auth.lifespan(), Browser(auth) as browser:
        await browser.sign_up()
        assert await browser.session() is not None
        options = {"delete": ["--yes"], "set-password": ["--password-stdin"]}.get(name, [])
        typed = "Another horse, entirely 8\n"
        done = await asyncio.to_thread(command, "users", name, "ada@example.com", *options, typed=typed)
        assert done.exit_code == 0, done.output
        assert await browser.session() is None


def test_the_doctor_asks_redis_for_its_habits_and_its_clock(command: Command, redis: None) -> None:
    output = command("doctor").output
    assert "agrees with that of Redis" in output
    assert "does not answer" not in output
    assert "version" in output
    assert "6 tables, all as configured" in output  # neither sessions nor counts are rows
