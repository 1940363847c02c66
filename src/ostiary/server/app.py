"""The application that `ostiary serve` runs; any other ASGI server may call `create_app` as well."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from ostiary.integrations.fastapi import mail_page
from ostiary.integrations.request_ids import RequestIds
from ostiary.server.api_page import add_api_page
from ostiary.server.application import Application, find_application
from ostiary.server.health import health_routes
from ostiary.server.logging import configure_logging
from ostiary.server.observers import metrics_route


def create_app() -> FastAPI:
    """Return the standalone server of this process's environment; raises ConfigurationError with the cure."""
    application = find_application()
    configure_logging(application.settings)
    return application_server(application)


def application_server(application: Application) -> FastAPI:
    """Return an ASGI application with the auth endpoints, their documentation and the health routes."""
    auth = application.auth

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        """Bring the database up to date before the first request."""
        if application.settings.migrate:
            await auth.migrate()
        yield

    app = FastAPI(
        title=auth.options.app_name,
        description="Sign-up, sign-in and sessions in Better Auth's protocol.",
        docs_url=None,  # a page of our own
        redoc_url=None,
        lifespan=lifespan,
    )
    app.include_router(health_routes(auth))
    app.include_router(mail_page(auth))
    if token := application.settings.metrics_token:
        app.include_router(metrics_route(auth, token))
    auth.install(app)
    add_api_page(app)
    app.add_middleware(RequestIds)
    return app
