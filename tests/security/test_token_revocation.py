"""Whatever happens to a session or its user reaches every credential at once: event, credential, route."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from ostiary import Auth, DeleteUser, SessionOptions, UserOptions
from ostiary.crypto.signing import sign
from ostiary.domain.models import ID, SESSION, USER
from ostiary.domain.roles import BAN_EXPIRES, BANNED, ROLE
from ostiary.domain.runtime import FrozenRuntime
from ostiary.plugins import Admin, Bearer, Tokens
from ostiary.storage.memory import MemoryKeyValue
from tests.builders import DAY, PASSWORD, SESSION_COOKIE, Browser, some_options
from tests.pairs import EMAIL, Pair, application, bearer, pair_auth, program, refresh, refreshed, signed_up
from tests.security.test_token_services import SERVICES, TASKS

NEW_PASSWORD = "another horse battery"


@dataclass
class Scene:
    """A person whose every credential was copied before something happened."""

    auth: Auth
    clock: FrozenRuntime
    client: Browser
    owner: Browser
    pair: Pair
    session_token: str

    @property
    def user_id(self) -> str:
        return str(self.pair.body["user"]["id"])

    async def change(self, changes: Any) -> None:
        """Change the user as an administrator would."""
        user = await self.auth.services.users.by_id(self.user_id)
        assert user is not None
        await self.auth.services.users.change(user, changes)

    def presented(self) -> dict[str, dict[str, str]]:
        """Return the headers of every credential that goes into headers."""
        signed = sign(self.session_token, self.auth.services.session_cookies.keyring)
        return {
            "cookie": {"cookie": f"{SESSION_COOKIE}={signed}", "origin": "http://auth.test"},
            "bearer": bearer(signed),
            "access": self.pair.bearer,
        }

    async def alive(self) -> dict[str, bool]:
        """Tell of every credential at every route whether it is believed."""
        found: dict[str, bool] = {}
        for name, headers in self.presented().items():
            for path in ("/api/auth/get-session", "/app/me", "/app/admin"):
                answer = await self.client.get(path, headers=headers)
                assert answer.status_code in {200, 401, 403}, answer.text
                found[f"{name} {path.rpartition('/')[2]}"] = (
                    answer.status_code == 200 and answer.json() is not None
                )
        for path in ("/api/auth/me", "/api/v1/auth/me"):
            found[f"access {path}"] = await self._is_ok(path, self.pair.bearer)
        found["access introspect"] = await self._is_active(self.pair.access, "access_token")
        found["refresh introspect"] = await self._is_active(self.pair.refresh, "refresh_token")
        return found

    async def _is_ok(self, path: str, headers: dict[str, str]) -> bool:
        return (await self.client.get(path, headers=headers)).status_code == 200

    async def _is_active(self, token: str, hint: str) -> bool:
        form = {"token": token, "token_type_hint": hint}
        answer = await self.client.post("/api/auth/introspect", data=form, headers=TASKS)
        return bool(answer.json()["active"])

    async def refreshing(self) -> int:
        body = {"refresh_token": self.pair.refresh}
        return (await self.client.post("/api/auth/refresh", json=body)).status_code


@pytest.fixture(params=["database", "redis", "database, deny list in redis"])
async def scene(request: pytest.FixtureRequest, clock: FrozenRuntime) -> AsyncIterator[Scene]:
    """Return an administrator with a session that has tokens, and another one to act from."""
    key_value = None if request.param == "database" else MemoryKeyValue(clock)
    options = some_options(
        session=SessionOptions(store_in_key_value=request.param == "redis"),
        user=UserOptions(delete_user=DeleteUser(enabled=True)),
    )
    others = (Admin(default_role="admin"), Bearer())
    auth = pair_auth(Tokens(services=SERVICES), options, clock, others=others, key_value=key_value)
    app = application(auth)
    async with program(app, base="") as client, Browser(app) as owner:
        async with program(auth) as direct:
            pair = await signed_up(direct)
        session = (await client.get("/api/auth/get-session", headers=pair.bearer)).json()["session"]
        await owner.sign_in()
        scene = Scene(auth, clock, client, owner, pair, session["token"])
        assert set((await scene.alive()).values()) == {True}
        yield scene
    await auth.close()


async def ban(scene: Scene) -> None:
    await scene.change({BANNED: True})


async def ban_for_a_day(scene: Scene) -> None:
    await scene.change({BANNED: True, BAN_EXPIRES: scene.clock.now() + DAY})


async def delete_by_owner(scene: Scene) -> None:
    assert (await scene.owner.post("/delete-user", json={"password": PASSWORD})).status_code == 200


async def delete_by_operator(scene: Scene) -> None:
    user = await scene.auth.services.users.by_id(scene.user_id)
    assert user is not None
    await scene.auth.services.users.delete(user)


async def change_password(scene: Scene) -> None:
    body = {"currentPassword": PASSWORD, "newPassword": NEW_PASSWORD, "revokeOtherSessions": True}
    assert (await scene.owner.post("/change-password", json=body)).status_code == 200


async def revoke_session(scene: Scene) -> None:
    assert (await scene.owner.post("/revoke-session", json={"token": scene.session_token})).status_code == 200


async def revoke_other_sessions(scene: Scene) -> None:
    assert (await scene.owner.post("/revoke-other-sessions")).status_code == 200


async def revoke_sessions(scene: Scene) -> None:
    assert (await scene.owner.post("/revoke-sessions")).status_code == 200


async def log_out_by_access_token(scene: Scene) -> None:
    assert (await scene.client.post("/api/auth/logout", headers=scene.pair.bearer)).status_code == 204


async def log_out_by_refresh_token(scene: Scene) -> None:
    body = {"refresh_token": scene.pair.refresh}
    assert (await scene.client.post("/api/auth/logout", json=body)).status_code == 204


async def log_out_of_the_envelope(scene: Scene) -> None:
    assert (await scene.client.post("/api/v1/auth/logout", headers=scene.pair.bearer)).status_code == 200


async def sign_out_by_cookie(scene: Scene) -> None:
    headers = scene.presented()["cookie"]
    assert (await scene.client.post("/api/auth/sign-out", headers=headers)).status_code == 200


async def revoke_by_service(scene: Scene) -> None:
    form = {"token": scene.pair.access}
    assert (await scene.client.post("/api/auth/revoke", data=form, headers=TASKS)).status_code == 200


async def reuse(scene: Scene) -> None:
    used = scene.pair.refresh
    body = {"refresh_token": used}
    assert (await scene.client.post("/api/auth/refresh", json=body)).status_code == 200
    scene.clock.advance(seconds=10)
    assert (await scene.client.post("/api/auth/refresh", json=body)).status_code == 401


ENDS = [
    ban,
    ban_for_a_day,
    delete_by_owner,
    delete_by_operator,
    change_password,
    revoke_session,
    revoke_other_sessions,
    revoke_sessions,
    log_out_by_access_token,
    log_out_by_refresh_token,
    log_out_of_the_envelope,
    sign_out_by_cookie,
    revoke_by_service,
    reuse,
]


@pytest.mark.parametrize("event", ENDS, ids=lambda event: event.__name__)
async def test_what_ends_a_session_ends_every_credential_of_it_at_once(
    scene: Scene, event: Callable[[Scene], Awaitable[None]]
) -> None:
    """S25, S26, S27"""
    await event(scene)
    assert {name for name, alive in (await scene.alive()).items() if alive} == set()
    assert await scene.refreshing() == (403 if event in {ban, ban_for_a_day} else 401)


async def test_an_unban_brings_the_credentials_back(scene: Scene) -> None:
    """S26"""
    await ban(scene)
    await scene.change({BANNED: False})
    assert set((await scene.alive()).values()) == {True}
    assert await scene.refreshing() == 200


async def test_a_ban_that_is_over_needs_nobody_to_lift_it(scene: Scene) -> None:
    """S26"""
    await scene.change({BANNED: True, BAN_EXPIRES: scene.clock.now() + DAY / 200})
    assert set((await scene.alive()).values()) == {False}
    scene.clock.advance(DAY / 200)
    assert set((await scene.alive()).values()) == {True}


async def test_a_role_change_kills_what_tells_the_old_role_and_shows_in_what_asks_the_store(
    scene: Scene,
) -> None:
    """S26"""
    await scene.change({ROLE: "user"})
    alive = await scene.alive()
    believed = {name for name, is_alive in alive.items() if is_alive}
    assert believed == {
        *("cookie get-session", "cookie me", "bearer get-session", "bearer me"),
        # read from the store, which knows the new role
        *("access get-session", "access /api/auth/me", "access /api/v1/auth/me", "refresh introspect"),
    }
    me = await scene.client.get("/api/auth/me", headers=scene.pair.bearer)
    assert me.json()["role"] == "user"
    body = {"refresh_token": scene.pair.refresh}
    pair = Pair.of(await scene.client.post("/api/auth/refresh", json=body))
    assert (await scene.client.get("/app/me", headers=pair.bearer)).status_code == 200
    assert (await scene.client.get("/app/admin", headers=pair.bearer)).status_code == 403


async def test_a_new_password_alone_ends_nothing(scene: Scene) -> None:
    body = {"currentPassword": PASSWORD, "newPassword": NEW_PASSWORD}
    assert (await scene.owner.post("/change-password", json=body)).status_code == 200
    assert set((await scene.alive()).values()) == {True}


async def test_a_role_that_another_program_changes_does_not_lock_anybody_out(clock: FrozenRuntime) -> None:
    """S26: the note of an earlier change must not speak of later tokens."""
    auth = pair_auth(clock=clock)
    app = application(auth)
    async with program(auth) as direct, program(app, base="") as client:
        pair = await signed_up(direct)
        await direct.post("/update-user", json={"name": "Countess"}, headers=pair.bearer)
        clock.advance(minutes=5)
        await auth.services.store.rows(USER).update({ROLE: "admin"}, ID.equals(pair.body["user"]["id"]))
        pair = await refreshed(direct, pair.refresh)
        assert (await client.get("/app/admin", headers=pair.bearer)).status_code == 200


async def test_another_persons_ban_ends_nothing(scene: Scene) -> None:
    async with program(scene.auth) as direct:
        eve = await signed_up(direct, "eve@example.com")
    user = await scene.auth.services.users.by_id(eve.body["user"]["id"])
    assert user is not None
    await scene.auth.services.users.change(user, {BANNED: True})
    assert set((await scene.alive()).values()) == {True}


async def test_more_sessions_than_are_listed_are_denied_all_at_once(clock: FrozenRuntime) -> None:
    """S26: a hundred are listed, all of them end."""
    for session in (SessionOptions(), SessionOptions(store_in_key_value=True)):
        kept = MemoryKeyValue(clock) if session.store_in_key_value else None
        auth = pair_auth(options=some_options(session=session), clock=clock, key_value=kept)
        app = application(auth)
        async with program(auth) as direct, program(app, base="") as client:
            pairs = [await signed_up(direct)]
            for _ in range(120):
                body = {"email": EMAIL, "password": PASSWORD}
                pairs.append(Pair.of(await direct.post("/login", json=body)))
            answer = await direct.post("/revoke-other-sessions", headers=pairs[-1].bearer)
            assert answer.status_code == 200
            statuses = [(await client.get("/app/me", headers=pair.bearer)).status_code for pair in pairs]
        assert statuses == [401] * 120 + [200]


async def test_a_session_row_that_somebody_deletes_takes_its_tokens_along(clock: FrozenRuntime) -> None:
    auth = pair_auth(clock=clock)
    async with program(auth) as client:
        pair = await signed_up(client)
        await auth.services.store.rows(SESSION).delete(ID.differs("nobody"))
        for answer in (await client.get("/me", headers=pair.bearer), await refresh(client, pair.refresh)):
            assert isinstance(answer, httpx2.Response)
            assert answer.status_code == 401


async def test_a_disabled_account_is_told_so_in_the_words_of_the_ban(clock: FrozenRuntime) -> None:
    auth = pair_auth(clock=clock, others=(Admin(banned_user_message="Not today."),))
    async with program(auth) as client:
        pair = await signed_up(client)
        user = await auth.services.users.by_id(pair.body["user"]["id"])
        assert user is not None
        await auth.services.users.change(user, {BANNED: True})
        login = {"email": EMAIL, "password": PASSWORD}
        for answer in (
            await client.get("/me", headers=pair.bearer),
            await refresh(client, pair.refresh),
            await client.post("/login", json=login),
        ):
            assert (answer.status_code, answer.json()) == (
                403,
                {"detail": "Not today.", "code": "ACCOUNT_DISABLED"},
            )
        await auth.services.users.change(user, {BANNED: False})
        await refreshed(client, pair.refresh)


class SlowKeyValue(MemoryKeyValue):
    """Lets something happen before a key is written, once."""

    before: tuple[str, Callable[[], Awaitable[object]]] | None = None

    async def set(self, key: str, value: str, ttl: timedelta | None = None) -> None:
        if self.before is not None and self.before[0] == key:
            (_, happening), self.before = self.before, None
            await happening()
        await super().set(key, value, ttl)


@pytest.mark.parametrize("meanwhile", ["role", "deletion"])
async def test_what_is_noted_of_a_user_is_what_the_row_says_whoever_races(
    clock: FrozenRuntime, meanwhile: str
) -> None:
    """S28: two changes are noted in the wrong order, and the older note would keep the newer role out."""
    kept = SlowKeyValue(clock)
    auth = pair_auth(clock=clock, key_value=kept)
    users = auth.services.users
    async with Browser(auth) as browser:
        user = await users.by_id((await browser.sign_up())["user"]["id"])
    assert user is not None

    async def happening() -> None:
        if meanwhile == "role":
            await users.change(user, {ROLE: "admin"})
        else:
            await users.delete(user)

    key = f"token-user:{user.id}"
    kept.before = (key, happening)
    await users.change(user, {ROLE: "user"})
    note = json.loads(await kept.get(key) or "")
    expected = ("admin", False) if meanwhile == "role" else (None, True)
    assert (note["role"], note["barred"]) == expected
    await auth.close()
