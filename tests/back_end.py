"""The example application for browsers under test: on a free port, with a clock that moves when told to.

It runs on a PostgreSQL database of its own, unless DATABASE_URL names another one; the rest of the
environment is that of the example. It writes `{"url": ...}` to standard output when it serves, and ends with
its standard input. `POST /-/clock` with `{"advance": seconds}` moves the clock.
"""

import asyncio
import json
import os
import socket
import sys
from datetime import datetime, timedelta
from pathlib import Path

import uvicorn
from pydantic import BaseModel

from examples.tasks.application import create_app
from examples.tasks.settings import Settings
from tests.browser.clock import MovableRuntime
from tests.contract.places import POSTGRES


class Advance(BaseModel):
    """How far the clock is to move, in seconds."""

    advance: float


def main() -> None:
    """Serve until the input ends, and leave no database behind."""
    named = os.environ.get("DATABASE_URL")
    database_url = named or POSTGRES.create(Path())
    try:
        asyncio.run(serve(database_url))
    finally:
        if not named:
            POSTGRES.drop(database_url)


async def serve(database_url: str) -> None:
    """Serve until the input ends."""
    listener = socket.create_server(("127.0.0.1", int(os.environ.get("PORT") or 0)))
    port = listener.getsockname()[1]
    runtime = MovableRuntime()
    settings = Settings.from_environment({**os.environ, "PORT": str(port), "DATABASE_URL": database_url})
    app = create_app(settings, runtime=runtime)

    @app.post("/-/clock")
    async def advance(body: Advance) -> datetime:
        """Move the clock."""
        runtime.ahead += timedelta(seconds=body.advance)
        return runtime.now()

    server = uvicorn.Server(uvicorn.Config(app, log_config=None, server_header=False, proxy_headers=False))
    serving = asyncio.create_task(server.serve([listener]))
    while not server.started and not serving.done():  # noqa: ASYNC110  it announces its start by nothing else
        await asyncio.sleep(0.005)
    sys.stdout.write(json.dumps({"url": f"http://127.0.0.1:{port}"}) + "\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)
    server.should_exit = True
    await serving


if __name__ == "__main__":
    main()
