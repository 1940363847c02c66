"""A WebSocket client that speaks ASGI, for tests that keep to one event loop."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.builders import ORIGIN


@dataclass
class Socket:
    """One end of a connection."""

    opening: dict[str, Any]
    """The first answer: `websocket.accept`, or `websocket.close` where the handshake was refused."""
    sent: asyncio.Queue[dict[str, Any]] = field(default_factory=asyncio.Queue)
    received: asyncio.Queue[dict[str, Any]] = field(default_factory=asyncio.Queue)

    @property
    def accepted(self) -> bool:
        return self.opening["type"] == "websocket.accept"

    async def ask(self, text: str) -> str:
        await self.sent.put({"type": "websocket.receive", "text": text})
        return await self.hear()

    async def hear(self) -> str:
        message = await asyncio.wait_for(self.received.get(), 5)
        text: str = message["text"]
        return text


@asynccontextmanager
async def open_socket(
    app: Any, path: str, cookie: str | None = None, origin: str | None = ORIGIN, scheme: str = "ws"
) -> AsyncIterator[Socket]:
    """Connect; leaving the block hangs up."""
    given: Mapping[str, str | None] = {
        "host": "auth.test",
        "cookie": cookie,
        "origin": origin,
        "sec-websocket-version": "13",
    }
    headers = [(name.encode(), value.encode()) for name, value in given.items() if value is not None]
    scope = {
        "type": "websocket",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": headers,
        "scheme": scheme,
        "client": ("198.51.100.7", 4711),
        "server": ("auth.test", 80),
        "subprotocols": [],
    }
    socket = Socket({})
    await socket.sent.put({"type": "websocket.connect"})
    served = asyncio.create_task(app(scope, socket.sent.get, socket.received.put))
    socket.opening = await asyncio.wait_for(socket.received.get(), 5)
    try:
        yield socket
    finally:
        await socket.sent.put({"type": "websocket.disconnect", "code": 1000})
        await asyncio.gather(served, return_exceptions=True)
