"""Tokens made for the signed-in user: asked for, sent along with the session, and renewed."""

import asyncio
import json
from collections.abc import Callable

from benchmarks import databases
from benchmarks.load import Answer, RequestOf, ask, request
from benchmarks.processes import Contestant, Json, Server
from benchmarks.report import Table
from benchmarks.scenarios.runs import OPTIONS, get_session, sign_up, someone
from benchmarks.scenarios.sessions import COLUMNS, compare, rows, share

WITH_JWT: Json = {**OPTIONS, "plugins": {"jwt": {}}}


def minted(server: Server) -> RequestOf:
    """Sign somebody up and return the request for a token, answered once to be sure."""
    message = request("GET", "/api/auth/token", cookies=sign_up(server, someone()))
    return _sure(server, message, lambda answer: json.loads(answer.body)["token"])


def _with_session(server: Server) -> RequestOf:
    message = get_session(sign_up(server, someone()))
    return _sure(server, message, lambda answer: answer.header("set-auth-jwt"))


def _sure(server: Server, message: bytes, token_of: Callable[[Answer], str]) -> RequestOf:
    answer = asyncio.run(ask(server.port, message))
    if token_of(answer).count(".") != 2:
        raise AssertionError(f"no token came: {answer!r}")
    return lambda: message


def _table(title: str, request_of: Callable[[Server], RequestOf]) -> Table:
    contestants = (Contestant.OSTIARY, Contestant.NODE)
    runs = compare(databases.postgresql, contestants, WITH_JWT, request_of)
    return Table(title, COLUMNS, rows(runs), [share(runs, 5)])


def mint() -> Table:
    """/token."""
    return _table("`/token`: a JWT for the signed-in user, PostgreSQL", minted)


def with_session() -> Table:
    """get-session whose answer carries a token."""
    return _table("get-session with `set-auth-jwt`, PostgreSQL", _with_session)
