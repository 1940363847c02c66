"""The port to what must be shared and forgotten (Better Auth's secondary storage)."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol


class KeyValue(Protocol):
    """Text under keys, with a life time. Raises StorageUnavailable where the store does not answer."""

    async def get(self, key: str) -> str | None:
        """Return the value; None if absent or past its life time."""
        ...

    async def get_many(self, keys: Sequence[str]) -> Sequence[str | None]:
        """Return the value of each key, in one round trip."""
        ...

    async def set(self, key: str, value: str, ttl: timedelta | None = None) -> None:
        """Store a value, replacing the old one; without `ttl` it stays. Life times are whole seconds."""
        ...

    async def swap(self, key: str, seen: str | None, value: str, ttl: timedelta) -> bool:
        """Store a value in the place of the one that was seen, in one step; None: where there was none.

        Tells whether it did: what is gone stays gone, and what somebody else has written stays.
        """
        ...

    async def delete(self, key: str) -> None:
        """Remove a value; absent is a no-op."""
        ...

    async def get_and_delete(self, key: str) -> str | None:
        """Return and remove a value in one step: of two who race, one gets None."""
        ...

    async def increment(self, key: str, ttl: timedelta) -> int:
        """Add one atomically and return the sum; the first addition sets the life time."""
        ...

    async def decrement(self, key: str) -> None:
        """Take one back from a counter; its life time stays, and an absent one is a no-op."""
        ...

    async def time_to_live(self, key: str) -> timedelta | None:
        """Return how long a key will live; None if it is absent or stays."""
        ...

    async def ping(self) -> None:
        """Ask the store for a sign of life."""
        ...

    async def close(self) -> None:
        """Return every connection."""
        ...
