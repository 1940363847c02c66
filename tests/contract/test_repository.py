"""What a Repository promises, sentence by sentence."""

import asyncio
import traceback
from dataclasses import replace
from datetime import timedelta

import pytest

from ostiary.domain.errors import AlreadyExists, InvalidValue
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
from ostiary.storage.store import OrderBy, Store
from tests.contract.rows import CODE, NICKNAME, NOW, SCORE, a_session, a_user, a_verification, an_account


async def test_an_inserted_row_comes_back_as_it_was(store: Store) -> None:
    user = a_user(nickname="Countess")
    stored = await store.rows(USER).insert(user)
    assert stored == await store.rows(USER).first(ID.equals(user.id))
    assert (stored.id, stored.email, stored.created_at) == (user.id, user.email, user.created_at)
    assert stored[NICKNAME] == "Countess"


async def test_a_taken_unique_value_refuses_the_row_and_writes_nothing(store: Store) -> None:
    await store.rows(USER).insert(a_user("ada@example.com"))
    with pytest.raises(AlreadyExists):
        await store.rows(USER).insert(a_user("ada@example.com"))
    assert await store.rows(USER).count() == 1


async def test_a_taken_identifier_refuses_the_row(store: Store) -> None:
    user = await store.rows(USER).insert(a_user())
    with pytest.raises(AlreadyExists):
        await store.rows(USER).insert(a_user("other@example.com", row_id=user.id))
    assert await store.rows(USER).count() == 1


async def test_two_rows_may_lack_a_unique_value(store: Store) -> None:
    await store.rows(USER).insert(a_user("a@example.com", code=None))
    await store.rows(USER).insert(a_user("b@example.com", code=None))
    assert await store.rows(USER).count(CODE.equals(None)) == 2


async def test_a_row_that_refers_to_nobody_is_refused(store: Store) -> None:
    with pytest.raises(InvalidValue):
        await store.rows(SESSION).insert(a_session(a_user()))
    assert await store.rows(SESSION).count() == 0


async def test_a_required_value_that_is_missing_is_refused(store: Store) -> None:
    with pytest.raises(InvalidValue):
        await store.rows(USER).insert(a_user(score=None))
    assert await store.rows(USER).count() == 0


async def test_first_returns_none_where_nothing_matches(store: Store) -> None:
    assert await store.rows(USER).first(UserFields.EMAIL.equals("nobody@example.com")) is None


async def test_first_follows_the_order(store: Store) -> None:
    for minutes in (2, 0, 1):
        row = a_verification(value=str(minutes), created_at=NOW + timedelta(minutes=minutes))
        await store.rows(VERIFICATION).insert(row)
    rows = store.rows(VERIFICATION)
    newest = await rows.first(order_by=OrderBy(VerificationFields.CREATED_AT, descending=True))
    oldest = await rows.first(order_by=OrderBy(VerificationFields.CREATED_AT))
    assert newest is not None
    assert oldest is not None
    assert (newest.value, oldest.value) == ("2", "0")


async def test_a_listing_is_ordered_and_cut_into_pages(store: Store) -> None:
    for number in range(5):
        await store.rows(USER).insert(a_user(f"{number}@example.com", score=number))
    by_score = OrderBy(SCORE, descending=True)
    first = await store.rows(USER).all(order_by=by_score, limit=2)
    second = await store.rows(USER).all(order_by=by_score, limit=2, offset=2)
    third = await store.rows(USER).all(order_by=by_score, limit=2, offset=4)
    assert [[user[SCORE] for user in page] for page in (first, second, third)] == [[4, 3], [2, 1], [0]]


async def test_rows_of_one_rank_are_paged_by_identifier(store: Store) -> None:
    for number in range(6):
        await store.rows(USER).insert(a_user(f"{number}@example.com", row_id=f"id{number}", score=7))
    pages = [
        await store.rows(USER).all(order_by=OrderBy(SCORE), limit=2, offset=offset) for offset in (0, 2, 4)
    ]
    assert [user.id for page in pages for user in page] == [f"id{number}" for number in range(6)]


async def test_a_listing_ends_at_one_hundred_rows_unless_asked_for_more(store: Store) -> None:
    async with store.transaction() as transaction:
        for number in range(101):
            await transaction.rows(VERIFICATION).insert(a_verification(f"v{number}"))
    assert len(await store.rows(VERIFICATION).all()) == 100
    assert len(await store.rows(VERIFICATION).all(limit=1000)) == 101


async def test_count_counts_what_matches(store: Store) -> None:
    for number in range(3):
        await store.rows(USER).insert(a_user(f"{number}@example.com", score=number))
    assert await store.rows(USER).count() == 3
    assert await store.rows(USER).count(SCORE.above(0)) == 2


async def test_update_changes_the_row_and_returns_it_as_it_is_now(store: Store) -> None:
    user = await store.rows(USER).insert(a_user())
    other = await store.rows(USER).insert(a_user("other@example.com"))
    changes = {
        UserFields.NAME: "Ada King",
        NICKNAME: "Countess",
        UserFields.UPDATED_AT: NOW + timedelta(seconds=1),
    }
    changed = await store.rows(USER).update(changes, ID.equals(user.id))
    assert changed == await store.rows(USER).first(ID.equals(user.id))
    assert changed is not None
    assert (changed.name, changed[NICKNAME], changed.updated_at) == (
        "Ada King",
        "Countess",
        NOW + timedelta(seconds=1),
    )
    assert await store.rows(USER).first(ID.equals(other.id)) == other


async def test_update_returns_none_where_nothing_matches(store: Store) -> None:
    assert await store.rows(USER).update({UserFields.NAME: "x"}, ID.equals("nobody")) is None


async def test_an_update_to_a_taken_unique_value_is_refused(store: Store) -> None:
    await store.rows(USER).insert(a_user("taken@example.com"))
    user = await store.rows(USER).insert(a_user("free@example.com"))
    with pytest.raises(AlreadyExists):
        await store.rows(USER).update({UserFields.EMAIL: "taken@example.com"}, ID.equals(user.id))
    assert await store.rows(USER).first(ID.equals(user.id)) == user


async def test_a_unique_value_may_be_written_again_over_itself(store: Store) -> None:
    user = await store.rows(USER).insert(a_user())
    assert await store.rows(USER).update({UserFields.EMAIL: user.email}, ID.equals(user.id)) == user


async def test_an_update_with_the_old_value_in_its_condition_happens_once(store: Store) -> None:
    user = await store.rows(USER).insert(a_user(nickname="old"))
    swap = (ID.equals(user.id), NICKNAME.equals("old"))
    assert await store.rows(USER).update({NICKNAME: "new"}, *swap) is not None
    assert await store.rows(USER).update({NICKNAME: "newer"}, *swap) is None


async def test_update_all_changes_every_match_and_counts_them(store: Store) -> None:
    for number in range(3):
        await store.rows(USER).insert(a_user(f"{number}@example.com", score=number))
    assert await store.rows(USER).update_all({NICKNAME: "x"}, SCORE.at_least(1)) == 2
    assert await store.rows(USER).count(NICKNAME.equals("x")) == 2


async def test_update_all_counts_rows_that_had_the_value_already(store: Store) -> None:
    await store.rows(USER).insert(a_user(nickname="same"))
    assert await store.rows(USER).update_all({NICKNAME: "same"}, SCORE.equals(0)) == 1


async def test_increment_adds_and_changes_in_one_step(store: Store) -> None:
    user = await store.rows(USER).insert(a_user(score=3))
    changed = await store.rows(USER).increment(SCORE, ID.equals(user.id), by=2, changes={NICKNAME: "x"})
    assert changed is not None
    assert (changed[SCORE], changed[NICKNAME]) == (5, "x")
    assert changed == await store.rows(USER).first(ID.equals(user.id))


async def test_increment_stops_at_a_limit_in_its_conditions(store: Store) -> None:
    user = await store.rows(USER).insert(a_user(score=2))
    under_limit = (ID.equals(user.id), SCORE.below(3))
    assert await store.rows(USER).increment(SCORE, *under_limit) is not None
    assert await store.rows(USER).increment(SCORE, *under_limit) is None


async def test_delete_counts_what_it_deleted(store: Store) -> None:
    for number in range(3):
        await store.rows(USER).insert(a_user(f"{number}@example.com", score=number))
    assert await store.rows(USER).delete(SCORE.at_least(1)) == 2
    assert await store.rows(USER).delete(SCORE.at_least(1)) == 0
    assert await store.rows(USER).count() == 1


async def test_delete_without_a_condition_is_refused(store: Store) -> None:
    await store.rows(USER).insert(a_user())
    with pytest.raises(ValueError, match="condition"):
        await store.rows(USER).delete()
    with pytest.raises(ValueError, match="condition"):
        await store.rows(USER).consume()
    assert await store.rows(USER).count() == 1


async def test_what_hangs_on_a_user_goes_with_them(store: Store) -> None:
    user, other = (
        await store.rows(USER).insert(a_user()),
        await store.rows(USER).insert(a_user("b@example.com")),
    )
    await store.rows(SESSION).insert(a_session(user))
    await store.rows(SESSION).insert(a_session(other, "kept"))
    await store.rows(ACCOUNT).insert(an_account(user))
    await store.rows(USER).delete(ID.equals(user.id))
    assert [session.token for session in await store.rows(SESSION).all()] == ["kept"]
    assert await store.rows(ACCOUNT).count() == 0


async def test_consume_returns_the_newest_and_deletes_every_match(store: Store) -> None:
    for minutes in (1, 2, 0):
        row = a_verification("link", value=str(minutes), created_at=NOW + timedelta(minutes=minutes))
        await store.rows(VERIFICATION).insert(row)
    await store.rows(VERIFICATION).insert(a_verification("other"))
    spent = await store.rows(VERIFICATION).consume(
        VerificationFields.IDENTIFIER.equals("link"), newest=VerificationFields.CREATED_AT
    )
    assert spent is not None
    assert spent.value == "2"
    assert [row.identifier for row in await store.rows(VERIFICATION).all()] == ["other"]


async def test_a_second_consume_gets_none(store: Store) -> None:
    """S64"""
    row = await store.rows(VERIFICATION).insert(a_verification("link"))
    assert await store.rows(VERIFICATION).consume(VerificationFields.IDENTIFIER.equals("link")) == row
    assert await store.rows(VERIFICATION).consume(VerificationFields.IDENTIFIER.equals("link")) is None


async def test_a_written_row_is_seen_by_another_server_at_once(store: Store, another: Store) -> None:
    user = await store.rows(USER).insert(a_user())
    session = await store.rows(SESSION).insert(a_session(user))
    assert await another.rows(USER).first(ID.equals(user.id)) == user
    assert await another.session_with_user(session.token) is not None
    await another.rows(SESSION).delete(SessionFields.TOKEN.equals(session.token))
    assert await store.session_with_user(session.token) is None


async def test_many_may_read_and_write_at_once(store: Store) -> None:
    async def come_and_go(number: int) -> None:
        user = await store.rows(USER).insert(a_user(f"{number}@example.com"))
        changed = await store.rows(USER).update({SCORE: number}, ID.equals(user.id))
        assert changed == replace(user, extra={**user.extra, "score": number})
        assert await store.rows(USER).first(ID.equals(user.id)) == changed

    await asyncio.gather(*(come_and_go(number) for number in range(30)))
    assert await store.rows(USER).count() == 30


async def test_a_store_that_answers_is_pinged_without_complaint(store: Store) -> None:
    await store.ping()


async def test_a_refusal_does_not_repeat_the_value_that_was_refused(store: Store) -> None:
    """S85"""
    canary = "canary-4711-secret"
    await store.rows(USER).insert(a_user(code=canary))
    user = await store.rows(USER).insert(a_user("b@example.com"))
    for row in (a_user("c@example.com", code=canary), a_user("d@example.com", score=canary)):
        with pytest.raises((AlreadyExists, InvalidValue)) as refused:
            await store.rows(USER).insert(row)
        assert canary not in "".join(traceback.format_exception(refused.value))
    orphan = replace(a_session(user, canary), user_id=canary)
    with pytest.raises(InvalidValue) as refused:
        await store.rows(SESSION).insert(orphan)
    assert canary not in "".join(traceback.format_exception(refused.value))


async def test_a_closed_store_opens_again_when_it_is_used(store: Store) -> None:
    user = await store.rows(USER).insert(a_user())
    await store.close()
    assert await store.rows(USER).first(ID.equals(user.id)) == user
