"""What tokens are worth while the database or the key-value store is down."""

from collections.abc import Callable
from typing import Any

import pytest

from ostiary import SessionOptions
from ostiary.domain.errors import StorageUnavailable
from ostiary.domain.models import USER
from ostiary.domain.roles import BANNED, ROLE
from ostiary.domain.runtime import FrozenRuntime
from ostiary.plugins import Tokens
from ostiary.storage.memory import MemoryKeyValue
from tests.builders import PASSWORD, Browser, some_options
from tests.pairs import EMAIL, Pair, application, families, pair_auth, program, refresh, refreshed, signed_up


class Fallible:
    """A store whose statements fail from some count on, as a database does that goes away."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self.schema = inner.schema
        self.left: int | None = None

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        return self._guarded(found) if name in {"session_with_user", "credential"} else found

    def rows(self, model: Any) -> Any:
        return FallibleRows(self._inner.rows(model), self._guarded)

    def _guarded(self, verb: Callable[..., Any]) -> Callable[..., Any]:
        async def run(*arguments: Any, **named: Any) -> Any:
            if self.left is not None:
                if self.left == 0:
                    raise StorageUnavailable("the database went away")
                self.left -= 1
            return await verb(*arguments, **named)

        return run


class FallibleRows:
    def __init__(self, inner: Any, guarded: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
        self._inner, self._guarded = inner, guarded

    def __getattr__(self, name: str) -> Any:
        return self._guarded(getattr(self._inner, name))


class FallibleKeyValue(MemoryKeyValue):
    """A key-value store that may be down."""

    is_down = False

    def __getattribute__(self, name: str) -> Any:
        verbs = {"get", "get_many", "set", "delete", "get_and_delete", "increment"}
        if name in verbs and object.__getattribute__(self, "is_down"):
            raise StorageUnavailable("the key-value store went away")
        return object.__getattribute__(self, name)


async def test_a_database_that_goes_away_in_the_middle_of_a_refresh_has_rotated_nothing(
    clock: FrozenRuntime,
) -> None:
    """S86"""
    store = Fallible(pair_auth(clock=clock).services.store)
    auth = pair_auth(clock=clock, database=store)  # type: ignore[arg-type]  # it delegates the rest
    async with program(auth) as client:
        pair = await signed_up(client)
        clock.advance(days=1)
        before = await families(auth)
        statuses = []
        for survived in range(20):
            store.left = survived
            answer = await refresh(client, pair.refresh)
            store.left = None
            statuses.append(answer.status_code)
            if answer.status_code == 200:
                break
            assert (answer.json()["code"], answer.headers["retry-after"]) == ("SERVICE_UNAVAILABLE", "1")
            assert await families(auth) == before
        assert statuses == [503] * (len(statuses) - 1) + [200]
        assert len(statuses) >= 4
        await refreshed(client, Pair.of(answer).refresh)


async def test_a_database_that_is_down_is_503_everywhere_and_tokens_are_judged_all_the_same(
    clock: FrozenRuntime,
) -> None:
    """S86"""
    store = Fallible(pair_auth(clock=clock).services.store)
    auth = pair_auth(clock=clock, database=store)  # type: ignore[arg-type]  # it delegates the rest
    app = application(auth)
    async with program(auth) as client, program(app, base="") as caller:
        pair = await signed_up(client)
        assert (await caller.get("/app/me", headers=pair.bearer)).status_code == 200
        store.left = 0
        assert (await caller.get("/app/me", headers=pair.bearer)).status_code == 200
        for answer in (
            await client.get("/me", headers=pair.bearer),
            await client.get("/get-session", headers=pair.bearer),
            await client.post("/logout", headers=pair.bearer),
            await client.post("/logout", json={"refresh_token": pair.refresh}),
            await client.post("/login", json={"email": "x@example.com", "password": "x"}),
        ):
            assert answer.status_code == 503
        store.left = None
        assert (await client.get("/me", headers=pair.bearer)).status_code == 200


async def test_a_browser_keeps_its_cookie_while_nobody_can_log_it_out(clock: FrozenRuntime) -> None:
    """S86"""
    store = Fallible(pair_auth(clock=clock).services.store)
    auth = pair_auth(Tokens(cookie=True), clock=clock, database=store)  # type: ignore[arg-type]  # as above
    async with Browser(auth) as browser:
        await browser.post("/signup", json={"email": EMAIL, "password": PASSWORD})
        store.left = 0
        assert (await browser.post("/logout")).status_code == 503
        store.left = None
        assert browser.cookie("better-auth.refresh_token") is not None
        assert (await browser.post("/logout")).status_code == 204


@pytest.mark.parametrize("in_redis", [False, True], ids=["for limits", "for sessions"])
async def test_while_redis_is_down_the_database_says_which_tokens_are_dead(
    clock: FrozenRuntime, in_redis: bool
) -> None:
    """S26, S86"""
    key_value = FallibleKeyValue(clock)
    options = some_options(session=SessionOptions(store_in_key_value=in_redis))
    auth = pair_auth(options=options, clock=clock, key_value=key_value)
    app = application(auth)

    async def works(pair: Pair) -> bool:
        answer = await caller.get("/app/me", headers=pair.bearer)
        assert answer.status_code in {200, 401}
        return answer.status_code == 200

    async with program(auth) as client, program(app, base="") as caller:
        living, left = await signed_up(client), await signed_up(client, "eve@example.com")
        banned, changed = [await signed_up(client, f"{name}@example.com") for name in ("bob", "cleo")]
        assert (await client.post("/logout", headers=left.bearer)).status_code == 204
        for pair, changes in ((banned, {BANNED: True}), (changed, {ROLE: "admin"})):
            user = await auth.services.users.by_id(pair.body["user"]["id"])
            assert user is not None
            await auth.services.users.change(user, changes)  # type: ignore[arg-type]  # fields by object
        for down in (False, True, False):
            key_value.is_down = down
            assert [await works(pair) for pair in (living, left, banned, changed)] == [
                True,
                False,
                False,
                False,
            ]


async def test_redis_for_limits_may_be_down_while_tokens_are_refreshed_and_given_back(
    clock: FrozenRuntime,
) -> None:
    """S86"""
    key_value = FallibleKeyValue(clock)
    auth = pair_auth(clock=clock, key_value=key_value)
    async with program(auth) as client:
        pair = await signed_up(client)
        key_value.is_down = True
        pair = await refreshed(client, pair.refresh)
        assert (await client.get("/me", headers=pair.bearer)).status_code == 200
        assert (await client.post("/logout", headers=pair.bearer)).status_code == 204
        assert (await client.get("/me", headers=pair.bearer)).status_code == 401


async def test_redis_for_sessions_that_is_down_stops_refreshing_and_rotates_nothing(
    clock: FrozenRuntime,
) -> None:
    """S86"""
    key_value = FallibleKeyValue(clock)
    options = some_options(session=SessionOptions(store_in_key_value=True))
    auth = pair_auth(options=options, clock=clock, key_value=key_value)
    async with program(auth) as client:
        pair = await signed_up(client)
        before = await families(auth)
        key_value.is_down = True
        assert (await refresh(client, pair.refresh)).status_code == 503
        assert (await client.get("/me", headers=pair.bearer)).status_code == 503
        key_value.is_down = False
        assert await families(auth) == before
        await refreshed(client, pair.refresh)


async def test_an_operator_hears_of_a_ban_that_did_not_reach_the_deny_list(clock: FrozenRuntime) -> None:
    """S86: to ban again then is enough."""
    key_value = FallibleKeyValue(clock)
    auth = pair_auth(clock=clock, key_value=key_value)
    async with Browser(auth) as browser:
        signed = await browser.sign_up()
    user = await auth.services.users.by_id(signed["user"]["id"])
    assert user is not None
    key_value.is_down = True
    with pytest.raises(StorageUnavailable):
        await auth.services.users.change(user, {BANNED: True})
    [banned] = await auth.services.store.rows(USER).all()
    assert banned[BANNED] is True
