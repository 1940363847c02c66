"""Who calls, on routes of the application."""

from typing import Annotated, ClassVar

import pytest
from fastapi import FastAPI

from ostiary import ActiveSession, Advanced, Auth, ConfigurationError, DatabaseHooks, ModelHooks, User
from ostiary.composition import Parts, schema_of
from ostiary.domain.errors import Overloaded, StorageUnavailable
from ostiary.domain.runtime import FrozenRuntime
from ostiary.domain.schema import Changes
from ostiary.integrations.fastapi import CurrentUser, current, current_user, require_role
from ostiary.plugins import Admin
from ostiary.services.users import NewUser
from ostiary.storage.memory import MemoryStore
from tests.builders import Browser, cheap_hasher, code_of, set_cookies, some_auth, some_options
from tests.integration.application import ADA, Member, application, give_role

PROTECTED = ["/me", "/session", "/fresh", "/admin", "/member", "/several"]


@pytest.mark.parametrize("path", PROTECTED)
async def test_nobody_is_refused_in_the_shape_of_the_auth_endpoints(tab: Browser, path: str) -> None:
    answer = await tab.get(path)
    assert (answer.status_code, answer.json()) == (401, {"message": "Unauthorized", "code": "UNAUTHORIZED"})
    assert answer.headers["content-type"] == "application/json"


async def test_every_dependency_knows_who_is_signed_in(ada: Browser) -> None:
    session = (await ada.get("/api/auth/get-session")).json()
    assert (await ada.get("/me")).json() == "ada@example.com"
    assert (await ada.get("/session")).json() == session["session"]["token"]
    assert (await ada.get("/fresh")).json() == "ada@example.com"
    assert (await ada.get("/whoever")).json() == "ada@example.com"
    assert (await ada.get("/several")).json() is True


async def test_an_optional_user_may_be_nobody(tab: Browser) -> None:
    answer = await tab.get("/whoever")
    assert (answer.status_code, answer.json()) == (200, None)


async def test_an_old_sign_in_is_not_fresh(ada: Browser, clock: FrozenRuntime) -> None:
    clock.advance(days=1)
    answer = await ada.get("/fresh")
    assert (answer.status_code, code_of(answer)) == (403, "SESSION_NOT_FRESH")
    assert (await ada.get("/me")).status_code == 200


@pytest.mark.parametrize(
    ("role", "status"),
    [("user", 403), ("admin", 200), ("owner", 200), ("user,admin", 200), ("administrator", 403), ("", 403)],
)
async def test_a_role_opens_what_it_is_asked_for(ada: Browser, auth: Auth, role: str, status: int) -> None:
    await give_role(auth, "ada@example.com", role)
    answer = await ada.get("/admin")
    assert answer.status_code == status
    assert status == 200 or answer.json() == {"message": "Forbidden", "code": "FORBIDDEN"}


async def test_a_role_that_is_taken_away_closes_at_once(ada: Browser, auth: Auth) -> None:
    await give_role(auth, "ada@example.com", "admin")
    assert (await ada.get("/admin")).status_code == 200
    await give_role(auth, "ada@example.com", "user")
    assert (await ada.get("/admin")).status_code == 403


async def test_roles_without_the_plugin_name_the_cure() -> None:
    app = FastAPI()
    some_auth().install(app)

    @app.get("/admin")
    async def admin(user: Annotated[User, require_role("admin")]) -> str:
        return user.name

    async with Browser(app, base="") as tab:
        with pytest.raises(ConfigurationError, match=r"add `Admin\(\)` to the plugins"):
            await tab.get("/admin")


async def test_a_refusal_is_told_in_the_message_itself(
    ada: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("WARNING", "ostiary.events"):
        await ada.get("/admin?token=hunter2")
        await ada.post("/api/auth/verify-password", json={"password": "not the password"})
    assert [record.getMessage() for record in caplog.records] == [
        "refused: FORBIDDEN at GET /admin",
        "refused: INVALID_PASSWORD at verify_password",
    ]
    fields = [
        (record.auth["event"], record.auth["endpoint"], record.auth["code"]) for record in caplog.records
    ]
    assert fields == [
        ("refused", "GET /admin", "FORBIDDEN"),
        ("refused", "verify_password", "INVALID_PASSWORD"),
    ]


def test_a_role_must_be_named() -> None:
    with pytest.raises(ConfigurationError, match="at least one role"):
        require_role()


async def test_a_user_comes_as_the_class_of_the_application(ada: Browser) -> None:
    assert (await ada.get("/member")).json() == "free"


async def test_an_attribute_that_no_field_fills_names_the_cure() -> None:
    app = FastAPI()
    server = some_auth()
    server.install(app)

    @app.get("/member")
    async def member(user: Annotated[Member, current(Member)]) -> str:
        return user.plan

    async with Browser(app, base="") as tab:
        with pytest.raises(ConfigurationError, match=r"Member\.plan.*additional_fields"):
            await tab.get("/member")


async def test_a_revoked_session_is_nobody(ada: Browser, auth: Auth) -> None:
    token = (await ada.get("/session")).json()
    await auth.services.sessions.revoke(token)
    assert (await ada.get("/me")).status_code == 401


async def test_several_dependencies_read_the_session_once(
    ada: Browser, auth: Auth, clock: FrozenRuntime
) -> None:
    """A session that is extended twice by one request would set its cookie twice."""
    clock.advance(days=1)
    answer = await ada.get("/several")
    assert answer.status_code == 403  # no longer fresh, but extended
    assert len(answer.headers.get_list("set-cookie")) == 1


async def test_a_session_that_is_revoked_while_it_is_extended_is_nobody(clock: FrozenRuntime) -> None:
    async def revoke_first(changes: Changes) -> Changes:
        await server.services.sessions.store.delete(tokens[0])
        return changes

    hooks = DatabaseHooks(session=ModelHooks(before_update=revoke_first))
    server = some_auth(clock=clock, database_hooks=hooks)
    async with Browser(application(server), base="") as tab:
        tokens = [(await tab.post("/api/auth/sign-up/email", json=ADA)).json()["token"]]
        clock.advance(days=2)
        answer = await tab.get("/me")
    assert (answer.status_code, code_of(answer)) == (401, "UNAUTHORIZED")
    assert all("Max-Age=0" in line for line in set_cookies(answer))


async def test_tests_of_an_application_may_put_somebody_in_place(
    app: FastAPI, tab: Browser, auth: Auth
) -> None:
    somebody = auth.services.users.draft(NewUser(email="eve@example.com", name="Eve"))
    app.dependency_overrides[current_user] = lambda: somebody
    assert (await tab.get("/me")).json() == "eve@example.com"


async def test_the_application_keeps_its_own_validation(ada: Browser) -> None:
    answer = await ada.post("/notes", json={"text": 1})
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["body", "text"]


async def test_an_application_without_an_auth_server_names_the_cure() -> None:
    app = FastAPI()

    @app.get("/me")
    async def me(user: CurrentUser) -> str:
        return user.name

    async with Browser(app, base="") as tab:
        with pytest.raises(ConfigurationError, match=r"auth\.install\(app\)"):
            await tab.get("/me")


class StoreThatGoesAway(MemoryStore):
    """A store that answers nothing while it is away."""

    away = False

    async def session_with_user(self, token: str) -> ActiveSession | None:
        if self.away:
            raise StorageUnavailable("no connection")
        return await super().session_with_user(token)


async def test_while_the_store_is_away_nobody_is_taken_for_a_stranger(clock: FrozenRuntime) -> None:
    """S86: 503, on routes that need no user as well."""
    store = StoreThatGoesAway(schema_of(some_options(), Parts(plugins=[Admin()])), clock)
    server = Auth(some_options(), store, plugins=[Admin()], runtime=clock, hasher=cheap_hasher(clock))
    async with Browser(application(server), base="") as tab:
        await tab.post("/api/auth/sign-up/email", json=ADA)
        store.away = True
        for path in ("/me", "/whoever"):
            answer = await tab.get(path)
            assert (answer.status_code, code_of(answer)) == (503, "SERVICE_UNAVAILABLE")
            assert int(answer.headers["retry-after"]) >= 1
            assert "set-cookie" not in answer.headers
        store.away = False
        assert (await tab.get("/whoever")).json() == ADA["email"]


async def test_an_overloaded_part_says_when_to_try_again(app: FastAPI, tab: Browser) -> None:
    @app.get("/busy")
    async def busy() -> None:
        raise Overloaded(2.4)

    answer = await tab.get("/busy")
    assert (answer.status_code, code_of(answer), answer.headers["retry-after"]) == (
        503,
        "SERVICE_UNAVAILABLE",
        "3",
    )


class TestWritesFromOtherSites:
    """S30: what carries the cookie and changes something must come from a trusted origin."""

    BODY: ClassVar = {"text": "written"}

    @pytest.mark.parametrize(
        ("headers", "code"),
        [
            ({"origin": "https://evil.example"}, "INVALID_ORIGIN"),
            ({"origin": "null"}, "MISSING_OR_NULL_ORIGIN"),
            ({"origin": ""}, "MISSING_OR_NULL_ORIGIN"),
            ({"referer": "https://evil.example/page", "origin": ""}, "INVALID_ORIGIN"),
            ({"origin": "https://app.example.evil.example"}, "INVALID_ORIGIN"),
            ({"origin": "http://app.example"}, "INVALID_ORIGIN"),
        ],
    )
    async def test_are_refused(self, ada: Browser, headers: dict[str, str], code: str) -> None:
        answer = await ada.post("/notes", json=self.BODY, headers=headers)
        assert (answer.status_code, code_of(answer)) == (403, code)

    async def test_are_refused_without_any_origin(self, ada: Browser, app: FastAPI) -> None:
        async with Browser(app, base="", origin=None, cookies=ada.cookies) as program:
            answer = await program.post("/notes", json=self.BODY)
        assert (answer.status_code, code_of(answer)) == (403, "MISSING_OR_NULL_ORIGIN")

    @pytest.mark.parametrize("origin", ["http://auth.test", "https://app.example", "https://a.pages.example"])
    async def test_pass_from_trusted_origins(self, ada: Browser, origin: str) -> None:
        answer = await ada.post("/notes", json=self.BODY, headers={"origin": origin})
        assert (answer.status_code, answer.json()) == (200, "written")

    async def test_are_refused_where_an_auth_endpoint_of_that_path_is_exempt(self) -> None:
        options = some_options(advanced=Advanced(disable_origin_check=("/notes",)))
        auth = some_auth(options, plugins=[Admin()])
        async with Browser(application(auth), base="") as ada:
            await ada.post("/api/auth/sign-up/email", json=ADA)
            answer = await ada.post("/notes", json=self.BODY, headers={"origin": "https://evil.example"})
        assert (answer.status_code, code_of(answer)) == (403, "INVALID_ORIGIN")

    async def test_leave_readers_alone(self, ada: Browser) -> None:
        answer = await ada.get("/me", headers={"origin": "https://evil.example"})
        assert answer.status_code == 200

    async def test_without_a_session_are_merely_unauthorized(self, tab: Browser) -> None:
        headers = {"origin": "https://evil.example", "cookie": "theme=dark"}
        answer = await tab.post("/notes", json=self.BODY, headers=headers)
        assert answer.status_code == 401
