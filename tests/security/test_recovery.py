"""S27 S72: who recovers an account by its mailbox is rid of everybody who was in it before."""

import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from ostiary import Auth, ChangeEmail, EmailAndPassword, Mailer, UserOptions
from ostiary.crypto.passwords import BoundedHasher
from ostiary.domain.models import USER, UserFields
from ostiary.domain.runtime import FrozenRuntime
from tests.builders import PASSWORD, Browser, cheap_hasher, some_auth, some_options
from tests.posting import SENDER, Postbox

NEW_PASSWORD = "the owner's own horse battery"
STOLEN = "a thief's own horse battery"


class Interrupted:
    """A hasher during whose next check something else happens."""

    def __init__(self, hasher: BoundedHasher) -> None:
        self._hasher = hasher
        self.meanwhile: Callable[[], Awaitable[None]] | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._hasher, name)

    async def verify(self, password: str, stored: str) -> bool:
        proved = await self._hasher.verify(password, stored)
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            await meanwhile()
        return proved


class Scene:
    """A server that mails, and what came."""

    def __init__(self, clock: FrozenRuntime) -> None:
        self.box = Postbox()
        self.hasher = Interrupted(cheap_hasher(clock))
        options = some_options(
            email_and_password=EmailAndPassword(enabled=True),
            user=UserOptions(change_email=ChangeEmail(enabled=True)),
        )
        mailer = Mailer(sender=SENDER, transport=self.box)
        self.auth: Auth = some_auth(options, clock, hasher=self.hasher, mailer=mailer)

    async def link(self, to: str) -> str:
        await self.auth.services.background.drain()
        assert self.auth.services.courier is not None
        await self.auth.services.courier.deliver_due()
        newest = [each for each in self.box.emails if each.to == to][-1]
        return re.findall(r"https?://\S+", newest.text)[-1].partition("/api/auth")[2]

    async def reset_link(self, owner: Browser) -> str:
        await owner.post("/request-password-reset", json={"email": "ada@example.com"})
        link = await self.link("ada@example.com")
        return link.removeprefix("/reset-password/").partition("?")[0]

    async def reset(self, owner: Browser, token: str) -> None:
        answer = await owner.post("/reset-password", json={"newPassword": NEW_PASSWORD, "token": token})
        assert answer.status_code == 200, answer.text


async def test_a_change_of_address_asked_for_before_the_reset_is_void(clock: FrozenRuntime) -> None:
    scene = Scene(clock)
    async with Browser(scene.auth) as squatter, Browser(scene.auth) as owner:
        await squatter.sign_up("ada@example.com")
        await squatter.post("/change-email", json={"newEmail": "eve@evil.test"})
        held = await scene.link("eve@evil.test")
        clock.advance(minutes=5)
        await scene.reset(owner, await scene.reset_link(owner))
        await squatter.get(held)
        users = await scene.auth.services.store.rows(USER).all(UserFields.EMAIL.equals("eve@evil.test"))
        assert users == []
        assert (await owner.sign_in("ada@example.com", NEW_PASSWORD)).status_code == 200


@pytest.mark.parametrize("revokes", [False, True])
async def test_a_change_of_password_under_way_does_not_undo_the_reset(
    clock: FrozenRuntime, *, revokes: bool
) -> None:
    scene = Scene(clock)
    async with Browser(scene.auth) as owner, Browser(scene.auth) as thief:
        await owner.sign_up()
        await thief.sign_in()
        clock.advance(minutes=5)
        token = await scene.reset_link(owner)
        scene.hasher.meanwhile = lambda: scene.reset(owner, token)
        body = {"currentPassword": PASSWORD, "newPassword": STOLEN, "revokeOtherSessions": revokes}
        assert (await thief.post("/change-password", json=body)).status_code == 400
        assert await thief.session() is None
        assert (await thief.sign_in(password=STOLEN)).status_code == 401
        assert (await owner.sign_in(password=NEW_PASSWORD)).status_code == 200


async def test_a_sign_in_under_way_does_not_outlive_the_reset(clock: FrozenRuntime) -> None:
    scene = Scene(clock)
    async with Browser(scene.auth) as owner, Browser(scene.auth) as thief:
        await owner.sign_up()
        clock.advance(minutes=5)
        token = await scene.reset_link(owner)
        scene.hasher.meanwhile = lambda: scene.reset(owner, token)
        assert (await thief.sign_in()).status_code == 401
        assert await thief.session() is None
