"""Serves an application for the benchmarks as a person would deploy it; tells how late its event loop was.

The only argument of such a program is a JSON object. Once it listens, one line `{"port": 12345}` is written
to standard output. The end of the input ends the process.
"""

import asyncio
import json
import logging
import socket
import sys
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import uvicorn
import uvloop

HEARTBEAT = 0.005  # seconds

Application = Callable[[Any, Any, Any], Awaitable[None]]  # ASGI's own shape
Setting = dict[str, Any]  # as it stands in JSON


class Heart:
    """Beats on the event loop and remembers how late it was."""

    def __init__(self) -> None:
        """Begin with the next request."""
        self._beating: asyncio.TimerHandle | None = None
        self._longest = 0.0

    def _beat(self, due: float) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        self._longest = max(self._longest, now - due)
        self._beating = loop.call_at(now + HEARTBEAT, self._beat, now + HEARTBEAT)

    def longest(self) -> float:
        """Return the longest delay in milliseconds since the last question."""
        if self._beating is None:
            self._beat(asyncio.get_running_loop().time())
        longest, self._longest = self._longest * 1000, 0.0
        return longest


async def answer(send: Any, body: bytes) -> None:  # ASGI's own shape
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def watched(application: Application, heart: Heart) -> Application:
    """Let `/stall` ask how late the event loop was."""

    async def serve(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["path"] == "/stall":
            await answer(send, json.dumps({"longest": heart.longest()}).encode())
        else:
            await application(scope, receive, send)

    return serve


def run(build: Callable[[Setting], Awaitable[Application]]) -> None:
    """Build the application of the setting that is the argument, and serve it until the input ends."""
    uvloop.run(_serve(build))


async def _serve(build: Callable[[Setting], Awaitable[Application]]) -> None:
    logging.disable(logging.WARNING)  # as on the other side
    setting = json.loads(sys.argv[1])
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    application = watched(await build(setting), Heart())
    server = uvicorn.Server(uvicorn.Config(application, access_log=False, log_level="warning"))
    loop = asyncio.get_running_loop()

    def wait_for_end() -> None:
        sys.stdin.read()
        loop.call_soon_threadsafe(setattr, server, "should_exit", True)

    threading.Thread(target=wait_for_end, daemon=True).start()
    print(json.dumps({"port": listener.getsockname()[1]}), flush=True)
    await server.serve([listener])
