"""The process itself: how soon it answers, what importing costs, what it keeps in memory."""

import asyncio
import statistics
import subprocess
import sys
import time

import uvloop

from benchmarks import databases
from benchmarks.load import drive, only
from benchmarks.processes import Contestant, Server, first_answer
from benchmarks.report import Table, Verdict
from benchmarks.scenarios.runs import CONNECTIONS, OPTIONS, signed_in

TIMES = 5
STEP = 10_000
LAST = 50_000
SLOW = ("alembic", "asyncpg", "fastapi", "httpx2", "redis", "sqlalchemy", "starlette", "uvicorn")


def _seconds(code: str) -> float:
    """Return the median time of a Python program, its interpreter's start included."""
    took = []
    for _ in range(TIMES):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        took.append(time.perf_counter() - began)
    return statistics.median(took)


def start() -> Table:
    """Import and cold start."""
    imports = _seconds("import ostiary") - _seconds("pass")
    cold = {Contestant.OSTIARY: _cold(Contestant.OSTIARY), Contestant.NODE: _cold(Contestant.NODE)}
    drawn = f"import sys, ostiary; sys.exit(', '.join(m for m in {SLOW!r} if m in sys.modules))"
    unneeded = subprocess.run(
        [sys.executable, "-c", drawn], check=False, capture_output=True, text=True
    ).stderr.strip()
    rows = [
        ("import ostiary", f"{imports:.2f}"),
        *((f"{who.value} to its first 200", f"{took:.2f}") for who, took in cold.items()),
    ]
    verdicts = [
        Verdict("import of the package under 0.4 s", f"{imports:.2f} s", imports < 0.4),
        Verdict("optional parts are imported when used", unneeded or "none imported", not unneeded),
        Verdict(
            "cold start to the first 200 under 1.0 s",
            f"{cold[Contestant.OSTIARY]:.2f} s",
            cold[Contestant.OSTIARY] < 1,
        ),
    ]
    return Table("Start, on SQLite", ("what", "seconds"), rows, verdicts)


def _cold(contestant: Contestant) -> float:
    with databases.sqlite() as database:
        Server(contestant, OPTIONS, database).close()
        took = []
        for _ in range(TIMES):
            with Server(contestant, OPTIONS, database, migrate=False) as server:
                took.append(asyncio.run(first_answer(server)))
        return statistics.median(took)


def memory() -> Table:
    """Resident memory as requests go by."""
    with databases.postgresql() as database:
        Server(Contestant.OSTIARY, OPTIONS, database).close()  # migrates, as a deployment does beforehand
        rows, sizes = _sizes(database)
    grown = sizes[-1] - sizes[1]
    verdicts = [
        Verdict(f"under 90 MiB after {LAST:,} requests", f"{sizes[-1]:.0f} MiB", sizes[-1] < 90),
        Verdict(f"flat after the first {STEP:,}", f"{grown:+.1f} MiB", grown < 1),
    ]
    return Table("Memory of one process, PostgreSQL", ("requests answered", "MiB resident"), rows, verdicts)


def _sizes(database: str) -> tuple[list[tuple[str, str]], list[float]]:
    rows: list[tuple[str, str]] = []
    sizes: list[float] = []
    answered = 0
    with Server(Contestant.OSTIARY, OPTIONS, database, migrate=False) as server:
        asking = signed_in(server)
        for wanted in range(0, LAST + 1, STEP):
            while answered < wanted:
                answered += only([200], uvloop.run(drive(server.port, asking, CONNECTIONS, 1.0))).count
            sizes.append(server.resident())
            rows.append((f"{answered:,}", f"{sizes[-1]:.1f}"))
    return rows, sizes
