"""Clients for a Redis URL: one server, or whichever a group of Sentinels calls the master."""

from dataclasses import dataclass
from typing import Any, Final, cast
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

from redis.asyncio import ConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel, SentinelConnectionPool
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as ConnectionLost

_CONNECT_TIMEOUT: Final = 1.0  # seconds
_ANSWER_TIMEOUT: Final = 2.0  # seconds
_SENTINEL_PORT: Final = 26379
_FORM: Final = "redis+sentinel://sentinel:26379,other:26379/name-of-the-master/0"
_LIMITS: Final[dict[str, Any]] = {  # Any: the client's own keyword arguments
    "socket_connect_timeout": _CONNECT_TIMEOUT,
    "socket_timeout": _ANSWER_TIMEOUT,
    "decode_responses": True,
}


def _anew() -> Retry:
    """Once, for a connection that the server closed meanwhile; what was silent would only be silent again."""
    return Retry(NoBackoff(), 1, (ConnectionLost,))


def redis_client(url: str) -> Redis:
    """Return a client that connects when first used. Raises ValueError for a URL that nobody can read."""
    parts = urlsplit(url)
    if "+sentinel" not in parts.scheme:
        return Redis.from_url(url, retry=_anew(), **_LIMITS)
    group = _Group.named_by(parts)
    own = {**_LIMITS, "retry": _anew()}
    sentinel = Sentinel(group.sentinels, sentinel_kwargs=own, **own)  # type: ignore[no-untyped-call]  # redis-py
    return cast("Redis", sentinel.master_for(group.master, **group.options))


async def close_client(client: Redis) -> None:
    """Return every connection, those to Sentinels included."""
    pool = client.connection_pool
    await client.aclose()
    if isinstance(pool, SentinelConnectionPool):
        await pool.disconnect()
        for sentinel in pool.sentinel_manager.sentinels:
            await sentinel.aclose()


@dataclass(frozen=True)
class _Group:
    """Sentinels, and the master they watch."""

    sentinels: list[tuple[str, int]]
    master: str
    options: dict[str, Any]  # the client's own keyword arguments

    @classmethod
    def named_by(cls, parts: SplitResult) -> "_Group":
        names, _, database = parts.path.strip("/").partition("/")
        credentials, at, hosts = parts.netloc.rpartition("@")
        sentinels = [_address(host) for host in hosts.split(",") if host]
        if not sentinels or not names or not (database or "0").isdigit():
            raise ValueError(f"a URL of Sentinels looks like {_FORM}")
        scheme = "rediss" if parts.scheme.startswith("rediss") else "redis"
        plain = urlunsplit((scheme, f"{credentials}{at}127.0.0.1", f"/{database}", parts.query, ""))
        options = dict(ConnectionPool.from_url(plain).connection_kwargs)
        options.pop("host", None)
        options.pop("port", None)
        if scheme == "rediss":
            options["ssl"] = True
        return cls(sentinels, unquote(names), options)


def _address(host: str) -> tuple[str, int]:
    parts = urlsplit(f"//{host}")
    if not parts.hostname:
        raise ValueError(f"a URL of Sentinels looks like {_FORM}")
    return parts.hostname, parts.port or _SENTINEL_PORT
