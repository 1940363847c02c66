"""What a KeyValue promises, on memory and on Redis."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest
from redis.asyncio import Redis

from ostiary.domain.errors import StorageUnavailable
from ostiary.domain.runtime import FrozenRuntime
from ostiary.storage.key_value import KeyValue
from ostiary.storage.memory import MemoryKeyValue
from ostiary.storage.redis import RedisKeyValue
from tests.contract.places import REDIS

MINUTE = timedelta(minutes=1)


@dataclass
class Kept:
    """A key-value store, a second server's view of it, and a way to let time pass."""

    store: KeyValue
    another: KeyValue
    advance: Callable[[timedelta], Awaitable[None]]


@pytest.fixture(params=["memory", pytest.param("redis", marks=pytest.mark.services)])
async def kept(request: pytest.FixtureRequest, clock: FrozenRuntime) -> AsyncIterator[Kept]:
    """Return each key-value store, empty."""
    if request.param == "memory":
        memory = MemoryKeyValue(clock)

        async def wait(time: timedelta) -> None:
            clock.advance(time)

        yield Kept(memory, memory, wait)
        return
    prefix = f"ostiary-test-{uuid.uuid4().hex}:"
    client = Redis.from_url(REDIS)

    async def shorten(time: timedelta) -> None:
        """Take from every life time what would have passed."""
        async for key in client.scan_iter(f"{prefix}*"):
            if (remaining := await client.pttl(key)) >= 0:
                await client.pexpire(key, max(0, remaining - int(time.total_seconds() * 1000)))

    store, another = RedisKeyValue.from_url(REDIS, prefix), RedisKeyValue(Redis.from_url(REDIS), prefix)
    yield Kept(store, another, shorten)
    await shorten(timedelta(days=1000))
    async for key in client.scan_iter(f"{prefix}*"):
        await client.delete(key)
    for each in (store, another):
        await each.close()
    await client.aclose()


async def test_a_value_comes_back_as_it_was(kept: Kept) -> None:
    for number, value in enumerate(
        ("", "text", "ünïcode 👋", '{"session":{"id":"x"}}', "a\0b", "x" * 100_000)
    ):
        await kept.store.set(f"key {number}", value)
        assert await kept.another.get(f"key {number}") == value


async def test_an_absent_key_has_no_value(kept: Kept) -> None:
    assert await kept.store.get("nothing") is None
    assert await kept.store.get_and_delete("nothing") is None
    assert await kept.store.time_to_live("nothing") is None


async def test_many_values_come_in_the_order_they_were_asked_for(kept: Kept) -> None:
    await kept.store.set("a", "1")
    await kept.store.set("b", "2", MINUTE)
    assert list(await kept.another.get_many(["b", "nothing", "a", "b"])) == ["2", None, "1", "2"]
    await kept.advance(MINUTE)
    assert list(await kept.store.get_many(["a", "b"])) == ["1", None]
    assert list(await kept.store.get_many([])) == []


async def test_a_new_value_replaces_the_old_one_and_its_life_time(kept: Kept) -> None:
    await kept.store.set("key", "old", MINUTE)
    await kept.store.set("key", "new")
    assert await kept.store.get("key") == "new"
    assert await kept.store.time_to_live("key") is None
    await kept.advance(MINUTE * 2)
    assert await kept.store.get("key") == "new"


async def test_a_value_is_swapped_for_the_one_that_was_seen_alone(kept: Kept) -> None:
    assert not await kept.store.swap("key", "first", "second", MINUTE)
    assert not await kept.store.swap("key", "", "second", MINUTE)
    assert await kept.store.swap("key", None, "", MINUTE)
    assert not await kept.another.swap("key", None, "second", MINUTE)
    assert await kept.another.swap("key", "", "ünïcode 👋", 2 * MINUTE)
    await kept.advance(1.5 * MINUTE)
    assert await kept.store.get("key") == "ünïcode 👋"
    assert not await kept.store.swap("key", "", "third", MINUTE)
    assert await kept.store.swap("key", "ünïcode 👋", "third", timedelta(milliseconds=999))
    assert await kept.store.get("key") is None
    assert not await kept.another.swap("key", "third", "fourth", MINUTE)
    assert await kept.store.get("key") is None


async def test_no_change_is_lost_among_ten(kept: Kept) -> None:
    """S61"""

    async def add(number: int) -> None:
        store = kept.store if number % 2 else kept.another
        while not await store.swap("key", seen := await store.get("key"), f"{seen or ''}{number},", MINUTE):
            pass

    await asyncio.gather(*map(add, range(10)))
    kept_numbers = (await kept.store.get("key") or "").rstrip(",").split(",")
    assert sorted(map(int, kept_numbers)) == list(range(10))


async def test_a_value_is_gone_after_its_life_time(kept: Kept) -> None:
    await kept.store.set("key", "value", MINUTE)
    await kept.advance(MINUTE - timedelta(seconds=5))
    assert await kept.store.get("key") == "value"
    await kept.advance(timedelta(seconds=6))
    assert await kept.store.get("key") is None
    assert await kept.store.get_and_delete("key") is None


async def test_a_life_time_is_told(kept: Kept) -> None:
    await kept.store.set("key", "value", MINUTE)
    await kept.advance(timedelta(seconds=20))
    remaining = await kept.store.time_to_live("key")
    assert remaining is not None
    assert timedelta(seconds=35) < remaining <= timedelta(seconds=40)


@pytest.mark.parametrize("over", [timedelta(0), timedelta(seconds=-5), timedelta(milliseconds=999)])
async def test_a_life_time_of_no_whole_second_is_over_at_once(kept: Kept, over: timedelta) -> None:
    await kept.store.set("key", "old")
    await kept.store.set("key", "value", over)
    assert await kept.store.get("key") is None


async def test_life_times_are_whole_seconds(kept: Kept) -> None:
    await kept.store.set("key", "value", timedelta(seconds=10, milliseconds=900))
    remaining = await kept.store.time_to_live("key")
    assert remaining is not None
    assert remaining <= timedelta(seconds=10)


async def test_a_deleted_value_is_gone_and_deleting_again_is_no_error(kept: Kept) -> None:
    await kept.store.set("key", "value")
    await kept.store.delete("key")
    await kept.store.delete("key")
    assert await kept.another.get("key") is None


async def test_of_fifty_who_take_a_value_one_gets_it(kept: Kept) -> None:
    """S64"""
    await kept.store.set("key", "value", MINUTE)
    taken = await asyncio.gather(
        *((kept.store if number % 2 else kept.another).get_and_delete("key") for number in range(50))
    )
    assert sorted(taken, key=str) == [None] * 49 + ["value"]


async def test_no_addition_is_lost_among_fifty(kept: Kept) -> None:
    """S51"""
    sums = await asyncio.gather(
        *((kept.store if number % 2 else kept.another).increment("key", MINUTE) for number in range(50))
    )
    assert sorted(sums) == list(range(1, 51))


async def test_the_first_addition_sets_the_life_time_and_later_ones_leave_it(kept: Kept) -> None:
    await kept.store.increment("key", MINUTE)
    await kept.advance(timedelta(seconds=30))
    assert await kept.store.increment("key", MINUTE) == 2
    remaining = await kept.store.time_to_live("key")
    assert remaining is not None
    assert remaining <= timedelta(seconds=30)
    await kept.advance(timedelta(seconds=31))
    assert await kept.store.increment("key", MINUTE) == 1


async def test_a_count_is_text_that_a_node_server_reads(kept: Kept) -> None:
    await kept.store.increment("203.0.113.7|/sign-in/email", MINUTE)
    assert await kept.store.increment("203.0.113.7|/sign-in/email", MINUTE) == 2
    assert await kept.store.get("203.0.113.7|/sign-in/email") == "2"


async def test_a_count_can_be_taken_back_within_its_life_time(kept: Kept) -> None:
    await kept.store.increment("key", MINUTE)
    await kept.store.increment("key", MINUTE)
    await kept.store.decrement("key")
    remaining = await kept.store.time_to_live("key")
    assert await kept.store.increment("key", MINUTE) == 2
    assert remaining is not None
    await kept.advance(MINUTE)
    await kept.store.decrement("key")
    assert await kept.store.get("key") is None


async def test_a_store_that_answers_is_pinged_without_complaint(kept: Kept) -> None:
    await kept.store.ping()


@pytest.mark.services
async def test_keys_in_redis_are_exactly_the_references() -> None:
    """Without a prefix nothing is added to a key or a value, so that a Node server finds both."""
    store, client = RedisKeyValue.from_url(REDIS), Redis.from_url(REDIS)
    key = f"active-sessions-{uuid.uuid4().hex}"
    await store.set(key, '[{"token":"t","expiresAt":1893456000000}]', MINUTE)
    assert await client.get(key) == b'[{"token":"t","expiresAt":1893456000000}]'
    assert 0 < await client.ttl(key) <= 60
    await client.set(key, "written by Node")
    assert await store.get_and_delete(key) == "written by Node"
    assert await client.exists(key) == 0
    await store.close()
    await client.aclose()


async def test_a_redis_that_is_away_is_unavailable() -> None:
    """S86"""
    store = RedisKeyValue.from_url("redis://127.0.0.1:1")
    for ask in (
        store.get("key"),
        store.get_many(["key"]),
        store.set("key", "value"),
        store.set("key", "value", timedelta(0)),
        store.swap("key", None, "value", MINUTE),
        store.delete("key"),
        store.get_and_delete("key"),
        store.increment("key", MINUTE),
        store.decrement("key"),
        store.time_to_live("key"),
        store.ping(),
    ):
        with pytest.raises(StorageUnavailable):
            await ask
    await store.close()


@pytest.mark.services
async def test_a_redis_connection_that_was_cut_heals_by_itself() -> None:
    """S86"""
    store, client = RedisKeyValue.from_url(REDIS), Redis.from_url(REDIS)
    key = f"ostiary-test-{uuid.uuid4().hex}"
    await store.set(key, "value", MINUTE)
    own = await store._client.client_id()
    await client.execute_command("CLIENT", "KILL", "ID", own)
    assert await store.get(key) == "value"
    await store.delete(key)
    await store.close()
    await client.aclose()
