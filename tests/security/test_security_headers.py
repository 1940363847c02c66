"""S87: failures stay out of caches like every other answer, and so does what sets a session."""

from typing import Any

import pytest
from fastapi import FastAPI, Response

from ostiary.domain.errors import StorageUnavailable
from ostiary.domain.runtime import FrozenRuntime
from ostiary.integrations.fastapi import CurrentUser
from tests.builders import Browser, set_cookies, some_auth
from tests.security.exchange import exchange

EXPECTED = {
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


async def test_failures_answer_with_them_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    auth = some_auth()
    async with Browser(auth) as browser:
        await browser.sign_up()
        cookie = ("cookie", "; ".join(f"{c.name}={c.value}" for c in browser.cookies.jar))
    for error, status in ((StorageUnavailable("gone"), 503), (RuntimeError("broken"), 500)):

        async def fail(*_: Any, error: Exception = error) -> None:
            raise error

        monkeypatch.setattr(auth.services.store, "session_with_user", fail)
        answer = await exchange(auth, "GET", "/get-session", headers=[cookie])
        assert answer.status == status
        assert EXPECTED.items() <= dict(answer.headers).items()


async def test_an_answer_of_the_application_that_sets_a_session_is_cached_by_nobody() -> None:
    clock = FrozenRuntime()
    app = FastAPI()
    some_auth(clock=clock).install(app)

    @app.get("/me")
    async def me(user: CurrentUser, response: Response) -> str:
        response.headers["cache-control"] = "public, max-age=60"
        return user.name

    async with Browser(app) as browser:
        await browser.sign_up()
        answer = await browser.get("http://auth.test/me")
        assert (set_cookies(answer), answer.headers["cache-control"]) == ([], "public, max-age=60")
        clock.advance(days=2)
        answer = await browser.get("http://auth.test/me")
        assert set_cookies(answer) != []
        assert answer.headers.get_list("cache-control") == ["no-store"]
