"""The application has the last word on who becomes a user, gets an account, or comes again by a provider."""

from typing import Any

import pytest

from ostiary import Auth, UserCheck, UserOptions, UserRefused
from ostiary.domain.models import ACCOUNT, USER, UserFields
from ostiary.domain.runtime import FrozenRuntime
from tests.builders import PASSWORD, Browser, code_of, some_auth, some_options
from tests.identity_provider import IdentityProvider
from tests.social import ADA, arrive, depart, link, outcome, social_auth

REFUSED = "/oh?error=not_ours&error_description=Only+people+of+example.com"


class Doorkeeper:
    """Lets people of one domain in, and remembers whom it was asked about."""

    def __init__(self) -> None:
        self.asked: list[UserCheck] = []
        self.fails = False

    async def __call__(self, newcomer: UserCheck) -> UserRefused | None:
        self.asked.append(newcomer)
        if self.fails:
            raise LookupError("the directory of members does not answer")
        if str(newcomer.user["email"]).endswith("@example.com"):
            return None
        return UserRefused(error="not_ours", description="Only people of example.com")

    @property
    def acts(self) -> list[tuple[str, str]]:
        return [(each.action, each.method) for each in self.asked]


@pytest.fixture
def door() -> Doorkeeper:
    return Doorkeeper()


def guarded(provider: IdentityProvider, clock: FrozenRuntime, door: Doorkeeper, **changes: Any) -> Auth:
    return social_auth(provider, clock, user=UserOptions(validate_user_info=door), **changes)


async def test_a_sign_up_by_password_is_asked_about(clock: FrozenRuntime, door: Doorkeeper) -> None:
    auth = some_auth(some_options(user=UserOptions(validate_user_info=door)), clock)
    async with Browser(auth) as browser:
        await browser.sign_up("ada@example.com")
        body = {"name": "Eve", "email": "eve@evil.example", "password": PASSWORD}
        answer = await browser.post("/sign-up/email", json=body)
        assert (answer.status_code, answer.json()["message"]) == (403, "Only people of example.com")
        assert code_of(answer) == "not_ours"
    assert await auth.services.store.rows(USER).count() == 1
    assert door.acts == [("create-user", "email-password")] * 2
    assert door.asked[0].user["name"] == "Ada"
    await auth.close()


async def test_what_cannot_be_said_is_a_no(clock: FrozenRuntime, door: Doorkeeper) -> None:
    door.fails = True
    auth = some_auth(some_options(user=UserOptions(validate_user_info=door)), clock)
    async with Browser(auth) as browser:
        body = {"name": "Ada", "email": "ada@example.com", "password": PASSWORD}
        answer = await browser.post("/sign-up/email", json=body)
        assert (answer.status_code, code_of(answer)) == (403, "validation_failed")
    assert await auth.services.store.rows(USER).count() == 0
    await auth.close()


async def test_a_stranger_and_whoever_comes_again_are_asked_about(
    provider: IdentityProvider, clock: FrozenRuntime, door: Doorkeeper
) -> None:
    auth = guarded(provider, clock, door)
    async with Browser(auth) as browser:
        assert outcome(await arrive(browser, await depart(browser))) == "/in signed in"
        moved = {**ADA, "email": "ada@evil.example"}
        await browser.post("/sign-out")
        assert outcome(await arrive(browser, await depart(browser), **moved)) == REFUSED
        assert await browser.session() is None
        stranger = {**moved, "sub": "2"}
        assert outcome(await arrive(browser, await depart(browser), **stranger)) == REFUSED
    assert await auth.services.store.rows(USER).count() == 1
    assert door.acts == [("create-user", "oauth"), ("sign-in", "oauth"), ("create-user", "oauth")]
    assert door.asked[0].provider_id == "openid"
    assert door.asked[1].profile["email"] == "ada@evil.example", "as it is now, not as it was kept"
    assert door.asked[1].user["id"]
    await auth.close()


async def test_an_account_for_a_user_is_asked_about(
    provider: IdentityProvider, clock: FrozenRuntime, door: Doorkeeper
) -> None:
    auth = guarded(provider, clock, door)
    async with Browser(auth) as browser, Browser(auth) as other:
        await browser.sign_up("ada@example.com")
        evil = {**ADA, "email": "ada@evil.example"}
        assert outcome(await arrive(browser, await link(browser), **evil)) == REFUSED
        assert await auth.services.store.rows(ACCOUNT).count() == 1
        await auth.services.store.rows(USER).update(
            {UserFields.EMAIL_VERIFIED: True}, UserFields.EMAIL.equals("ada@example.com")
        )
        assert outcome(await arrive(other, await depart(other))) == "/in signed in"
    assert door.acts[1:] == [("link-account", "oauth")] * 2
    await auth.close()


async def test_whom_the_server_refuses_nobody_is_asked_about(
    provider: IdentityProvider, clock: FrozenRuntime, door: Doorkeeper
) -> None:
    auth = guarded(provider, clock, door, of_each={"disable_sign_up": True})
    async with Browser(auth) as browser:
        assert outcome(await arrive(browser, await depart(browser))) == "/oh?error=signup_disabled"
    assert door.asked == []
    await auth.close()
