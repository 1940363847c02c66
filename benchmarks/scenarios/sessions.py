"""get-session: the request that every other request begins with."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from itertools import cycle

from benchmarks import databases
from benchmarks.load import RequestOf, request
from benchmarks.processes import Contestant, Json, Server
from benchmarks.report import Table, Verdict
from benchmarks.scenarios.runs import OPTIONS, Run, alternating, signed_in, some_copies
from ostiary.crypto.session_cache import Strategy

AGAINST_NODE = "share of Node's"
COLUMNS = ("server", "CPU µs per request", AGAINST_NODE, "requests per second", "p50 ms", "p99 ms")

COPIES = 2_000  # more than a server remembers

Place = Callable[[], AbstractContextManager[str]]


def compare(
    place: Place,
    contestants: Sequence[Contestant],
    options: Json = OPTIONS,
    request_of: Callable[[Server], RequestOf] = signed_in,
) -> dict[Contestant, Run]:
    """Ask every contestant, each on an empty database of its own, for a session or something else."""
    with ExitStack() as stack:
        servers = [
            stack.enter_context(Server(contestant, options, stack.enter_context(place())))
            for contestant in contestants
        ]
        return alternating(servers, request_of)


def rows(runs: dict[Contestant, Run], peer: Contestant = Contestant.NODE) -> list[tuple[str, ...]]:
    """Write runs beside one another, and their share of what a peer pays."""
    paid = runs[peer].micros
    return [
        (
            contestant.value,
            f"{run.micros:.0f}",
            _part(run.micros, paid) if contestant is not peer else "",
            f"{run.rate:.0f}",
            f"{run.p50:.1f}",
            f"{run.p99:.1f}",
        )
        for contestant, run in runs.items()
    ]


def _part(micros: float, paid: float) -> str:
    return f"1/{paid / micros:.1f}" if micros < paid else f"{micros / paid:.1f} times"


def share(runs: dict[Contestant, Run], wanted: int, what: str = "") -> Verdict:
    """Judge our share of what Node pays."""
    times = runs[Contestant.NODE].micros / runs[Contestant.OSTIARY].micros
    return Verdict(f"at most 1/{wanted} of Node's CPU{what}", f"1/{times:.1f}", times >= wanted)


def _table(title: str, runs: dict[Contestant, Run], wanted: int) -> Table:
    return Table(title, COLUMNS, rows(runs), [share(runs, wanted)])


def frame() -> Table:
    """The frame: what HTTP alone costs, and what we add to it before any database does."""
    with ExitStack() as stack:
        bare = stack.enter_context(Server(Contestant.FRAME, OPTIONS))
        hosted = [
            stack.enter_context(Server(each, OPTIONS)) for each in (Contestant.OSTIARY, Contestant.FASTAPI)
        ]
        message = request("GET", "/api/auth/get-session", cookies={"session": "x" * 80})
        runs = alternating(
            [bare, *hosted], lambda server: (lambda: message) if server is bare else signed_in(server)
        )
    columns = tuple("against the bare one" if name == AGAINST_NODE else name for name in COLUMNS)
    return Table("The frame: get-session from memory", columns, rows(runs, Contestant.FRAME))


def on_postgresql() -> Table:
    """get-session on PostgreSQL."""
    contestants = (Contestant.OSTIARY, Contestant.NODE, Contestant.FASTAPI, Contestant.PORT)
    return _table("get-session, PostgreSQL", compare(databases.postgresql, contestants), 5)


def on_sqlite() -> Table:
    """get-session on SQLite."""
    contestants = (Contestant.OSTIARY, Contestant.NODE, Contestant.PORT)
    return _table("get-session, SQLite", compare(databases.sqlite, contestants), 5)


def _from_cache(strategy: Strategy) -> Table:
    cache = {"cookieCache": {"enabled": True, "maxAge": 3600, "strategy": strategy}}
    with ExitStack() as stack:
        database = stack.enter_context(databases.postgresql())
        options = {**OPTIONS, "session": cache}
        ours = stack.enter_context(Server(Contestant.OSTIARY, options, database))
        node = stack.enter_context(Server(Contestant.NODE, options, database, migrate=False))
        copies = some_copies(ours, strategy, COPIES)
        in_turn = alternating([ours, node], lambda _: cycle(copies).__next__, rounds=2)
        again = alternating([ours, node], lambda _: cycle(copies[:1]).__next__, rounds=2)
    written = [(f"{row[0]}, {COPIES:,} copies in turn", *row[1:]) for row in rows(in_turn)]
    written += [(f"{row[0]}, the same copy again", *row[1:]) for row in rows(again)]
    verdicts = [share(in_turn, 8, ", copies in turn"), share(again, 8, ", the same copy again")]
    return Table(f"get-session from the cookie cache ({strategy})", COLUMNS, written, verdicts)


def from_compact() -> Table:
    """get-session from the cookie cache, signed by HMAC."""
    return _from_cache("compact")


def from_jwt() -> Table:
    """get-session from the cookie cache, a JWT."""
    return _from_cache("jwt")


def from_jwe() -> Table:
    """get-session from the cookie cache, encrypted."""
    return _from_cache("jwe")
