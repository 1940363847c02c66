"""A thousand sessions, a million sessions: the cost of a request must be the same."""

from collections.abc import Callable
from contextlib import ExitStack
from itertools import cycle

from benchmarks import databases
from benchmarks.load import RequestOf, request
from benchmarks.processes import Contestant, Server
from benchmarks.report import Table, Verdict
from benchmarks.scenarios.runs import OPTIONS, SECRET, alternating
from ostiary.crypto.signing import Keyring, sign_cookie

FEW, MANY = 1_000, 1_000_000
SAMPLE = 1_000
PATHS = ("/get-session", "/list-sessions")
COOKIE = "better-auth.session_token"
TOLERATED = 1.15  # as much as neighbours move the measurement


def growth() -> Table:
    """get-session and list-sessions at a thousand and at a million sessions."""
    costs: dict[tuple[Contestant, str], list[float]] = {}
    with ExitStack() as stack:
        database = stack.enter_context(databases.postgresql())
        ours = stack.enter_context(Server(Contestant.OSTIARY, OPTIONS, database))
        node = stack.enter_context(Server(Contestant.NODE, OPTIONS, database, migrate=False))
        for had, wanted in ((0, FEW), (FEW, MANY)):
            databases.grow(database, had, wanted)
            tokens = databases.some_tokens(database, SAMPLE)
            for path in PATHS:
                runs = alternating([ours, node], _asking(path, tokens), seconds=2.0, rounds=2)
                for contestant, run in runs.items():
                    costs.setdefault((contestant, path), []).append(run.micros)
    return _table(costs)


def _asking(path: str, tokens: list[str]) -> Callable[[Server], RequestOf]:
    """Ask in turn for sessions from all over the table."""
    keyring = Keyring.of(SECRET)
    messages = [
        request("GET", f"/api/auth{path}", cookies={COOKIE: sign_cookie(token, keyring)}) for token in tokens
    ]
    return lambda _: cycle(messages).__next__


def _table(costs: dict[tuple[Contestant, str], list[float]]) -> Table:
    rows = [
        (contestant.value, path, *(f"{cost:.0f}" for cost in pair), f"{pair[1] / pair[0]:.2f}")
        for (contestant, path), pair in costs.items()
    ]
    worst = max(costs[Contestant.OSTIARY, path][1] / costs[Contestant.OSTIARY, path][0] for path in PATHS)
    columns = ("server", "endpoint", f"CPU µs at {FEW:,} sessions", f"CPU µs at {MANY:,} sessions", "ratio")
    verdict = Verdict(
        "the cost of a request does not grow with data", f"{worst:.2f} times", worst <= TOLERATED
    )
    return Table("Growth on PostgreSQL: ten sessions for each user", columns, rows, [verdict])
