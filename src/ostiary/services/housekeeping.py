"""Deletes what is over without a cron job: a batch now and then, in one of all processes."""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress
from contextvars import Context
from datetime import timedelta
from typing import Final

from ostiary.domain.audit import AUDIT_EVENT
from ostiary.domain.circumstances import Circumstances, under
from ostiary.domain.errors import StorageUnavailable
from ostiary.domain.runtime import Runtime
from ostiary.services.audit_retention import AuditRetention
from ostiary.services.cleaning import Cleaning
from ostiary.storage.rate_limits import RateLimiter

CLEANED_EVERY: Final = timedelta(hours=1)
PRUNED_EVERY: Final = timedelta(days=1)
_FIRST_LOOK: Final = 60.0  # seconds; a server that has just started has other things to do
_BETWEEN_LOOKS: Final = 300.0  # seconds
_PAUSE: Final = 1.0  # seconds, between two batches
_SHARE: Final = 5  # a batch that took long is followed by four times as long a rest
_LAST_BATCH: Final = 5.0  # seconds that closing waits for it
_log: Final = logging.getLogger("ostiary")


class Housekeeper:
    """Cleans every hour, and once a day takes from the audit log what is older than it is to be kept."""

    def __init__(
        self,
        cleaning: Cleaning,
        retention: AuditRetention,
        keep_events: timedelta | None,
        turns: RateLimiter,
        runtime: Runtime,
        *,
        pause: float = _PAUSE,
        between_looks: float = _BETWEEN_LOOKS,
    ) -> None:
        """`turns` counts for all processes, so that one takes each turn; None keeps events for ever."""
        self._cleaning = cleaning
        self._retention = retention
        self._keep_events = keep_events
        self._turns = turns
        self._runtime = runtime
        self._pause = pause
        self._between_looks = between_looks
        self._work: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()
        self._is_away = False

    def start(self) -> None:
        """Look now and then whether something is due, on the running loop until `stop`."""
        if self._work is None or self._work.done():
            self._stopping = asyncio.Event()
            loop = asyncio.get_running_loop()
            # not in the context of the request that happened to be the first
            self._work = loop.create_task(self._work_for_ever(), context=Context())

    async def stop(self) -> None:
        """Let the batch under way end; the next turn goes on with the rest."""
        if self._work is None:
            return
        self._stopping.set()
        await asyncio.wait([self._work], timeout=_LAST_BATCH)
        self._work.cancel()
        with suppress(asyncio.CancelledError):
            await self._work
        self._work = None

    async def take_turn(self) -> Counter[str]:
        """Do what is due, unless another process did; return how many rows of which model went."""
        gone: Counter[str] = Counter()
        began = self._runtime.monotonic()
        async for model, number in self._batches():
            gone[model] += number
            took = self._runtime.monotonic() - began
            if await self._stops_within(max(self._pause, took * (_SHARE - 1))):
                break
            began = self._runtime.monotonic()
        if gone:
            told = ", ".join(f"{number} of {model}" for model, number in gone.items())
            _log.info("rows that were over are deleted: %s", told)
        return gone

    async def _batches(self) -> AsyncIterator[tuple[str, int]]:
        if await self._is_due("cleaning", CLEANED_EVERY):
            async for each in self._cleaning.batches():
                yield each
        if self._keep_events is not None and await self._is_due("pruning", PRUNED_EVERY):
            async for number in self._pruned(self._keep_events):
                yield AUDIT_EVENT.name, number

    async def _is_due(self, what: str, every: timedelta) -> bool:
        return (await self._turns.hit(f"housekeeping|{what}", 1, every)).allowed

    async def _pruned(self, keep: timedelta) -> AsyncIterator[int]:
        before = self._runtime.now() - keep
        last = await self._retention.last_before(before)
        if last is None:
            return
        if (await self._retention.chain.verify(up_to=last.position)).faults:
            # removed, it would go unnoticed
            _log.error("the audit log is not pruned: its chain does not hold, see `ostiary audit verify`")
            return
        with under(lambda: Circumstances(endpoint="housekeeping")):
            await self._retention.mark(last, before)
        async for number in self._retention.remove(last):
            yield number

    async def _work_for_ever(self) -> None:
        pause = min(_FIRST_LOOK, self._between_looks)
        while not await self._stops_within(pause):
            await self._take_turn_unless_away()
            pause = self._between_looks

    async def _take_turn_unless_away(self) -> None:
        """Do what is due; where the database is away, say so once until it is back."""
        try:
            await self.take_turn()
        except StorageUnavailable as error:
            if not self._is_away:
                _log.warning("nothing is cleaned: the database does not answer: %s", error)
            self._is_away = True
        except Exception:  # noqa: BLE001  whatever it was, the next turn may do better
            _log.exception("cleaning failed")
        else:
            self._is_away = False

    async def _stops_within(self, seconds: float) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                return await self._stopping.wait()
        return False
