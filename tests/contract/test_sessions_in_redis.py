"""Sessions in Redis beside each database: what happens in between, and what is left by whoever dies there."""

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import pytest
from redis.asyncio import Redis

from ostiary import Auth, SessionOptions
from ostiary.domain.entities import Session, User
from ostiary.domain.errors import StorageUnavailable
from ostiary.domain.models import ACCOUNT, AccountFields
from ostiary.domain.runtime import FrozenRuntime
from ostiary.services.users import NewUser
from ostiary.storage.redis import RedisKeyValue
from ostiary.storage.sql import SqlStore
from tests.builders import some_auth, some_options
from tests.contract.places import REDIS

pytestmark = pytest.mark.services

Happening = Callable[[], Awaitable[object]]


class Fault(Exception):
    """What goes wrong in the middle."""


class WatchedRedis(RedisKeyValue):
    """A Redis at which something happens before a key is deleted."""

    before_delete: Happening | None = None

    async def delete(self, key: str) -> None:
        if (happening := self.before_delete) is not None:
            await happening()
        await super().delete(key)


@dataclass
class Node:
    """A server, its Redis and a person with a password."""

    auth: Auth
    key_value: WatchedRedis
    user: User
    client: Redis
    prefix: str

    async def sign_in(self) -> Session:
        return await self.auth.services.sessions.start(self.user)

    async def keys(self) -> list[str]:
        """Return what there is in Redis."""
        return sorted(
            [key.decode().removeprefix(self.prefix) async for key in self.client.scan_iter(f"{self.prefix}*")]
        )

    async def password(self) -> str | None:
        """Return the hash that everybody else sees."""
        rows = self.auth.services.store.rows(ACCOUNT)
        account = await rows.first(AccountFields.USER_ID.equals(self.user.id))
        assert account is not None
        return account.password


@pytest.fixture(params=[False, True], ids=["redis only", "and rows"])
async def node(
    request: pytest.FixtureRequest, empty_database: str, clock: FrozenRuntime
) -> AsyncIterator[Node]:
    prefix = f"ostiary-test-{uuid.uuid4().hex}:"
    key_value = WatchedRedis.from_url(REDIS, prefix)
    session = SessionOptions(store_in_key_value=True, store_session_in_database=request.param)
    auth = some_auth(some_options(session=session), clock, empty_database, key_value=key_value)
    store = auth.services.store
    assert isinstance(store, SqlStore)
    await store.create_tables()
    new = NewUser(email="ada@example.com", name="Ada")
    user, _ = await auth.services.users.sign_up(new, "old hash", None)
    client = Redis.from_url(REDIS)
    node = Node(auth, key_value, user, client, prefix)
    yield node
    key_value.before_delete = None
    for key in await node.keys():
        await key_value.delete(key)
    await auth.close()
    await client.aclose()


async def change_password(node: Node) -> None:
    users, sessions = node.auth.services.users, node.auth.services.sessions
    account = await users.credential_account(node.user.id)
    async with node.auth.services.store.transaction() as tables:
        await users.set_password_hash(node.user, account, "new hash", tables)
        await sessions.revoke_all(node.user.id, tables=tables)


async def test_a_sign_in_that_is_undone_leaves_no_session_in_redis(node: Node) -> None:
    """S61"""
    kept = await node.sign_in()
    before = await node.keys()
    written: list[str] = []

    async def attempt() -> None:
        async with node.auth.services.store.transaction() as tables:
            begun = await node.auth.services.sessions.start(node.user, tables=tables)
            written.extend(await node.keys())
            assert begun.token in written
            raise Fault

    with pytest.raises(Fault):
        await attempt()
    assert await node.keys() == before
    assert [each.token for each in await node.auth.services.sessions.of_user(node.user.id)] == [kept.token]


async def test_sessions_end_in_redis_before_what_ends_them_is_committed(node: Node) -> None:
    """S27: a process that dies after the commit leaves no session that a new password has ended."""
    session = await node.sign_in()
    seen: list[str | None] = []

    async def look() -> None:
        seen.append(await node.password())

    node.key_value.before_delete = look
    await change_password(node)
    assert set(seen) == {"old hash"}
    assert await node.password() == "new hash"
    assert session.token not in await node.keys()


async def test_what_cannot_end_the_sessions_changes_nothing(node: Node) -> None:
    """S27, S86: Redis fails half way; whoever tries again finds everything as it was."""
    session = await node.sign_in()

    async def fail() -> None:
        raise StorageUnavailable("away")

    node.key_value.before_delete = fail
    with pytest.raises(StorageUnavailable):
        await change_password(node)
    assert await node.password() == "old hash"
    assert session.token in await node.keys()
    node.key_value.before_delete = None
    await change_password(node)
    assert await node.auth.services.sessions.of_user(node.user.id) == []


async def test_a_refused_deletion_ends_no_session(node: Node) -> None:
    session = await node.sign_in()

    async def attempt() -> None:
        async with node.auth.services.store.transaction() as tables:
            await node.auth.services.sessions.revoke_all(node.user.id, tables=tables)
            raise Fault

    with pytest.raises(Fault):
        await attempt()
    assert await node.auth.services.sessions.by_token(session.token) is not None
