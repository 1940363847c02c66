"""Why a session ended, told where an application asks who calls."""

from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI
from fastapi.responses import JSONResponse

from ostiary import AuditOptions, Auth
from ostiary.domain.runtime import FrozenRuntime
from ostiary.integrations.fastapi import OptionalUser
from ostiary.plugins import Bearer
from tests.builders import Browser, some_auth, some_options
from tests.integration.application import ADA

WHY = "x-session-ended"


@pytest.fixture
async def auth(clock: FrozenRuntime) -> AsyncIterator[Auth]:
    """Return a server that keeps an audit log, with a front end on another origin."""
    options = some_options(
        audit=AuditOptions(enabled=True), cors=True, trusted_origins=("https://app.example",)
    )
    server = some_auth(options, clock, plugins=[Bearer()])
    yield server
    await server.close()


@pytest.fixture
async def there(ada: Browser, app: FastAPI) -> AsyncIterator[Browser]:
    """Return a second browser of hers whose session was just ended from the first."""
    async with Browser(app, base="") as browser:
        assert (await browser.post("/api/auth/sign-in/email", json=ADA)).status_code == 200
        await ada.post("/api/auth/revoke-other-sessions", json={})
        yield browser


@pytest.mark.parametrize("path", ["/me", "/session", "/fresh", "/several", "/own-response"])
async def test_a_401_of_the_application_tells_why_the_session_ended(there: Browser, path: str) -> None:
    refused = await there.get(path)
    assert (refused.status_code, refused.headers[WHY]) == (401, "revoked")
    assert refused.headers["cache-control"] == "no-store"
    assert refused.headers.get_list(WHY) == ["revoked"]
    assert WHY not in (await there.get(path)).headers  # the cookie is gone, and the story with it


async def test_where_nobody_need_be_signed_in_it_is_told_as_well(there: Browser) -> None:
    answer = await there.get("/whoever")
    assert (answer.json(), answer.headers[WHY]) == (None, "revoked")


async def test_a_session_token_in_the_authorization_header_is_told_as_well(
    ada: Browser, app: FastAPI, clock: FrozenRuntime
) -> None:
    signed = (await ada.post("/api/auth/sign-in/email", json=ADA)).headers["set-auth-token"]
    clock.advance(days=8)
    async with Browser(app, base="", origin=None) as program:
        refused = await program.get("/me", headers={"authorization": f"Bearer {signed}"})
        assert (refused.status_code, refused.headers[WHY]) == (401, "expired")


async def test_pages_on_another_origin_may_read_it(there: Browser) -> None:
    refused = await there.get("/me", headers={"origin": "https://app.example"})
    assert refused.headers[WHY] == "revoked"
    assert WHY in refused.headers["access-control-expose-headers"]


async def test_an_application_that_words_its_own_refusals_need_not_know(there: Browser, app: FastAPI) -> None:
    @app.get("/own-words")
    async def own_words(user: OptionalUser) -> JSONResponse:
        return JSONResponse({"problem": "please sign in"}, 200 if user else 401)

    refused = await there.get("/own-words")
    assert (refused.json(), refused.headers[WHY]) == ({"problem": "please sign in"}, "revoked")


async def test_a_stranger_and_a_forger_are_told_nothing(there: Browser, app: FastAPI) -> None:
    async with Browser(app, base="") as forger:
        assert WHY not in (await forger.get("/me")).headers
        forger.cookies.set(
            "better-auth.session_token", str(there.cookie()).replace(".", "x."), domain="auth.test"
        )
        assert WHY not in (await forger.get("/me")).headers


async def test_whoever_is_signed_in_costs_no_look_at_the_log(
    ada: Browser, auth: Auth, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[str] = []
    found = auth.services.audit.why_ended

    async def counted(token: str) -> object:
        looks.append(token)
        return await found(token)

    monkeypatch.setattr(auth.services.audit, "why_ended", counted)
    assert (await ada.get("/several")).status_code == 200
    assert looks == []
    await ada.post("/api/auth/sign-out", json={})
    assert (await ada.get("/several")).status_code == 401
    assert looks == []  # without a cookie there is nothing to ask for
