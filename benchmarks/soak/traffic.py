"""A realistic mix: 95 % session reads, 4 % calls with a token, 1 % sign-ins, and bursts of those."""

import asyncio
import itertools
import json
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from benchmarks.load import Answer, ask, parse, request

CONNECTIONS = 16
PEOPLE = 20
BURST = 8
BETWEEN_BURSTS = 10.0  # seconds
RENEWED_EVERY = 60.0  # seconds: access tokens live for fifteen minutes
PASSWORD = "Correct horse battery 7"


@dataclass
class Person:
    """Somebody with a session, a pair of tokens, and the words that bring another session."""

    cookies: dict[str, str]
    access: str
    refresh: str
    sign_in: bytes

    async def renew(self, port: int) -> int:
        """Take the next pair of tokens; return the status."""
        body = json.dumps({"refresh_token": self.refresh}).encode()
        answer = await ask(port, request("POST", "/api/auth/refresh", body=body))
        if answer.status == 200:
            self.access, self.refresh = pair_of(answer)
        return answer.status


@dataclass
class Record:
    """What came of all requests."""

    reads: list[float] = field(default_factory=list)
    """Seconds that session reads took."""
    sign_ins: list[float] = field(default_factory=list)
    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How many requests were answered."""
        return sum(self.statuses.values())

    @property
    def failures(self) -> dict[tuple[str, int], int]:
        """Answers that were neither a success nor a sign-in that has to wait its turn."""
        fine = {("sign-in", 503), ("burst", 503)}
        return {key: n for key, n in self.statuses.items() if key[1] != 200 and key not in fine}

    @property
    def later(self) -> int:
        """How many sign-ins were asked to come later."""
        return self.statuses["sign-in", 503] + self.statuses["burst", 503]

    @property
    def bursts(self) -> int:
        """How many sign-ins came in bursts."""
        return self.statuses["burst", 200] + self.statuses["burst", 503]


def percentile(values: list[float], share: float) -> float:
    """Return the value that this share stays within."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def pair_of(answer: Answer) -> tuple[str, str]:
    """Return access and refresh token."""
    body = json.loads(answer.body)
    return body["access_token"], body["refresh_token"]


async def arrive(port: int, number: int) -> Person:
    """Sign somebody up, and get tokens."""
    given = {"email": f"soak{number}@example.com", "password": PASSWORD}
    body = json.dumps({"name": "Ada", **given}).encode()
    signed_up = await ask(port, request("POST", "/api/auth/sign-up/email", body=body))
    assert signed_up.status == 200, signed_up
    login = json.dumps(given).encode()
    issued = await ask(port, request("POST", "/api/auth/login", body=login))
    assert issued.status == 200, issued
    sign_in = request("POST", "/api/auth/sign-in/email", body=login)
    return Person(signed_up.cookies(), *pair_of(issued), sign_in)


class Traffic:
    """People at a server, faster or slower."""

    def __init__(self, port: int, people: list[Person]) -> None:
        """Send them there."""
        self._port = port
        self._people = people
        self._mix = self._requests()

    def _requests(self) -> Iterator[tuple[str, bytes]]:
        read = [request("GET", "/api/auth/get-session", cookies=each.cookies) for each in self._people]
        for number in itertools.count():
            person = number % len(self._people)
            place = number * 37 % 100  # spread over each hundred
            if place == 0:
                yield "sign-in", self._people[person].sign_in
            elif place < 5:
                yield "call", request("GET", "/api/auth/me", bearer=self._people[person].access)
            else:
                yield "read", read[person]

    async def flow(self, seconds: float, rate: float | None = None, *, bursts: bool = False) -> Record:
        """Send the mix for a time: at a rate per second, or as fast as the answers come."""
        record = Record()
        ends = time.perf_counter() + seconds
        pause = 0.0 if rate is None else CONNECTIONS / rate
        await asyncio.gather(
            *(self._connection(record, ends, pause) for _ in range(CONNECTIONS)),
            *(self._renewals(record, ends, each) for each in self._people),
            *([self._bursts(record, ends)] if bursts else []),
        )
        return record

    async def _connection(self, record: Record, ends: float, pause: float) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        due = time.perf_counter()
        while time.perf_counter() < ends:
            kind, message = next(self._mix)
            begun = time.perf_counter()
            writer.write(message)
            buffer = b""
            while (answer := parse(buffer)) is None:
                data = await reader.read(65536)
                if not data:
                    raise ConnectionError("a worker closed a connection")
                buffer += data
            self._note(record, kind, answer, time.perf_counter() - begun)
            due = max(due + pause, time.perf_counter() - 1.0)  # what was missed long ago is not made up for
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
        writer.close()
        await writer.wait_closed()

    @staticmethod
    def _note(record: Record, kind: str, answer: Answer, seconds: float) -> None:
        record.statuses[kind, answer.status] += 1
        if kind == "read":
            record.reads.append(seconds)
            if answer.status == 200 and b'"user"' not in answer.body:
                record.wrong.append("somebody was taken for nobody")
        elif kind == "sign-in":
            record.sign_ins.append(seconds)

    async def _renewals(self, record: Record, ends: float, person: Person) -> None:
        while time.perf_counter() + RENEWED_EVERY < ends:
            await asyncio.sleep(RENEWED_EVERY)
            record.statuses["renewal", await person.renew(self._port)] += 1

    async def _bursts(self, record: Record, ends: float) -> None:
        while time.perf_counter() + BETWEEN_BURSTS < ends:
            await asyncio.sleep(BETWEEN_BURSTS)
            crowd = [self._people[number % len(self._people)].sign_in for number in range(BURST)]
            for answer in await asyncio.gather(*(ask(self._port, message) for message in crowd)):
                record.statuses["burst", answer.status] += 1
