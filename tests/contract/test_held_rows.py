"""Rows that a transaction holds still: a sign-in judges on them while nobody takes the right away."""

import asyncio

from ostiary.domain.models import ACCOUNT, ID, USER, AccountFields, UserFields
from ostiary.storage.store import Store
from tests.contract.rows import a_user, an_account

NEW = {AccountFields.PASSWORD: "another hash"}


async def test_a_user_and_one_of_the_accounts_are_held(store: Store) -> None:
    user = await store.rows(USER).insert(a_user())
    account = await store.rows(ACCOUNT).insert(an_account(user))
    async with store.transaction() as tables:
        alone, both = await tables.hold(user.id), await tables.hold(user.id, account.id)
    assert alone is not None
    assert (alone.user, alone.account) == (user, None)
    assert both is not None
    assert (both.user, both.account) == (user, account)


async def test_nobody_is_held_for_an_unknown_user_or_the_account_of_another(store: Store) -> None:
    user = await store.rows(USER).insert(a_user())
    other = await store.rows(USER).insert(a_user("other@example.com"))
    account = await store.rows(ACCOUNT).insert(an_account(other))
    async with store.transaction() as tables:
        assert await tables.hold("nobody") is None
        assert await tables.hold(user.id, account.id) is None
        assert await tables.hold(user.id, "none") is None


async def test_what_is_held_changes_after_the_transaction(store: Store, another: Store) -> None:
    """S27"""
    user = await store.rows(USER).insert(a_user())
    account = await store.rows(ACCOUNT).insert(an_account(user))
    order = []

    async def change(rows: Store, which: str) -> None:
        if which == "account":
            await rows.rows(ACCOUNT).update(NEW, ID.equals(account.id))
        else:
            await rows.rows(USER).update({UserFields.NAME: "Eve"}, ID.equals(user.id))
        order.append(which)

    async with store.transaction() as tables:
        assert await tables.hold(user.id, account.id) is not None
        changes = [asyncio.create_task(change(another, which)) for which in ("account", "user")]
        await asyncio.sleep(0.2)
        order.append("held")
    await asyncio.gather(*changes)
    assert order[0] == "held"


async def test_whoever_holds_waits_for_a_change_and_sees_it(store: Store, another: Store) -> None:
    """S27"""
    user = await store.rows(USER).insert(a_user())
    account = await store.rows(ACCOUNT).insert(an_account(user))

    async def held() -> str | None:
        async with another.transaction() as tables:
            found = await tables.hold(user.id, account.id)
        assert found is not None
        assert found.account is not None
        return found.account.password

    async with store.transaction() as tables:
        await tables.rows(ACCOUNT).update(NEW, ID.equals(account.id))
        reader = asyncio.create_task(held())
        await asyncio.sleep(0.2)
        assert not reader.done()
    assert await reader == "another hash"


async def test_two_may_hold_the_same_rows(store: Store, another: Store) -> None:
    user = await store.rows(USER).insert(a_user())
    account = await store.rows(ACCOUNT).insert(an_account(user))

    async def hold(rows: Store) -> None:
        async with rows.transaction() as tables:
            assert await tables.hold(user.id, account.id) is not None

    await asyncio.gather(*(hold(rows) for rows in (store, another) * 10))
