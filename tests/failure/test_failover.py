"""S86, S39: nodes, Redis and connections change under the feet of people who notice nothing."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from itertools import count
from pathlib import Path

import pytest

from tests.failure.conftest import Serve
from tests.failure.parts import OwnPostgres, watched_redis
from tests.failure.traffic import Traffic
from tests.integration.cli.conftest import free_port

pytestmark = pytest.mark.services


@asynccontextmanager
async def switch(port: int, nodes: list[int]) -> AsyncIterator[None]:
    """Lead each connection to the next node that takes it."""
    turn, open_pipes = count(), set()

    async def lead(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        open_pipes.add(task)
        try:
            first = next(turn)
            for place in range(len(nodes)):
                with suppress(OSError):
                    node = nodes[(first + place) % len(nodes)]
                    back, forth = await asyncio.open_connection("127.0.0.1", node)
                    await join(reader, writer, back, forth)
                    return
        finally:
            writer.transport.abort()
            open_pipes.discard(task)

    async def join(*ends: asyncio.StreamReader | asyncio.StreamWriter) -> None:
        reader, writer, back, forth = ends
        pipes = [asyncio.create_task(pump(reader, forth)), asyncio.create_task(pump(back, writer))]
        try:
            await asyncio.wait(pipes, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pipe in pipes:
                pipe.cancel()
            await asyncio.gather(*pipes, return_exceptions=True)
            forth.transport.abort()  # type: ignore[union-attr]  # the fourth end is a writer

    async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await source.read(65536):
                sink.write(data)
                await sink.drain()

    server = await asyncio.start_server(lead, "127.0.0.1", port)
    try:
        yield
    finally:
        server.close()
        for task in open_pipes:
            task.cancel()
        await asyncio.gather(*open_pipes, return_exceptions=True)
        await asyncio.sleep(0)  # closed transports leave the loop


async def test_nobody_is_signed_out_when_one_of_two_nodes_is_killed_and_restarted(
    postgres: OwnPostgres, serve: Serve
) -> None:
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    nodes = [serve(database=postgres.url, base_url=address) for _ in range(2)]
    async with switch(port, [node.port for node in nodes]):
        traffic = Traffic(address)
        async with traffic.flowing():
            for node in nodes:
                os.kill(node.process.pid, signal.SIGKILL)
                await traffic.gains(5)
                node.start_again()
                await traffic.until(node.is_listening, "the node does not come back")
                await traffic.gains(3)
        await traffic.judge()
    assert set(traffic.answers) == {200}


async def test_nobody_notices_a_bouncer_that_shares_three_connections_among_all(
    postgres: OwnPostgres, serve: Serve
) -> None:
    with postgres.behind_bouncer(connections=3) as url:
        server = serve(database=f"{url}?prepared_statements=0", workers=2)
        traffic = Traffic(server.address, people=12)
        async with traffic.flowing():
            await traffic.gains(20)
        await traffic.judge()
        assert set(traffic.answers) == {200}, server.log
        assert traffic.dropped == 0


async def test_sessions_outlive_the_redis_they_were_made_in(serve: Serve, tmp_path: Path) -> None:
    with watched_redis(tmp_path).running() as redis:
        server = serve(database=f"sqlite:///{tmp_path}/people.db", redis=redis.url, redis_sessions=True)
        traffic = Traffic(server.address)
        async with traffic.flowing():
            async with traffic.paused():  # what the replica has not yet is lost with the master
                assert await asyncio.to_thread(redis.is_copied)
                redis.master.kill()
            await traffic.gains(8)
        await traffic.judge()
        assert traffic.dropped == 0
        assert "unhandled error" not in server.log
