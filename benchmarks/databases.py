"""Databases that exist as long as a scenario does, and many sessions at once."""

import asyncio
import os
import secrets
import tempfile
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg

POSTGRES = os.environ.get("OSTIARY_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/postgres")
SESSIONS_EACH = 10

_USERS = """
    INSERT INTO "user" (id, name, email, "emailVerified", "createdAt", "updatedAt")
    SELECT md5('user' || n), 'User ' || n, 'user' || n || '@example.com', true, now(), now()
    FROM generate_series(0, $1::int - 1) AS n
"""
_SESSIONS = f"""
    INSERT INTO session (id, "expiresAt", token, "createdAt", "updatedAt", "ipAddress", "userAgent", "userId")
    SELECT md5('session' || n), now() + interval '7 days', md5('token' || n), now(), now(), '', 'benchmark',
           md5('user' || n / {SESSIONS_EACH})
    FROM generate_series(0, $1::int - 1) AS n
"""
_TOKENS = "SELECT token FROM session ORDER BY id LIMIT $1"  # identifiers are hashes: a sample of all

Connection = Any  # asyncpg is published without type information


def _run(url: str, work: Callable[[Connection], Coroutine[Any, Any, Any]]) -> Any:
    async def connected() -> Any:
        connection = await asyncpg.connect(url)
        try:
            return await work(connection)
        finally:
            await connection.close()

    return asyncio.run(connected())


@contextmanager
def postgresql() -> Iterator[str]:
    """Make an empty database and return its address; drop it afterwards."""
    name = f"ostiary_benchmark_{secrets.token_hex(6)}"
    _run(POSTGRES, lambda connection: connection.execute(f'CREATE DATABASE "{name}"'))
    try:
        yield urlunsplit(urlsplit(POSTGRES)._replace(path=f"/{name}"))
    finally:
        _run(POSTGRES, lambda connection: connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'))


@contextmanager
def sqlite() -> Iterator[str]:
    """Return the address of a file that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="ostiary-benchmark-") as folder:
        yield f"sqlite:///{Path(folder) / 'auth.db'}"


@contextmanager
def memory() -> Iterator[str]:
    """Return the address of nothing: everything stays in the process."""
    yield ""


def fill(url: str, sessions: int) -> None:
    """Add so many sessions to an empty database, ten for each user."""

    async def insert(connection: Connection) -> None:
        with suppress(asyncpg.InsufficientPrivilegeError):  # then references are checked row by row
            await connection.execute("SET session_replication_role = replica")
        await connection.execute(_USERS, sessions // SESSIONS_EACH)
        await connection.execute(_SESSIONS, sessions)
        await connection.execute("VACUUM ANALYZE")

    _run(url, insert)


def some_tokens(url: str, count: int) -> list[str]:
    """Return the tokens of sessions from all over the table."""

    async def read(connection: Connection) -> list[str]:
        return [row[0] for row in await connection.fetch(_TOKENS, count)]

    tokens: list[str] = _run(url, read)
    return tokens


def version() -> str:
    """Return which PostgreSQL it is."""

    async def read(connection: Connection) -> str:
        return str(await connection.fetchval("SHOW server_version"))

    return str(_run(POSTGRES, read)).partition(" ")[0]
