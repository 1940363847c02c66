"""An application with one route for each dependency."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import FastAPI, HTTPException, Response, WebSocket
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel

from ostiary import Auth, Errors, Field, User
from ostiary.domain.models import ID, USER
from ostiary.domain.roles import ROLE
from ostiary.integrations.fastapi import (
    CurrentSession,
    CurrentUser,
    FreshSession,
    OptionalUser,
    current,
    is_still_signed_in,
    require_role,
)
from tests.builders import PASSWORD

ADA = {"name": "Ada", "email": "ada@example.com", "password": PASSWORD}
PLAN = Field[str](name="plan", default="free")


@dataclass(frozen=True, slots=True, kw_only=True)
class Member(User):
    """A user of this application."""

    plan: str


class Note(BaseModel):
    text: str


def application(auth: Auth) -> FastAPI:
    """Return an application that asks for callers in every way there is."""
    app = FastAPI()
    auth.install(app)
    _add_readers(app)
    _add_writers(app)
    _add_sockets(app)
    return app


def _add_readers(app: FastAPI) -> None:
    @app.get("/me")
    async def me(user: CurrentUser) -> str:
        return user.email

    @app.get("/session")
    async def session(active: CurrentSession) -> str:
        return active.session.token

    @app.get("/whoever")
    async def whoever(user: OptionalUser) -> str | None:
        return user.email if user else None

    @app.get("/fresh")
    async def fresh(active: FreshSession) -> str:
        return active.user.email

    @app.get("/admin")
    async def admin(user: Annotated[User, require_role("admin", "owner")]) -> str:
        return user.email

    @app.get("/member")
    async def member(user: Annotated[Member, current(Member)]) -> str:
        return user.plan

    @app.get("/several")
    async def several(user: CurrentUser, active: FreshSession, someone: OptionalUser) -> bool:
        return user == active.user == someone

    @app.get("/public")
    async def public() -> str:
        return "anybody"


def _add_writers(app: FastAPI) -> None:
    @app.post("/notes")
    async def note(body: Note, user: CurrentUser) -> str:
        return body.text

    @app.get("/own-response")
    async def own_response(user: CurrentUser) -> Response:
        return PlainTextResponse("mine")

    @app.get("/not-found")
    async def not_found(user: CurrentUser) -> None:
        raise HTTPException(404)

    @app.get("/refused")
    async def refused(user: CurrentUser) -> None:
        raise Errors.FORBIDDEN()

    @app.get("/broken")
    async def broken(user: CurrentUser) -> None:
        raise LookupError("a mistake in the application")


def _add_sockets(app: FastAPI) -> None:
    @app.websocket("/socket")
    async def socket(websocket: WebSocket, user: CurrentUser) -> None:
        await websocket.accept()
        await websocket.send_text(user.email)
        while await websocket.receive_text():
            await websocket.send_json(await is_still_signed_in(websocket))

    @app.websocket("/open-socket")
    async def open_socket(websocket: WebSocket, user: OptionalUser) -> None:
        await websocket.accept()
        await websocket.send_text(user.email if user else "nobody")

    @app.websocket("/admin-socket")
    async def admin_socket(websocket: WebSocket, user: Annotated[User, require_role("admin")]) -> None:
        await websocket.accept()
        await websocket.send_text(user.email)


async def give_role(auth: Auth, email: str, role: str) -> None:
    """Give a person a role, as an operator would."""
    user = await auth.services.users.by_email(email)
    assert user is not None
    await auth.services.store.rows(USER).update({ROLE: role}, ID.equals(user.id))
