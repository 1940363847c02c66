"""Roles and bans."""

from datetime import timedelta

from ostiary import Auth
from ostiary.domain.models import ID, USER
from ostiary.domain.roles import BAN_EXPIRES, BANNED, roles_of
from ostiary.domain.runtime import FrozenRuntime
from ostiary.plugins import Admin
from tests.builders import Browser, code_of, some_auth


async def ban(auth: Auth, user_id: str, **changes: object) -> None:
    rows = auth.services.store.rows(USER)
    await rows.update({BANNED: True, **changes}, ID.equals(user_id))  # type: ignore[dict-item]  # fields by object


async def test_everybody_starts_with_the_default_role() -> None:
    auth = some_auth(plugins=[Admin(default_role="member")])
    async with Browser(auth) as browser:
        signed_up = await browser.sign_up()
        assert signed_up["user"]["role"] == "member"
        user = await auth.services.users.by_id(signed_up["user"]["id"])
        assert user is not None
        assert roles_of(user) == {"member"}


async def test_nobody_gives_themselves_a_role() -> None:
    """S62."""
    async with Browser(some_auth(plugins=[Admin()])) as browser:
        body = {
            "name": "Eve",
            "email": "eve@example.com",
            "password": "Correct horse battery 7",
            "role": "admin",
        }
        answer = await browser.post("/sign-up/email", json=body)
        assert code_of(answer) == "FIELD_NOT_ALLOWED"
        await browser.sign_up("eve@example.com")
        assert code_of(await browser.post("/update-user", json={"role": "admin"})) == "FIELD_NOT_ALLOWED"


async def test_a_ban_ends_sessions_and_refuses_sign_in_until_it_expires(clock: FrozenRuntime) -> None:
    """S26."""
    auth = some_auth(clock=clock, plugins=[Admin()])
    async with Browser(auth) as browser:
        signed_up = await browser.sign_up()
        await ban(auth, signed_up["user"]["id"])
        assert await browser.session() is None
        answer = await browser.sign_in()
        assert (answer.status_code, code_of(answer)) == (403, "BANNED_USER")
        rows = auth.services.store.rows(USER)
        await rows.update({BAN_EXPIRES: clock.now() + timedelta(hours=1)}, ID.equals(signed_up["user"]["id"]))
        assert (await browser.sign_in()).status_code == 403
        clock.advance(hours=1)
        assert (await browser.sign_in()).status_code == 200
