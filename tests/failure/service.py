"""The application behind the traffic: the standalone server with cheap hashes, and a route of its own."""

from fastapi import FastAPI

from ostiary import Auth
from ostiary.domain.runtime import SystemRuntime
from ostiary.integrations.fastapi import CurrentUser
from ostiary.plugins import Admin, Bearer, Jwt, Tokens
from ostiary.server import Settings
from ostiary.server.app import application_server
from ostiary.server.application import Application
from ostiary.server.logging import configure_logging
from tests.builders import cheap_hasher


def create_app() -> FastAPI:
    """Return the application of this process's configuration."""
    settings = Settings.load()
    configure_logging(settings)
    auth = Auth(
        settings.to_options(),
        settings.database,
        plugins=[Admin(), Bearer(), Jwt(disable_setting_jwt_header=True), Tokens()],
        key_value=settings.to_key_value(),
        hasher=cheap_hasher(SystemRuntime()),
    )
    app = application_server(Application(settings, auth))

    @app.get("/me")
    async def me(user: CurrentUser) -> dict[str, str]:
        return {"email": user.email}

    return app
