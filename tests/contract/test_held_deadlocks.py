"""Whoever changes a password, signs in or is deleted at the same time waits for the others in one order."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from ostiary import Auth, DatabaseHooks, EmailAndPassword, MailedLink, ModelHooks
from ostiary.domain.entities import Session
from ostiary.domain.runtime import SystemRuntime
from ostiary.storage.sql import SqlStore
from tests.builders import PASSWORD, Browser, some_options
from tests.contract.places import Place
from tests.pairs import pair_auth

NEW_PASSWORD = "another horse battery"


class Scene:
    """A server whose owner is signed in, and what begins when sessions are about to be ended."""

    def __init__(self) -> None:
        self.links: list[MailedLink] = []
        self.begin: Callable[[], Awaitable[Any]] | None = None
        self.begun: list[asyncio.Task[Any]] = []

    async def receive(self, link: MailedLink) -> None:
        self.links.append(link)

    async def meanwhile(self, _: Session) -> None:
        begin, self.begin = self.begin, None
        if begin is not None:
            self.begun.append(asyncio.ensure_future(begin()))
            await asyncio.sleep(0.5)


@pytest.fixture
def scene() -> Scene:
    return Scene()


@pytest.fixture
async def auth(sql_place: Place, scratch: Callable[[Place, str], str], scene: Scene) -> AsyncIterator[Auth]:
    options = some_options(
        email_and_password=EmailAndPassword(enabled=True, send_reset_password=scene.receive)
    )
    hooks = DatabaseHooks(session=ModelHooks(before_delete=scene.meanwhile))
    url = scratch(sql_place, "held")
    auth = pair_auth(options=options, clock=SystemRuntime(), database=url, database_hooks=hooks)
    assert isinstance(auth.services.store, SqlStore)
    await auth.services.store.create_tables()
    yield auth
    await auth.close()


@pytest.mark.parametrize("act", ["change", "reset"])
@pytest.mark.parametrize("other", ["sign-in", "deletion"])
async def test_nothing_stands_in_the_way_of_a_new_password(
    auth: Auth, scene: Scene, act: str, other: str
) -> None:
    """S27: nobody who knows the old password keeps it alive by what they do at the same time."""
    async with Browser(auth) as owner, Browser(auth) as thief:
        await owner.sign_up()
        user = await auth.services.users.by_email("ada@example.com")
        assert user is not None
        await owner.post("/request-password-reset", json={"email": user.email})
        await auth.services.background.drain()
        path, body = {
            "change": ("/change-password", {"currentPassword": PASSWORD, "revokeOtherSessions": True}),
            "reset": ("/reset-password", {"token": scene.links[-1].token}),
        }[act]
        scene.begin = thief.sign_in if other == "sign-in" else lambda: auth.services.users.delete(user)
        answer = await owner.post(path, json={"newPassword": NEW_PASSWORD, **body})
        [late] = await asyncio.gather(*scene.begun)
        assert answer.status_code == 200, answer.text
        if other == "sign-in":
            assert late.status_code == 401
        else:
            assert await auth.services.users.by_email(user.email) is None
