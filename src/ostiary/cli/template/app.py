"""An application with accounts: auth under /api/auth, and a route that knows who calls."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI

from ostiary import Auth
from ostiary.integrations.fastapi import CurrentUser, mail_page
from ostiary.plugins import Admin
from ostiary.server import Settings

settings = Settings.load(Path(__file__).with_name("ostiary.toml"))  # .env and the environment come first
auth = Auth(
    settings.to_options(),
    settings.database,
    plugins=[Admin()],
    key_value=settings.to_key_value(),
    mailer=settings.to_mailer(),
)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Add missing tables and columns before the first request."""
    await auth.migrate()
    yield


app = FastAPI(title="My application", lifespan=lifespan)
auth.install(app)
app.include_router(mail_page(auth))  # /dev/mail, until there is an SMTP_URL


@app.get("/api/me")
async def me(user: CurrentUser) -> dict[str, str]:
    """Say who is signed in; anybody else gets 401."""
    return {"id": user.id, "name": user.name, "email": user.email}
