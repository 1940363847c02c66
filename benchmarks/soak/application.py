"""The standalone server, whose workers write down how late their event loop was, and their memory."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI

from ostiary.server.app import create_app as standalone

HEARTBEAT = 0.01  # seconds
SECOND = 1.0


def resident() -> float:
    """Return the memory of this process in MiB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS:")).split()[1]) / 1024


async def write_down(path: Path) -> None:
    """Add a line each second: the longest delay of the event loop in milliseconds, and the memory."""
    loop = asyncio.get_running_loop()
    with path.open("a", buffering=1) as log:
        while True:
            longest, ends = 0.0, loop.time() + SECOND
            while (now := loop.time()) < ends:
                await asyncio.sleep(HEARTBEAT)
                longest = max(longest, loop.time() - now - HEARTBEAT)
            log.write(f"{longest * 1000:.1f} {resident():.1f}\n")


def create_app() -> FastAPI:
    """Return the application of this process's configuration."""
    app = standalone()
    inner = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(served: FastAPI) -> AsyncIterator[object]:
        writing = asyncio.create_task(write_down(Path(f"worker-{os.getpid()}.txt")))
        async with inner(served) as state:
            yield state
        writing.cancel()

    app.router.lifespan_context = lifespan
    return app
