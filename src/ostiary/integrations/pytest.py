"""Fixtures for applications: a signed-in client for anybody in one line, a clock that stands, captured mail.

`pytest_plugins = ["ostiary.integrations.pytest"]` in the outermost conftest asks for them. They are no entry
point: installing a package must not change what somebody's tests load.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

import httpx2
import pytest

from ostiary.auth import Auth
from ostiary.domain.entities import User
from ostiary.domain.errors import ConfigurationError
from ostiary.domain.models import USER
from ostiary.domain.runtime import FrozenRuntime
from ostiary.domain.schema import Value
from ostiary.http.minting import mint_session
from ostiary.outgoing import Email, Mailer
from ostiary.services.users import NewUser

_LINK: Final = re.compile(r"https?://\S+")


@dataclass
class CapturedMail:
    """A way out for mail that keeps every message: give `captured_mail.mailer` to `Auth`."""

    emails: list[Email] = field(default_factory=list)
    sender: str = "Tests <tests@example.com>"

    @property
    def mailer(self) -> Mailer:
        """The mailer for `Auth(..., mailer=...)`."""
        return Mailer(sender=self.sender, transport=self)

    async def deliver(self, email: Email) -> None:
        """Keep a message."""
        self.emails.append(email)

    def to(self, address: str) -> list[Email]:
        """Return what a person got so far, the oldest first."""
        return [email for email in self.emails if email.to == address]

    async def last_to(self, auth: Auth, address: str) -> Email:
        """Deliver what is due and return the newest message to a person; raises LookupError without any."""
        await auth.services.background.drain()
        if auth.services.courier is not None:
            await auth.services.courier.deliver_due()
        found = self.to(address)
        if not found:
            raise LookupError(f"no mail went to {address}")
        return found[-1]

    @staticmethod
    def link_in(email: Email) -> str:
        """Return the first link of a message; raises LookupError without any."""
        found = _LINK.search(email.text)
        if found is None:
            raise LookupError("the message has no link")
        return found.group()


@dataclass(frozen=True)
class SignedIn:
    """Makes clients of an application, one for each person."""

    app: Any  # an ASGI application: FastAPI with `auth.install(app)`, or the Auth itself

    @property
    def auth(self) -> Auth:
        """The auth server of the application."""
        auth = self.app if isinstance(self.app, Auth) else getattr(self.app.state, "ostiary", None)
        if not isinstance(auth, Auth):
            raise ConfigurationError("the fixture `app` must return an application with `auth.install(app)`")
        return auth

    async def __call__(self, email: str, *, name: str | None = None, **fields: Value) -> httpx2.AsyncClient:
        """Return a client that is signed in as the person, who is made where there is none.

        `fields` are the application's and the plugins', in their names: `role="admin"`.
        """
        user = await self.user(email, name=name, **fields)
        minted = await mint_session(self.auth.services, user)
        client = self.anybody()
        host = urlsplit(self._origin).hostname or ""
        for cookie in minted.cookies:  # a name without a dot is kept as the cookie jar itself would keep it
            client.cookies.set(cookie.name, cookie.value, domain=host if "." in host else f"{host}.local")
        return client

    async def user(self, email: str, *, name: str | None = None, **fields: Value) -> User:
        """Return a person with these fields, made where there is none, with a verified address."""
        users, model = self.auth.services.users, self.auth.schema[USER]
        if unknown := set(fields) - {each.name for each in model.extra_fields}:
            raise ConfigurationError(f"users have no field '{min(unknown)}'")
        found = await users.by_email(email)
        if found is None:
            new = NewUser(
                email=email,
                name=name or email.partition("@")[0],
                email_verified=True,
                additional={**model.extra_defaults(), **fields},
            )
            return (await users.sign_up(new, None, None))[0]
        changes = {model.by_name[key]: value for key, value in fields.items()}
        return (await users.change(found, changes) or found) if changes else found

    def anybody(self, headers: Mapping[str, str] | None = None) -> httpx2.AsyncClient:
        """Return a client that nobody is signed in with, on a page of the application's own origin."""
        transport = httpx2.ASGITransport(self.app, client=("127.0.0.1", 4711))
        return httpx2.AsyncClient(
            transport=transport, base_url=self._origin, headers={"origin": self._origin, **(headers or {})}
        )

    @property
    def _origin(self) -> str:
        parts = urlsplit(self.auth.options.base_url or "http://localhost")
        return f"{parts.scheme}://{parts.netloc}"


@pytest.fixture
def clock() -> FrozenRuntime:
    """Return a clock that moves only when told to, for `Auth(..., runtime=clock)`."""
    return FrozenRuntime()


@pytest.fixture
def captured_mail() -> CapturedMail:
    """Return a place where every mail ends, for `Auth(..., mailer=captured_mail.mailer)`."""
    return CapturedMail()


@pytest.fixture
def signed_in(app: Any) -> SignedIn:
    """Return what makes clients of the application that the fixture `app` returns."""
    return SignedIn(app)
