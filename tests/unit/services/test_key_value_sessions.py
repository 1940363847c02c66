"""Sessions in the key-value store keep the reference's layout and its promises."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from ostiary import Auth, SessionOptions
from ostiary.domain.models import SESSION, SessionFields, UserFields
from ostiary.domain.runtime import FrozenRuntime
from ostiary.storage.memory import MemoryKeyValue
from tests.builders import Browser, some_auth, some_options


@pytest.fixture
def key_value(clock: FrozenRuntime) -> MemoryKeyValue:
    return MemoryKeyValue(clock)


@pytest.fixture
async def auth(clock: FrozenRuntime, key_value: MemoryKeyValue) -> AsyncIterator[Auth]:
    server = some_auth(
        some_options(session=SessionOptions(store_in_key_value=True)), clock, key_value=key_value
    )
    yield server
    await server.close()


async def test_a_session_is_kept_in_the_layout_of_the_reference(
    browser: Browser, key_value: MemoryKeyValue
) -> None:
    signed_up = await browser.sign_up()
    kept = json.loads(await key_value.get(signed_up["token"]) or "")
    assert list(kept) == ["session", "user"]
    assert list(kept["session"]) == [
        "id", "ipAddress", "userAgent", "expiresAt", "userId", "token", "createdAt", "updatedAt",
    ]  # fmt: skip
    listed = json.loads(await key_value.get(f"active-sessions-{signed_up['user']['id']}") or "")
    assert listed == [{"token": signed_up["token"], "expiresAt": 1894060800000}]


async def test_nothing_is_written_to_the_session_table(auth: Auth, browser: Browser) -> None:
    await browser.sign_up()
    assert "session" in auth.schema.unkept
    assert await browser.session() is not None


async def test_a_session_dies_with_its_key(
    browser: Browser, clock: FrozenRuntime, key_value: MemoryKeyValue
) -> None:
    signed_up = await browser.sign_up()
    clock.advance(days=7, seconds=1)
    assert await key_value.get(signed_up["token"]) is None
    assert await browser.session() is None


async def test_revoking_all_sessions_ends_even_one_the_list_has_lost(
    auth: Auth, browser: Browser, clock: FrozenRuntime, key_value: MemoryKeyValue
) -> None:
    signed_up = await browser.sign_up()
    user_id = signed_up["user"]["id"]
    clock.advance(seconds=1)
    await key_value.delete(f"active-sessions-{user_id}")
    await auth.services.sessions.revoke_all(user_id)
    assert await key_value.get(signed_up["token"]) is not None
    assert await browser.session() is None


async def test_a_changed_name_shows_in_every_session(auth: Auth, browser: Browser) -> None:
    await browser.sign_up()
    async with Browser(auth) as other:
        await other.sign_in()
        await browser.post("/update-user", json={"name": "Ada L"})
        assert (await other.session())["user"]["name"] == "Ada L"


class SlowKeyValue(MemoryKeyValue):
    """Lets something happen behind the back of whoever has just read a key."""

    meanwhile: Callable[[], Awaitable[object]] | None = None
    after: str = ""

    async def get(self, key: str) -> str | None:
        value = await super().get(key)
        if key == self.after and (meanwhile := self.meanwhile) is not None:
            self.meanwhile = None
            await meanwhile()
        return value


@pytest.mark.parametrize("preserved", [None, False, True], ids=["redis only", "and rows", "and audits"])
async def test_a_session_that_ends_while_it_is_changed_stays_ended(
    clock: FrozenRuntime, preserved: bool | None
) -> None:
    session = SessionOptions(
        store_in_key_value=True,
        store_session_in_database=preserved is not None,
        preserve_session_in_database=bool(preserved),
    )
    key_value = SlowKeyValue(clock)
    auth = some_auth(some_options(session=session), clock, key_value=key_value)
    sessions = auth.services.sessions
    async with Browser(auth) as browser:
        for change in ("slide", "user"):
            await browser.sign_up(f"{change}@example.com")
            token = key_value.after = (await browser.session())["session"]["token"]
            active = await sessions.by_token(token)
            assert active is not None
            key_value.meanwhile = lambda ended=token: sessions.revoke(ended)
            if change == "slide":
                assert await sessions.slide(active.session) is None
            else:
                await auth.services.users.change(active.user, {UserFields.NAME: "Ada L"})
            assert key_value.meanwhile is None, "it ended in between"
            assert await key_value.get(token) is None
            assert await browser.session() is None


async def test_signing_out_leaves_nothing_behind(browser: Browser, key_value: MemoryKeyValue) -> None:
    signed_up = await browser.sign_up()
    await browser.post("/sign-out", json={})
    assert await key_value.get(signed_up["token"]) is None
    assert await key_value.get(f"active-sessions-{signed_up['user']['id']}") is None


@pytest.mark.parametrize(
    "kept", ["[]", "null", '{"session":1,"user":2}', "{broken", '{"session":{},"user":{}}']
)
async def test_a_value_that_is_no_session_signs_nobody_in(
    browser: Browser, key_value: MemoryKeyValue, kept: str
) -> None:
    signed_up = await browser.sign_up()
    await key_value.set(signed_up["token"], kept)
    assert await browser.session() is None


async def test_rows_can_be_kept_for_audits(clock: FrozenRuntime, key_value: MemoryKeyValue) -> None:
    session = SessionOptions(
        store_in_key_value=True, store_session_in_database=True, preserve_session_in_database=True
    )
    auth = some_auth(some_options(session=session), clock, key_value=key_value)
    async with Browser(auth) as browser:
        signed_up = await browser.sign_up()
        clock.advance(seconds=5)
        await browser.post("/sign-out", json={})
        row = await auth.services.store.rows(SESSION).first(SessionFields.TOKEN.equals(signed_up["token"]))
        assert row is not None
        assert row.expires_at == clock.now()
        assert await browser.session() is None
