"""The KeyValue port on Redis, in the layout of Better Auth's secondary storage."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final

from redis.asyncio import Redis
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as NoAnswer

from ostiary.domain.breaker import Breaker
from ostiary.domain.errors import StorageUnavailable
from ostiary.storage.redis_connections import close_client, redis_client

# The life time belongs to the first addition: set apart, a crash in between would leave a count for ever.
_INCREMENT: Final = """
local sum = redis.call('INCR', KEYS[1])
if sum == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
return sum
"""
_DECREMENT: Final = (
    "if redis.call('EXISTS', KEYS[1]) == 1 then return redis.call('DECR', KEYS[1]) end return 0"
)
# The first argument tells an empty value from none, which GET answers with false.
_SWAP: Final = """
if redis.call('GET', KEYS[1]) ~= (ARGV[1] == '1' and ARGV[2]) then return 0 end
if tonumber(ARGV[4]) < 1 then redis.call('DEL', KEYS[1]) return 1 end
redis.call('SET', KEYS[1], ARGV[3], 'EX', ARGV[4])
return 1
"""


class RedisKeyValue:
    """Text under keys in Redis 6.2 or newer. Values are what a Node server reads and writes.

    While Redis is silent, one caller at a time waits for it and the others are told at once.
    """

    def __init__(self, client: Redis, prefix: str = "") -> None:
        """Use a client of the application; `prefix` goes before every key."""
        self._client = client
        self._breaker = Breaker(NoAnswer, TimeoutError)
        self._prefix = prefix
        # Any: a script answers what it returns
        self._increment: Callable[..., Awaitable[Any]] = client.register_script(_INCREMENT)
        self._decrement: Callable[..., Awaitable[Any]] = client.register_script(_DECREMENT)
        self._swap: Callable[..., Awaitable[Any]] = client.register_script(_SWAP)

    @classmethod
    def from_url(cls, url: str, prefix: str = "") -> "RedisKeyValue":
        """Connect when first used; a server that does not answer is given up on quickly.

        `redis://host:6379/0`, `rediss://` for TLS, `unix://`, or Sentinels and the name of their master:
        `redis+sentinel://host:26379,other:26379/master/0`. Raises ValueError for any other.
        """
        return cls(redis_client(url), prefix)

    async def get(self, key: str) -> str | None:
        """Return the value; None if absent or past its life time."""
        with self._asking():
            return _text(await self._client.get(self._prefix + key))

    async def get_many(self, keys: Sequence[str]) -> list[str | None]:
        """Return the value of each key, in one round trip."""
        if not keys:
            return []
        with self._asking():
            return [_text(value) for value in await self._client.mget([self._prefix + key for key in keys])]

    async def set(self, key: str, value: str, ttl: timedelta | None = None) -> None:
        """Store a value; a life time below one second is over at once."""
        seconds = None if ttl is None else int(ttl.total_seconds())
        if seconds is not None and seconds < 1:
            await self.delete(key)
            return
        with self._asking():
            await self._client.set(self._prefix + key, value, ex=seconds)

    async def swap(self, key: str, seen: str | None, value: str, ttl: timedelta) -> bool:
        """Store a value in the place of the one that was seen."""
        args = [int(seen is not None), seen or "", value, int(ttl.total_seconds())]
        with self._asking():
            return bool(await self._swap(keys=[self._prefix + key], args=args))

    async def delete(self, key: str) -> None:
        """Remove a value."""
        with self._asking():
            await self._client.delete(self._prefix + key)

    async def get_and_delete(self, key: str) -> str | None:
        """Return and remove a value in one step."""
        with self._asking():
            return _text(await self._client.getdel(self._prefix + key))

    async def increment(self, key: str, ttl: timedelta) -> int:
        """Add one and return the sum; the first addition sets the life time."""
        with self._asking():
            return int(
                await self._increment(keys=[self._prefix + key], args=[max(1, int(ttl.total_seconds()))])
            )

    async def decrement(self, key: str) -> None:
        """Take one back from a counter that exists."""
        with self._asking():
            await self._decrement(keys=[self._prefix + key])

    async def time_to_live(self, key: str) -> timedelta | None:
        """Return how long a key will live."""
        with self._asking():
            remaining = int(await self._client.pttl(self._prefix + key))
        return timedelta(milliseconds=remaining) if remaining >= 0 else None

    async def ping(self) -> None:
        """Ask the server for a sign of life."""
        with self._asking():
            await self._client.ping()

    async def close(self) -> None:
        """Return every connection."""
        with self._asking():
            await close_client(self._client)

    @contextmanager
    def _asking(self) -> Iterator[None]:
        try:
            with self._breaker.asking():
                yield
        except (RedisError, OSError) as error:
            raise StorageUnavailable(f"Redis: {error}") from error


def _text(value: str | bytes | None) -> str | None:
    return value.decode() if isinstance(value, bytes) else value
