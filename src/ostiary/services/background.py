"""Work that must not hold up an answer, or reveal by its failure what the answer hides."""

import asyncio
import logging
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any

_log = logging.getLogger("ostiary")


class Background:
    """Tasks beside the requests; failures are logged, and closing waits for what is under way."""

    def __init__(self, most: int = 1000) -> None:
        """Start idle; while `most` is under way, more work of others' making is left out."""
        self.failures = 0
        """How much of it failed."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._most = most

    @property
    def running(self) -> int:
        """How much is under way."""
        return len(self._tasks)

    def start(self, work: Coroutine[Any, Any, None], name: str, *, patience: timedelta | None = None) -> None:
        """Await work on its own; with `patience` it is somebody else's, and bounded in time and number."""
        if patience is not None and len(self._tasks) >= self._most:
            work.close()
            _log.error("%s was left out: %d are under way already", name, len(self._tasks))
            return
        task = asyncio.get_running_loop().create_task(self._guarded(work, name, patience))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _guarded(self, work: Coroutine[Any, Any, None], name: str, patience: timedelta | None) -> None:
        try:
            async with asyncio.timeout(None if patience is None else patience.total_seconds()):
                await work
        except Exception:  # noqa: BLE001  whatever it was, nobody waits for it
            self.failures += 1
            _log.exception("%s failed", name)

    async def drain(self) -> None:
        """Wait until nothing is under way."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)
