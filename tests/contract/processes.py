"""What several processes do at once to one database."""

import asyncio
import multiprocessing
from collections.abc import Awaitable, Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import timedelta
from typing import TypeAlias

from ostiary.domain.errors import AlreadyExists
from ostiary.domain.models import USER, VERIFICATION, UserFields, VerificationFields
from ostiary.domain.runtime import SystemRuntime
from ostiary.storage.sql import SqlStore, open_store
from tests.contract.rows import SCHEMA, SCORE, a_user

PROCESSES = 4


def crowd() -> ProcessPoolExecutor:
    """Return processes that share nothing but the database."""
    return ProcessPoolExecutor(PROCESSES, mp_context=multiprocessing.get_context("spawn"))


def in_parallel(
    pool: ProcessPoolExecutor, work: Callable[[str, int], int], url: str, times: int
) -> list[int]:
    """Let every process do its work; return their answers."""
    return [future.result() for future in [pool.submit(work, url, times) for _ in range(PROCESSES)]]


def _with_store(url: str, work: Callable[[SqlStore], Awaitable[int]]) -> int:
    async def run() -> int:
        store = open_store(url, SCHEMA, SystemRuntime())
        try:
            return await work(store)
        finally:
            await store.close()

    return asyncio.run(run())


def guess(url: str, times: int) -> int:
    """Use one key's budget of twenty as often as told; return how many uses were accepted."""

    async def work(store: SqlStore) -> int:
        uses = (store.hit("account", 20, timedelta(minutes=15), 1_000_000) for _ in range(times))
        return sum(hit.allowed for hit in await asyncio.gather(*uses))

    return _with_store(url, work)


def spend(url: str, times: int) -> int:
    """Try to consume the values v0, v1, ...; return how many were won."""

    async def work(store: SqlStore) -> int:
        rows = store.rows(VERIFICATION)
        tries = (rows.consume(VerificationFields.IDENTIFIER.equals(f"v{number}")) for number in range(times))
        return sum(won is not None for won in await asyncio.gather(*tries))

    return _with_store(url, work)


def sign_up(url: str, times: int) -> int:
    """Try to take the addresses 0, 1, ...; return how many were got."""

    async def take(store: SqlStore, number: int) -> bool:
        try:
            async with store.transaction() as transaction:
                await transaction.rows(USER).insert(a_user(f"{number}@example.com"))
        except AlreadyExists:
            return False
        return True

    async def work(store: SqlStore) -> int:
        return sum(await asyncio.gather(*(take(store, number) for number in range(times))))

    return _with_store(url, work)


def count_up(url: str, times: int) -> int:
    """Add to the score of one user as often as told."""

    async def work(store: SqlStore) -> int:
        added = (
            store.rows(USER).increment(SCORE, UserFields.EMAIL.equals("0@example.com")) for _ in range(times)
        )
        return sum(row is not None for row in await asyncio.gather(*added))

    return _with_store(url, work)


def in_two_loops(url: str) -> list[int]:
    """Ask one store in two event loops, one after the other, and close it in a third."""
    store = open_store(url, SCHEMA, SystemRuntime())
    counts = [asyncio.run(store.rows(USER).count()) for _ in range(2)]
    asyncio.run(store.close())
    return counts


def migrate(url: str, times: int) -> int:
    """Bring a database up to date as often as told; return how much was added."""

    from ostiary.storage import migrations  # slow to import, and the other processes need none of it

    async def work() -> int:
        return sum([len((await migrations.apply(url, SCHEMA)).additions) for _ in range(times)])

    return asyncio.run(work())


def refresh_in_parallel(pool: ProcessPoolExecutor, url: str, token: str, times: int) -> list[str]:
    """Let every process refresh with one token as often as told; return the successors they got."""
    futures = [pool.submit(refresh, url, token, times) for _ in range(PROCESSES)]
    return [successor for future in futures for successor in future.result()]


def refresh(url: str, token: str, times: int) -> list[str]:
    """Refresh with one token as often as told, at once; return what came."""

    from tests import pairs  # slow to import, and the other processes need none of it

    async def work() -> list[str]:
        auth = pairs.pair_auth(clock=SystemRuntime(), database=url)
        async with pairs.program(auth) as client:
            answers = await asyncio.gather(*(pairs.refreshed(client, token) for _ in range(times)))
        await auth.close()
        return [answer.refresh for answer in answers]

    return asyncio.run(work())


Wanted: TypeAlias = tuple[int, str, str]
"""The port of the provider, a user, and an account of theirs."""


def tokens_in_parallel(pool: ProcessPoolExecutor, url: str, wanted: Wanted, times: int) -> list[str]:
    """Let every process ask for an account's access token as often as told; return what they got."""
    futures = [pool.submit(ask_for_tokens, url, wanted, times) for _ in range(PROCESSES)]
    return [token for future in futures for token in future.result()]


def ask_for_tokens(url: str, wanted: Wanted, times: int) -> list[str]:
    """Ask for an account's access token as often as told, at once; return what came."""

    from ostiary.http.account_wire import AccountSelection  # slow to import, see above
    from tests.social import system_auth

    port, user_id, account_id = wanted
    selection = AccountSelection(account_id=account_id, user_id=user_id)

    async def work() -> list[str]:
        auth = system_auth(port, url)
        answers = await asyncio.gather(*(auth.api.get_access_token(selection) for _ in range(times)))
        await auth.close()
        return [answer.access_token for answer in answers]

    return asyncio.run(work())
