"""Databases of our own on the PostgreSQL and Redis servers at hand, dropped when the tests end."""

import asyncio
import os
import secrets
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import redis

from tests.conformance.normalise import Json

Result = TypeVar("Result")

POSTGRES = os.environ.get("OSTIARY_TEST_POSTGRESQL", "postgresql://postgres@127.0.0.1:5432/postgres")
REDIS = os.environ.get("OSTIARY_TEST_REDIS", "redis://127.0.0.1:6379")
USER_ROW = """
    INSERT INTO "user" (id, name, email, "emailVerified", "createdAt", "updatedAt")
    VALUES ($1, $2, $3, false, $4, $4)
"""
ACCOUNT_ROW = """
    INSERT INTO account (id, "accountId", "providerId", "userId", password, "createdAt", "updatedAt")
    VALUES ($1, $2, 'credential', $2, $3, $4, $4)
"""
SESSION_ROW = """
    INSERT INTO session (id, "expiresAt", token, "createdAt", "updatedAt", "ipAddress", "userAgent", "userId")
    VALUES ($1, $2, $3, $4, $4, '', 'conformance', $5)
"""
PASSWORD_HASH = (  # scrypt, of client.PASSWORD
    "00112233445566778899aabbccddeeff:"
    "267a33c2ae63f1c2d542f84d50b7d87c68900c8b9475f6a47ade71cf44b23482"
    "2e0a34af1d226572b5caf52809319d4c486f3d209cc2fd022fb53bb4eaeb35b1"
)
CLAIM = "claimed-by-a-conformance-run"


def _run(url: str, work: Callable[[asyncpg.Connection], Awaitable[Result]]) -> Result:
    async def connected() -> Result:
        connection = await asyncpg.connect(url)
        try:
            return await work(connection)
        finally:
            await connection.close()

    return asyncio.run(connected())


def execute(url: str, statement: str, *values: object) -> None:
    """Run one statement."""
    _run(url, lambda connection: connection.execute(statement, *values))


def rows(url: str, query: str, *values: object) -> list[Json]:
    """Return the rows of a query as JSON objects, times as JavaScript writes them."""

    async def fetch(connection: asyncpg.Connection) -> list[Json]:
        found = await connection.fetch(query, *values)
        return [{name: _json(value) for name, value in row.items()} for row in found]

    return _run(url, fetch)


def _json(value: object) -> Json:
    if isinstance(value, datetime):
        precision = "milliseconds" if value.microsecond % 1000 == 0 else "microseconds"
        return value.isoformat(timespec=precision).replace("+00:00", "Z")
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return str(value)


def create(name: str) -> str:
    """Create an empty database and return its address."""
    execute(POSTGRES, f'CREATE DATABASE "{name}"')
    return urlunsplit(urlsplit(POSTGRES)._replace(path=f"/{name}"))


def drop(name: str) -> None:
    """Drop a database, whoever is still connected to it."""
    execute(POSTGRES, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def arrive(url: str, email: str, name: str, *, remember: bool) -> str:
    """Write the rows of a person with a password and a new session; return the session's token."""
    person, token = secrets.token_hex(16), secrets.token_hex(16)
    now = datetime.now(UTC).replace(microsecond=0)
    life = timedelta(days=7 if remember else 1)

    async def write(connection: asyncpg.Connection) -> None:
        async with connection.transaction():
            known = await connection.fetchval('SELECT id FROM "user" WHERE email = $1', email)
            if known is None:
                await connection.execute(USER_ROW, person, name, email, now)
                await connection.execute(ACCOUNT_ROW, secrets.token_hex(16), person, PASSWORD_HASH, now)
            values = (secrets.token_hex(16), now + life, token, now, known or person)
            await connection.execute(SESSION_ROW, *values)

    _run(url, write)
    return token


@contextmanager
def redis_databases(count: int) -> Iterator[list[str]]:
    """Claim empty, numbered Redis databases nobody else works in; they are empty again afterwards."""
    claimed: list[str] = []
    try:
        for number in range(15, 0, -1):
            if len(claimed) == count:
                break
            url = f"{REDIS}/{number}"
            with redis.Redis.from_url(url) as client:
                if client.dbsize() == 0 and client.set(CLAIM, "1", nx=True, ex=3600):
                    claimed.append(url)
        if len(claimed) < count:
            raise RuntimeError(f"{count} empty Redis databases are needed at {REDIS}")
        yield claimed
    finally:
        for url in claimed:
            with redis.Redis.from_url(url) as client:
                client.flushdb()


def stored(url: str, key: str) -> tuple[str | None, int]:
    """Return the value of a Redis key and the seconds it has left, -1 for ever and -2 for no such key."""
    with redis.Redis.from_url(url, decode_responses=True) as client:
        value, left = client.get(key), client.ttl(key)
    assert value is None or isinstance(value, str)
    assert isinstance(left, int)
    return value, left
