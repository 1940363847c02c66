"""Every kind of token at every place that takes one: each is accepted where it belongs, and nowhere else."""

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from ostiary import CookieCache, SessionOptions
from ostiary.crypto.json_web_signatures import SharedKey, sign_token
from ostiary.crypto.session_cache import Strategy
from ostiary.crypto.signed_jwt import sign_jwt
from ostiary.crypto.signing import sign
from ostiary.domain.runtime import FrozenRuntime
from ostiary.plugins import Admin, Bearer, Tokens
from tests.builders import DAY, ORIGIN, SECRET, SESSION_COOKIE, Browser, some_options
from tests.pairs import EMAIL, application, bearer, pair_auth, program, signed_up
from tests.security.test_token_services import SERVICES, TASKS

HEADERS = (
    "/api/auth/me",
    "/api/v1/auth/me",
    "/api/auth/get-session",
    "/api/auth/list-sessions",
    "/app/me",
    "/app/user",
)
DATA_COOKIE = "better-auth.session_data"
REFRESH_COOKIE = "better-auth.refresh_token"
AS_SESSION = {
    f"bearer {path}" for path in ("/api/auth/get-session", "/api/auth/list-sessions", "/app/me", "/app/user")
}
ACCEPTED = {
    "access": {*(f"bearer {path}" for path in HEADERS), "introspect", "introspect as access_token"},
    "refresh": {"refresh body", "envelope refresh body", "refresh cookie", "introspect as refresh_token"},
    "signed session token": {*AS_SESSION, "session cookie"},
    "jwt": {"bearer /app/me", "bearer /app/user"},
    "jwt that names the session": {"bearer /app/me", "bearer /app/user"},
}
"""What is not listed is accepted nowhere."""


class Consumers:
    """Every place that takes a token, by name."""

    def __init__(self, client: Browser) -> None:
        self.client = client

    async def accepting(self, token: str) -> set[str]:
        """Return the names of the places where a token is believed."""
        accepted = {f"bearer {path}" for path in HEADERS if believed(await self._get(path, bearer(token)))}
        for name in (SESSION_COOKIE, DATA_COOKIE):
            answer = await self._get("/api/auth/get-session", {"cookie": f"{name}={token}"})
            accepted |= (
                {f"{name.rpartition('.')[2].removesuffix('_token')} cookie"} if believed(answer) else set()
            )
        for hint in (None, "access_token", "refresh_token"):
            form = {"token": token, **({"token_type_hint": hint} if hint else {})}
            answer = await self._post("/api/auth/introspect", data=form, headers=TASKS)
            accepted |= (
                {f"introspect as {hint}" if hint else "introspect"} if answer.json()["active"] else set()
            )
        return accepted | await self._as_refresh_token(token)

    async def _post(self, path: str, **request: Any) -> httpx2.Response:
        self.client.cookies.clear()  # what an earlier answer set
        return await self.client.post(path, **request)

    async def _get(self, path: str, headers: dict[str, str]) -> httpx2.Response:
        self.client.cookies.clear()
        return await self.client.get(path, headers=headers)

    async def _as_refresh_token(self, token: str) -> set[str]:
        body = {"refresh_token": token}
        in_cookie = {"cookie": f"{REFRESH_COOKIE}={token}", "origin": ORIGIN}
        tries = {
            "refresh body": await self._post("/api/auth/refresh", json=body),
            "envelope refresh body": await self._post("/api/v1/auth/refresh", json=body),
            "refresh cookie": await self._post("/api/auth/refresh", headers=in_cookie),
            "refresh query": await self._post("/api/auth/refresh", params=body),
            "refresh bearer": await self._post("/api/auth/refresh", headers=bearer(token)),
            "login password": await self._post("/api/auth/login", json={"email": EMAIL, "password": token}),
        }
        return {name for name, answer in tries.items() if believed(answer)}


def believed(answer: httpx2.Response) -> bool:
    assert answer.status_code < 500, answer.text
    return answer.status_code == 200 and answer.json() is not None


@pytest.fixture(params=["compact", "jwt", "jwe"])
async def tokens(
    request: pytest.FixtureRequest, clock: FrozenRuntime
) -> AsyncIterator[tuple[Consumers, dict[str, str]]]:
    """Return the places, and one token of each kind of one session."""
    strategy: Strategy = request.param
    cache = CookieCache(enabled=True, strategy=strategy)
    others = (Admin(), Bearer())
    options = some_options(session=SessionOptions(cookie_cache=cache))
    auth = pair_auth(Tokens(services=SERVICES), options, clock, others=others)
    app = application(auth)
    keyring = auth.services.session_cookies.keyring
    async with program(app, base="") as client, Browser(app) as browser:
        async with program(auth) as direct:
            pair = await signed_up(direct)
        session = (await client.get("/api/auth/get-session", headers=pair.bearer)).json()["session"]
        await browser.sign_in()
        claims = {"sub": pair.body["user"]["id"], "email": EMAIL, "role": "user", "sid": session["id"]}
        forged = {**claims, "iss": ORIGIN, "aud": ORIGIN, "iat": int(clock.now().timestamp())}
        forged["exp"] = forged["iat"] + 900
        assert auth.services.signing is not None
        signer = auth.services.signing.signer
        yield (
            Consumers(client),
            {
                "access": pair.access,
                "refresh": pair.refresh,
                "session token": session["token"],
                "signed session token": sign(session["token"], keyring),
                "cached session": browser.cookie(DATA_COOKIE) or "",
                "jwt": (await browser.get("/token")).json()["token"],
                "jwt that names the session": await signer.sign(forged),
                "mailed token": sign_jwt({"email": EMAIL}, keyring, DAY, clock),
                "mailed token of the session": sign_jwt(forged, keyring, DAY, clock),
                "mailed token that claims to be another": sign_jwt(forged, keyring, DAY, clock, typ="at+jwt"),
                "signed by the secret": sign_token(forged, SharedKey(SECRET), "at+jwt"),
            },
        )
    await auth.close()


async def test_each_kind_is_accepted_where_it_belongs_and_nowhere_else(
    tokens: tuple[Consumers, dict[str, str]],
) -> None:
    """S9, S41"""
    consumers, of_kind = tokens
    assert len(of_kind) == 11
    for kind, token in of_kind.items():
        assert token
        assert await consumers.accepting(token) == ACCEPTED.get(kind, set()), kind
