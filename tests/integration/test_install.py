"""What `auth.install(app)` adds, and what it leaves alone."""

import gc
import weakref
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse
from starlette.applications import Starlette
from starlette.routing import Mount

from ostiary import Auth, AuthError, ConfigurationError, SharedSecretIssuer, Verifier
from ostiary.composition import Parts, schema_of
from ostiary.domain.runtime import FrozenRuntime
from ostiary.integrations.fastapi import CurrentUser, OptionalUser
from ostiary.storage.memory import MemoryStore
from tests.builders import ORIGIN, Browser, some_auth, some_options
from tests.integration.application import ADA


async def test_the_endpoints_answer_below_the_base_path(tab: Browser) -> None:
    assert (await tab.get("/api/auth/ok")).json() == {"ok": True}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/auth/nowhere"),
        ("GET", "/api/auth"),
        ("GET", "/api/auth/"),
        ("GET", "/api/auth/sign-out"),
        ("DELETE", "/api/auth/get-session"),
        ("HEAD", "/api/auth/ok"),
        ("OPTIONS", "/api/auth/ok"),
        ("POST", "/api/auth/set-password"),
        ("GET", "/api/auth/ok/"),
        ("GET", "/api/auth//ok"),
        ("GET", "/api/auth/%6Fk"),
    ],
)
async def test_whatever_is_not_routed_below_it_is_404_without_a_body(
    tab: Browser, method: str, path: str
) -> None:
    answer = await tab.request(method, path)
    assert (answer.status_code, answer.content) == (404, b"")
    assert "content-type" not in answer.headers


@pytest.mark.parametrize(
    "path", ["/api/%61uth/ok", "/api%2Fauth/ok", "/API/auth/ok", "//api/auth/ok", "/api/authx/ok"]
)
async def test_another_spelling_of_the_base_path_leads_nowhere(tab: Browser, path: str) -> None:
    """S77: the documented routes are never taken, however a path is spelled."""
    assert (await tab.get(path)).status_code == 404


async def test_the_base_path_may_lie_elsewhere() -> None:
    app = FastAPI()
    some_auth(some_options(base_url="http://auth.test/identity")).install(app)
    async with Browser(app, base="") as tab:
        assert (await tab.get("/identity/ok")).json() == {"ok": True}
        assert (await tab.get("/api/auth/ok")).status_code == 404


async def test_the_application_may_be_served_below_a_path(app: FastAPI) -> None:
    """Below another application, or behind a proxy that strips a prefix which the server puts back."""
    outer = Starlette(routes=[Mount("/below", app=app)])
    async with Browser(outer, base="/below") as tab:
        await tab.post("/api/auth/sign-up/email", json=ADA)
        assert (await tab.get("/me")).json() == ADA["email"]
        assert (await tab.get("/api/auth/ok")).json() == {"ok": True}
        assert (await tab.get("/api/auth/nowhere")).content == b""


def test_a_second_auth_server_is_refused(auth: Auth, app: FastAPI) -> None:
    with pytest.raises(ConfigurationError, match="once"):
        auth.install(app)
    with pytest.raises(ConfigurationError, match="once"):
        some_auth().install(app)


async def test_an_application_that_serves_already_is_refused() -> None:
    app = FastAPI()
    async with Browser(app, base="") as tab:
        await tab.get("/")
    with pytest.raises(ConfigurationError, match="before it starts"):
        some_auth().install(app)


def test_the_server_is_at_hand_in_the_state_of_the_application(auth: Auth, app: FastAPI) -> None:
    assert app.state.ostiary is auth


async def test_connections_outlive_the_shutdown_of_the_application(clock: FrozenRuntime) -> None:
    events: list[str] = []

    class Store(MemoryStore):
        async def close(self) -> None:
            events.append("store closes")

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[dict[str, str]]:
        events.append("application starts")
        yield {"greeting": "hello"}
        events.append("application stops")

    app = FastAPI(lifespan=lifespan)
    Auth(some_options(), Store(schema_of(some_options(), Parts()), clock), runtime=clock).install(app)
    async with app.router.lifespan_context(app) as state:
        assert state == {"greeting": "hello"}
    assert events == ["application starts", "application stops", "store closes"]


async def test_an_application_may_answer_refusals_itself() -> None:
    async def teapot(_: Request, __: Exception) -> PlainTextResponse:
        return PlainTextResponse("not today", 418)

    app = FastAPI()
    app.add_exception_handler(AuthError, teapot)
    some_auth().install(app)

    @app.get("/me")
    async def me(user: CurrentUser) -> str:
        return user.name

    async with Browser(app, base="") as tab:
        assert (await tab.get("/me")).status_code == 418
        assert (await tab.get("/api/auth/list-sessions")).status_code == 401


async def test_an_application_mounted_in_the_application_knows_who_calls(ada: Browser, app: FastAPI) -> None:
    inner = FastAPI()

    @inner.get("/me")
    async def me(user: CurrentUser) -> str:
        return user.email

    app.mount("/inner", inner)
    assert (await ada.get("/inner/me")).json() == ADA["email"]


class _Scope(dict[str, Any]):
    """A scope of which one can tell whether it is still there."""


def _hosting() -> FastAPI:
    app = FastAPI()
    some_auth().install(app)
    return app


def _verifying() -> FastAPI:
    app = FastAPI()
    Verifier(SharedSecretIssuer(issuer=ORIGIN, audience=ORIGIN, secret="only these two know " * 2)).install(
        app
    )
    return app


@pytest.mark.parametrize("application", [_hosting, _verifying])
async def test_a_request_leaves_nothing_to_the_garbage_collector(application: Callable[[], FastAPI]) -> None:
    """A cycle would keep every request in memory for a while, which costs more than to judge its token."""
    app = application()

    @app.get("/whoever")
    async def whoever(user: OptionalUser) -> str:
        return user.name if user else "nobody"

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> dict[str, Any]:
        return {"type": "http.request"}

    request = {"method": "GET", "path": "/whoever", "query_string": b"", "headers": [(b"host", b"auth.test")]}
    scope = _Scope({"type": "http", "scheme": "http", **request})
    seen = weakref.ref(scope)
    gc.disable()
    try:
        await app(scope, receive, send)
        del scope
        assert sent[-1]["body"] == b'"nobody"'
        assert seen() is None
    finally:
        gc.enable()
