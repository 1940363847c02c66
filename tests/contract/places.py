"""Where rows can be kept, and how a database of one's own is made and dropped there."""

import asyncio
import os
import uuid
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest
from sqlalchemy import make_url

from ostiary.domain.runtime import SystemRuntime
from ostiary.domain.schema import Schema
from ostiary.storage.sql import open_store

T = TypeVar("T")

POSTGRESQL = os.environ.get("OSTIARY_TEST_POSTGRESQL", "postgresql://postgres@127.0.0.1:5432")
MARIADB = os.environ.get("OSTIARY_TEST_MARIADB", "mysql://root@127.0.0.1:3306")
REDIS = os.environ.get("OSTIARY_TEST_REDIS", "redis://127.0.0.1:6379")


def apart(work: Coroutine[Any, Any, T]) -> T:
    """Run something in an event loop of its own, whatever loop the test has."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


@dataclass(frozen=True)
class Place:
    """A kind of database; `server` is the address of the one that has no database of ours yet."""

    name: str
    server: str = ""
    maintenance: str = ""

    def create(self, folder: Path) -> str:
        """Make an empty database and return its URL."""
        name = f"ostiary_test_{uuid.uuid4().hex[:16]}"
        if self.name == "sqlite":
            return f"sqlite:///{folder / name}.db"
        self._maintain(f"CREATE DATABASE {name}")
        return make_url(self.server).set(database=name).render_as_string(hide_password=False)

    def wipe(self, url: str) -> None:
        """Leave a database without any table; cheaper than a new one."""
        name = make_url(url).database
        match self.name:
            case "sqlite":
                for path in Path(f"{name}").parent.glob(f"{Path(str(name)).name}*"):
                    path.unlink()
            case "postgresql":
                apart(execute(url, "DROP SCHEMA public CASCADE", "CREATE SCHEMA public"))
            case _:
                self._maintain(f"DROP DATABASE {name}", f"CREATE DATABASE {name}")

    def drop(self, url: str) -> None:
        """Drop a database that `create` made."""
        if self.name == "sqlite":
            return
        forced = " WITH (FORCE)" if self.name == "postgresql" else ""
        self._maintain(f"DROP DATABASE {make_url(url).database}{forced}")

    def _maintain(self, *statements: str) -> None:
        url = make_url(self.server).set(database=self.maintenance)
        apart(execute(url.render_as_string(hide_password=False), *statements))


async def execute(url: str, *statements: str) -> None:
    """Run statements on a database."""
    store = open_store(url, Schema(()), SystemRuntime())
    try:
        for statement in statements:
            await store._driver.execute(statement, ())
    finally:
        await store.close()


async def fetch(url: str, statement: str) -> list[tuple[Any, ...]]:
    """Read what a database holds, without any of our decoding."""
    store = open_store(url, Schema(()), SystemRuntime())
    try:
        return [tuple(row) for row in await store._driver.fetch(statement, ())]
    finally:
        await store.close()


def param(place: Place) -> Any:
    """Return a test parameter; servers are marked, so that they can be left out."""
    marks = [pytest.mark.services] if place.server else []
    return pytest.param(place, id=place.name, marks=marks)


MEMORY = Place("memory")
SQLITE = Place("sqlite")
POSTGRES = Place("postgresql", POSTGRESQL, "postgres")
MARIA = Place("mariadb", MARIADB, "mysql")

SQL_PLACES = [param(place) for place in (SQLITE, POSTGRES, MARIA)]
PLACES = [param(MEMORY), *SQL_PLACES]
