"""Writes that stand or fall together."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from ostiary.domain.errors import AlreadyExists
from ostiary.domain.models import ACCOUNT, ID, SESSION, USER, VERIFICATION, UserFields, VerificationFields
from ostiary.storage.store import Store
from tests.contract.rows import SCORE, a_session, a_user, a_verification, an_account


class Fault(Exception):
    """What goes wrong in the middle."""


async def test_a_transaction_that_ends_well_is_written(store: Store, another: Store) -> None:
    async with store.transaction() as transaction:
        user = await transaction.rows(USER).insert(a_user())
        await transaction.rows(ACCOUNT).insert(an_account(user))
        assert await transaction.rows(USER).first(ID.equals(user.id)) == user
    assert await another.rows(USER).first(ID.equals(user.id)) == user
    assert await another.rows(ACCOUNT).count() == 1


async def test_a_fault_between_user_and_account_leaves_nothing(store: Store) -> None:
    """S61"""

    async def attempt() -> None:
        async with store.transaction() as transaction:
            await transaction.rows(USER).insert(a_user())
            raise Fault

    with pytest.raises(Fault):
        await attempt()
    assert await store.rows(USER).count() == 0


async def test_every_verb_is_rolled_back(store: Store) -> None:
    """S61"""
    user = await store.rows(USER).insert(a_user(score=1))
    session = await store.rows(SESSION).insert(a_session(user))
    link = await store.rows(VERIFICATION).insert(a_verification("link"))
    doomed = await store.rows(USER).insert(a_user("doomed@example.com"))

    async def attempt() -> None:
        async with store.transaction() as transaction:
            await transaction.rows(USER).insert(a_user("new@example.com"))
            await transaction.rows(USER).update({UserFields.NAME: "x"}, ID.equals(user.id))
            await transaction.rows(USER).increment(SCORE, ID.equals(user.id))
            await transaction.rows(VERIFICATION).consume(VerificationFields.IDENTIFIER.equals("link"))
            await transaction.rows(USER).delete(ID.equals(doomed.id))
            assert await transaction.rows(USER).count() == 2
            raise Fault

    with pytest.raises(Fault):
        await attempt()
    assert await store.rows(USER).first(ID.equals(user.id)) == user
    assert await store.rows(USER).first(ID.equals(doomed.id)) == doomed
    assert await store.rows(SESSION).first(ID.equals(session.id)) == session
    assert await store.rows(VERIFICATION).first(ID.equals(link.id)) == link
    assert await store.rows(USER).count() == 2


async def test_a_cascade_is_rolled_back_with_its_cause(store: Store) -> None:
    user = await store.rows(USER).insert(a_user())
    session = await store.rows(SESSION).insert(a_session(user))

    async def attempt() -> None:
        async with store.transaction() as transaction:
            await transaction.rows(USER).delete(ID.equals(user.id))
            assert await transaction.rows(SESSION).count() == 0
            raise Fault

    with pytest.raises(Fault):
        await attempt()
    assert await store.rows(SESSION).first(ID.equals(session.id)) == session


async def test_nobody_sees_what_is_not_committed(store: Store, another: Store) -> None:
    async with store.transaction() as transaction:
        user = await transaction.rows(USER).insert(a_user())
        await transaction.rows(SESSION).insert(a_session(user, "fresh"))
        assert await another.rows(USER).count() == 0
        assert await another.session_with_user("fresh") is None
        assert await store.session_with_user("fresh") is None
        assert await transaction.session_with_user("fresh") is not None
        assert await transaction.credential(user.email) is not None
    assert await another.rows(USER).count() == 1


async def test_a_caught_refusal_still_spoils_the_transaction(store: Store) -> None:
    """A database may have undone everything before it; going on would lose an acknowledged write."""
    await store.rows(USER).insert(a_user("taken@example.com"))

    async def attempt() -> None:
        async with store.transaction() as transaction:
            await transaction.rows(USER).insert(a_user("new@example.com"))
            with pytest.raises(AlreadyExists):
                await transaction.rows(USER).insert(a_user("taken@example.com"))

    with pytest.raises(RuntimeError, match="failed"):
        await attempt()
    assert await store.rows(USER).count() == 1


async def test_the_store_works_on_after_a_refusal_in_a_transaction(store: Store) -> None:
    await store.rows(USER).insert(a_user("taken@example.com"))
    for _ in range(20):  # more than there are connections
        with pytest.raises(AlreadyExists):
            async with store.transaction() as transaction:
                await transaction.rows(USER).insert(a_user("taken@example.com"))
    assert await store.rows(USER).count() == 1


async def test_effects_run_after_the_commit_and_in_order(store: Store, another: Store) -> None:
    seen: list[tuple[str, int]] = []

    async def first() -> None:
        seen.append(("first", await another.rows(USER).count()))

    async def second() -> None:
        seen.append(("second", await store.rows(USER).count()))

    async with store.transaction() as transaction:
        transaction.after_commit(first)
        transaction.after_commit(second)
        await transaction.rows(USER).insert(a_user())
        assert seen == []
    assert seen == [("first", 1), ("second", 1)]


async def test_effects_never_run_after_a_rollback(store: Store) -> None:
    seen: list[str] = []

    async def effect() -> None:
        seen.append("ran")

    async def attempt() -> None:
        async with store.transaction() as transaction:
            transaction.after_commit(effect)
            await transaction.rows(USER).insert(a_user())
            raise Fault

    with pytest.raises(Fault):
        await attempt()
    assert seen == []


async def test_what_comes_before_the_commit_runs_last_and_may_prevent_it(
    store: Store, another: Store
) -> None:
    seen: list[int] = []

    async def look() -> None:
        seen.append(await another.rows(USER).count())

    async def refuse() -> None:
        raise Fault

    async def attempt(email: str, last: Callable[[], Awaitable[None]]) -> None:
        async with store.transaction() as transaction:
            transaction.before_commit(last)
            await transaction.rows(USER).insert(a_user(email))
            assert (await transaction.rows(USER).count()) == 1 + len(seen)

    await attempt("ada@example.com", look)
    assert seen == [0]
    with pytest.raises(Fault):
        await attempt("another@example.com", refuse)
    assert seen == [0]
    assert await another.rows(USER).count() == 1


@pytest.mark.parametrize("spoiled", [False, True])
async def test_what_undoes_runs_once_nothing_is_held_and_after_failures_alone(
    store: Store, another: Store, *, spoiled: bool
) -> None:
    seen: list[int] = []

    async def failing() -> None:
        raise LookupError

    async def undo() -> None:
        await another.rows(USER).insert(a_user("undone@example.com"))
        seen.append(await another.rows(USER).count())

    async def attempt(*, fails: bool) -> None:
        async with store.transaction() as transaction:
            transaction.after_rollback(failing)
            transaction.after_rollback(undo)
            await transaction.rows(USER).insert(a_user())
            if fails and spoiled:
                await transaction.rows(USER).insert(a_user())
            elif fails:
                raise Fault

    with pytest.raises(AlreadyExists if spoiled else Fault):
        await attempt(fails=True)
    assert seen == [1]
    await attempt(fails=False)
    assert seen == [1]


async def test_an_effect_that_fails_takes_neither_the_writes_nor_the_other_effects(store: Store) -> None:
    seen: list[str] = []

    async def failing() -> None:
        raise Fault

    async def effect() -> None:
        seen.append("ran")

    async def attempt() -> None:
        async with store.transaction() as transaction:
            transaction.after_commit(failing)
            transaction.after_commit(effect)
            await transaction.rows(USER).insert(a_user())

    with pytest.raises(Fault):
        await attempt()
    assert seen == ["ran"]
    assert await store.rows(USER).count() == 1


async def test_a_cancelled_transaction_leaves_nothing_and_blocks_nobody(store: Store) -> None:
    begun = asyncio.Event()

    async def sign_up() -> None:
        async with store.transaction() as transaction:
            await transaction.rows(USER).insert(a_user("half@example.com"))
            begun.set()
            await asyncio.Event().wait()

    for _ in range(12):  # more than there are connections
        begun.clear()
        task = asyncio.create_task(sign_up())
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert await store.rows(USER).count() == 0
    await store.rows(USER).insert(a_user("half@example.com"))


async def test_a_statement_cancelled_midway_leaves_a_store_that_works(store: Store) -> None:
    for number in range(40):
        task = asyncio.create_task(store.rows(USER).insert(a_user(f"{number}@example.com")))
        for _ in range(number % 8):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    there = await store.rows(USER).count()
    await store.rows(USER).insert(a_user("afterwards@example.com"))
    assert await store.rows(USER).count() == there + 1


async def test_transactions_of_many_do_not_mix(store: Store, another: Store) -> None:
    async def sign_up(where: Store, number: int) -> None:
        async with where.transaction() as transaction:
            user = await transaction.rows(USER).insert(a_user(f"{number}@example.com"))
            await transaction.rows(ACCOUNT).insert(an_account(user))
            if number % 3 == 0:
                raise Fault

    tasks = [sign_up(store if number % 2 else another, number) for number in range(24)]
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert [answer for answer in answers if not isinstance(answer, Fault | None)] == []
    assert sum(isinstance(answer, Fault) for answer in answers) == 8
    assert await store.rows(USER).count() == 16
    assert await store.rows(ACCOUNT).count() == 16


async def test_a_write_beside_an_open_transaction_waits_its_turn_or_passes(store: Store) -> None:
    """Where there is one writer, the write waits for the commit; elsewhere it goes ahead. Neither is lost."""
    async with store.transaction() as transaction:
        await transaction.rows(USER).insert(a_user("inside@example.com"))
        beside = asyncio.create_task(store.rows(USER).insert(a_user("beside@example.com")))
        await asyncio.sleep(0)
    await beside
    assert await store.rows(USER).count() == 2
