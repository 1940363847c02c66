"""Signing up happens wholly or not at all, and once for an address however many try at the same moment."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from ostiary import Auth, EmailAndPassword
from ostiary.domain.entities import Account, Session
from ostiary.domain.errors import Errors
from ostiary.services.write_hooks import DatabaseHooks, ModelHooks
from ostiary.storage.sql import SqlStore
from tests.builders import PASSWORD, Browser
from tests.security.conftest import Place
from tests.security.exchange import Answer, exchange
from tests.security.surface import everything_in, surface_options

RACERS = 12
BODY = {"name": "Ada", "email": "ada@example.com", "password": PASSWORD}
NOTHING = {"user": [], "session": [], "account": [], "verification": [], "rateLimit": []}
SQL = pytest.mark.parametrize(
    "place", ["sqlite", pytest.param("postgresql", marks=pytest.mark.services)], indirect=True
)


async def sign_up(auth: Auth, **changes: Any) -> Answer:
    return await exchange(auth, "POST", "/sign-up/email", send={**BODY, **changes})


async def race(auths: list[Auth]) -> list[Answer]:
    """Sign up under one address from several servers at once, in several spellings."""
    spellings = ("ada@example.com", "ADA@example.com", "Ada@Example.COM")
    attempts = [
        sign_up(auths[number % len(auths)], email=spellings[number % 3], name=f"Racer {number}")
        for number in range(RACERS)
    ]
    return list(await asyncio.gather(*attempts))


async def test_of_many_who_race_for_an_address_one_gets_it(place: Place) -> None:
    """S60: two servers, one database: one 200, clean refusals for the rest, one row in each table."""
    auths = [await place.open(), await place.open()]
    answers = await race(auths)
    assert Counter(answer.status for answer in answers) == {200: 1, 422: RACERS - 1}
    losers = {answer.visible for answer in answers if answer.status == 422}
    assert len(losers) == 1
    (lost,) = {answer.code for answer in answers if answer.status == 422}
    assert lost == "USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL"
    (won,) = (answer.json() for answer in answers if answer.status == 200)
    rows = await everything_in(auths[0].services.store)
    assert [user.id for user in rows["user"]] == [won["user"]["id"]]
    assert [account.user_id for account in rows["account"]] == [won["user"]["id"]]
    assert [session.token for session in rows["session"]] == [won["token"]]
    async with Browser(auths[1]) as browser:
        assert (await browser.sign_in()).json()["user"]["name"] == won["user"]["name"]


async def test_a_race_does_not_tell_who_was_first_where_duplicates_are_hidden(place: Place) -> None:
    """S60: every racer gets the same kind of answer, and there is one account all the same."""
    settings = EmailAndPassword(enabled=True, auto_sign_in=False)
    auths = [await place.open(surface_options(email_and_password=settings)) for _ in range(2)]
    answers = await race(auths)
    assert {answer.status for answer in answers} == {200}
    shapes = {tuple(sorted(answer.json()["user"])) for answer in answers}
    assert len(shapes) == 1
    assert {answer.json()["user"]["role"] for answer in answers} == {"user"}
    assert len({answer.json()["user"]["id"] for answer in answers}) == RACERS
    rows = await everything_in(auths[0].services.store)
    assert (len(rows["user"]), len(rows["account"]), rows["session"]) == (1, 1, [])


async def test_different_people_at_the_same_moment_all_get_in(place: Place) -> None:
    """S60: the other half: nobody is refused for somebody else's race."""
    auths = [await place.open(), await place.open()]
    attempts = [sign_up(auths[number % 2], email=f"ada{number}@example.com") for number in range(RACERS)]
    assert {answer.status for answer in await asyncio.gather(*attempts)} == {200}
    rows = await everything_in(auths[0].services.store)
    assert [len(rows[name]) for name in ("user", "account", "session")] == [RACERS] * 3


class Fault:
    """Something that goes wrong until it is repaired."""

    def __init__(self, error: Exception) -> None:
        self.error: Exception | None = error
        self.struck = 0

    async def __call__(self, row: Any) -> Any:
        if self.error is not None:
            self.struck += 1
            raise self.error
        return row


def before_account(fault: Callable[[Account], Awaitable[Account]]) -> DatabaseHooks:
    return DatabaseHooks(account=ModelHooks(before_create=fault))


def before_session(fault: Callable[[Session], Awaitable[Session]]) -> DatabaseHooks:
    return DatabaseHooks(session=ModelHooks(before_create=fault))


@pytest.mark.parametrize("place_of_fault", [before_account, before_session], ids=lambda made: made.__name__)
@pytest.mark.parametrize(
    ("error", "status"),
    [
        (RuntimeError("the machine is on fire"), 500),
        (Errors.FORBIDDEN(reason="not you"), 403),
        (OSError("disk"), 500),
    ],
    ids=["a fault", "a refusal", "the system"],
)
async def test_a_sign_up_that_fails_between_its_writes_leaves_nothing(
    place: Place, place_of_fault: Callable[[Any], DatabaseHooks], error: Exception, status: int
) -> None:
    """S61: between user and account, and between account and session; afterwards the address is free."""
    fault = Fault(error)
    auth = await place.open(database_hooks=place_of_fault(fault))
    answer = await sign_up(auth)
    assert (answer.status, fault.struck) == (status, 1)
    assert "fire" not in answer.body.decode()
    assert answer.set_cookies == []
    assert await everything_in(auth.services.store) == NOTHING
    fault.error = None
    assert (await sign_up(auth)).status == 200
    rows = await everything_in(auth.services.store)
    assert [len(rows[name]) for name in ("user", "account", "session")] == [1, 1, 1]


@SQL
@pytest.mark.parametrize("table", ["account", "session"])
async def test_a_table_that_is_gone_in_the_middle_leaves_nothing(place: Place, table: str) -> None:
    """S61: a fault of the database itself, after the first row was written."""
    auth = await place.open()
    store = auth.services.store
    assert isinstance(store, SqlStore)
    await store._driver.execute(f'ALTER TABLE "{table}" RENAME TO "elsewhere"', ())
    try:
        answer = await sign_up(auth)
        assert answer.status >= 500
        assert answer.set_cookies == []
        assert b"elsewhere" not in answer.body
        assert table.encode() not in answer.body
    finally:
        await store._driver.execute(f'ALTER TABLE "elsewhere" RENAME TO "{table}"', ())
    assert await everything_in(store) == NOTHING
    assert (await sign_up(auth)).status == 200


async def test_a_sign_up_that_is_abandoned_in_the_middle_leaves_nothing(place: Place) -> None:
    """S61: the client goes away, the task is cancelled between two writes."""
    reached, forever = asyncio.Event(), asyncio.Event()

    async def wait(account: Account) -> Account:
        reached.set()
        await forever.wait()
        return account

    auth = await place.open(database_hooks=before_account(wait))
    task = asyncio.create_task(sign_up(auth))
    await asyncio.wait_for(reached.wait(), 5)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert task.cancelled()
    assert await everything_in(auth.services.store) == NOTHING
    forever.set()
    assert (await sign_up(auth)).status == 200
