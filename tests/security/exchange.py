"""One HTTP exchange byte by byte, as no well-behaved client would write it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.builders import ORIGIN, Browser

HOST = ORIGIN.removeprefix("http://")
PEER = "198.51.100.7"
JSON = ("content-type", "application/json")

Headers = Sequence[tuple[str, str | bytes]]


@dataclass
class Answer:
    """What came back."""

    status: int = 0
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""

    def json(self) -> Any:
        return json.loads(self.body) if self.body else None

    @property
    def code(self) -> str | None:
        members = self.json() if self.body.startswith(b"{") else {}
        return members.get("code")

    @property
    def set_cookies(self) -> list[str]:
        return [value for name, value in self.headers if name == "set-cookie"]

    @property
    def visible(self) -> tuple[int, tuple[tuple[str, str], ...], bytes]:
        """Everything the other end can see."""
        return self.status, tuple(self.headers), self.body


def _raw(headers: Headers) -> list[tuple[bytes, bytes]]:
    return [
        (name.encode("latin-1"), value if isinstance(value, bytes) else value.encode("latin-1", "replace"))
        for name, value in headers
    ]


async def exchange(
    app: Any,
    method: str,
    path: str,
    *,
    headers: Headers = (),
    body: bytes | None = None,
    send: object = None,
    query: str = "",
    peer: str | None = PEER,
    host: str = HOST,
) -> Answer:
    """Send one request to an ASGI application below `/api/auth`; `send` is a JSON body with its type."""
    sent = [("host", host), *headers]
    if send is not None:
        body, sent = json.dumps(send).encode(), [*sent, JSON]
    messages = iter([{"type": "http.request", "body": body or b"", "more_body": False}])
    raw_path = f"/api/auth{path}".encode()
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": raw_path.decode(),
        "raw_path": raw_path,
        "root_path": "",
        "query_string": query.encode(),
        "headers": _raw(sent),
        "client": (peer, 4711) if peer else None,
        "server": (host, 80),
    }
    answer = Answer()

    async def receive() -> dict[str, Any]:
        return next(messages, {"type": "http.disconnect"})

    async def respond(message: Any) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = [(n.decode("latin-1"), v.decode("latin-1")) for n, v in message["headers"]]
        else:
            answer.body += message.get("body", b"")

    await app(scope, receive, respond)
    return answer


def cookie_header(browser: Browser) -> str:
    """Return what the browser would send in its Cookie header."""
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in browser.cookies.jar)
