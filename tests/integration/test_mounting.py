"""An auth server is an ASGI application: it stands below any other."""

from typing import Any

import pytest
from litestar import Litestar, asgi
from litestar.config.response_cache import ResponseCacheConfig
from starlette.applications import Starlette
from starlette.routing import Mount

from ostiary import Auth
from tests.builders import PASSWORD, SESSION_COOKIE, Browser, cookie_names

ADA = {"name": "Ada", "email": "ada@example.com", "password": PASSWORD}


def in_starlette(auth: Auth) -> Any:
    return Starlette(routes=[Mount("/api/auth", app=auth)])


def in_starlette_at_the_root(auth: Auth) -> Any:
    return Starlette(routes=[Mount("/", app=auth)])


def in_litestar(auth: Auth) -> Any:
    @asgi("/api/auth", is_mount=True, copy_scope=True)
    async def mounted(scope: Any, receive: Any, send: Any) -> None:
        await auth(scope, receive, send)

    return Litestar([mounted], openapi_config=None, response_cache_config=ResponseCacheConfig())


def in_django(auth: Auth) -> Any:
    """Django leaves the choice between applications to the one that is served."""
    from django.conf import settings
    from django.core.asgi import get_asgi_application
    from django.http import HttpRequest, HttpResponse
    from django.urls import path

    async def home(_: HttpRequest) -> HttpResponse:
        return HttpResponse("Django")

    if not settings.configured:
        settings.configure(ROOT_URLCONF=(path("", home),), ALLOWED_HOSTS=["auth.test"], SECRET_KEY="x" * 50)
    django = get_asgi_application()

    async def served(scope: Any, receive: Any, send: Any) -> None:
        await (auth if scope["path"].startswith("/api/auth/") else django)(scope, receive, send)

    return served


@pytest.mark.parametrize("mounted", [in_starlette, in_starlette_at_the_root, in_litestar, in_django])
async def test_a_person_signs_up_and_is_known_through_another_framework(auth: Auth, mounted: Any) -> None:
    async with Browser(mounted(auth)) as tab:
        signed_up = await tab.post("/sign-up/email", json=ADA)
        assert signed_up.status_code == 200
        assert SESSION_COOKIE in cookie_names(signed_up)
        session = await tab.session()
        assert session["user"] == signed_up.json()["user"]
        refused = await tab.post("/change-password", json={}, headers={"origin": "https://evil.example"})
        assert refused.status_code == 403
        missing = await tab.get("/nowhere")
        assert (missing.status_code, missing.content) == (404, b"")
        await tab.post("/sign-out", json={})
        assert await tab.session() is None


async def test_the_application_around_it_still_answers(auth: Auth) -> None:
    async with Browser(in_django(auth), base="") as tab:
        assert (await tab.get("/")).text == "Django"
