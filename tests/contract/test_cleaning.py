"""What is over is deleted in batches, and nothing else is."""

from datetime import timedelta
from typing import Any

from ostiary.domain.models import ID, SESSION, USER, VERIFICATION, SessionFields
from ostiary.domain.runtime import FrozenRuntime
from ostiary.services.cleaning import Cleaning
from tests.contract.rows import a_session, a_user, a_verification


async def test_rows_that_are_over_for_a_day_go_in_batches_and_the_others_stay(
    store: Any, clock: FrozenRuntime
) -> None:
    user = await store.rows(USER).insert(a_user())
    for number in range(7):
        over = clock.now() - timedelta(days=2, seconds=number)
        await store.rows(SESSION).insert(a_session(user, f"old{number}", expires_at=over))
    kept = await store.rows(SESSION).insert(
        a_session(user, "new", expires_at=clock.now() - timedelta(hours=23))
    )
    await store.rows(VERIFICATION).insert(a_verification("v", expires_at=clock.now() - timedelta(days=3)))
    assert [each async for each in Cleaning(store, clock, True, batch=3).batches()] == [("verification", 1)]
    deleted = [each async for each in Cleaning(store, clock, batch=3).batches()]
    assert deleted == [("session", 3), ("session", 3), ("session", 1)]
    assert await store.rows(SESSION).all() == [kept]
    assert [each async for each in Cleaning(store, clock, batch=3).batches()] == []


async def test_a_session_that_is_extended_between_reading_and_deleting_stays(
    store: Any, clock: FrozenRuntime
) -> None:
    user = await store.rows(USER).insert(a_user())
    over = clock.now() - timedelta(days=2)
    row = await store.rows(SESSION).insert(a_session(user, "old", expires_at=over))
    longer = {SessionFields.EXPIRES_AT: clock.now() + timedelta(days=1)}
    await store.rows(SESSION).update(longer, ID.equals(row.id))
    condition = SessionFields.EXPIRES_AT.below(clock.now() - timedelta(days=1))
    assert await store.rows(SESSION).delete(ID.is_in([row.id]), condition) == 0
    assert await store.rows(SESSION).count() == 1
