"""One HTTP request as it is, and its answer as it came: nothing added, nothing tidied."""

import http.client
from collections.abc import Sequence
from dataclasses import dataclass

from tests.conformance.normalise import Json, parsed


@dataclass(frozen=True)
class Answer:
    """What a server answered, as it came."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def data(self) -> Json:
        """The body read as JSON, None where it is empty."""
        return parsed(self.body.decode()) if self.body else None

    def at(self, *path: str | int) -> str:
        """Return the text at a place in the JSON body."""
        value = self.data
        for key in path:
            match value, key:
                case dict(), str():
                    value = value[key]
                case list(), int():
                    value = value[key]
                case _:
                    raise KeyError(f"nothing at {path} in {self.body!r}")
        assert isinstance(value, str), f"no text at {path} in {self.body!r}"
        return value

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies set, as written, later lines over earlier ones."""
        lines = [value for name, value in self.headers if name == "set-cookie"]
        return dict(line.split(";", maxsplit=1)[0].split("=", maxsplit=1) for line in lines)


def exchange(
    port: int, line: tuple[str, str], headers: Sequence[tuple[str, str]], payload: bytes | None
) -> Answer:
    """Send a request, its `line` being method and path, to a server on this machine."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.putrequest(*line, skip_host=True, skip_accept_encoding=True)
        lengths = [] if payload is None else [("Content-Length", str(len(payload)))]
        for name, value in [*headers, *lengths]:
            connection.putheader(name, value.encode("latin-1"))
        connection.endheaders(payload)
        response = connection.getresponse()
        received = tuple((name.lower(), value) for name, value in response.getheaders())
        return Answer(response.status, received, response.read())
    finally:
        connection.close()
