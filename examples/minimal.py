"""The smallest application that knows who calls: `BETTER_AUTH_SECRET=... uvicorn examples.minimal:app`."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from ostiary import Auth, EmailAndPassword, Options
from ostiary.integrations.fastapi import CurrentUser

auth = Auth(
    Options(
        secret=os.environ["BETTER_AUTH_SECRET"],  # `ostiary secret` makes one
        base_url="http://127.0.0.1:8000",
        email_and_password=EmailAndPassword(enabled=True),
    ),
    database="sqlite:///minimal.db",
)


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    await auth.migrate()
    yield


app = FastAPI(lifespan=lifespan)
auth.install(app)


@app.get("/me")
async def me(user: CurrentUser) -> str:
    return f"Hello, {user.name}"
