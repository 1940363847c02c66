"""Work that must not hold up an answer, or reveal by its failure what the answer hides."""

import asyncio
import logging
from collections.abc import Awaitable

_log = logging.getLogger("ostiary")


class Background:
    """Tasks beside the requests; failures are logged, and closing waits for what is under way."""

    def __init__(self) -> None:
        """Start idle."""
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, work: Awaitable[None], name: str) -> None:
        """Await work on its own."""
        task = asyncio.get_running_loop().create_task(self._guarded(work, name))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    @staticmethod
    async def _guarded(work: Awaitable[None], name: str) -> None:
        try:
            await work
        except Exception:  # noqa: BLE001  whatever it was, nobody waits for it
            _log.exception("%s failed", name)

    async def drain(self) -> None:
        """Wait until nothing is under way."""
        while self._tasks:
            await asyncio.gather(*self._tasks)
