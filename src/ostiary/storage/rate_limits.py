"""Who counts uses of a key: this process, the database, or the key-value store."""

import hashlib
import logging
import math
from collections import OrderedDict
from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from ostiary.domain.errors import StorageUnavailable
from ostiary.domain.models import RATE_LIMIT, RateLimitFields
from ostiary.domain.runtime import Runtime
from ostiary.storage.key_value import KeyValue
from ostiary.storage.store import Hit, Store

_log = logging.getLogger("ostiary")

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST_KEY: Final = 255  # what the column holds in MySQL
_MOST_KEYS: Final = 100_000
_BETWEEN_WARNINGS: Final = 60.0  # seconds
_BETWEEN_TRIALS: Final = 1.0  # seconds


class RateLimiter(Protocol):
    """Counts uses of keys."""

    async def hit(self, key: str, maximum: int, window: timedelta) -> Hit:
        """Count one use, or refuse it; of any number who race, at most `maximum` are accepted in a window."""
        ...

    async def refund(self, key: str) -> None:
        """Take one accepted use back; a key that was never used stays so."""
        ...

    async def forget(self, key: str) -> None:
        """Count the key anew; absent is a no-op."""
        ...


@dataclass(slots=True)
class _Window:
    count: int
    last: float
    length: float


class MemoryRateLimiter:
    """Counts in this process.

    A use is refused while `maximum` were counted and the last accepted one is less than a window ago.
    """

    def __init__(self, runtime: Runtime, most_keys: int = _MOST_KEYS) -> None:
        """Remember at most `most_keys` keys; the least recently accepted is forgotten first."""
        self._runtime = runtime
        self._most_keys = most_keys
        self._windows: OrderedDict[str, _Window] = OrderedDict()

    async def hit(self, key: str, maximum: int, window: timedelta) -> Hit:
        """Count one use, or refuse it."""
        now, length = self._runtime.monotonic(), window.total_seconds()
        known = self._windows.get(key)
        if known is None or now - known.last >= length:
            self._windows[key] = _Window(1, now, length)
        elif known.count >= maximum:
            return Hit(allowed=False, retry_after=timedelta(seconds=known.last + length - now))
        else:
            known.count, known.last = known.count + 1, now
        self._windows.move_to_end(key)
        self._forget(now)
        return Hit(allowed=True)

    async def refund(self, key: str) -> None:
        """Take one accepted use back."""
        known = self._windows.get(key)
        if known is not None and known.count > 0:
            known.count -= 1

    async def forget(self, key: str) -> None:
        """Count the key anew."""
        self._windows.pop(key, None)

    def _forget(self, now: float) -> None:
        while len(self._windows) > self._most_keys or (
            self._windows and now - (oldest := next(iter(self._windows.values()))).last >= oldest.length
        ):
            self._windows.popitem(last=False)


class StoreRateLimiter:
    """Counts in the `rateLimit` table, together with every other server on the database."""

    def __init__(self, store: Store, runtime: Runtime) -> None:
        """Count by the runtime's clock."""
        self._store = store
        self._runtime = runtime

    async def hit(self, key: str, maximum: int, window: timedelta) -> Hit:
        """Count one use, or refuse it, in one atomic statement."""
        now_ms = (self._runtime.now() - _EPOCH) // timedelta(milliseconds=1)
        return await self._store.hit(_shortened(key), maximum, window, now_ms)

    async def refund(self, key: str) -> None:
        """Take one accepted use back."""
        counted = (RateLimitFields.KEY.equals(_shortened(key)), RateLimitFields.COUNT.above(0))
        await self._store.rows(RATE_LIMIT).increment(RateLimitFields.COUNT, *counted, by=-1)

    async def forget(self, key: str) -> None:
        """Count the key anew."""
        await self._store.rows(RATE_LIMIT).delete(RateLimitFields.KEY.equals(_shortened(key)))


class KeyValueRateLimiter:
    """Counts in the key-value store: a window begins with its first use and ends with the key."""

    def __init__(self, key_value: KeyValue) -> None:
        """Count under the keys as they are."""
        self._key_value = key_value

    async def hit(self, key: str, maximum: int, window: timedelta) -> Hit:
        """Count one use, or refuse it for the rest of the window."""
        length = timedelta(seconds=max(1, math.ceil(window.total_seconds())))
        if await self._key_value.increment(key, length) <= maximum:
            return Hit(allowed=True)
        return Hit(allowed=False, retry_after=await self._key_value.time_to_live(key) or length)

    async def refund(self, key: str) -> None:
        """Take one use back."""
        await self._key_value.decrement(key)

    async def forget(self, key: str) -> None:
        """Count the key anew."""
        await self._key_value.delete(key)


class FallbackRateLimiter:
    """Counts in the shared store, and in this process while that does not answer."""

    def __init__(self, shared: RateLimiter, own: MemoryRateLimiter, runtime: Runtime) -> None:
        """Prefer `shared`; after a failure it is left alone for a second."""
        self.failures = 0
        """How often the shared store did not answer."""
        self._shared = shared
        self._own = own
        self._runtime = runtime
        self._try_again = -math.inf
        self._warn_again = -math.inf

    async def hit(self, key: str, maximum: int, window: timedelta) -> Hit:
        """Count one use, or refuse it; never fails for want of the shared store."""
        if self._is_worth_asking:
            try:
                return await self._shared.hit(key, maximum, window)
            except StorageUnavailable as error:
                self._failed(error)
        return await self._own.hit(key, maximum, window)

    async def refund(self, key: str) -> None:
        """Take one accepted use back, wherever it was counted."""
        await self._own.refund(key)
        if self._is_worth_asking:
            await self._tell_shared(self._shared.refund(key))

    async def forget(self, key: str) -> None:
        """Count the key anew, wherever it was counted."""
        await self._own.forget(key)
        if self._is_worth_asking:
            await self._tell_shared(self._shared.forget(key))

    @property
    def _is_worth_asking(self) -> bool:
        return self._runtime.monotonic() >= self._try_again

    async def _tell_shared(self, change: Awaitable[None]) -> None:
        try:
            await change
        except StorageUnavailable as error:
            self._failed(error)

    def _failed(self, error: StorageUnavailable) -> None:
        now = self._runtime.monotonic()
        self.failures += 1
        self._try_again = now + _BETWEEN_TRIALS
        if now >= self._warn_again:
            self._warn_again = now + _BETWEEN_WARNINGS
            _log.warning(
                "rate limits are counted per process: the shared store does not answer (%s, %d failures)",
                error,
                self.failures,
            )


def _shortened(key: str) -> str:
    """Keep a long key distinct in a column that would not hold it."""
    if len(key) <= _LONGEST_KEY:
        return key
    digest = hashlib.sha256(key.encode(errors="surrogatepass")).hexdigest()
    return key[: _LONGEST_KEY - len(digest)] + digest
