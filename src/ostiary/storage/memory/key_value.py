"""Text under keys in the memory of one process."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final, NamedTuple

from ostiary.domain.runtime import Runtime

_FIRST_SWEEP: Final = 1024  # entries


class _Entry(NamedTuple):
    value: str
    ends: float | None


class MemoryKeyValue:
    """A KeyValue for one process and for tests: everything is forgotten with it."""

    def __init__(self, runtime: Runtime) -> None:
        """Measure life times by the runtime's clock."""
        self._runtime = runtime
        self._entries: dict[str, _Entry] = {}
        self._sweep_at = _FIRST_SWEEP

    def holds(self, key: str) -> bool:
        """Tell whether a key has a value."""
        return self._living(key) is not None

    async def get(self, key: str) -> str | None:
        """Return the value; None if absent or past its life time."""
        entry = self._living(key)
        return None if entry is None else entry.value

    async def get_many(self, keys: Sequence[str]) -> list[str | None]:
        """Return the value of each key."""
        return [await self.get(key) for key in keys]

    async def set(self, key: str, value: str, ttl: timedelta | None = None) -> None:
        """Store a value; a life time below one second is over at once."""
        seconds = None if ttl is None else int(ttl.total_seconds())
        if seconds is not None and seconds < 1:
            self._entries.pop(key, None)
            return
        self._entries[key] = _Entry(value, None if seconds is None else self._runtime.monotonic() + seconds)
        if len(self._entries) >= self._sweep_at:
            self._sweep()

    async def swap(self, key: str, seen: str | None, value: str, ttl: timedelta) -> bool:
        """Store a value in the place of the one that was seen."""
        entry = self._living(key)
        if (None if entry is None else entry.value) != seen:
            return False
        await self.set(key, value, ttl)
        return True

    async def delete(self, key: str) -> None:
        """Remove a value."""
        self._entries.pop(key, None)

    async def get_and_delete(self, key: str) -> str | None:
        """Return and remove a value in one step."""
        value = await self.get(key)
        self._entries.pop(key, None)
        return value

    async def increment(self, key: str, ttl: timedelta) -> int:
        """Add one and return the sum; the first addition sets the life time."""
        entry = self._living(key)
        ends = self._runtime.monotonic() + max(1, int(ttl.total_seconds())) if entry is None else entry.ends
        total = 1 if entry is None else int(entry.value) + 1
        self._entries[key] = _Entry(str(total), ends)
        return total

    async def decrement(self, key: str) -> None:
        """Take one back from a counter that exists."""
        entry = self._living(key)
        if entry is not None:
            self._entries[key] = _Entry(str(int(entry.value) - 1), entry.ends)

    async def time_to_live(self, key: str) -> timedelta | None:
        """Return how long a key will live."""
        entry = self._living(key)
        if entry is None or entry.ends is None:
            return None
        return timedelta(seconds=entry.ends - self._runtime.monotonic())

    async def ping(self) -> None:
        """Memory always answers."""

    async def close(self) -> None:
        """Forget everything."""
        self._entries.clear()

    def _sweep(self) -> None:
        """Drop what is over and what nobody asks for any more, so that memory does not grow for ever."""
        for key in tuple(self._entries):
            self._living(key)
        self._sweep_at = max(_FIRST_SWEEP, 2 * len(self._entries))

    def _living(self, key: str) -> _Entry | None:
        entry = self._entries.get(key)
        if entry is not None and entry.ends is not None and entry.ends <= self._runtime.monotonic():
            del self._entries[key]
            return None
        return entry
