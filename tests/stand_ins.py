"""A server in the place of every provider: it writes down what it is asked, and answers as it was told.

The first part of a path says for whom, the second is the host that was meant.
"""

import json
import threading
from base64 import b64decode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qsl, unquote, urlsplit

from ostiary.outgoing import DefaultHttpClient, HttpAnswer
from tests.mint import published

SHOWN = ("accept", "authorization", "content-type", "notion-version")


@dataclass
class StandIns:
    """The running server."""

    answers: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """For each case what is answered by host and path, with the query where that matters; "token" is what
    every other POST gets."""
    asked: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    origin: str = ""

    def answer(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        """Answer one request and write it down."""
        case, _, place = unquote(url.removeprefix("/")).partition("/")
        told = self.answers[case.partition(".")[2]]
        path = place.partition("?")[0]
        if path.endswith(("/certs", "/keys", "/jwks/", "/jwks.json")):
            return 200, json.dumps({"keys": [published("RS256")]}).encode()
        self.asked.setdefault(case, []).append(written(method, place, headers, body))
        found = told.get(place, told.get(path, told["token"]))
        status, said = found if isinstance(found, list) and isinstance(found[0], int) else (200, found)
        return status, said.encode() if isinstance(said, str) else json.dumps(said).encode()


def written(method: str, place: str, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    """Return a request as two clients' requests are compared."""
    shown = {name: headers[name] for name in SHOWN if name in headers}
    shown["content-type"] = shown.get("content-type", "").partition(";")[0] if body else ""
    if shown.get("accept") in {"*/*", "application/json"}:
        del shown["accept"]  # as good as none
    if shown.get("authorization", "").startswith("Basic "):
        shown["authorization"] = f"Basic {b64decode(shown['authorization'][6:]).decode()}"
    text = body.decode()
    said: Any = text
    if "form" in shown["content-type"]:
        said = parse_qsl(text)
    elif "json" in shown["content-type"]:
        said = {name: " ".join(value.split()) for name, value in json.loads(text).items()}
    parts = urlsplit(f"https://{place}")
    return {
        "to": f"{method} {parts.netloc}{parts.path}",
        "query": parse_qsl(parts.query),
        "headers": {name: value for name, value in shown.items() if value},
        "body": said,
    }


def _handler(stand_ins: StandIns) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version: ClassVar[str] = "HTTP/1.1"

        def _respond(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, answer = stand_ins.answer(self.command, self.path, headers, body)
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(answer)))
            self.send_header("connection", "close")
            self.end_headers()
            self.wfile.write(answer)
            self.close_connection = True

        do_GET = do_POST = _respond  # noqa: N815  the names are the base class's

        def log_message(self, *_: Any) -> None:
            """Keep the output of tests clean."""

    return Handler


@contextmanager
def stand_ins() -> Iterator[StandIns]:
    """Run the server for the time of a block."""
    running = StandIns()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(running))
    server.daemon_threads = True
    running.origin = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield running
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class LedAside:
    """The real client, whose requests to any provider end at the stand-ins."""

    origin: str
    case: str
    client: DefaultHttpClient = field(default_factory=DefaultHttpClient)

    def _led(self, url: str) -> str:
        assert url.startswith("https://"), f"{url} is read by everybody on the way"
        return f"{self.origin}/{self.case}/{url.removeprefix('https://')}"

    async def get(self, url: str, **more: Any) -> HttpAnswer:
        return await self.client.get(self._led(url), **more)

    async def post(self, url: str, **more: Any) -> HttpAnswer:
        return await self.client.post(self._led(url), **more)
