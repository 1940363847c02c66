"""A web server on 127.0.0.1 whose answers a function makes, and a client that is led to it."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, TypeAlias

from ostiary.outgoing import DefaultHttpClient, HttpAnswer


@dataclass(frozen=True)
class Request:
    """What somebody asked; the names of headers are in lower case."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Response:
    """What is answered."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


Answer: TypeAlias = Callable[[Request], Response | None]
"""Called in a thread of the request's own; None closes the connection without an answer."""


def _handler(answer: Answer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version: ClassVar[str] = "HTTP/1.1"

        def _respond(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            self.close_connection = True
            response = answer(Request(self.command, self.path, headers, body))
            if response is None:
                return
            self.send_response(response.status)
            for name, value in response.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(response.body)))
            self.send_header("connection", "close")
            self.end_headers()
            self.wfile.write(response.body)

        do_GET = do_POST = _respond  # noqa: N815  the names are the base class's

        def log_message(self, *_: Any) -> None:
            """Keep the output of tests clean."""

    return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128  # a crowd must not be taken for a silence


@contextmanager
def web_server(answer: Answer) -> Iterator[int]:
    """Answer requests for the time of a block; gives the port."""
    server = _Server(("127.0.0.1", 0), _handler(answer))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class LedElsewhere:
    """The real client, each of whose requests goes to another address than it was meant for."""

    client: DefaultHttpClient

    def led(self, url: str) -> str:
        """Return where a request goes."""
        raise NotImplementedError

    async def get(self, url: str, **more: Any) -> HttpAnswer:
        return await self.client.get(self.led(url), **more)

    async def post(self, url: str, **more: Any) -> HttpAnswer:
        return await self.client.post(self.led(url), **more)
