"""A key set on 127.0.0.1 that counts what is asked of it, and misbehaves when told to."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

Jwk = dict[str, Any]


@dataclass
class KeyServer:
    """Answers every request the same way; `requests` are the request lines it got."""

    keys: list[Any] = field(default_factory=list)
    body: bytes | None = None
    """What it sends in the place of the key set."""
    at: dict[str, bytes] = field(default_factory=dict)
    """What it sends at a path in the place of that."""
    status: int = 200
    headers: list[str] = field(default_factory=list)
    pause: float = 0
    """Seconds before it answers."""
    drip: float = 0
    """Seconds between the bytes of its answer."""
    requests: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    """What came with those that had a body."""
    sent: int = 0
    """How many bytes of answers it got rid of."""
    port: int = 0
    _server: asyncio.Server | None = None
    _serving: set[asyncio.Task[Any]] = field(default_factory=set)

    @property
    def origin(self) -> str:
        """The issuer."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def fetches(self) -> int:
        """How often it was asked."""
        return len(self.requests)

    async def open(self) -> None:
        """Listen, on the same port as before."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        try:
            with suppress(OSError, asyncio.IncompleteReadError):
                await self._answer(reader, writer)
        finally:
            self._serving.discard(task)
            writer.transport.abort()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.requests.append(head.partition("\r\n")[0])
        if length := re.search(r"\r\ncontent-length: (\d+)", head, re.IGNORECASE):
            self.bodies.append(await reader.readexactly(int(length[1])))
        await asyncio.sleep(self.pause)
        body = json.dumps({"keys": self.keys}).encode() if self.body is None else self.body
        body = self.at.get(head.split()[1], body)
        lines = [f"HTTP/1.1 {self.status} X", f"content-length: {len(body)}", *self.headers]
        await self._send(writer, "\r\n".join([*lines, "", ""]).encode(), body)
        writer.close()
        await writer.wait_closed()

    async def _send(self, writer: asyncio.StreamWriter, head: bytes, body: bytes) -> None:
        writer.write(head)
        size = 1 if self.drip else 65_536
        for start in range(0, len(body), size):
            writer.write(body[start : start + size])
            await writer.drain()
            self.sent += size
            if self.drip:
                await asyncio.sleep(self.drip)


@asynccontextmanager
async def key_server(*keys: Any) -> AsyncIterator[KeyServer]:
    """Run a server with these keys."""
    server = KeyServer(list(keys))
    await server.open()
    try:
        yield server
    finally:
        await server.close()
