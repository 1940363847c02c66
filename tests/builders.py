"""Small builders and a browser-like client, shared by all tests."""

from datetime import timedelta
from typing import Any

import httpx2

from ostiary import Auth, EmailAndPassword, Options, RateLimitOptions
from ostiary.composition import Parts, schema_of
from ostiary.crypto.password_hashes.argon2 import Argon2
from ostiary.crypto.passwords import BoundedHasher
from ostiary.domain.runtime import FrozenRuntime, Runtime
from ostiary.storage.memory import MemoryStore

SECRET = "a-secret-for-tests-of-at-least-32-characters"
ORIGIN = "http://auth.test"
PASSWORD = "Correct horse battery 7"
SESSION_COOKIE = "better-auth.session_token"
NO_LIMITS = RateLimitOptions(enabled=False)


def some_options(**changes: Any) -> Options:
    """Return options with sign-up on and limits off."""
    defaults: dict[str, Any] = {
        "secret": SECRET,
        "base_url": ORIGIN,
        "email_and_password": EmailAndPassword(enabled=True),
        "rate_limit": NO_LIMITS,
    }
    return Options(**{**defaults, **changes})


def cheap_hasher(runtime: Runtime) -> BoundedHasher:
    """Return the real hasher with an algorithm that costs almost nothing."""
    return BoundedHasher(runtime, Argon2(memory=8, iterations=1, parallelism=1))


def some_auth(
    options: Options | None = None,
    clock: Runtime | None = None,
    database: str | None = None,
    **parts: Any,
) -> Auth:
    """Return an auth server; without a database address it keeps everything in memory."""
    options = options or some_options()
    clock = clock or FrozenRuntime()
    parts = {"runtime": clock, "hasher": cheap_hasher(clock), **parts}
    schema = schema_of(options, Parts(**parts))
    return Auth(options, database or MemoryStore(schema, clock), **parts)


class Browser(httpx2.AsyncClient):
    """A browser with one tab on the application: it keeps cookies and names its origin."""

    def __init__(
        self, app: Any, *, origin: str | None = ORIGIN, base: str = "/api/auth", **kwargs: Any
    ) -> None:
        """Open a tab on `origin`; None is a program that is no browser."""
        transport = httpx2.ASGITransport(app=app, raise_app_exceptions=True, client=("198.51.100.7", 4711))
        headers = {**({"origin": origin} if origin else {}), **kwargs.pop("headers", {})}
        super().__init__(transport=transport, base_url=f"{ORIGIN}{base}", headers=headers, **kwargs)

    async def sign_up(self, email: str = "ada@example.com", password: str = PASSWORD, **more: Any) -> Any:
        """Sign up and return the answer's JSON."""
        body = {"name": "Ada", "email": email, "password": password, **more}
        answer = await self.post("/sign-up/email", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def sign_in(
        self, email: str = "ada@example.com", password: str = PASSWORD, **more: Any
    ) -> httpx2.Response:
        """Sign in."""
        return await self.post("/sign-in/email", json={"email": email, "password": password, **more})

    async def session(self, **query: str) -> Any:
        """Return what get-session says."""
        answer = await self.get("/get-session", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def cookie(self, name: str = SESSION_COOKIE) -> str | None:
        """Return the raw value of a cookie."""
        return next((cookie.value for cookie in self.cookies.jar if cookie.name == name), None)


def set_cookies(answer: httpx2.Response) -> list[str]:
    """Return the Set-Cookie lines."""
    return answer.headers.get_list("set-cookie")


def cookie_names(answer: httpx2.Response) -> list[str]:
    """Return the names of the cookies an answer sets."""
    return [line.partition("=")[0] for line in set_cookies(answer)]


def code_of(answer: httpx2.Response) -> str | None:
    """Return the stable code of a refusal."""
    return answer.json().get("code") if answer.content else None


DAY = timedelta(days=1)
