"""Who counts: this process, the database or the key-value store, and what happens while those are away."""

import logging
from collections.abc import Callable
from datetime import timedelta

import pytest

from ostiary.domain.errors import StorageUnavailable
from ostiary.domain.runtime import FrozenRuntime
from ostiary.storage.memory import MemoryKeyValue, MemoryStore
from ostiary.storage.rate_limits import (
    FallbackRateLimiter,
    KeyValueRateLimiter,
    MemoryRateLimiter,
    RateLimiter,
    StoreRateLimiter,
)
from ostiary.storage.sql import open_store
from ostiary.storage.store import Hit, Store
from tests.contract.rows import SCHEMA

WINDOW = timedelta(seconds=10)

LIMITERS: dict[str, Callable[[FrozenRuntime], RateLimiter]] = {
    "memory": MemoryRateLimiter,
    "store": lambda clock: StoreRateLimiter(MemoryStore(SCHEMA, clock), clock),
    "key-value": lambda clock: KeyValueRateLimiter(MemoryKeyValue(clock)),
    "fallback": lambda clock: FallbackRateLimiter(
        KeyValueRateLimiter(MemoryKeyValue(clock)), MemoryRateLimiter(clock), clock
    ),
}


@pytest.fixture(params=LIMITERS)
def limiter(request: pytest.FixtureRequest, clock: FrozenRuntime) -> RateLimiter:
    """Return each limiter."""
    return LIMITERS[request.param](clock)


async def accepted(limiter: RateLimiter, times: int, maximum: int = 3, key: str = "key") -> int:
    return sum([(await limiter.hit(key, maximum, WINDOW)).allowed for _ in range(times)])


async def test_the_maximum_is_accepted_and_the_rest_refused(
    limiter: RateLimiter, clock: FrozenRuntime
) -> None:
    """S51"""
    assert await accepted(limiter, 9) == 3
    clock.advance(seconds=9)
    refused = await limiter.hit("key", 3, WINDOW)
    assert refused == Hit(allowed=False, retry_after=timedelta(seconds=1))
    clock.advance(seconds=1)
    assert (await limiter.hit("key", 3, WINDOW)).allowed


async def test_keys_are_counted_apart(limiter: RateLimiter) -> None:
    assert await accepted(limiter, 5, key="one") == 3
    assert await accepted(limiter, 5, key="two") == 3


async def test_a_refund_makes_room_for_one(limiter: RateLimiter) -> None:
    assert await accepted(limiter, 3) == 3
    await limiter.refund("key")
    assert await accepted(limiter, 2) == 1


async def test_a_refund_of_what_was_never_used_gives_nothing(limiter: RateLimiter) -> None:
    for _ in range(3):
        await limiter.refund("key")
    assert await accepted(limiter, 9) == 3


async def test_a_forgotten_key_is_counted_anew(limiter: RateLimiter) -> None:
    await limiter.forget("never used")
    assert await accepted(limiter, 5, key="other") == 3
    assert await accepted(limiter, 5) == 3
    await limiter.forget("key")
    assert await accepted(limiter, 5) == 3
    assert await accepted(limiter, 5, key="other") == 0


@pytest.mark.parametrize("kind", ["memory", "store"])
async def test_each_accepted_use_restarts_the_window(kind: str, clock: FrozenRuntime) -> None:
    limiter = LIMITERS[kind](clock)
    for _ in range(3):
        assert (await limiter.hit("key", 3, WINDOW)).allowed
        clock.advance(seconds=6)
    assert not (await limiter.hit("key", 3, WINDOW)).allowed
    clock.advance(seconds=4)
    assert await accepted(limiter, 9) == 3


async def test_a_key_value_window_ends_with_its_first_use(clock: FrozenRuntime) -> None:
    limiter = LIMITERS["key-value"](clock)
    for _ in range(3):
        assert (await limiter.hit("key", 3, WINDOW)).allowed
        clock.advance(seconds=3)
    assert await limiter.hit("key", 3, WINDOW) == Hit(allowed=False, retry_after=timedelta(seconds=1))
    clock.advance(seconds=1)
    assert (await limiter.hit("key", 3, WINDOW)).allowed


async def test_a_flood_of_keys_stays_within_bounds(clock: FrozenRuntime) -> None:
    limiter = MemoryRateLimiter(clock, most_keys=100)
    for number in range(1000):
        await limiter.hit(f"key {number}", 1, WINDOW)
    assert len(limiter._windows) == 100
    assert not (await limiter.hit("key 999", 1, WINDOW)).allowed


async def test_keys_that_rested_for_a_window_are_forgotten(clock: FrozenRuntime) -> None:
    limiter = MemoryRateLimiter(clock)
    for number in range(50):
        await limiter.hit(f"key {number}", 1, WINDOW)
    clock.advance(seconds=10)
    await limiter.hit("another", 1, WINDOW)
    assert len(limiter._windows) == 1


async def test_a_long_key_is_counted_under_a_name_of_its_own(clock: FrozenRuntime) -> None:
    limiter = LIMITERS["store"](clock)
    long = "203.0.113.7|/" + "x" * 400
    assert await accepted(limiter, 9, key=long + "1") == 3
    assert await accepted(limiter, 9, key=long + "2") == 3


class Severed(MemoryKeyValue):
    """A key-value store behind a cable that can be pulled."""

    connected = True

    async def increment(self, key: str, ttl: timedelta) -> int:
        if not self.connected:
            raise StorageUnavailable("the cable is out")
        return await super().increment(key, ttl)

    async def decrement(self, key: str) -> None:
        if not self.connected:
            raise StorageUnavailable("the cable is out")
        await super().decrement(key)


async def test_a_lost_store_leaves_a_limit_per_process_and_a_warning(
    clock: FrozenRuntime, caplog: pytest.LogCaptureFixture
) -> None:
    """S86"""
    shared = Severed(clock)
    limiter = FallbackRateLimiter(KeyValueRateLimiter(shared), MemoryRateLimiter(clock), clock)
    shared.connected = False
    with caplog.at_level(logging.WARNING, "ostiary"):
        assert await accepted(limiter, 9) == 3
    assert limiter.failures == 1
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "per process" in caplog.text


async def test_a_store_that_comes_back_is_used_again(clock: FrozenRuntime) -> None:
    """S86"""
    shared = Severed(clock)
    limiter = FallbackRateLimiter(KeyValueRateLimiter(shared), MemoryRateLimiter(clock), clock)
    shared.connected = False
    assert await accepted(limiter, 2) == 2
    shared.connected = True
    clock.advance(seconds=1)
    assert await accepted(limiter, 9) == 3
    assert await shared.get("key") == "9"


async def test_a_lost_store_is_mentioned_once_a_minute(
    clock: FrozenRuntime, caplog: pytest.LogCaptureFixture
) -> None:
    """S86"""
    shared = Severed(clock)
    shared.connected = False
    limiter = FallbackRateLimiter(KeyValueRateLimiter(shared), MemoryRateLimiter(clock), clock)
    with caplog.at_level(logging.WARNING, "ostiary"):
        for _ in range(90):
            await limiter.hit("key", 3, WINDOW)
            clock.advance(seconds=1)
    assert len(caplog.records) == 2
    assert limiter.failures == 90


async def test_a_refund_survives_a_lost_store(clock: FrozenRuntime) -> None:
    """S86"""
    shared = Severed(clock)
    shared.connected = False
    limiter = FallbackRateLimiter(KeyValueRateLimiter(shared), MemoryRateLimiter(clock), clock)
    assert await accepted(limiter, 3) == 3
    await limiter.refund("key")
    assert await accepted(limiter, 2) == 1


async def test_a_database_that_is_away_leaves_a_limit_per_process(clock: FrozenRuntime) -> None:
    """S86"""
    store: Store = open_store("postgresql://nobody@127.0.0.1:1/nowhere", SCHEMA, clock)
    limiter = FallbackRateLimiter(StoreRateLimiter(store, clock), MemoryRateLimiter(clock), clock)
    assert await accepted(limiter, 9) == 3
