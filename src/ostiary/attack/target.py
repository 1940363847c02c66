"""The server under attack: requests byte by byte, no redirect followed, counted and timed."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

import httpcore2

from ostiary.domain.errors import JsonValue

_PATIENCE: Final = 15.0  # seconds for one answer
_LONGEST_PAUSE: Final = 15.0  # seconds that are waited where the server asks for a pause
_LARGEST: Final = 1_000_000  # bytes of an answer
Headers = Sequence[tuple[str, str]]


class Exhausted(Exception):
    """As many requests were sent, or as much time was taken, as was allowed."""


class Unreachable(Exception):
    """The server does not answer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    seconds: float
    """How long it took to come."""

    def header(self, name: str) -> str | None:
        """Return the first header of a (lower-case) name."""
        return next((value for key, value in self.headers if key == name), None)

    @property
    def set_cookies(self) -> list[str]:
        """The Set-Cookie lines."""
        return [value for name, value in self.headers if name == "set-cookie"]

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")

    def json(self) -> JsonValue:
        """Return the body's JSON; None for anything else."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


@dataclass
class Target:
    """A server, by the address of its auth endpoints."""

    base: str
    most_requests: int
    seconds: float
    requests: int = 0
    _pool: httpcore2.AsyncConnectionPool = field(default_factory=httpcore2.AsyncConnectionPool)
    _ends: float = 0.0

    @property
    def origin(self) -> str:
        """Scheme and host of the server."""
        parts = urlsplit(self.base)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def is_secure(self) -> bool:
        """Whether it is asked over TLS."""
        return self.base.startswith("https://")

    async def send(
        self,
        method: str,
        path: str,
        *,
        body: JsonValue = None,
        raw: bytes | None = None,
        headers: Headers = (),
        origin: str | None = "",
    ) -> Answer:
        """Send one request as a page of the server's own origin would; `origin=None` names none."""
        self._count()
        sent = [] if origin is None else [("origin", origin or self.origin)]
        if body is not None:
            raw, sent = json.dumps(body).encode(), [*sent, ("content-type", "application/json")]
        sent = [("user-agent", "ostiary-attack"), ("accept", "application/json"), *sent, *headers]
        if not any(name == "host" for name, _ in sent):
            sent.append(("host", urlsplit(self.base).netloc))
        try:
            async with asyncio.timeout(_PATIENCE):
                return await self._exchange(method, f"{self.base}{path}", sent, raw)
        except (
            httpcore2.NetworkError,
            httpcore2.TimeoutException,
            httpcore2.ProtocolError,
            OSError,
        ) as error:
            raise Unreachable(f"{method} {path}: {error or type(error).__name__}") from error

    async def patiently(self, method: str, path: str, **request: JsonValue) -> Answer:
        """Send a request; where the server asks for a pause of seconds, wait once and send it again."""
        answer = await self.send(method, path, **request)
        pause = answer.header("retry-after") or answer.header("x-retry-after") or ""
        if answer.status != 429 or not pause.isdigit() or int(pause) > _LONGEST_PAUSE:
            return answer
        await asyncio.sleep(int(pause) + 0.1)
        return await self.send(method, path, **request)

    def allow_more(self, requests: int) -> None:
        """Allow further requests, and half a minute for them: what was begun is to be put in order."""
        self.most_requests = max(self.most_requests, self.requests + requests)
        self._ends = max(self._ends, asyncio.get_running_loop().time() + 30)

    async def close(self) -> None:
        """Return every connection."""
        await self._pool.aclose()

    def _count(self) -> None:
        now = asyncio.get_running_loop().time()
        self._ends = self._ends or now + self.seconds
        if self.requests >= self.most_requests or now > self._ends:
            raise Exhausted
        self.requests += 1

    async def _exchange(self, method: str, url: str, headers: Headers, raw: bytes | None) -> Answer:
        lines = [(name.encode(), value.encode("latin-1", "replace")) for name, value in headers]
        clock = asyncio.get_running_loop().time
        began = clock()
        async with self._pool.stream(method, url, headers=lines, content=raw) as got:
            body = b""
            async for chunk in got.aiter_stream():
                body += chunk
                if len(body) > _LARGEST:
                    break
        shown = tuple((n.decode("latin-1").lower(), v.decode("latin-1")) for n, v in got.headers)
        return Answer(got.status, shown, body, clock() - began)
