"""The application: auth under /api/auth, tasks under /api/tasks and /api/v1/tasks, a page to try them on."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse
from fastapi_offline import FastAPIOffline

from examples.tasks.offers import offers_of
from examples.tasks.routes import admin_router, router
from examples.tasks.settings import Settings
from examples.tasks.storage import create_table, open_engine
from ostiary import (
    Advanced,
    AuditOptions,
    Auth,
    ChangeEmail,
    DeleteUser,
    EmailAndPassword,
    EmailVerificationOptions,
    IpAddress,
    Options,
    PasswordPolicy,
    UserOptions,
)
from ostiary.domain.runtime import Runtime
from ostiary.integrations.fastapi import mail_page
from ostiary.integrations.sqlalchemy import OwnRows
from ostiary.plugins import Admin, Bearer, Jwt, NewDevice, Plugin, Tokens

PAGE: Final = Path(__file__).parent / "page"
PAGE_HEADERS: Final = {"content-security-policy": "default-src 'self'; frame-ancestors 'none'"}
RESET_PAGE: Final = "/reset-password"
"""Where people choose a new password, at the base URL: a page of the front end there, or else of our own."""
LARGEST_BODY: Final = 1_000_000  # bytes


def auth_options(settings: Settings) -> Options:
    """Return what this application asks of its auth server."""
    return Options(
        app_name="Tasks",
        secret=settings.secret,
        base_url=settings.base_url,
        trusted_origins=settings.trusted_origins,
        cors=True,
        email_and_password=EmailAndPassword(
            enabled=True, require_email_verification=settings.require_verification
        ),
        email_verification=EmailVerificationOptions(
            send_on_sign_up=True, auto_sign_in_after_verification=True
        ),
        password_policy=PasswordPolicy.strict(),
        user=UserOptions(change_email=ChangeEmail(enabled=True), delete_user=DeleteUser(enabled=True)),
        social_providers=settings.social_providers,
        audit=AuditOptions(enabled=True),  # and people are told why they were signed out
        advanced=Advanced(ip_address=IpAddress(trusted_proxies=settings.trusted_proxies)),
    )


def open_auth(settings: Settings, *, runtime: Runtime | None = None) -> Auth:
    """Return the auth server."""
    tokens, mailer = Tokens(cross_site=settings.cross_site), settings.mailer
    plugins: list[Plugin] = [Admin(), Bearer(), Jwt(disable_setting_jwt_header=True), tokens]
    if mailer is not None:
        plugins.append(NewDevice(reset_page=RESET_PAGE))
    return Auth(
        auth_options(settings),
        settings.database_url,
        plugins=plugins,
        runtime=runtime,
        mailer=mailer,
    )


def create_app(settings: Settings, *, runtime: Runtime | None = None) -> FastAPI:
    """Put the application together; the database is opened when it starts."""
    auth = open_auth(settings, runtime=runtime)
    engine = open_engine(settings.database_url)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        """Bring the tables up to date; close our connections at the end."""
        await auth.migrate()
        await create_table(engine)
        yield
        await engine.dispose()

    # /docs with scripts of our own: what another site sends there could act for whoever is signed in
    app = FastAPIOffline(redoc_url=None, title="Tasks", lifespan=lifespan, max_body_size=LARGEST_BODY)
    auth.install(app)
    OwnRows(engine).install(app)
    app.state.engine = engine
    app.include_router(mail_page(auth))  # nothing where mail is really sent
    app.include_router(router, prefix="/api/tasks")
    app.include_router(router, prefix="/api/v1/tasks")
    app.include_router(admin_router, prefix="/api/admin")
    app.include_router(offers_of(auth.options, settings), prefix="/api/offers")
    app.add_exception_handler(RequestValidationError, refuse_input)
    for path in ("/", RESET_PAGE):
        app.add_api_route(path, start_page, include_in_schema=False)
    app.add_api_route("/page/{name}", page_file, include_in_schema=False)
    return app


async def refuse_input(_: Request, error: Exception) -> JSONResponse:
    """Say what is wrong without repeating the input: not every text can be sent back, and nobody needs it."""
    issues = error.errors() if isinstance(error, RequestValidationError) else ()
    detail = [{"loc": issue["loc"], "msg": issue["msg"], "type": issue["type"]} for issue in issues]
    return JSONResponse({"detail": detail}, status_code=422)


async def start_page() -> FileResponse:
    """Show the page; with the token of a mailed link it asks for a new password."""
    return FileResponse(PAGE / "index.html", headers=PAGE_HEADERS)


async def page_file(name: str) -> FileResponse:
    """Send what the page needs."""
    known = {file.name: file for file in PAGE.iterdir()}
    if name not in known:
        raise HTTPException(404)
    return FileResponse(known[name], headers=PAGE_HEADERS)
