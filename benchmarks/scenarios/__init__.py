"""Every benchmark by name, in the order of the report."""

from collections.abc import Callable, Mapping

from benchmarks.report import Table
from benchmarks.scenarios import growth, passwords, process, refreshing, routes, sessions, tokens

SCENARIOS: Mapping[str, Callable[[], Table]] = {
    "frame": sessions.frame,
    "get-session-postgresql": sessions.on_postgresql,
    "get-session-sqlite": sessions.on_sqlite,
    "get-session-compact": sessions.from_compact,
    "get-session-jwt": sessions.from_jwt,
    "get-session-jwe": sessions.from_jwe,
    "token": tokens.mint,
    "get-session-set-auth-jwt": tokens.with_session,
    "route-eddsa": routes.eddsa,
    "route-hs256": routes.hs256,
    "refresh": refreshing.refresh,
    "sign-up": passwords.sign_up,
    "sign-in": passwords.sign_in,
    "sign-in-crowd": passwords.crowd,
    "while-signing-in": passwords.others,
    "growth": growth.growth,
    "start": process.start,
    "memory": process.memory,
}
