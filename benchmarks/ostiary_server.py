"""Ostiary for the benchmarks: one configuration, one port, as a person would deploy it.

The only argument is a JSON object: `options` in Better Auth's names, `plugins` with their options among them,
`database` (none: in memory), `migrate`, and `host`, which says who hosts the endpoints: `ostiary` itself,
`fastapi`, `frame`, a bare application that always gives the same answer, or an application with a route which
believes the tokens of `trust`. Once it listens, one line `{"port": 12345}` is written to standard output. The
end of the input ends the process.
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

from benchmarks.configured import auth_of

HEARTBEAT = 0.005  # seconds
SAMPLE = json.dumps({"session": {"id": "x" * 200}, "user": {"id": "x" * 200}}).encode()

Application = Callable[[Any, Any, Any], Awaitable[None]]  # ASGI's own shape


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


async def frame(scope: Any, receive: Any, send: Any) -> None:
    """Do nothing but answer."""
    if scope["type"] == "http":
        await answer(send, SAMPLE)


def watched(application: Application, heart: Heart) -> Application:
    """Let `/stall` ask how late the event loop was."""

    async def serve(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["path"] == "/stall":
            await answer(send, json.dumps({"longest": heart.longest()}).encode())
        else:
            await application(scope, receive, send)

    return serve


async def build(setting: dict[str, Any]) -> Application:
    """Return the application of a setting."""
    host = setting["host"]
    if host == "frame":
        return frame
    if host in {"ostiary", "fastapi"}:
        auth = auth_of(setting["options"], setting["database"])
        if setting["migrate"]:
            await auth.migrate()
        if host == "ostiary":
            return auth
    from benchmarks import protected_route  # noqa: PLC0415  the other hosts are to be measured without FastAPI

    return protected_route.hosting(auth) if host == "fastapi" else protected_route.APPLICATIONS[host](setting)


async def main() -> None:
    """Serve until the input ends."""
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


if __name__ == "__main__":
    import uvloop

    uvloop.run(main())
