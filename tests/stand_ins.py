"""A server in the place of every provider: it writes down what it is asked, and answers as it was told.

The first part of a path says for whom, the second is the host that was meant.
"""

import json
from base64 import b64decode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from ostiary.outgoing import DefaultHttpClient
from tests.mint import published
from tests.web_server import LedElsewhere, Request, Response, web_server

SHOWN = ("accept", "authorization", "content-type", "notion-version")


@dataclass
class StandIns:
    """The running server."""

    answers: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """For each case what is answered by host and path, with the query where that matters; "token" is what
    every other POST gets."""
    asked: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    origin: str = ""

    def answer(self, request: Request) -> Response:
        """Answer one request and write it down."""
        case, _, place = unquote(request.url.removeprefix("/")).partition("/")
        status, said = self._said(request, case, place)
        body = said.encode() if isinstance(said, str) else json.dumps(said).encode()
        return Response(status, body, {"content-type": "application/json"})

    def _said(self, request: Request, case: str, place: str) -> tuple[int, Any]:
        told = self.answers[case.partition(".")[2]]
        path = place.partition("?")[0]
        if path.endswith(("/certs", "/keys", "/jwks/", "/jwks.json")):
            return 200, {"keys": [published("RS256")]}
        self.asked.setdefault(case, []).append(written(request, place))
        found = told.get(place, told.get(path, told["token"]))
        return found if isinstance(found, list) and isinstance(found[0], int) else (200, found)


def written(request: Request, place: str) -> dict[str, Any]:
    """Return a request as two clients' requests are compared."""
    headers, body = request.headers, request.body
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
        "to": f"{request.method} {parts.netloc}{parts.path}",
        "query": parse_qsl(parts.query),
        "headers": {name: value for name, value in shown.items() if value},
        "body": said,
    }


@contextmanager
def stand_ins() -> Iterator[StandIns]:
    """Run the server for the time of a block."""
    running = StandIns()
    with web_server(running.answer) as port:
        running.origin = f"http://127.0.0.1:{port}"
        yield running


@dataclass
class LedAside(LedElsewhere):
    """The real client, whose requests to any provider end at the stand-ins."""

    origin: str
    case: str
    client: DefaultHttpClient = field(default_factory=DefaultHttpClient)

    def led(self, url: str) -> str:
        assert url.startswith("https://"), f"{url} is read by everybody on the way"
        return f"{self.origin}/{self.case}/{url.removeprefix('https://')}"
