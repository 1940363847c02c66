"""Hooks of the application and of plugins: before and after every endpoint and every write."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import pytest

from ostiary import (
    ANY,
    AuthError,
    ConfigurationError,
    DatabaseHooks,
    Errors,
    Hooks,
    ModelHooks,
    Session,
    User,
)
from ostiary.http.context import Context
from ostiary.http.endpoint import Routes
from ostiary.http.messages import Response
from ostiary.http.wire import Output, SignedIn, Status
from ostiary.options import RateLimit
from ostiary.plugins import Plugin
from tests.builders import PASSWORD, Browser, code_of, cookie_names, some_auth


async def test_a_hook_refuses_before_the_handler_runs() -> None:
    hooks = Hooks()

    @hooks.before("sign_up_email")
    async def only_our_people(context: Context) -> None:
        if isinstance(context.body, dict) and not str(context.body.get("email")).endswith("@example.com"):
            raise Errors.FORBIDDEN("Not one of us")

    async with Browser(some_auth(hooks=hooks)) as browser:
        body = {"name": "Eve", "email": "eve@evil.test", "password": PASSWORD}
        answer = await browser.post("/sign-up/email", json=body)
        assert (answer.status_code, answer.json()) == (403, {"message": "Not one of us", "code": "FORBIDDEN"})
        await browser.sign_up()


async def test_a_hook_amends_the_input() -> None:
    hooks = Hooks()

    @hooks.before("sign_up_email")
    async def trim(context: Context) -> None:
        assert isinstance(context.body, dict)
        context.body = {**context.body, "name": context.body["name"].strip()}

    async with Browser(some_auth(hooks=hooks)) as browser:
        signed_up = await browser.sign_up(name="  Ada  ")
        assert signed_up["user"]["name"] == "Ada"


async def test_a_hook_takes_a_fresh_session_back() -> None:
    """What two-factor needs: nothing session-shaped leaves before every factor has passed."""

    @dataclass(frozen=True)
    class SecondFactor(Output):
        two_factor_redirect: bool

    hooks = Hooks()

    @hooks.after("sign_in_email", returns=SecondFactor)
    async def challenge(context: Context, result: SignedIn) -> SecondFactor:
        await context.end_session()
        return SecondFactor(two_factor_redirect=True)

    auth = some_auth(hooks=hooks)
    async with Browser(auth) as browser:
        signed_up = await browser.sign_up()
        browser.cookies.clear()
        answer = await browser.sign_in()
        assert answer.json() == {"twoFactorRedirect": True}
        assert all(
            "Max-Age=0" in line for line in answer.headers.get_list("set-cookie") if "session_token" in line
        )
        assert [s.token for s in await auth.services.sessions.of_user(signed_up["user"]["id"])] == [
            signed_up["token"]
        ]


async def test_a_hook_around_everything_sees_everything() -> None:
    hooks, seen = Hooks(), []

    @hooks.after(ANY)
    async def note(context: Context, result: object) -> None:
        assert context.endpoint is not None
        seen.append(context.endpoint.name)

    async with Browser(some_auth(hooks=hooks)) as browser:
        await browser.sign_up()
        await browser.session()
    assert seen == ["sign_up_email", "get_session"]


def test_a_hook_around_nothing_is_a_mistake() -> None:
    hooks = Hooks()

    @hooks.before("sign_in_emial")
    async def typo(context: Context) -> None: ...

    with pytest.raises(ConfigurationError, match="sign_in_emial"):
        some_auth(hooks=hooks)


async def test_every_write_can_be_amended_noticed_and_refused() -> None:
    written: list[str] = []

    async def shout(user: User) -> User:
        return replace(user, name=user.name.upper())

    async def note_user(user: User) -> None:
        written.append(f"user {user.name}")

    async def note_session(session: Session) -> None:
        written.append("session")

    async def keep(user: User) -> None:
        raise Errors.FORBIDDEN("Users stay")

    database_hooks = DatabaseHooks(
        user=ModelHooks(before_create=shout, after_create=note_user, before_delete=keep),
        session=ModelHooks(after_create=note_session, after_delete=note_session),
    )
    auth = some_auth(database_hooks=database_hooks)
    async with Browser(auth) as browser:
        signed_up = await browser.sign_up()
        assert signed_up["user"]["name"] == "ADA"
        await browser.post("/sign-out", json={})
    assert written == ["user ADA", "session", "session"]
    user = await auth.services.users.by_email("ada@example.com")
    assert user is not None
    with pytest.raises(AuthError, match="FORBIDDEN"):
        await auth.services.users.delete(user)
    assert await auth.services.users.by_email("ada@example.com") is not None


@dataclass(frozen=True, kw_only=True)
class Greeting(Plugin):
    """A plugin with a route, a limit and an answer of its own to every request."""

    id: ClassVar[str] = "greeting"
    routes: ClassVar[Routes] = Routes()

    word: str = "Hello"
    rate_limit: RateLimit | None = RateLimit(2, per=60)

    @routes.get("/greet")
    async def greet(self, context: Context) -> Status:
        """Greet."""
        context.headers.append(("x-greeting", self.word))
        return Status(status=True)

    async def on_request(self, context: Context) -> Response | None:
        return Response(418) if context.request.headers.get("x-tea") else None


async def test_a_plugin_brings_its_routes_and_sees_every_request() -> None:
    async with Browser(some_auth(plugins=[Greeting(word="Salve")])) as browser:
        answer = await browser.get("/greet")
        assert (answer.json(), answer.headers["x-greeting"]) == ({"status": True}, "Salve")
        assert (await browser.get("/ok", headers={"x-tea": "1"})).status_code == 418


def test_two_plugins_cannot_claim_one_path() -> None:
    with pytest.raises(ConfigurationError, match="greet"):
        some_auth(plugins=[Greeting(), Greeting()])


async def test_cookies_set_before_a_refusal_still_arrive() -> None:
    hooks = Hooks()

    @hooks.after("sign_in_email")
    async def refuse(context: Context, result: object) -> Any:
        raise Errors.FORBIDDEN()

    async with Browser(some_auth(hooks=hooks)) as browser:
        await browser.sign_up()
        answer = await browser.sign_in()
        assert (answer.status_code, code_of(answer)) == (403, "FORBIDDEN")
        assert "better-auth.session_token" in cookie_names(answer)
