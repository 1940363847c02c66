"""Refresh tokens: each request brings the successor of one before it, as clients do all day."""

import asyncio
import json
from collections import deque
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import cast

import httpx2

from benchmarks import databases
from benchmarks.configured import auth_of
from benchmarks.load import Answer, request
from benchmarks.processes import Contestant, Json, Server
from benchmarks.report import Table, Verdict
from benchmarks.scenarios.runs import OPTIONS, Drive, in_turns, sign_up, someone
from benchmarks.scenarios.sessions import AGAINST_NODE, COLUMNS, Place
from ostiary import Auth
from ostiary.domain.models import USER
from ostiary.domain.runtime import SystemRuntime
from ostiary.plugins import Tokens
from ostiary.storage.sql.driver import Driver, PoolOptions
from ostiary.storage.sql.drivers import driver_of
from ostiary.storage.sql.store import SqlStore

WITH_TOKENS: Json = {**OPTIONS, "plugins": {"jwt": {}, "tokens": {}}}
FAMILIES = 4_000  # so many that a family rests for seconds between two uses
PATH = "/api/auth/refresh"
PLACES: Mapping[str, Place] = {"PostgreSQL": databases.postgresql, "SQLite": databases.sqlite}
STATEMENTS = frozenset({"fetch", "look_up", "change", "execute"})
AT_MOST = 4  # statements: the family, the session with its user, the session's new end, the rotation


@dataclass
class Clients:
    """Use the token that rested longest, and keep its successor."""

    tokens: deque[str]

    def next_request(self) -> bytes:
        """Spend a token."""
        return request("POST", PATH, body=json.dumps({"refresh_token": self.tokens.popleft()}).encode())

    def heard(self, answer: Answer) -> None:
        """Keep the successor."""
        self.tokens.append(json.loads(answer.body)["refresh_token"])


class RecordingDriver:
    """Remembers what another driver was asked for."""

    def __init__(self, driver: Driver) -> None:
        self.asked: list[str] = []
        self._driver = driver

    def __getattr__(self, name: str) -> object:
        self.asked.append(name)
        return getattr(self._driver, name)


async def _families(auth: Auth, count: int) -> deque[str]:
    """Start sessions for the only user, each with a refresh token."""
    user = await auth.services.store.rows(USER).first()
    assert user is not None
    tokens = Tokens().families(auth.services)
    sessions = [await auth.services.sessions.start(user) for _ in range(count)]
    return deque([(await tokens.issue(session)).text for session in sessions])


async def _seeded(database: str) -> deque[str]:
    auth = auth_of(WITH_TOKENS, database)
    async with auth.lifespan():
        return await _families(auth, FAMILIES)


async def _statements(database: str) -> int:
    """Count what one refresh asks of the database, once keys are read."""
    runtime, driver = SystemRuntime(), RecordingDriver(driver_of(database, PoolOptions()))
    auth = auth_of(WITH_TOKENS, lambda schema: SqlStore(schema, cast("Driver", driver), runtime))
    async with auth.lifespan(), httpx2.AsyncClient(transport=httpx2.ASGITransport(app=auth)) as client:
        [token] = await _families(auth, 1)
        for _ in range(2):
            driver.asked.clear()
            answer = await client.post(f"http://127.0.0.1{PATH}", json={"refresh_token": token})
            token = answer.raise_for_status().json()["refresh_token"]
        if not STATEMENTS.issuperset(driver.asked):
            raise AssertionError(f"cannot count what happens in {driver.asked}")
        return len(driver.asked)


def refresh() -> Table:
    """/refresh of the plugin Tokens, which the reference has no counterpart for."""
    with ExitStack() as stack:
        drives, statements = [], []
        for place in PLACES.values():
            database = stack.enter_context(place())
            server = stack.enter_context(Server(Contestant.OSTIARY, WITH_TOKENS, database))
            sign_up(server, someone())
            clients = Clients(asyncio.run(_seeded(database)))
            drives.append(Drive(server, clients.next_request, clients.heard))
            statements.append(asyncio.run(_statements(database)))
        runs = in_turns(drives)
    rows = [
        (name, f"{run.micros:.0f}", str(count), f"{run.rate:.0f}", f"{run.p50:.1f}", f"{run.p99:.1f}")
        for name, run, count in zip(PLACES, runs, statements, strict=True)
    ]
    columns = tuple("statements" if name == AGAINST_NODE else name for name in COLUMNS)
    most = max(statements)
    verdict = Verdict(f"at most {AT_MOST} statements per refresh", f"{most}", most <= AT_MOST)
    return Table("Refresh of a token pair (`/refresh`)", ("database", *columns[1:]), rows, [verdict])
