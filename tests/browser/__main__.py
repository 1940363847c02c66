"""Run it: `PORT=8100 WEB_URL=http://127.0.0.1:3100 python -m tests.browser`; its database is dropped."""

import os
import signal
import sys
from datetime import datetime, timedelta
from pathlib import Path

import uvicorn
from fastapi import FastAPI, Response
from pydantic import BaseModel
from starlette.types import ASGIApp, Receive, Scope, Send

from examples.tasks.application import create_app
from examples.tasks.settings import Settings
from ostiary import Auth
from ostiary.domain.roles import ROLE
from ostiary.domain.runtime import SystemRuntime
from tests.contract.places import POSTGRES


class MovableRuntime(SystemRuntime):
    """The system's clock, ahead by what a test says."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        return super().now() + self.ahead

    def monotonic(self) -> float:
        return super().monotonic() + self.ahead.total_seconds()


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


def controlled(settings: Settings) -> Outage:
    """Return the application with routes for tests beside it; the front end passes none of them on."""
    runtime = MovableRuntime()
    app: FastAPI = create_app(settings, runtime=runtime)
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


def main() -> None:
    database_url = POSTGRES.create(Path())
    web_url = os.environ["WEB_URL"]
    environment = {**os.environ, "DATABASE_URL": database_url, "BETTER_AUTH_URL": web_url}
    settings = Settings.from_environment(
        environment
        | {
            "BETTER_AUTH_SECRET": SystemRuntime().new_token(64),
            "OSTIARY_TRUSTED_PROXIES": "127.0.0.1",
        }
    )
    # uvicorn dies of the signal that ended it, unless that is an exception like any other
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    try:
        uvicorn.run(
            controlled(settings),
            host="127.0.0.1",
            port=settings.port,
            proxy_headers=False,
            log_level="warning",
        )
    finally:
        POSTGRES.drop(database_url)


if __name__ == "__main__":
    main()
