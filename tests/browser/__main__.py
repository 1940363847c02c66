"""Run it: `PORT=8100 WEB_URL=http://127.0.0.1:3100 python -m tests.browser`; its database is dropped."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import uvicorn
from fastapi import FastAPI, Response
from pydantic import BaseModel
from starlette.types import ASGIApp, Receive, Scope, Send

from examples.tasks.application import create_app
from examples.tasks.settings import Settings
from ostiary import Auth
from ostiary.domain.roles import ROLE
from tests.browser.clock import MovableRuntime
from tests.browser.consent import consent, provider_options
from tests.contract.places import POSTGRES
from tests.identity_provider import IdentityProvider, identity_provider


class Outage:
    """Answers everything below /api with a status of its own while there is one."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.status: int | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.status and scope["type"] == "http" and scope["path"].startswith("/api/"):
            await Response(status_code=self.status)(scope, receive, send)
        else:
            await self.app(scope, receive, send)


class Controls(BaseModel):
    """What a test may do to the server."""

    advance: float = 0
    """Seconds to move the clock by."""
    outage: int | None = None
    """The status that everything answers from now on; null: none."""


class Role(BaseModel):
    email: str
    role: str


def controlled(settings: Settings, provider: IdentityProvider, runtime: MovableRuntime) -> Outage:
    """Return the application with routes for tests beside it; the front end passes none of them on."""
    social = (provider_options(provider, f"http://127.0.0.1:{settings.port}"),)
    app: FastAPI = create_app(replace(settings, social_providers=social), runtime=runtime)
    app.include_router(consent)
    outage = Outage(app)

    @app.post("/test/controls")
    async def control(body: Controls) -> None:
        runtime.ahead += timedelta(seconds=body.advance)
        outage.status = body.outage

    @app.post("/test/role")
    async def give_role(body: Role) -> None:
        auth: Auth = app.state.ostiary
        user = await auth.services.users.by_email(body.email)
        assert user is not None
        await auth.services.users.change(user, {ROLE: body.role})

    return outage


@contextmanager
def a_database() -> Iterator[str]:
    """Make a database for the time of a block."""
    url = POSTGRES.create(Path())
    try:
        yield url
    finally:
        POSTGRES.drop(url)


def main() -> None:
    # uvicorn dies of the signal that ended it, unless that is an exception like any other
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    runtime = MovableRuntime()
    with a_database() as database_url, identity_provider(runtime) as provider:
        environment = {
            "PORT": os.environ["PORT"],
            "DATABASE_URL": database_url,
            "BETTER_AUTH_URL": os.environ["WEB_URL"],
            "BETTER_AUTH_SECRET": runtime.new_token(64),
            "OSTIARY_TRUSTED_PROXIES": "127.0.0.1",
            "OSTIARY_REQUIRE_VERIFICATION": os.environ.get("OSTIARY_REQUIRE_VERIFICATION", ""),
        }
        settings = Settings.from_environment(environment)
        app = controlled(settings, provider, runtime)
        uvicorn.run(app, host="127.0.0.1", port=settings.port, proxy_headers=False, log_level="warning")


if __name__ == "__main__":
    main()
