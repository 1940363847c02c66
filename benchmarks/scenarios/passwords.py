"""Sign-up and sign-in: one expensive hash each, which must not stall anybody else."""

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

import uvloop

from benchmarks import databases
from benchmarks.load import Outcome, RequestOf, drive, only, request
from benchmarks.processes import Contestant, Server
from benchmarks.report import Table, Verdict
from benchmarks.scenarios.runs import (
    OPTIONS,
    Run,
    alternating,
    credentials,
    signed_in,
    someone,
)
from benchmarks.scenarios.runs import (
    sign_up as signed_up,
)

HASHERS = (0, 2, 4, 8)
FEW = 4
CROWD = 32
SECONDS = 4.0


def _servers(stack: ExitStack, *more: Contestant) -> list[Server]:
    return [
        stack.enter_context(Server(contestant, OPTIONS, stack.enter_context(databases.postgresql())))
        for contestant in (Contestant.OSTIARY, Contestant.NODE, *more)
    ]


def _new_person(server: Server) -> RequestOf:
    return lambda: request("POST", "/api/auth/sign-up/email", body=credentials(someone()))


def _returning_person(server: Server) -> RequestOf:
    name = someone()
    signed_up(server, name)
    message = request("POST", "/api/auth/sign-in/email", body=credentials(name))
    return lambda: message


def _table(title: str, request_of: Callable[[Server], RequestOf]) -> Table:
    with ExitStack() as stack:
        servers = _servers(stack, Contestant.PORT)
        runs = alternating(servers, request_of, connections=FEW, seconds=SECONDS, rounds=2)
    ours = runs[Contestant.OSTIARY]
    share = ours.loop_micros / (ours.micros - ours.loop_micros)
    return Table(
        title,
        (
            "server",
            "CPU ms per request",
            "of it on the event loop's thread",
            "requests per second",
            "p50 ms",
            "p99 ms",
        ),
        [_row(contestant, run) for contestant, run in runs.items()],
        [Verdict("the hash plus at most 5 %", f"plus {share:.1%}", share <= 0.05)],
    )


def _row(contestant: Contestant, run: Run) -> tuple[str, ...]:
    on_loop = f"{run.loop_micros / 1000:.2f}"
    return (
        contestant.value,
        f"{run.micros / 1000:.1f}",
        on_loop,
        f"{run.rate:.1f}",
        f"{run.p50:.0f}",
        f"{run.p99:.0f}",
    )


def sign_up() -> Table:
    """Sign-up by email and password."""
    return _table("Sign-up, PostgreSQL, 4 connections", _new_person)


def sign_in() -> Table:
    """Sign-in by email and password."""
    return _table("Sign-in, PostgreSQL, 4 connections", _returning_person)


@dataclass(frozen=True)
class Together:
    """What get-session saw while others signed in."""

    sessions: Outcome
    sign_ins: Outcome
    stall: float
    """Milliseconds the event loop was late at most."""


def _together(server: Server, asking: RequestOf, entering: RequestOf, crowd: int, seconds: float) -> Together:
    async def both() -> Together:
        await server.stall()
        sessions, sign_ins = await asyncio.gather(
            drive(server.port, asking, FEW, seconds), drive(server.port, entering, crowd, seconds)
        )
        return Together(only([200], sessions), only([200, 503], sign_ins), await server.stall())

    return uvloop.run(both())


def crowd() -> Table:
    """32 sign-ins in flight, and what get-session sees of it."""
    rows, verdicts = [], []
    with ExitStack() as stack:
        for server in _servers(stack):
            asking, entering = signed_in(server), _returning_person(server)
            _together(server, asking, entering, 0, 1.5)
            quiet = _together(server, asking, entering, 0, SECONDS)
            busy = _together(server, asking, entering, CROWD, SECONDS)
            rows += [_seen(server, "nobody", quiet), _seen(server, str(CROWD), busy)]
            if server.contestant is Contestant.OSTIARY:
                verdicts = _judged(quiet, busy)
    columns = (
        "server",
        "signing in",
        "sign-ins per second",
        "refused",
        "get-session per second",
        "p50 ms",
        "p99 ms",
    )
    return Table(
        "32 sign-ins in flight, and get-session beside them (4 connections)",
        (*columns, "stall ms"),
        rows,
        verdicts,
    )


def _seen(server: Server, crowd: str, it: Together) -> tuple[str, ...]:
    sign_ins = f"{it.sign_ins.statuses[200] / it.sign_ins.seconds:.1f}" if it.sign_ins.count else ""
    refused = str(it.sign_ins.statuses[503])
    p50, p99 = (f"{it.sessions.percentile(share):.1f}" for share in (0.5, 0.99))
    return (
        server.contestant.value,
        crowd,
        sign_ins,
        refused,
        f"{it.sessions.rate:.0f}",
        p50,
        p99,
        f"{it.stall:.0f}",
    )


def _judged(quiet: Together, busy: Together) -> list[Verdict]:
    times = busy.sessions.percentile(0.99) / quiet.sessions.percentile(0.99)
    return [
        Verdict("the event loop never stalls over 50 ms", f"{busy.stall:.0f} ms", busy.stall <= 50),
        Verdict("get-session's p99 stays under three times its quiet p99", f"{times:.1f} times", times < 3),
    ]


def others() -> Table:
    """get-session per second while some sign in."""
    rates: dict[Contestant, list[float]] = {}
    with ExitStack() as stack:
        servers = _servers(stack, Contestant.PORT)
        requests = {server: (signed_in(server), _returning_person(server)) for server in servers}
        for server in servers:
            _together(server, *requests[server], 2, 1.5)
        for crowd in HASHERS:
            for server in servers:
                seen = _together(server, *requests[server], crowd, 3.0)
                rates.setdefault(server.contestant, []).append(seen.sessions.rate)
    kept = rates[Contestant.OSTIARY][-1] / rates[Contestant.OSTIARY][0]
    return Table(
        "get-session per second (4 connections) while so many sign in",
        ("server", *map(str, HASHERS)),
        [(contestant.value, *(f"{rate:.0f}" for rate in each)) for contestant, each in rates.items()],
        [Verdict("with 8 signing in, at least half of the quiet rate", f"{kept:.0%}", kept >= 0.5)],
    )
