"""Sessions in Redis beside each database: what happens in between, and what is left by whoever dies there."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass

import pytest
from redis.asyncio import Redis

from ostiary import Auth, DatabaseHooks, ModelHooks, SessionOptions
from ostiary.cli.people import People
from ostiary.domain.entities import Session, User
from ostiary.domain.errors import StorageUnavailable
from ostiary.domain.models import ACCOUNT, ID, USER, AccountFields, UserFields
from ostiary.domain.roles import BANNED
from ostiary.domain.runtime import FrozenRuntime
from ostiary.plugins import Admin
from ostiary.services.users import NewUser
from ostiary.storage.redis import RedisKeyValue
from ostiary.storage.sql import SqlStore
from tests.builders import Browser, some_auth, some_options
from tests.contract.places import REDIS

pytestmark = pytest.mark.services

Happening = Callable[[], Awaitable[object]]


class Fault(Exception):
    """What goes wrong in the middle."""


class WatchedRedis(RedisKeyValue):
    """A Redis at which something happens before a key is deleted, or once after one was read."""

    before_delete: Happening | None = None
    after_read: tuple[str, Happening] | None = None

    async def delete(self, key: str) -> None:
        if (happening := self.before_delete) is not None:
            await happening()
        await super().delete(key)

    async def get(self, key: str) -> str | None:
        value = await super().get(key)
        await self._has_read([key])
        return value

    async def get_many(self, keys: Sequence[str]) -> list[str | None]:
        values = await super().get_many(keys)
        await self._has_read(keys)
        return values

    async def _has_read(self, keys: Sequence[str]) -> None:
        if self.after_read is not None and self.after_read[0] in keys:
            (_, happening), self.after_read = self.after_read, None
            await happening()


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

    async def rename(self, name: str) -> None:
        """Change the person, as whoever read them at first."""
        assert await self.auth.services.users.change(self.user, {UserFields.NAME: name}) is not None

    async def names(self) -> tuple[str | None, set[str]]:
        """Return the name in the database, and those in the sessions."""
        user = await self.auth.services.users.by_id(self.user.id)
        found = [
            await self.auth.services.sessions.store.find(each.token)
            for each in await self.auth.services.sessions.of_user(self.user.id)
        ]
        return user and user.name, {each.user.name for each in found if each is not None}

    async def password(self) -> str | None:
        """Return the hash that everybody else sees."""
        rows = self.auth.services.store.rows(ACCOUNT)
        account = await rows.first(AccountFields.USER_ID.equals(self.user.id))
        assert account is not None
        return account.password


STORED = {
    "redis only": SessionOptions(store_in_key_value=True),
    "and rows": SessionOptions(store_in_key_value=True, store_session_in_database=True),
}


@pytest.fixture(params=STORED)
async def nodes(
    request: pytest.FixtureRequest, empty_database: str, clock: FrozenRuntime
) -> AsyncIterator[tuple[Node, Node]]:
    """Return two servers of one person's sessions."""
    client, prefix = Redis.from_url(REDIS), f"ostiary-test-{uuid.uuid4().hex}:"
    options = some_options(session=STORED[request.param])
    parts = [WatchedRedis.from_url(REDIS, prefix) for _ in range(2)]
    first, second = [
        some_auth(options, clock, empty_database, key_value=part, plugins=[Admin()]) for part in parts
    ]
    assert isinstance(first.services.store, SqlStore)
    await first.services.store.create_tables()
    new = NewUser(email="ada@example.com", name="Ada")
    user, _ = await first.services.users.sign_up(new, "old hash", None)
    both = Node(first, parts[0], user, client, prefix), Node(second, parts[1], user, client, prefix)
    yield both
    for key in await both[0].keys():
        await client.delete(prefix + key)
    for auth in (first, second):
        await auth.close()
    await client.aclose()


@pytest.fixture
def node(nodes: tuple[Node, Node]) -> Node:
    return nodes[0]


@pytest.fixture
def other(nodes: tuple[Node, Node]) -> Node:
    return nodes[1]


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


async def test_a_ban_that_cannot_end_the_sessions_is_none(node: Node) -> None:
    """S26: they would come back with its end."""
    session = await node.sign_in()

    async def fail() -> None:
        raise StorageUnavailable("away")

    node.key_value.before_delete = fail
    people = People(node.auth)
    with pytest.raises(StorageUnavailable):
        await people.ban("ada@example.com", "spam", None)
    found = await node.auth.services.users.by_id(node.user.id)
    assert found is not None
    assert not found[BANNED]
    node.key_value.before_delete = None
    await people.ban("ada@example.com", "spam", None)
    await people.unban("ada@example.com")
    assert await node.auth.services.sessions.by_token(session.token) is None


async def test_a_hook_that_fails_after_a_change_leaves_no_older_user_in_a_session(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S28: a role that was taken away must not live on there."""

    async def fail(user: User) -> None:
        raise Fault

    await node.sign_in()
    monkeypatch.setattr(
        node.auth.services.users.writes, "_hooks", [DatabaseHooks(user=ModelHooks(after_update=fail))]
    )
    with pytest.raises(Fault):
        await node.rename("Newer")
    assert await node.names() == ("Newer", {"Newer"})


async def test_a_refused_deletion_ends_no_session(node: Node) -> None:
    session = await node.sign_in()

    async def attempt() -> None:
        async with node.auth.services.store.transaction() as tables:
            await node.auth.services.sessions.revoke_all(node.user.id, tables=tables)
            raise Fault

    with pytest.raises(Fault):
        await attempt()
    assert await node.auth.services.sessions.by_token(session.token) is not None


async def test_the_older_of_two_changes_of_a_user_survives_in_no_session(node: Node, other: Node) -> None:
    """S28"""
    session = await node.sign_in()
    node.key_value.after_read = (session.token, lambda: other.rename("Newer"))
    await node.rename("Older")
    assert node.key_value.after_read is None, "it happened in between"
    assert await node.names() == ("Newer", {"Newer"})


async def test_many_changes_at_once_leave_every_session_as_the_row_is(node: Node, other: Node) -> None:
    """S28"""
    for _ in range(3):
        await node.sign_in()
    await asyncio.gather(*([node, other][turn % 2].rename(f"Ada {turn}") for turn in range(20)))
    name, copies = await other.names()
    assert copies == {name}


@pytest.mark.parametrize("first", ["slide", "rename"])
async def test_a_change_of_a_session_and_one_of_its_user_both_stay(
    node: Node, other: Node, clock: FrozenRuntime, first: str
) -> None:
    session = await node.sign_in()
    clock.advance(days=2)

    async def slide(at: Node) -> None:
        assert await at.auth.services.sessions.slide(session) is not None

    changes = {"slide": slide, "rename": lambda at: at.rename("Newer")}
    second = next(name for name in changes if name != first)
    node.key_value.after_read = (session.token, lambda: changes[second](other))
    await changes[first](node)
    assert node.key_value.after_read is None, "it happened in between"
    assert await node.names() == ("Newer", {"Newer"})
    found = await other.auth.services.sessions.by_token(session.token)
    assert found is not None
    assert found.session.expires_at > session.expires_at


async def test_a_session_takes_the_user_as_the_row_is_where_a_crash_left_an_older_one(
    node: Node, clock: FrozenRuntime
) -> None:
    """S28"""
    session = await node.sign_in()
    await node.auth.services.store.rows(USER).update({UserFields.NAME: "Newer"}, ID.equals(node.user.id))
    assert await node.names() == ("Newer", {"Ada"})
    clock.advance(days=2)
    await node.auth.services.sessions.slide(session)
    assert await node.names() == ("Newer", {"Newer"})


async def test_a_session_that_begins_while_another_is_renewed_is_listed_and_can_be_ended(
    node: Node, other: Node, clock: FrozenRuntime
) -> None:
    """S26"""
    begun: list[Session] = []

    async def sign_in() -> None:
        begun.append(await other.sign_in())

    mine = await node.sign_in()
    clock.advance(days=2)
    node.key_value.after_read = (f"active-sessions-{node.user.id}", sign_in)
    sessions = node.auth.services.sessions
    assert await sessions.slide(mine) is not None
    assert {each.token for each in await sessions.of_user(node.user.id)} == {mine.token, begun[0].token}
    await sessions.revoke_all(node.user.id, keep=mine.token)
    assert await other.auth.services.sessions.by_token(begun[0].token) is None
    assert await other.auth.services.sessions.by_token(mine.token) is not None


@pytest.mark.parametrize("nodes", ["and rows"], indirect=True)
async def test_a_session_that_the_list_has_lost_ends_by_its_row(node: Node) -> None:
    """S26: a Node server writes the list without a look at what others write."""
    mine, lost = await node.sign_in(), await node.sign_in()
    await node.key_value.delete(f"active-sessions-{node.user.id}")
    await node.auth.services.sessions.revoke_all(node.user.id, keep=mine.token)
    assert await node.auth.services.sessions.by_token(lost.token) is None
    assert await node.auth.services.sessions.by_token(mine.token) is not None


@pytest.mark.parametrize("change", ["slide", "rename"])
async def test_a_session_that_ends_while_it_is_renewed_stays_ended(
    node: Node, other: Node, change: str
) -> None:
    """S26"""
    session = await node.sign_in()
    node.key_value.after_read = (
        session.token,
        lambda: other.auth.services.sessions.revoke(session.token),
    )
    if change == "slide":
        assert await node.auth.services.sessions.slide(session) is None
    else:
        await node.rename("Newer")
    assert node.key_value.after_read is None, "it happened in between"
    assert await node.auth.services.sessions.by_token(session.token) is None
    assert session.token not in await node.keys()


async def test_a_newcomer_whom_a_hook_changes_has_a_session_that_tells_it(
    empty_database: str, clock: FrozenRuntime
) -> None:
    """What follows the sign-up may come before the session is kept."""

    async def greet(user: User) -> None:
        await auth.services.users.change(user, {UserFields.NAME: "Countess"})

    key_value = RedisKeyValue.from_url(REDIS, f"ostiary-test-{uuid.uuid4().hex}:")
    hooks = DatabaseHooks(user=ModelHooks(after_create=greet))
    options = some_options(session=STORED["redis only"])
    auth = some_auth(options, clock, empty_database, key_value=key_value, database_hooks=hooks)
    assert isinstance(auth.services.store, SqlStore)
    await auth.services.store.create_tables()
    async with Browser(auth) as browser:
        signed_up = await browser.sign_up()
        assert (await browser.session())["user"]["name"] == "Countess"
    await auth.services.sessions.revoke_all(signed_up["user"]["id"])
    await auth.close()
