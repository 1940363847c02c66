"""Alternating runs: what one server pays for a request, against the others in the same minutes."""

import asyncio
import itertools
import json
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import uvloop

from benchmarks.load import Answer, Heard, Outcome, RequestOf, ask, drive, ignore, only, request
from benchmarks.processes import Contestant, Json, Server
from ostiary.crypto.session_cache import CachePayload, Strategy, encode, milliseconds
from ostiary.crypto.signing import Keyring
from ostiary.domain.runtime import SystemRuntime

PASSWORD = "correct horse battery staple"
SECRET = "benchmark-secret-0123456789-ABCDEFGHIJKLMNOPQRSTUVWXYZ"
OPTIONS: Json = {
    "secret": SECRET,
    "baseURL": "http://127.0.0.1",
    "emailAndPassword": {"enabled": True},
    "rateLimit": {"enabled": False},
}
COPY = "better-auth.session_data"
CONNECTIONS = 32
ROUNDS = 3
WARM_UP = 1.5
SECONDS = 2.5

_people = itertools.count(1)


@dataclass(frozen=True)
class Run:
    """What one drive cost the server for each request."""

    micros: float
    """Microseconds of processor time."""
    loop_micros: float
    """The part of them that was spent on the event loop's thread."""
    rate: float
    p50: float
    p99: float


def median(runs: Sequence[Run]) -> Run:
    """Return the run that has the median of everything."""
    columns = zip(*((run.micros, run.loop_micros, run.rate, run.p50, run.p99) for run in runs), strict=True)
    return Run(*(statistics.median(column) for column in columns))


@dataclass(frozen=True)
class Drive:
    """Requests of one kind to one server."""

    server: Server
    request_of: RequestOf
    heard: Heard = ignore

    def run(self, connections: int, seconds: float) -> Run:
        """Drive the server and read its clock before and after."""
        port, before = self.server.port, self.server.cpu()
        driving = drive(port, self.request_of, connections, seconds, self.heard)
        outcome = only([200], uvloop.run(driving))
        spent = self.server.cpu().since(before)
        return run_of(outcome, spent.process, spent.loop)


def run_of(outcome: Outcome, process: float, loop: float) -> Run:
    """Divide what was spent by the requests."""
    return Run(
        micros=process / outcome.count * 1e6,
        loop_micros=loop / outcome.count * 1e6,
        rate=outcome.rate,
        p50=outcome.percentile(0.5),
        p99=outcome.percentile(0.99),
    )


def in_turns(
    drives: Sequence[Drive],
    *,
    connections: int = CONNECTIONS,
    seconds: float = SECONDS,
    rounds: int = ROUNDS,
) -> list[Run]:
    """Warm everything up, drive in turns, and return the median of each."""
    for it in drives:
        it.run(connections, min(WARM_UP, seconds))
    taken = [[it.run(connections, seconds) for it in drives] for _ in range(rounds)]
    return [median(runs) for runs in zip(*taken, strict=True)]


def alternating(
    servers: Sequence[Server],
    request_of: Callable[[Server], RequestOf],
    *,
    connections: int = CONNECTIONS,
    seconds: float = SECONDS,
    rounds: int = ROUNDS,
) -> dict[Contestant, Run]:
    """Drive one server of each contestant in turns."""
    drives = [Drive(server, request_of(server)) for server in servers]
    runs = in_turns(drives, connections=connections, seconds=seconds, rounds=rounds)
    return {server.contestant: run for server, run in zip(servers, runs, strict=True)}


def credentials(name: str) -> bytes:
    """Return the JSON of a sign-up, which will do for a sign-in, too."""
    return json.dumps({"name": name, "email": f"{name}@example.com", "password": PASSWORD}).encode()


def someone() -> str:
    """Return a name nobody has yet."""
    return f"person-{next(_people)}"


def sign_up(server: Server, name: str) -> Mapping[str, str]:
    """Sign a person up and return the cookies."""
    message = request("POST", "/api/auth/sign-up/email", body=credentials(name))
    return _checked(asyncio.run(ask(server.port, message)), 200).cookies()


def get_session(cookies: Mapping[str, str]) -> bytes:
    """Return the request for a session."""
    return request("GET", "/api/auth/get-session", cookies=cookies)


def signed_in(server: Server) -> RequestOf:
    """Sign somebody up and return the request for their session, answered once to be sure."""
    name = someone()
    message = get_session(sign_up(server, name))
    answer = _checked(asyncio.run(ask(server.port, message)), 200)
    if f"{name}@example.com".encode() not in answer.body:
        raise AssertionError(f"nobody is signed in: {answer.body!r}")
    return lambda: message


def some_copies(server: Server, strategy: Strategy, count: int) -> list[bytes]:
    """Sign somebody up and return requests for their session, each with another copy of it in a cookie."""
    cookies = sign_up(server, someone())
    answer = _checked(asyncio.run(ask(server.port, get_session(cookies))), 200)
    known, runtime = json.loads(answer.body), SystemRuntime()
    now = milliseconds(runtime.now())
    payloads = [CachePayload(known["session"], known["user"], now - number) for number in range(count)]
    keyring, life = Keyring.of(SECRET), timedelta(hours=1)
    values = [encode(payload, strategy, life, keyring, runtime) for payload in payloads]
    requests = [get_session({**cookies, COPY: value}) for value in values]
    # wire: the identifier comes first in what was read from a copy
    if not asyncio.run(ask(server.port, requests[-1])).body.startswith(b'{"session":{"id":'):
        raise AssertionError("the copy was not believed")
    return requests


def _checked(answer: Answer, status: int) -> Answer:
    if answer.status != status:
        raise AssertionError(f"unexpected answer {answer.status}: {answer.body!r}")
    return answer
