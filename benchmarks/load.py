"""A client that costs little: raw HTTP/1.1 on kept-alive connections, each with one request in flight."""

import asyncio
import math
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

RequestOf = Callable[[], bytes]
Heard = Callable[["Answer"], None]

HEAD_END = b"\r\n\r\n"
LAST_CHUNK = b"0\r\n\r\n"
PATIENCE = 30.0  # seconds for the answers that are outstanding at the end


@dataclass(frozen=True)
class Answer:
    """One whole response."""

    status: int
    head: bytes
    body: bytes

    def cookies(self) -> dict[str, str]:
        """Return the cookies it sets, as they were written."""
        lines = [line for line in self.head.decode().split("\r\n") if line.lower().startswith("set-cookie:")]
        pairs = [line.partition(":")[2].partition(";")[0].strip().partition("=") for line in lines]
        return {name: value for name, _, value in pairs if value}

    def header(self, name: str) -> str:
        """Return the header of this (lower-case) name; empty where there is none."""
        lines = (line.partition(":") for line in self.head.decode().split("\r\n"))
        return next((value.strip() for found, _, value in lines if found.lower() == name), "")


@dataclass
class Outcome:
    """What a drive came to."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    """Seconds from request to the end of the answer."""
    statuses: Counter[int] = field(default_factory=Counter)

    @property
    def count(self) -> int:
        """How many requests were answered."""
        return len(self.latencies)

    @property
    def rate(self) -> float:
        """Answers per second."""
        return self.count / self.seconds

    def percentile(self, share: float) -> float:
        """Return the latency in milliseconds that this share of the requests stayed within."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)] * 1000


def request(
    method: str,
    path: str,
    *,
    cookies: Mapping[str, str] | None = None,
    bearer: str | None = None,
    body: bytes | None = None,
) -> bytes:
    """Write a request as a browser would, without the headers that no server looks at."""
    lines = [f"{method} {path} HTTP/1.1", "host: 127.0.0.1", "user-agent: benchmark", "accept: */*"]
    if cookies:
        lines.append("cookie: " + "; ".join(f"{name}={value}" for name, value in cookies.items()))
    if bearer is not None:
        lines.append(f"authorization: Bearer {bearer}")
    if body is not None:
        lines += [
            "origin: http://127.0.0.1",
            "content-type: application/json",
            f"content-length: {len(body)}",
        ]
    return "\r\n".join([*lines, "", ""]).encode() + (body or b"")


def parse(buffer: bytes) -> Answer | None:
    """Return the answer once all of it is there."""
    head, end, rest = buffer.partition(HEAD_END)
    if not end:
        return None
    lower = head.lower()
    status = int(head[9:12])
    if b"transfer-encoding: chunked" in lower:
        return Answer(status, head, _unchunked(rest)) if rest.endswith(LAST_CHUNK) else None
    _, named, length = lower.partition(b"\r\ncontent-length:")
    wanted = int(length.partition(b"\r\n")[0]) if named else 0
    return Answer(status, head, rest) if len(rest) >= wanted else None


def _unchunked(rest: bytes) -> bytes:
    pieces: list[bytes] = []
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        pieces.append(rest[: int(size, 16)])
        rest = rest[int(size, 16) + 2 :]
    return b"".join(pieces)


class _Connection(asyncio.Protocol):
    """Asks, waits for the whole answer, asks again, until the time is over."""

    def __init__(self, request_of: RequestOf, heard: Heard, outcome: Outcome, deadline: float) -> None:
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._request_of = request_of
        self._heard = heard
        self._outcome = outcome
        self._deadline = deadline
        self._buffer = b""
        self._sent = 0.0
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one in all but name
        self._ask()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        answer = parse(self._buffer)
        if answer is None:
            return
        now = time.perf_counter()
        self._buffer = b""
        self._outcome.latencies.append(now - self._sent)
        self._outcome.statuses[answer.status] += 1
        self._heard(answer)
        if now < self._deadline:
            self._ask()
        elif self._transport is not None:
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(None)

    def _ask(self) -> None:
        assert self._transport is not None
        self._sent = time.perf_counter()
        self._transport.write(self._request_of())


def ignore(_: Answer) -> None:
    """Learn nothing from an answer."""


async def drive(
    port: int, request_of: RequestOf, connections: int, seconds: float, heard: Heard = ignore
) -> Outcome:
    """Keep `connections` requests in flight for a time; the last answers are waited for and counted.

    `heard` is told of each answer before the next request is asked for.
    """
    outcome = Outcome()
    loop = asyncio.get_running_loop()
    began = time.perf_counter()

    def connection() -> _Connection:
        return _Connection(request_of, heard, outcome, began + seconds)

    opened = [await loop.create_connection(connection, "127.0.0.1", port) for _ in range(connections)]
    async with asyncio.timeout(seconds + PATIENCE):
        await asyncio.gather(*(protocol.done for _, protocol in opened))
    outcome.seconds = time.perf_counter() - began
    return outcome


async def ask(port: int, message: bytes) -> Answer:
    """Send one request on a connection of its own."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(message)
    buffer = b""
    while (answer := parse(buffer)) is None:
        data = await reader.read(65536)
        if not data:
            raise ConnectionError(f"the answer ended early: {buffer[:200]!r}")
        buffer += data
    writer.close()
    await writer.wait_closed()
    return answer


def only(statuses: Sequence[int], outcome: Outcome) -> Outcome:
    """Return the outcome if every answer had one of these statuses: a refusal costs something else."""
    if unexpected := {status: n for status, n in outcome.statuses.items() if status not in statuses}:
        raise AssertionError(f"unexpected answers: {unexpected}")
    return outcome
