"""S26 S27: a sign-in under way does not outlive what takes the right to it away."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx2
import pytest

from ostiary import Auth, DatabaseHooks, EmailAndPassword, MailedLink, ModelHooks, SessionOptions
from ostiary.crypto.password_hashes.argon2 import Argon2
from ostiary.crypto.passwords import BoundedHasher
from ostiary.domain.audit import AUDIT_EVENT, AuditFields, Ended, EventKind
from ostiary.domain.entities import Account, Session, User
from ostiary.domain.models import ACCOUNT, SESSION, USER, AccountFields, SessionFields, UserFields
from ostiary.domain.roles import BAN_EXPIRES, BAN_REASON, BANNED
from ostiary.domain.runtime import FrozenRuntime
from ostiary.domain.schema import Changes
from ostiary.options import AuditOptions
from ostiary.plugins import Admin, Jwt, Tokens
from ostiary.storage.memory import MemoryKeyValue
from tests.builders import PASSWORD, Browser, code_of
from tests.identity_provider import Detour, identity_provider
from tests.security.conftest import Place
from tests.security.surface import surface_options
from tests.social import arrive, depart, outcome, social_providers

NEW_PASSWORD = "the owner's own horse battery"
KEPT = {
    "table": SessionOptions(),
    "key-value": SessionOptions(store_in_key_value=True),
    "both": SessionOptions(store_in_key_value=True, store_session_in_database=True),
}


class Scene:
    """A server, its owner who is signed in, and the moment between the judgement and the session."""

    def __init__(self, owner: Browser, auth: Auth, links: list[MailedLink], user: User) -> None:
        self.owner, self.auth, self.user = owner, auth, user
        self._links = links
        self.token = ""

    async def reset(self) -> None:
        answer = await self.owner.post(
            "/reset-password", json={"newPassword": NEW_PASSWORD, "token": self.token}
        )
        assert answer.status_code == 200, answer.text

    async def change(self) -> None:
        body = {"currentPassword": PASSWORD, "newPassword": NEW_PASSWORD, "revokeOtherSessions": True}
        answer = await self.owner.post("/change-password", json=body)
        assert answer.status_code == 200, answer.text

    async def ban(self) -> None:
        users, ban = self.auth.services.users, {BANNED: True, BAN_REASON: "spam", BAN_EXPIRES: None}
        await users.change(self.user, ban)
        await self.auth.services.sessions.revoke_all(self.user.id, Ended.BANNED)

    async def delete(self) -> None:
        await self.auth.services.users.delete(self.user)

    async def mail_reset(self) -> None:
        await self.owner.post("/request-password-reset", json={"email": self.user.email})
        await self.auth.services.background.drain()
        self.token = self._links[-1].token


class Moment:
    """A hook before a session is made, in which something else happens."""

    def __init__(self) -> None:
        self.meanwhile: Callable[[], Awaitable[None]] | None = None

    async def __call__(self, session: Session) -> Session:
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            await meanwhile()
        return session


@pytest.fixture
def moment() -> Moment:
    return Moment()


@pytest.fixture(params=KEPT)
async def scene(
    request: pytest.FixtureRequest, place: Place, clock: FrozenRuntime, moment: Moment
) -> AsyncIterator[Scene]:
    links: list[MailedLink] = []

    async def receive(link: MailedLink) -> None:
        links.append(link)

    options = surface_options(
        session=KEPT[request.param],
        email_and_password=EmailAndPassword(enabled=True, send_reset_password=receive),
    )
    key_value = None if request.param == "table" else MemoryKeyValue(clock)
    hooks = DatabaseHooks(session=ModelHooks(before_create=moment))
    auth = await place.open(options, clock, key_value=key_value, database_hooks=hooks)
    async with Browser(auth) as owner:
        await owner.sign_up()
        clock.advance(minutes=5)
        user = await auth.services.users.by_email("ada@example.com")
        assert user is not None
        scene = Scene(owner, auth, links, user)
        await scene.mail_reset()
        yield scene


async def unbanned(scene: Scene) -> None:
    """A ban must have ended the session, not hidden it until the ban is over."""
    if await scene.auth.services.users.by_id(scene.user.id) is not None:
        await scene.auth.services.users.change(scene.user, {BANNED: False})


ACTS = ["reset", "change", "ban", "delete"]


@pytest.mark.parametrize("act", ACTS)
async def test_what_happens_after_the_judgement_keeps_the_session_from_being(
    scene: Scene, moment: Moment, act: str
) -> None:
    """S27: the password was right when it was looked at, and is not when the session would start."""
    async with Browser(scene.auth) as thief:
        moment.meanwhile = getattr(scene, act)
        answer = await thief.sign_in()
        assert (answer.status_code, code_of(answer)) == (401, "INVALID_EMAIL_OR_PASSWORD")
        assert thief.cookie() is None
    await unbanned(scene)
    left = await scene.auth.services.sessions.of_user(scene.user.id)
    assert [each.token for each in left] == ([left[0].token] if act == "change" else [])


@pytest.mark.parametrize("act", ACTS)
async def test_what_waits_for_a_session_under_way_ends_it(
    scene: Scene, act: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S27: the session starts before the password is reset, and so it ends by that."""
    key_value, rows = scene.auth.services.key_value, scene.auth.services.sessions.store
    where, name = (rows, "insert") if key_value is None else (key_value, "set")
    write, began, let_go = getattr(where, name), asyncio.Event(), asyncio.Event()

    async def paused(*args: Any, **named: Any) -> Any:
        monkeypatch.undo()
        began.set()
        await let_go.wait()
        return await write(*args, **named)

    monkeypatch.setattr(where, name, paused)
    async with Browser(scene.auth) as thief:
        signing_in = asyncio.create_task(thief.sign_in())
        await began.wait()
        acting = asyncio.create_task(getattr(scene, act)())
        await asyncio.sleep(0.2)
        assert not acting.done()
        let_go.set()
        await acting
        assert (await signing_in).status_code == 200
        await unbanned(scene)
        assert await thief.session() is None


async def test_a_hash_that_another_sign_in_renews_meanwhile_keeps_nobody_out(
    scene: Scene, moment: Moment
) -> None:
    rows = scene.auth.services.store.rows(ACCOUNT)

    async def renew() -> None:
        renewed = await scene.auth.services.passwords.hash(PASSWORD)
        await rows.update({AccountFields.PASSWORD: renewed}, AccountFields.USER_ID.equals(scene.user.id))

    async with Browser(scene.auth) as another:
        moment.meanwhile = renew
        assert (await another.sign_in()).status_code == 200
        assert await another.session() is not None


class SlowHasher(BoundedHasher):
    """Lets something happen while a password is checked."""

    meanwhile: Callable[[], Awaitable[object]] | None = None

    async def verify(self, password: str, stored: str) -> bool:
        proved = await super().verify(password, stored)
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            await meanwhile()
        return proved


@pytest.mark.parametrize("way", ["cookie", "tokens"])
async def test_a_sign_in_that_came_too_late_is_recorded(
    tmp_path: Path, clock: FrozenRuntime, way: str
) -> None:
    """S88: also where the transaction that would have begun the tokens is undone."""
    options = surface_options(audit=AuditOptions(enabled=True))
    hasher = SlowHasher(clock, Argon2(memory=8, iterations=1, parallelism=1))
    place = Place(f"sqlite:///{tmp_path}/auth.db")
    auth = await place.open(options, clock, hasher=hasher, plugins=[Admin(), Jwt(), Tokens()])
    async with AsyncExitStack() as stack:
        stack.push_async_callback(place.close)
        browser = await stack.enter_async_context(Browser(auth))
        user = (await browser.sign_up())["user"]
        found = await auth.services.users.by_id(user["id"])
        assert found is not None

        async def ban() -> None:
            await auth.services.users.change(found, {BANNED: True})

        hasher.meanwhile = ban
        path = "/sign-in/email" if way == "cookie" else "/login"
        answer = await browser.post(path, json={"email": "ada@example.com", "password": PASSWORD})
        assert answer.status_code == 401, answer.text
        refused = AuditFields.KIND.equals(EventKind.SIGN_IN_REFUSED)
        [event] = await auth.services.store.rows(AUDIT_EVENT).all(refused)
        assert (event.user_id, event.reason) == (user["id"], "barred meanwhile")


async def test_a_first_password_that_is_set_during_a_reset_makes_no_second_account(
    place: Place, clock: FrozenRuntime
) -> None:
    """S27: a second account with a password would be a way in that no reset closes."""
    links: list[MailedLink] = []

    async def receive(link: MailedLink) -> None:
        links.append(link)

    async def dawdle(account: Account) -> Account:
        await asyncio.sleep(0.2)
        return account

    settings = EmailAndPassword(enabled=True, send_reset_password=receive, newest_reset_link_only=False)
    hooks = DatabaseHooks(account=ModelHooks(before_create=dawdle))
    auth = await place.open(surface_options(email_and_password=settings), clock, database_hooks=hooks)
    async with Browser(auth) as browser:
        user = await auth.services.users.by_id((await browser.sign_up())["user"]["id"])
        assert user is not None
        mine = AccountFields.USER_ID.equals(user.id)
        await auth.services.store.rows(ACCOUNT).delete(mine)
        for _ in range(2):
            await browser.post("/request-password-reset", json={"email": user.email})
        await auth.services.background.drain()
    resets = [auth.services.mail_flows.reset.reset(link.token, NEW_PASSWORD) for link in links]
    await asyncio.gather(*resets, auth.services.users.set_first_password(user, "hash"))
    assert await auth.services.store.rows(ACCOUNT).count(mine) == 1


@pytest.mark.parametrize("what", ["account", "user"])
async def test_nobody_comes_in_by_an_account_that_is_gone(
    place: Place, clock: FrozenRuntime, moment: Moment, what: str
) -> None:
    """S72: a reset by the owner unlinks whoever squatted the address, and may be on the way in."""
    async with AsyncExitStack() as stack:
        provider = stack.enter_context(identity_provider(clock))
        options = surface_options(social_providers=social_providers(provider))
        hooks = DatabaseHooks(session=ModelHooks(before_create=moment))
        auth = await place.open(options, clock, http_client=Detour(provider), database_hooks=hooks)
        browser = await stack.enter_async_context(Browser(auth))

        async def come_in() -> httpx2.Response:
            return await arrive(browser, await depart(browser))

        await come_in()
        [user_id] = [each.user_id for each in await auth.services.store.rows(SESSION).all()]
        user = await auth.services.users.by_id(user_id)
        assert user is not None

        async def unlink() -> None:
            async with auth.services.store.transaction() as tables:
                await auth.services.users.unlink_providers(user, tables)
            await auth.services.sessions.revoke_all(user_id)

        moment.meanwhile = unlink if what == "account" else lambda: auth.services.users.delete(user)
        answer = await come_in()
        assert "FAILED_TO_CREATE_SESSION" in answer.text + answer.headers.get("location", "")
        left = await auth.services.store.rows(SESSION).all(SessionFields.USER_ID.equals(user_id))
        assert left == []


async def test_of_several_first_passwords_only_one_is_set(place: Place, clock: FrozenRuntime) -> None:
    """S27: a second account with a password would be a way in that no reset closes."""

    async def dawdle(account: Account) -> Account:
        await asyncio.sleep(0.2)
        return account

    hooks = DatabaseHooks(account=ModelHooks(before_create=dawdle))
    auth = await place.open(surface_options(), clock, database_hooks=hooks)
    async with Browser(auth) as browser:
        user = await auth.services.users.by_id((await browser.sign_up())["user"]["id"])
    assert user is not None
    mine = AccountFields.USER_ID.equals(user.id)
    await auth.services.store.rows(ACCOUNT).delete(mine)
    setting = [auth.services.users.set_first_password(user, f"hash {n}") for n in range(3)]
    assert sorted(await asyncio.gather(*setting)) == [False, False, True]
    assert await auth.services.store.rows(ACCOUNT).count(mine) == 1


async def test_an_account_that_is_unlinked_while_its_tokens_are_kept_leads_nowhere(
    place: Place, clock: FrozenRuntime
) -> None:
    """S72: what the provider hands out is for an account that is no more."""
    unlinking = False

    async def unlink(changes: Changes) -> Changes:
        if unlinking:
            await auth.services.store.rows(ACCOUNT).delete(AccountFields.PROVIDER_ID.equals("openid"))
        return changes

    with identity_provider(clock) as provider:
        options = surface_options(social_providers=social_providers(provider))
        hooks = DatabaseHooks(account=ModelHooks(before_update=unlink))
        auth = await place.open(options, clock, http_client=Detour(provider), database_hooks=hooks)
        async with Browser(auth) as browser:
            await arrive(browser, await depart(browser))
            unlinking = True
            answer = await arrive(browser, await depart(browser))
    assert outcome(answer) == "/oh?error=unable_to_link_account"


@pytest.mark.parametrize("overrides", [False, True])
async def test_a_provider_proves_no_address_that_the_user_takes_meanwhile(
    place: Place, clock: FrozenRuntime, *, overrides: bool
) -> None:
    """S70: its proof is of the address it names, and is no reason to bring that back."""
    taken: list[str] = []

    async def take(changes: Changes) -> Changes:
        if UserFields.EMAIL_VERIFIED in changes and not taken:
            taken.append("grace@example.com")
            users = auth.services.store.rows(USER)
            await users.update({UserFields.EMAIL: taken[0]}, UserFields.EMAIL.equals("ada@example.com"))
        return changes

    with identity_provider(clock) as provider:
        of_each = {"override_user_info_on_sign_in": overrides}
        options = surface_options(social_providers=social_providers(provider, **of_each))
        hooks = DatabaseHooks(user=ModelHooks(before_update=take))
        auth = await place.open(options, clock, http_client=Detour(provider), database_hooks=hooks)
        users = auth.services.store.rows(USER)
        async with Browser(auth) as browser:
            taken.append("nothing yet")
            await arrive(browser, await depart(browser))
            await users.update({UserFields.EMAIL_VERIFIED: False}, UserFields.EMAIL.equals("ada@example.com"))
            taken.clear()
            await arrive(browser, await depart(browser))
    [user] = await users.all()
    assert (user.email, user.email_verified) == ("grace@example.com", False)
