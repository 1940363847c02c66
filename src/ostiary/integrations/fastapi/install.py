"""Puts an auth server into a FastAPI application."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from starlette.datastructures import URLPath
from starlette.routing import BaseRoute, Match, NoMatchFound
from starlette.types import ASGIApp, Receive, Scope, Send

from ostiary.auth import Auth
from ostiary.domain.errors import ConfigurationError
from ostiary.http.asgi import path_below
from ostiary.integrations.fastapi.documentation import documentation_routes, name_session_cookie
from ostiary.integrations.fastapi.middleware import AuthMiddleware
from ostiary.integrations.fastapi.refusals import answer_refusals


class AuthRoute(BaseRoute):
    """Hands whatever lies below the base path to the auth server, unknown paths and methods included."""

    def __init__(self, auth: Auth) -> None:
        """Lead to this server."""
        self._auth = auth

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match HTTP requests below the base path."""
        if scope["type"] == "http" and path_below(scope, self._auth.mount_path) is not None:
            return Match.FULL, {}
        return Match.NONE, {}

    def url_path_for(self, name: str, /, **_: Any) -> URLPath:
        """Name no path: the documentation routes do."""
        raise NoMatchFound(name, {})

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request."""
        await self._auth(scope, receive, send)


def install(auth: Auth, app: FastAPI) -> None:
    """Add routes, documentation, cookies, refusals and the life span of connections to an application.

    Raises ConfigurationError for an application that has an auth server, or that has begun to serve.
    """
    if getattr(app.state, "ostiary", None) is not None:
        raise ConfigurationError("this application has an auth server: call `auth.install(app)` once")
    if app.middleware_stack is not None:
        raise ConfigurationError("this application serves already: call `auth.install(app)` before it starts")
    app.state.ostiary = auth
    app.router.routes.insert(0, AuthRoute(auth))
    app.router.routes.extend(documentation_routes(auth))
    name_session_cookie(app, auth.services.session_cookies.names.session_token.name)
    answer_refusals(app)
    _surround(auth, app)
    _hold_connections(auth, app)


def _surround(auth: Auth, app: FastAPI) -> None:
    """Put the middleware around everything, the handler of unexpected errors included.

    `add_middleware` would put it inside of that: a session extended by a request which then failed would lose
    its cookie, and a front end on another origin could not read that the request failed.
    """
    original: Callable[[], ASGIApp] = app.build_middleware_stack

    def build() -> ASGIApp:
        """Return the application's stack within ours."""
        return AuthMiddleware(original(), auth)

    app.build_middleware_stack = build  # type: ignore[method-assign]  # see the docstring


def _hold_connections(auth: Auth, app: FastAPI) -> None:
    original = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[Any]:  # the application's own state, or None
        """Close the connections after the application's own shutdown, which may still need them."""
        async with auth.lifespan(), original(app) as state:
            yield state

    app.router.lifespan_context = lifespan
