"""What a database URL may say besides where the database is."""

from datetime import timedelta

import pytest
from sqlalchemy import make_url

from ostiary.domain.errors import ConfigurationError
from ostiary.storage.redis_connections import close_client, redis_client
from ostiary.storage.sql import PoolOptions
from ostiary.storage.sql.drivers import driver_of


def test_a_url_says_how_many_connections_there_are_and_how_long_anybody_waits() -> None:
    query = "pool_size=3&pool_timeout=1&connect_timeout=2&query_timeout=4&prepared_statements=0"
    url = make_url(f"postgresql://u@host/db?{query}&application_name=auth")
    options, rest = PoolOptions().told_by(url)
    assert options == PoolOptions(
        size=3,
        acquire_timeout=timedelta(seconds=1),
        connect_timeout=timedelta(seconds=2),
        statement_timeout=timedelta(seconds=4),
        prepared_statements=0,
    )
    assert rest.render_as_string() == "postgresql://u@host/db?application_name=auth"


@pytest.mark.parametrize(
    "query", ["pool_size=0", "pool_size=-1", "query_timeout=1.5", "pool_size=1&pool_size=2"]
)
def test_a_parameter_that_cannot_be_meant_is_named(query: str) -> None:
    with pytest.raises(ConfigurationError, match="the database URL"):
        driver_of(f"postgresql://u@host/db?{query}", PoolOptions())


async def test_a_url_of_sentinels_names_the_master_and_its_credentials() -> None:
    client = redis_client("redis+sentinel://me:secret@one,two:7000/main/3")
    pool = client.connection_pool
    assert pool.service_name == "main"
    assert {name: pool.connection_kwargs[name] for name in ("db", "username", "password")} == {
        "db": 3,
        "username": "me",
        "password": "secret",
    }
    known = [each.connection_pool.connection_kwargs for each in pool.sentinel_manager.sentinels]
    assert [(each["host"], each["port"]) for each in known] == [("one", 26379), ("two", 7000)]
    await close_client(client)


@pytest.mark.parametrize(
    "url", ["redis+sentinel://one", "redis+sentinel:///main", "redis+sentinel://one/main/x", "nonsense"]
)
def test_a_redis_url_that_nobody_can_read_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="://"):
        redis_client(url)
