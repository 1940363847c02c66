"""Fifty refreshes with one token, on two nodes and in several processes: one successor, fifty answers."""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ProcessPoolExecutor

import pytest

from ostiary import Auth
from ostiary.domain.runtime import SystemRuntime
from ostiary.storage.sql import SqlStore
from tests.contract import processes
from tests.contract.places import Place
from tests.pairs import Pair, families, pair_auth, program, refresh, refreshed, signed_up

MANY = 50


@pytest.fixture
async def nodes(sql_place: Place, scratch: Callable[[Place, str], str]) -> AsyncIterator[list[Auth]]:
    """Return two servers on one database."""
    url = scratch(sql_place, "refresh")
    servers = [pair_auth(clock=SystemRuntime(), database=url) for _ in range(2)]
    store = servers[0].services.store
    assert isinstance(store, SqlStore)
    await store.create_tables()
    yield servers
    for server in servers:
        await server.close()


async def test_fifty_refreshes_on_two_nodes_make_one_successor(nodes: list[Auth]) -> None:
    """S36, S37"""
    async with program(nodes[0]) as here, program(nodes[1]) as there:
        pair = await signed_up(here)
        clients = [here, there] * (MANY // 2)
        answers = await asyncio.gather(*(refresh(client, pair.refresh) for client in clients))
        pairs = [Pair.of(answer) for answer in answers]
        assert len({each.refresh for each in pairs}) == 1
        for each in pairs[:4]:
            assert (await there.get("/me", headers=each.bearer)).status_code == 200
        assert len(await families(nodes[0])) == 1
        after = await refreshed(there, pairs[0].refresh)
        # the first token follows the chain to its living end, also on the node that did not rotate
        assert (await refreshed(here, pair.refresh)).refresh == after.refresh


async def test_refreshes_of_four_processes_make_one_successor(
    nodes: list[Auth], crowd: ProcessPoolExecutor
) -> None:
    """S36, S37"""
    url = nodes[0].database_url
    assert url is not None
    async with program(nodes[0]) as client:
        pair = await signed_up(client)
        work = asyncio.to_thread(processes.refresh_in_parallel, crowd, url, pair.refresh, MANY // 4)
        successors = await work
        assert len(successors) == MANY // 4 * processes.PROCESSES
        [live] = set(successors)
        assert live != pair.refresh
        assert len(await families(nodes[0])) == 1
        await refreshed(client, live)
