"""Provider tokens that many ask for at once, on two nodes and in processes: one renewal, one token."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import timedelta

import pytest

from ostiary import Auth
from ostiary.domain.entities import Account
from ostiary.domain.models import ACCOUNT, ID, VERIFICATION, AccountFields
from ostiary.http.account_wire import AccountSelection
from ostiary.storage.sql import SqlStore
from tests.builders import Browser
from tests.contract import processes
from tests.contract.places import Place
from tests.identity_provider import IdentityProvider, identity_provider
from tests.social import arrive, depart, system_auth

MANY = 40


@pytest.fixture
def provider() -> Iterator[IdentityProvider]:
    with identity_provider() as running:
        running.slowness = 0.5
        yield running


@pytest.fixture
async def nodes(
    provider: IdentityProvider, sql_place: Place, scratch: Callable[[Place, str], str]
) -> AsyncIterator[list[Auth]]:
    """Return two servers on one database."""
    url = scratch(sql_place, "renewals")
    servers = [system_auth(provider.port, url) for _ in range(2)]
    store = servers[0].services.store
    assert isinstance(store, SqlStore)
    await store.create_tables()
    yield servers
    for server in servers:
        await server.close()


async def an_ended_account(node: Auth) -> Account:
    """Return an account whose access token has ended."""
    async with Browser(node) as browser:
        await arrive(browser, await depart(browser))
    rows = node.services.store.rows(ACCOUNT)
    account = await rows.first(AccountFields.PROVIDER_ID.equals("openid"))
    assert account is not None
    ended = node.services.runtime.now() - timedelta(minutes=1)
    changed = await rows.update({AccountFields.ACCESS_TOKEN_EXPIRES_AT: ended}, ID.equals(account.id))
    assert changed is not None
    return changed


async def test_many_who_ask_on_two_nodes_cause_one_renewal(
    nodes: list[Auth], provider: IdentityProvider
) -> None:
    account = await an_ended_account(nodes[0])
    wanted = AccountSelection(account_id=account.id, user_id=account.user_id)
    answers = await asyncio.gather(*(nodes[n % 2].api.get_access_token(wanted) for n in range(MANY)))
    assert provider.refreshes == 1
    [token] = {answer.access_token for answer in answers}
    assert token != account.access_token
    kept = await nodes[0].services.store.rows(ACCOUNT).first(ID.equals(account.id))
    assert kept is not None
    assert kept.access_token == token
    assert await nodes[0].services.store.rows(VERIFICATION).count() == 0


async def test_four_processes_cause_one_renewal(
    nodes: list[Auth], provider: IdentityProvider, crowd: ProcessPoolExecutor
) -> None:
    account = await an_ended_account(nodes[0])
    url = nodes[0].database_url
    assert url is not None
    wanted = provider.port, account.user_id, account.id
    tokens = await asyncio.to_thread(processes.tokens_in_parallel, crowd, url, wanted, 10)
    assert len(tokens) == 10 * processes.PROCESSES
    assert provider.refreshes == 1
    assert len(set(tokens)) == 1
    assert account.access_token not in tokens
