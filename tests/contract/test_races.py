"""Fifty at once, on several connections and in several processes: exactly one wins."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import timedelta

import pytest

from ostiary.domain.errors import AlreadyExists
from ostiary.domain.models import (
    ACCOUNT,
    ID,
    SESSION,
    USER,
    VERIFICATION,
    SessionFields,
    UserFields,
    VerificationFields,
)
from ostiary.storage.store import Store
from tests.contract import processes
from tests.contract.places import SQL_PLACES, Place
from tests.contract.rows import NICKNAME, SCORE, a_session, a_user, a_verification, an_account

MANY = 50


async def test_a_one_time_value_is_spent_once_by_fifty(store: Store, another: Store) -> None:
    """S64, S68"""
    for _ in range(3):  # older values of the same identifier go with it
        await store.rows(VERIFICATION).insert(a_verification("link"))
    spent = await asyncio.gather(
        *(
            (store if number % 2 else another)
            .rows(VERIFICATION)
            .consume(VerificationFields.IDENTIFIER.equals("link"), newest=VerificationFields.CREATED_AT)
            for number in range(MANY)
        )
    )
    assert sum(row is not None for row in spent) == 1
    assert await store.rows(VERIFICATION).count() == 0


async def test_many_values_are_spent_once_each_in_any_order(store: Store, another: Store) -> None:
    """S64"""
    for number in range(10):
        await store.rows(VERIFICATION).insert(a_verification(f"v{number}"))
    orders = [range(10), range(9, -1, -1)] * 3
    spent = await asyncio.gather(
        *(
            where.rows(VERIFICATION).consume(VerificationFields.IDENTIFIER.equals(f"v{number}"))
            for where, order in zip([store, another] * 3, orders, strict=True)
            for number in order
        )
    )
    assert sorted(row.identifier for row in spent if row) == [f"v{number}" for number in range(10)]


async def test_a_swap_succeeds_once_among_fifty(store: Store, another: Store) -> None:
    """S36"""
    user = await store.rows(USER).insert(a_user(nickname="old"))
    swapped = await asyncio.gather(
        *(
            (store if number % 2 else another)
            .rows(USER)
            .update({NICKNAME: f"new {number}"}, ID.equals(user.id), NICKNAME.equals("old"))
            for number in range(MANY)
        )
    )
    winners = [row for row in swapped if row is not None]
    assert len(winners) == 1
    assert await store.rows(USER).first(ID.equals(user.id)) == winners[0]


async def test_no_increment_is_lost_and_none_passes_the_limit(store: Store, another: Store) -> None:
    """S68"""
    user = await store.rows(USER).insert(a_user(score=0))
    counted = await asyncio.gather(
        *(
            (store if number % 2 else another)
            .rows(USER)
            .increment(SCORE, ID.equals(user.id), SCORE.below(30))
            for number in range(MANY)
        )
    )
    assert sorted(row[SCORE] for row in counted if row is not None) == list(range(1, 31))


async def test_two_who_sign_up_with_one_address_get_one_user(store: Store, another: Store) -> None:
    """S60"""

    async def sign_up(where: Store) -> bool:
        try:
            async with where.transaction() as transaction:
                user = await transaction.rows(USER).insert(a_user("wanted@example.com"))
                await transaction.rows(ACCOUNT).insert(an_account(user))
        except AlreadyExists:
            return False
        return True

    done = await asyncio.gather(*(sign_up(store if number % 2 else another) for number in range(20)))
    assert sum(done) == 1
    assert await store.rows(USER).count() == 1
    assert await store.rows(ACCOUNT).count() == 1


async def test_a_session_is_deleted_once(store: Store, another: Store) -> None:
    user = await store.rows(USER).insert(a_user())
    await store.rows(SESSION).insert(a_session(user))
    gone = await asyncio.gather(
        *(
            (store if number % 2 else another).rows(SESSION).delete(SessionFields.TOKEN.equals("token"))
            for number in range(20)
        )
    )
    assert sum(gone) == 1


async def test_exactly_the_maximum_passes_the_limiter(store: Store, another: Store) -> None:
    """S51"""
    hits = await asyncio.gather(
        *(
            (store if number % 2 else another).hit("key", 7, timedelta(seconds=10), 1000)
            for number in range(MANY)
        )
    )
    assert sum(hit.allowed for hit in hits) == 7


async def test_deleting_users_and_their_sessions_at_once_is_no_deadlock(store: Store, another: Store) -> None:
    users = [await store.rows(USER).insert(a_user(f"{number}@example.com")) for number in range(6)]
    for user in users:
        for number in range(3):
            await store.rows(SESSION).insert(a_session(user, f"{user.id}-{number}"))
    await asyncio.gather(
        *(store.rows(USER).delete(ID.equals(user.id)) for user in users),
        *(another.rows(SESSION).delete(SessionFields.USER_ID.equals(user.id)) for user in reversed(users)),
        *(
            another.rows(SESSION).update_all({SessionFields.IP_ADDRESS: "x"}, ID.differs("nobody"))
            for _ in users
        ),
    )
    assert await store.rows(USER).count() == 0
    assert await store.rows(SESSION).count() == 0


@pytest.mark.parametrize("place", SQL_PLACES, indirect=True)
async def test_four_processes_share_one_truth(
    store: Store, place: Place, databases: Callable[[Place], str], crowd: ProcessPoolExecutor
) -> None:
    """S51, S60, S64"""
    url = databases(place)
    for number in range(25):
        await store.rows(VERIFICATION).insert(a_verification(f"v{number}"))
    assert sum(processes.in_parallel(crowd, processes.guess, url, 50)) == 20
    assert sum(processes.in_parallel(crowd, processes.spend, url, 25)) == 25
    assert sum(processes.in_parallel(crowd, processes.sign_up, url, 10)) == 10
    assert sum(processes.in_parallel(crowd, processes.count_up, url, 20)) == 80
    assert await store.rows(VERIFICATION).count() == 0
    assert await store.rows(USER).count() == 10
    counted = await store.rows(USER).first(UserFields.EMAIL.equals("0@example.com"))
    assert counted is not None
    assert counted[SCORE] == 80


async def test_a_lock_lets_one_after_the_other_look_and_act(store: Store, another: Store) -> None:
    """S16"""

    async def first_of_all(where: Store) -> bool:
        async with where.transaction(lock="first") as transaction:
            rows = transaction.rows(VERIFICATION)
            if await rows.count(VerificationFields.IDENTIFIER.equals("first")):
                return False
            await rows.insert(a_verification("first"))
            return True

    came = await asyncio.gather(*(first_of_all(store if number % 2 else another) for number in range(20)))
    assert came.count(True) == 1
    assert await store.rows(VERIFICATION).count() == 1
