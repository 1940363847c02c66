"""S86, S39: a worker is killed in the middle of its writes; those who were told so are not disappointed."""

import os
import signal
from pathlib import Path

import pytest

from tests.failure.conftest import Serve
from tests.failure.parts import OwnPostgres, family, wait_until
from tests.failure.traffic import Traffic


def workers(pid: int) -> list[int]:
    """Return the processes that answer requests."""
    commands = {each: Path(f"/proc/{each}/cmdline") for each in family(pid)[1:]}
    return [each for each, line in commands.items() if line.exists() and b"spawn_main" in line.read_bytes()]


@pytest.mark.services
async def test_a_killed_worker_is_replaced_and_what_it_acknowledged_is_kept(
    postgres: OwnPostgres, serve: Serve
) -> None:
    server = serve(database=postgres.url, workers=2)
    traffic = Traffic(server.address)
    wait_until(lambda: len(workers(server.process.pid)) == 2, "there are no two workers")
    async with traffic.flowing():
        for _ in range(2):
            victim = workers(server.process.pid)[0]
            os.kill(victim, signal.SIGKILL)
            await traffic.gains(10)
            wait_until(lambda: len(workers(server.process.pid)) == 2, "the worker was not replaced")
    await traffic.judge()
    assert set(traffic.answers) == {200}


async def test_a_killed_server_on_sqlite_comes_back_with_all_it_acknowledged(
    serve: Serve, tmp_path: Path
) -> None:
    database = f"sqlite:///{tmp_path}/people.db"
    server = serve(database=database)
    traffic = Traffic(server.address)
    async with traffic.flowing():
        await traffic.gains(10)
        os.kill(server.process.pid, signal.SIGKILL)
        await traffic.until(lambda: traffic.dropped > 3, "nobody noticed")
        server.start_again()
    await traffic.judge()
    assert set(traffic.answers) == {200}
