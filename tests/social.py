"""A server with providers, and the ways to one and back."""

from typing import Any

import httpx2

from ostiary import Auth, GenericOAuth, GitHub, Google, MailedLink
from ostiary.domain.runtime import Runtime, SystemRuntime
from ostiary.options import SocialProvider
from tests.builders import Browser, cookie_names, some_auth, some_options
from tests.identity_provider import CLIENT_ID, SECRET, Detour, IdentityProvider, asked, code_for

ADA = {"sub": "1", "email": "ada@example.com", "email_verified": True, "name": "Ada"}


class Mailbox:
    """What the owner of an address reads."""

    def __init__(self) -> None:
        self.links: list[MailedLink] = []

    async def receive(self, link: MailedLink) -> None:
        self.links.append(link)


def openid(provider: IdentityProvider, provider_id: str = "openid", **more: Any) -> GenericOAuth:
    """Return a provider of OpenID Connect."""
    return GenericOAuth(
        provider_id=provider_id,
        client_id=CLIENT_ID,
        client_secret=SECRET,
        discovery_url=f"{provider.issuer}/.well-known/openid-configuration",
        **more,
    )


def social_providers(provider: IdentityProvider, **of_each: Any) -> tuple[SocialProvider, ...]:
    """Return four providers that are one; `of_each` are options of all of them."""
    known: dict[str, Any] = {"client_id": CLIENT_ID, "client_secret": SECRET, **of_each}
    return (
        Google(**known),
        GitHub(**known),
        openid(provider, **of_each),
        openid(provider, "other", **of_each),
    )


def social_auth(
    provider: IdentityProvider,
    clock: Runtime,
    database: str | None = None,
    *,
    of_each: Any = None,
    **changes: Any,
) -> Auth:
    """Return a server with these providers."""
    options = some_options(social_providers=social_providers(provider, **(of_each or {})), **changes)
    return some_auth(options, clock, database, http_client=Detour(provider))


def system_auth(port: int, database: str) -> Auth:
    """Return one of several servers that share a database, the clock of the machine, and a provider."""
    return social_auth(IdentityProvider(port=port), SystemRuntime(), database)


async def link(browser: Browser, provider: str = "openid", **body: Any) -> str:
    """Ask for an account to be linked; return the address of the provider."""
    given = {"provider": provider, "callbackURL": "/in", "errorCallbackURL": "/oh", **body}
    answer = await browser.post("/link-social", json=given)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["url"])


async def depart(browser: Browser, provider: str = "openid", **body: Any) -> str:
    """Ask to sign in; return the address of the provider."""
    given = {"provider": provider, "callbackURL": "/in", "errorCallbackURL": "/oh", **body}
    answer = await browser.post("/sign-in/social", json=given)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["url"])


async def arrive(
    browser: Browser, url: str, at: str = "openid", query: Any = None, **person: Any
) -> httpx2.Response:
    """Come back from a provider with the code that a person grants."""
    code = code_for(url, **(person or ADA))
    return await browser.get(
        f"/callback/{at}", params={"code": code, "state": asked(url)["state"], **(query or {})}
    )


def outcome(answer: httpx2.Response) -> str:
    """Return where a callback leads, and whether it signed in."""
    assert answer.status_code == 302
    signed_in = "better-auth.session_token" in cookie_names(answer)
    return f"{answer.headers['location']}{' signed in' if signed_in else ''}"
