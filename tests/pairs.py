"""A server that hands out token pairs, and clients that live on them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import httpx2
from fastapi import FastAPI

from ostiary import Auth, Options, User
from ostiary.domain.refresh_tokens import REFRESH_TOKEN, RefreshFamily
from ostiary.integrations.fastapi import CurrentUser, require_role
from ostiary.plugins import Admin, Jwt, Plugin, Tokens
from ostiary.storage.store import Store
from tests.builders import PASSWORD, Browser, some_auth

EMAIL = "ada@example.com"


def pair_auth(
    tokens: Tokens | None = None,
    options: Options | None = None,
    clock: Any = None,
    database: str | Store | None = None,
    *,
    others: tuple[Plugin, ...] = (Admin(),),
    **parts: Any,
) -> Auth:
    """Return a server with roles, JWTs and pairs."""
    plugins = (*others, Jwt(), tokens or Tokens())
    return some_auth(options, clock, database, plugins=plugins, **parts)


def application(auth: Auth) -> FastAPI:
    """Return an application that takes access tokens, with a route for anybody and one for each role."""
    app = FastAPI()
    auth.install(app)

    @app.get("/app/me")
    async def me(user: CurrentUser) -> str:
        return user.email

    @app.get("/app/user")
    async def user(user: Annotated[User, require_role("user")]) -> str:
        return user.email

    @app.get("/app/admin")
    async def admin(user: Annotated[User, require_role("admin")]) -> str:
        return user.email

    return app


def program(app: Any, base: str = "/api/auth", **kwargs: Any) -> Browser:
    """Return a client that is no browser: it names no origin."""
    return Browser(app, origin=None, base=base, **kwargs)


@dataclass(frozen=True)
class Pair:
    """What a client keeps."""

    access: str
    refresh: str
    body: Mapping[str, Any]

    @classmethod
    def of(cls, answer: httpx2.Response, status: int = 200) -> "Pair":
        """Read a pair from an answer."""
        assert answer.status_code == status, answer.text
        body = answer.json()
        tokens = body.get("tokens") or body
        return cls(tokens["access_token"], tokens["refresh_token"], body)

    @property
    def bearer(self) -> dict[str, str]:
        """The header of the access token."""
        return bearer(self.access)


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


async def signed_up(client: Browser, email: str = EMAIL) -> Pair:
    """Sign up and return the pair."""
    return Pair.of(await client.post("/signup", json={"email": email, "password": PASSWORD}), 201)


async def logged_in(client: Browser, email: str = EMAIL) -> Pair:
    """Sign in and return the pair."""
    return Pair.of(await client.post("/login", json={"email": email, "password": PASSWORD}))


async def refresh(client: Browser, token: str) -> httpx2.Response:
    """Use a refresh token."""
    return await client.post("/refresh", json={"refresh_token": token})


async def refreshed(client: Browser, token: str) -> Pair:
    """Use a refresh token with success."""
    return Pair.of(await refresh(client, token))


async def families(auth: Auth) -> list[RefreshFamily]:
    """Return every row of the table."""
    return list(await auth.services.store.rows(REFRESH_TOKEN).all())
