"""Databases as the peers' documentation opens them, with as many connections as everybody has."""

from sqlalchemy import event
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from benchmarks.serving import Setting

DRIVERS = {"postgresql": "postgresql+asyncpg", "sqlite": "sqlite+aiosqlite"}
CONNECTIONS = 10


def engine_of(setting: Setting) -> AsyncEngine:
    """Open the database; SQLite writes ahead."""
    url = make_url(setting["database"])
    asynchronous = url.set(drivername=DRIVERS[url.drivername])
    engine = create_async_engine(asynchronous, pool_size=CONNECTIONS, max_overflow=0)
    if url.drivername == "sqlite":
        event.listen(engine.sync_engine, "connect", lambda it, _: it.execute("PRAGMA journal_mode=WAL"))
    return engine
