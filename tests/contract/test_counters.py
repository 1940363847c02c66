"""Rate limits in the database: the sliding window of the reference, counted by several servers."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from ostiary.domain.models import RATE_LIMIT, RateLimitFields
from ostiary.domain.runtime import FrozenRuntime
from ostiary.storage.store import Hit, Store
from tests.contract.places import SQL_PLACES, Place, execute, fetch

WINDOW = timedelta(seconds=10)
START = 1_900_000_000_000


async def row_of(store: Store, key: str = "key") -> tuple[int, int]:
    row = await store.rows(RATE_LIMIT).first(RateLimitFields.KEY.equals(key))
    assert row is not None
    return row.count, row.last_request


async def test_the_maximum_is_accepted_and_then_refused_for_the_rest_of_the_window(store: Store) -> None:
    hits = [await store.hit("key", 3, WINDOW, START + second * 1000) for second in range(5)]
    assert hits == [
        Hit(allowed=True),
        Hit(allowed=True),
        Hit(allowed=True),
        Hit(allowed=False, retry_after=timedelta(seconds=9)),
        Hit(allowed=False, retry_after=timedelta(seconds=8)),
    ]
    assert await row_of(store) == (3, START + 2000)


async def test_a_refused_use_does_not_prolong_the_window(store: Store) -> None:
    for millisecond in (0, 1, 2, 9_000, 9_999):
        hit = await store.hit("key", 1, WINDOW, START + millisecond)
        assert hit.allowed == (millisecond == 0)
    assert await store.hit("key", 1, WINDOW, START + 9_999) == Hit(
        allowed=False, retry_after=timedelta(milliseconds=1)
    )
    assert (await store.hit("key", 1, WINDOW, START + 10_000)).allowed


async def test_a_pause_of_a_window_restarts_the_count(store: Store) -> None:
    for _ in range(3):
        await store.hit("key", 3, WINDOW, START)
    assert (await store.hit("key", 3, WINDOW, START + 10_000)).allowed
    assert await row_of(store) == (1, START + 10_000)


async def test_uses_less_than_a_window_apart_add_up_for_ever(store: Store) -> None:
    accepted = [(await store.hit("key", 5, WINDOW, START + number * 9_000)).allowed for number in range(7)]
    assert accepted == [True] * 5 + [False, True]


async def test_keys_are_counted_apart(store: Store) -> None:
    assert (await store.hit("203.0.113.7|/sign-in/email", 1, WINDOW, START)).allowed
    assert (await store.hit("203.0.113.8|/sign-in/email", 1, WINDOW, START)).allowed
    assert (await store.hit("203.0.113.7|/sign-up/email", 1, WINDOW, START)).allowed
    assert not (await store.hit("203.0.113.7|/sign-in/email", 1, WINDOW, START)).allowed


async def test_two_servers_count_together(store: Store, another: Store) -> None:
    accepted = [
        (await each.hit("key", 3, WINDOW, START)).allowed for each in (store, another, store, another)
    ]
    assert accepted == [True, True, True, False]


@pytest.mark.parametrize("place", SQL_PLACES, indirect=True)
async def test_a_count_that_a_node_server_wrote_is_continued(
    store: Any, place: Place, databases: Callable[[Place], str]
) -> None:
    quoted = {"mariadb": "INSERT INTO `rateLimit` (id, `key`, count, `lastRequest`)"}
    into = quoted.get(place.name, 'INSERT INTO "rateLimit" (id, key, count, "lastRequest")')
    await execute(databases(place), f"{into} VALUES ('x', 'key', 2, {START})")
    assert (await store.hit("key", 3, WINDOW, START + 1)).allowed
    assert not (await store.hit("key", 3, WINDOW, START + 2)).allowed
    table = "`rateLimit`" if place.name == "mariadb" else '"rateLimit"'
    assert len(await fetch(databases(place), f"SELECT id FROM {table}")) == 1


@pytest.mark.parametrize("place", SQL_PLACES, indirect=True)
async def test_rows_of_long_ago_are_forgotten_now_and_then(store: Store, clock: FrozenRuntime) -> None:
    week = 7 * 24 * 3600 * 1000
    await store.hit("old", 1, WINDOW, START)
    await store.hit("recent", 1, WINDOW, START + week)
    clock.advance(minutes=2)
    await store.hit("now", 1, WINDOW, START + week + 1)
    kept = await store.rows(RATE_LIMIT).all()
    assert sorted(row.key for row in kept) == ["now", "recent"]


@pytest.mark.parametrize("place", SQL_PLACES, indirect=True)
async def test_a_count_in_a_window_of_weeks_is_not_forgotten_early(
    store: Store, clock: FrozenRuntime
) -> None:
    month, later = timedelta(days=30), START + 9 * 24 * 3600 * 1000
    await store.hit("monthly", 1, month, START)
    clock.advance(minutes=2)
    await store.hit("now", 1, WINDOW, later)
    assert not (await store.hit("monthly", 1, month, later)).allowed
