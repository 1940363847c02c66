"""Do database and Redis answer, are they set up, and do all clocks agree?"""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any, Final

from ostiary.cli.doctor.finding import Finding, Findings, Subject
from ostiary.cli.doctor.names import Setting
from ostiary.domain.errors import ConfigurationError, StorageUnavailable
from ostiary.domain.runtime import Runtime
from ostiary.domain.schema import Schema
from ostiary.server.application import Application

_database = Subject("database")
_schema = Subject("database schema")
_redis = Subject("Redis")
_clock = Subject("clock")

_TOLERABLE: Final = 2.0  # seconds between two clocks
_UNUSABLE: Final = 60.0
_OLDEST_REDIS: Final = (6, 2)
_NOW: Final[Mapping[str, str]] = {
    "postgresql": "SELECT extract(epoch FROM clock_timestamp())",
    "mysql": "SELECT UNIX_TIMESTAMP(NOW(6))",
}


async def database(application: Application) -> AsyncIterator[Finding]:
    """Reach the database, compare its tables with the configuration and its clock with ours."""
    auth = application.auth
    try:
        await auth.services.store.ping()
    except (StorageUnavailable, ConfigurationError) as error:
        yield _database.failure(f"does not answer: {error}", f"start it, or correct {Setting.DATABASE}")
        return
    if auth.database_url is None:
        yield _database.ok("a store of the application's own, which answers")
        return
    yield _in_memory(application, auth.database_url) or _database.ok("answers")
    async for finding in _differences(auth.database_url, auth.schema):
        yield finding
    async for finding in _database_clock(auth.services.runtime, auth.database_url):
        yield finding


def _in_memory(application: Application, url: str) -> Finding | None:
    if url not in {"sqlite://", "sqlite:///:memory:"}:
        return None
    if application.settings.workers > 1:
        return _database.failure(
            "in memory: each process has its own", f"name a file in {Setting.DATABASE}: sqlite:///ostiary.db"
        )
    return _database.warning(
        "in memory: forgotten with the process", f"name a file in {Setting.DATABASE}: sqlite:///ostiary.db"
    )


async def _differences(url: str, schema: Schema) -> AsyncIterator[Finding]:
    from ostiary.storage import migrations  # noqa: PLC0415  Alembic is slow to import

    plan = await migrations.plan(url, schema)
    for refusal in plan.refusals:
        yield _schema.failure(refusal, "settle this by hand, then run `ostiary doctor` again")
    if plan.additions:
        yield _schema.failure(f"missing: {', '.join(plan.additions)}", "run `ostiary migrate`")
    if not plan.differences:
        yield _schema.ok(f"{len(schema.models) - len(schema.unkept)} tables, all as configured")


async def _database_clock(runtime: Runtime, url: str) -> AsyncIterator[Finding]:
    from ostiary.storage.sql.driver import PoolOptions  # noqa: PLC0415  a help text needs no driver
    from ostiary.storage.sql.drivers import driver_of  # noqa: PLC0415  a help text needs no driver

    driver = driver_of(url, PoolOptions())
    if driver.dialect not in _NOW:
        return  # an embedded database has this machine's clock
    try:
        asked = runtime.now()
        [row] = await driver.fetch(_NOW[driver.dialect], ())
        for finding in clock_findings("the database", float(row[0]), asked, runtime.now()):
            yield finding
    finally:
        await driver.close()


def clock_findings(whose: str, theirs: float, asked: datetime, answered: datetime) -> Findings:
    """Compare a clock with ours, allowing for the time the answer took."""
    early, late = asked.timestamp() - theirs, theirs - answered.timestamp()
    apart = max(early, late, 0.0)
    if apart > _UNUSABLE:
        yield _clock.failure(
            f"{apart:.0f} s apart from that of {whose}: sessions end early or late", "let NTP set both clocks"
        )
    elif apart > _TOLERABLE:
        yield _clock.warning(f"{apart:.1f} s apart from that of {whose}", "let NTP set both clocks")
    else:
        yield _clock.ok(f"agrees with that of {whose}")


async def redis(application: Application) -> AsyncIterator[Finding]:
    """Reach Redis, and look at what it may forget and at its clock."""
    key_value, url = application.auth.services.key_value, application.settings.redis
    if key_value is None:
        yield _redis.ok("none: counts and sessions are in the database")
        return
    try:
        await key_value.ping()
    except StorageUnavailable as error:
        yield _redis.failure(f"does not answer: {error}", f"start it, or correct {Setting.KEY_VALUE}")
        return
    if url is None:
        yield _redis.hint("answers; nothing more is known of it", "set REDIS_URL to have it examined")
        return
    async for finding in _redis_server(application, url):
        yield finding


async def _redis_server(application: Application, url: str) -> AsyncIterator[Finding]:
    from ostiary.storage.redis_connections import redis_client  # noqa: PLC0415  most servers have none

    runtime = application.auth.services.runtime
    async with redis_client(url) as client:
        information: Mapping[str, Any] = await client.info()  # Any: texts and numbers, by name
        for finding in redis_findings(
            information, sessions=application.auth.options.session.store_in_key_value
        ):
            yield finding
        asked = runtime.now()
        seconds, microseconds = await client.time()
        theirs = int(seconds) + int(microseconds) / 1_000_000
        for finding in clock_findings("Redis", theirs, asked, runtime.now()):
            yield finding


def redis_findings(information: Mapping[str, Any], *, sessions: bool) -> Findings:
    """Judge what Redis says of itself: its version, and what it throws away when memory runs out."""
    version = str(information.get("redis_version", "0"))
    if tuple(int(part) for part in version.split(".")[:2] if part.isdigit()) < _OLDEST_REDIS:
        yield _redis.failure(f"version {version} lacks GETDEL", "use 6.2 or newer")
    policy = str(information.get("maxmemory_policy", "noeviction"))
    lost = "sessions and counts" if sessions else "counts of rate limits"
    if policy != "noeviction" and information.get("maxmemory", 0):
        yield _redis.warning(
            f"throws {lost} away when its memory is full ({policy})", "set maxmemory-policy to noeviction"
        )
    elif policy != "noeviction":
        yield _redis.hint(f"would throw {lost} away if it had a limit ({policy})", "prefer noeviction")
    else:
        yield _redis.ok(f"version {version}, forgets nothing before its time")
