"""A route of an application that a token protects: what the dependency adds, beside what others cost."""

import asyncio
import base64
import json
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import cycle

from benchmarks import databases
from benchmarks.configured import auth_of
from benchmarks.load import ask, request
from benchmarks.processes import Contestant, Json, Server
from benchmarks.protected_route import PATH
from benchmarks.report import Table, Verdict
from benchmarks.scenarios.runs import OPTIONS, SECRET, Drive, Run, in_turns, sign_up, someone

TOKENS = 6_000  # more than a server remembers
ISSUER = OPTIONS["baseURL"]
OURS = (Contestant.VERIFIER, Contestant.HOSTED_ROUTE)
OTHERS = (Contestant.ROUTE, Contestant.EMPTY_DEPENDENCY, Contestant.JOSERFC, Contestant.JOSE)
AGAIN = 15  # microseconds that a dependency may add where the same token comes again

Key = tuple[Contestant, bool]  # and whether the same token comes again


@dataclass(frozen=True)
class Place:
    """Every contestant with one kind of tokens, and requests with them."""

    servers: Sequence[Server]
    requests: Sequence[bytes]

    def drives(self) -> dict[Key, Drive]:
        """Return what is to be measured."""
        different = {(it.contestant, False): Drive(it, cycle(self.requests).__next__) for it in self.servers}
        same = {
            (it.contestant, True): Drive(it, cycle(self.requests[:1]).__next__)
            for it in self.servers
            if it.contestant in OURS
        }
        return different | same


def _place(stack: ExitStack, shared_secret: str | None, peer: Contestant) -> Place:
    options = {**OPTIONS, "plugins": {"jwt": {"shared_secret": shared_secret}}}
    database = stack.enter_context(databases.postgresql())
    issuer = stack.enter_context(Server(Contestant.OSTIARY, options, database))
    trust = {
        "issuer": ISSUER,
        "secret": shared_secret,
        "jwks": f"http://127.0.0.1:{issuer.port}/api/auth/jwks",
    }
    claims = _claims(issuer)
    tokens = _tokens(claims, options, database)
    trust["subject"] = claims["sub"]
    contestants = (*OTHERS, peer, *OURS)
    servers = [stack.enter_context(Server(each, options, database, trust=trust)) for each in contestants]
    return Place(servers, [request("GET", PATH, bearer=token) for token in tokens])


def _claims(issuer: Server) -> Json:
    """Return what a token says that the server issues."""
    message = request("GET", "/api/auth/token", cookies=sign_up(issuer, someone()))
    issued = json.loads(asyncio.run(ask(issuer.port, message)).body)["token"]
    claims: Json = json.loads(base64.urlsafe_b64decode(issued.split(".")[1] + "=="))
    return claims


def _tokens(claims: Json, options: Json, database: str) -> list[str]:
    """Return tokens that say so, each different in a claim."""

    async def sign() -> list[str]:
        auth = auth_of(options, database)
        async with auth.lifespan():
            signing = auth.services.signing
            assert signing is not None
            return [await signing.signer.sign({**claims, "jti": f"{number}"}) for number in range(TOKENS)]

    return asyncio.run(sign())


def _table(name: str, limit: int, shared_secret: str | None, peer: Contestant) -> Table:
    with ExitStack() as stack:
        drives = _place(stack, shared_secret, peer).drives()
        measured = in_turns(list(drives.values()), seconds=0.6, rounds=9)
    runs = dict(zip(drives, measured, strict=True))
    bare = runs[Contestant.ROUTE, False].micros
    verdicts = [
        _verdict(contestant, again, runs[contestant, again].micros - bare, AGAIN if again else limit)
        for again in (False, True)
        for contestant in OURS
    ]
    columns = ("route", "CPU µs per request", "more than without", "requests per second", "p50 ms", "p99 ms")
    written = [_row(*key, run, bare) for key, run in runs.items()]
    return Table(f"A route that takes a JWT: {name}", columns, written, verdicts)


def _label(contestant: Contestant, again: bool) -> str:
    if contestant not in OURS:
        return contestant.value
    return f"{contestant.value}, " + ("the same token again" if again else f"{TOKENS:,} tokens in turn")


def _row(contestant: Contestant, again: bool, run: Run, bare: float) -> tuple[str, ...]:
    # what Node pays for its frame is another matter
    alone = contestant in {Contestant.ROUTE, Contestant.JOSE}
    added = "" if alone else f"{run.micros - bare:.0f}"
    numbers = (f"{run.rate:.0f}", f"{run.p50:.1f}", f"{run.p99:.1f}")
    return (_label(contestant, again), f"{run.micros:.0f}", added, *numbers)


def _verdict(contestant: Contestant, again: bool, added: float, limit: int) -> Verdict:
    target = f"adds at most {limit} µs to the bare route: {_label(contestant, again)}"
    return Verdict(target, f"{added:.0f} µs", added <= limit)


def eddsa() -> Table:
    """Tokens that a key of a key set proves."""
    return _table("EdDSA", 140, None, Contestant.BRIDGE)


def hs256() -> Table:
    """Tokens that a shared secret proves."""
    return _table("HS256", 60, f"shared {SECRET}", Contestant.FASTAPI_USERS)
