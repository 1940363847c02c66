"""Ways to servers that are not ours: open, closed, or leading to somebody who never answers."""

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from ostiary.outgoing import DefaultHttpClient, HttpAnswer
from tests.web_server import LedElsewhere

Mood: TypeAlias = Literal["well", "gone", "silent"]


@dataclass
class Road(LedElsewhere):
    """The real HTTP client to one server on this machine, which may be there, gone, or silent."""

    port: int
    mood: Mood = "well"
    silent: socket.socket = field(default_factory=socket.socket)
    client: DefaultHttpClient = field(default_factory=DefaultHttpClient)

    def __post_init__(self) -> None:
        """Listen, and never answer."""
        self.silent.bind(("127.0.0.1", 0))
        self.silent.listen(128)

    def led(self, url: str) -> str:
        """Return where a request goes in this mood."""
        host = {"well": self.port, "gone": 9, "silent": self.silent.getsockname()[1]}[self.mood]
        path = url.partition("//")[2]
        own = path.startswith("127.0.0.1")
        return f"http://127.0.0.1:{host}/{path.partition('/')[2] if own else path}"


class Ranges:
    """A breached-password service that knows of nothing."""

    def __init__(self, road: Road) -> None:
        self.road = road

    async def get(self, url: str, *, headers: Mapping[str, str], **more: Any) -> HttpAnswer:
        if self.road.mood == "well":
            return HttpAnswer(200, b"")
        return await self.road.get(url, headers=headers, **more)


@contextmanager
def road_to(port: int) -> Iterator[Road]:
    """Lead to a port for the time of a block."""
    road = Road(port)
    try:
        yield road
    finally:
        road.silent.close()
