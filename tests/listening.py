"""An ASGI application on a port of this machine, over HTTP or HTTPS."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import uvicorn

App = Callable[[Any, Any, Any], Awaitable[None]]


@asynccontextmanager
async def served(app: App, port: int, certificates: Path | None = None) -> AsyncIterator[None]:
    """Serve an application; with a folder of `server.pem` and `server.key` over TLS."""
    more: dict[str, Any] = {"log_config": None, "lifespan": "off", "ws": "none", "proxy_headers": False}
    if certificates is not None:
        more |= {"ssl_certfile": certificates / "server.pem", "ssl_keyfile": certificates / "server.key"}
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, **more))
    task = asyncio.create_task(server._serve())
    while not server.started:  # noqa: ASYNC110  uvicorn has no event for it
        await asyncio.sleep(0.01)
    try:
        yield
    finally:
        server.should_exit = True
        await task
