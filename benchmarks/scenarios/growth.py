"""A thousand sessions, a million sessions: the cost of a request must be the same."""

import os
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import cycle

from benchmarks import databases
from benchmarks.load import RequestOf, request
from benchmarks.processes import Contestant, Server
from benchmarks.report import Table, Verdict
from benchmarks.scenarios.runs import OPTIONS, SECRET, Drive, in_turns
from ostiary.crypto.signing import Keyring, sign_cookie

FEW = 1_000
MANY = int(os.environ.get("OSTIARY_BENCHMARK_SESSIONS", "1000000"))
SAMPLE = 1_000
PATHS = ("/get-session", "/list-sessions")
COOKIE = "better-auth.session_token"
TOLERATED = 1.15  # as much as neighbours move the measurement


@dataclass(frozen=True)
class Place:
    """A database of some size, with both servers on it."""

    size: int
    tokens: list[str]
    servers: tuple[Server, Server]


def growth() -> Table:
    """get-session and list-sessions at a thousand and at a million sessions, in turns."""
    costs: dict[tuple[Contestant, str], dict[int, float]] = {}
    with ExitStack() as stack:
        places = [_place(stack, size) for size in (FEW, MANY)]
        everyone = [(server, place) for place in places for server in place.servers]
        for path in PATHS:
            drives = [Drive(server, _asking(path, place.tokens)) for server, place in everyone]
            runs = in_turns(drives, seconds=2.0, rounds=2)
            for (server, place), run in zip(everyone, runs, strict=True):
                costs.setdefault((server.contestant, path), {})[place.size] = run.micros
    return _table(costs)


def _place(stack: ExitStack, size: int) -> Place:
    database = stack.enter_context(databases.postgresql())
    ours = stack.enter_context(Server(Contestant.OSTIARY, OPTIONS, database))
    databases.fill(database, size)
    node = stack.enter_context(Server(Contestant.NODE, OPTIONS, database, migrate=False))
    return Place(size, databases.some_tokens(database, SAMPLE), (ours, node))


def _asking(path: str, tokens: list[str]) -> RequestOf:
    """Ask in turn for sessions from all over the table."""
    keyring = Keyring.of(SECRET)
    return cycle(
        request("GET", f"/api/auth{path}", cookies={COOKIE: sign_cookie(token, keyring)}) for token in tokens
    ).__next__


def _table(costs: dict[tuple[Contestant, str], dict[int, float]]) -> Table:
    rows = [
        (contestant.value, path, f"{cost[FEW]:.0f}", f"{cost[MANY]:.0f}", f"{cost[MANY] / cost[FEW]:.2f}")
        for (contestant, path), cost in costs.items()
    ]
    worst = max(cost[MANY] / cost[FEW] for (who, _), cost in costs.items() if who is Contestant.OSTIARY)
    columns = ("server", "endpoint", f"CPU µs at {FEW:,} sessions", f"CPU µs at {MANY:,} sessions", "ratio")
    verdict = Verdict(
        "the cost of a request does not grow with data", f"{worst:.2f} times", worst <= TOLERATED
    )
    return Table("Growth on PostgreSQL: ten sessions for each user", columns, rows, [verdict])
