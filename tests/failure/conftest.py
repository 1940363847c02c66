"""A server in processes of its own, on parts of its own."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.builders import SECRET
from tests.contract.places import apart, execute
from tests.failure.mariadb import OwnMaria, own_maria
from tests.failure.parts import OwnPostgres, OwnRedis, own_postgres, own_redis
from tests.integration.cli.conftest import Server, ended, free_port
from tests.unit.cli.conftest import directory

__all__ = ["directory"]

ROOT = Path(__file__).parents[2]
Serve = Callable[..., Server]


@pytest.fixture(scope="session")
def cluster() -> Iterator[OwnPostgres]:
    """Return a PostgreSQL of this run."""
    with own_postgres() as made:
        yield made


@pytest.fixture
def postgres(cluster: OwnPostgres) -> Iterator[OwnPostgres]:
    """Return it running and empty, and leave it running."""
    apart(execute(cluster.url, "DROP SCHEMA public CASCADE", "CREATE SCHEMA public"))
    yield cluster
    if not cluster.is_running:
        cluster.start()
    cluster.thaw()


@pytest.fixture
def maria() -> Iterator[OwnMaria]:
    """Return a MariaDB of this test."""
    with own_maria() as made:
        yield made


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[OwnRedis]:
    """Return a Redis of this test."""
    with own_redis(tmp_path) as made:
        yield made


@pytest.fixture
def serve(directory: Path) -> Iterator[Serve]:
    """Return a function that starts the service with settings."""
    with ExitStack() as servers:

        def start(*, workers: int = 1, options: Any = None, **settings: Any) -> Server:
            port = free_port()
            folder = directory / str(port)
            folder.mkdir()
            (folder / ".env").write_text(f"BETTER_AUTH_SECRET={SECRET}\nOSTIARY_LOG_LEVEL=warning\n")
            settings = {"base_url": f"http://127.0.0.1:{port}", **settings}
            lines = [f"{name} = {json.dumps(value)}" for name, value in settings.items()]
            lines += ["[options]", *_members(options or {"rateLimit": {"enabled": False}})]
            (folder / "ostiary.toml").write_text("\n".join(lines))
            arguments = ["-m", "uvicorn", "tests.failure.service:create_app", "--factory", "--no-access-log"]
            arguments += ["--app-dir", str(ROOT), "--workers", str(workers), "--port", str(port)]
            server = servers.enter_context(ended(Server(folder, tuple(arguments), port)))
            assert server.await_answer("/readyz").status_code == 200, server.log
            return server

        yield start


def _members(options: dict[str, Any]) -> list[str]:
    """Return nested options as lines of TOML."""
    return [f"{name} = {_inline(value)}" for name, value in options.items()]


def _inline(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f'"{name}" = {_inline(each)}' for name, each in value.items()) + "}"
    return json.dumps(value)
