"""Puts an auth server into a FastAPI application."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import Any, Protocol

from fastapi import FastAPI
from starlette.datastructures import URLPath
from starlette.routing import BaseRoute, Match, NoMatchFound
from starlette.types import ASGIApp, Receive, Scope, Send

from ostiary.auth import Auth
from ostiary.composition.production import is_production
from ostiary.domain.errors import ConfigurationError
from ostiary.integrations.fastapi.cors import Cors
from ostiary.integrations.fastapi.documentation import (
    DocumentationRoute,
    documentation_routes,
    server_schemes,
    show_credentials,
    verifier_schemes,
)
from ostiary.integrations.fastapi.middleware import AuthMiddleware, VisitMiddleware
from ostiary.integrations.fastapi.refusals import answer_refusals
from ostiary.integrations.fastapi.server_visit import ServerVisit
from ostiary.integrations.fastapi.verifier_visit import VerifierVisit
from ostiary.verifier import Verifier


class AuthRoute(BaseRoute):
    """Hands whatever lies below the base path to the auth server, unknown paths and methods included."""

    def __init__(self, auth: Auth) -> None:
        """Lead to this server."""
        self._auth = auth

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match HTTP requests below the base path and wherever else endpoints lie."""
        if scope["type"] == "http" and self._auth.place_of(scope) is not None:
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
    options = auth.options
    if app.debug and is_production(options):
        raise ConfigurationError(
            "FastAPI(debug=True) shows strangers the source of every failure: leave it out where the base URL"
            " is public"
        )
    cors = Cors(options, auth.services.origins.patterns) if options.cors else None
    host(app, auth, partial(AuthMiddleware, visit=partial(ServerVisit, auth), cors=cors))
    app.router.routes.insert(0, AuthRoute(auth))
    app.router.routes.extend(documentation_routes(auth))
    show_credentials(app, server_schemes(auth))


def install_verifier(verifier: Verifier, app: FastAPI) -> None:
    """Let an application know who calls by what other servers issued; it gets no routes.

    Raises ConfigurationError for an application that has a host already, or that has begun to serve.
    """
    host(app, verifier, partial(VisitMiddleware, visit=partial(VerifierVisit, verifier)))
    show_credentials(app, verifier_schemes(verifier))


class Host(Protocol):
    """What judges an application's credentials, and holds connections for it."""

    def lifespan(self) -> AbstractAsyncContextManager[None]:
        """Hold connections for the time of a block."""
        ...

    def start(self) -> None:
        """Begin the work beside the requests."""
        ...


def host(app: FastAPI, owner: Host, surround: Callable[[ASGIApp], ASGIApp]) -> None:
    """Put an application inside of what gives every connection its visit; give refusals their answers.

    Raises ConfigurationError for an application that has a host already, or that has begun to serve.
    """
    if getattr(app.state, "ostiary", None) is not None:
        raise ConfigurationError("this application has an auth server: call `auth.install(app)` once")
    if app.middleware_stack is not None:
        raise ConfigurationError("this application serves already: call `auth.install(app)` before it starts")
    app.state.ostiary = owner
    answer_refusals(app)
    _surround(app, surround)
    _hold_connections(owner, app)


def _surround(app: FastAPI, surround: Callable[[ASGIApp], ASGIApp]) -> None:
    """Put the middleware around everything, the handler of unexpected errors included.

    `add_middleware` would put it inside of that: a session extended by a request which then failed would lose
    its cookie, and a front end on another origin could not read that the request failed.
    """
    original: Callable[[], ASGIApp] = app.build_middleware_stack

    def build() -> ASGIApp:
        """Return the application's stack within ours."""
        # what only documents goes behind what is served: each request asks every route before its own
        app.router.routes.sort(key=lambda route: isinstance(route, DocumentationRoute))
        return surround(original())

    app.build_middleware_stack = build  # type: ignore[method-assign]  # see the docstring


def _hold_connections(owner: Host, app: FastAPI) -> None:
    original = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[Any]:  # the application's own state, or None
        """Close the connections after the application's own shutdown, which may still need them."""
        async with owner.lifespan(), original(app) as state:
            owner.start()  # the application may have made the tables just now
            yield state

    app.router.lifespan_context = lifespan
