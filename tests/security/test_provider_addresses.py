"""S73: whatever a provider says, nobody else in our network is asked, and nobody for long or for much."""

import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest

from ostiary import Auth, GenericOAuth
from ostiary.domain.runtime import FrozenRuntime
from ostiary.services.oauth import client
from ostiary.services.oauth.providers import generic
from tests.builders import Browser, code_of, some_auth, some_options
from tests.identity_provider import CLIENT_ID, SECRET, IdentityProvider
from tests.social import arrive, depart, outcome

PLACES = ("token_endpoint", "jwks_uri", "userinfo_endpoint", "authorization_endpoint")
NOWHERE = [
    "https://169.254.169.254/latest/meta-data",
    "https://[::ffff:169.254.169.254]/",
    "https://[::ffff:a9fe:a9fe]/",
    "https://[fd00:ec2::254]/",
    "https://[64:ff9b::a9fe:a9fe]/",
    "https://100.100.100.200/",
    "https://168.63.129.16/",
    "https://10.0.0.7/",
    "https://192.168.1.1/",
    "https://[fe80::1]/",
    "https://0.0.0.0/",
    "https://metadata.example/",
    "https://rebound.example/",
]
"""Where a cloud tells a machine its credentials, and what else is not for everybody; the last two by name."""
NO_ADDRESS = [
    "http://idp.example/token",
    "ftp://127.0.0.1/",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "//evil.example",
    "https://",
    7,
    ["https://idp.example"],
]
LOOPBACK = ["http://127.0.0.1:6379/", "http://localhost:6379/", "https://[::1]/", "http://a.localhost/"]


def auth_of(provider: IdentityProvider, clock: FrozenRuntime, **changes: Any) -> Auth:
    """Return a server with the real client, which resolves names and checks what they lead to."""
    settings = GenericOAuth(
        **{
            "provider_id": "openid",
            "client_id": CLIENT_ID,
            "client_secret": SECRET,
            "discovery_url": f"{provider.issuer}/.well-known/openid-configuration",
            **changes,
        }
    )
    return some_auth(some_options(social_providers=(settings,)), clock)


@pytest.fixture
async def auth(provider: IdentityProvider, clock: FrozenRuntime) -> AsyncIterator[Auth]:
    server = auth_of(provider, clock)
    yield server
    await server.close()


class Resolver:
    """Answers for names: one leads to a cloud's metadata, one does so at the second question."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.usual = socket.getaddrinfo

    def __call__(self, host: Any, port: Any, *rest: Any, **more: Any) -> Any:
        self.asked.append(str(host))
        if host == "metadata.example":
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("169.254.169.254", port))]
        if host == "rebound.example":
            addresses = ["192.0.2.1"] if self.asked.count(host) == 1 else ["127.0.0.1"]
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (addresses[0], port))]
        return self.usual(host, port, *rest, **more)


@pytest.mark.parametrize("place", PLACES[:3])
@pytest.mark.parametrize("url", NOWHERE)
async def test_a_description_leads_to_nothing_that_is_not_for_everybody(
    auth: Auth, provider: IdentityProvider, place: str, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S73: refused before anything is sent there, code and secret least of all."""
    resolver = Resolver()
    monkeypatch.setattr(socket, "getaddrinfo", resolver)
    provider.overrides["/.well-known/openid-configuration"] = 200, {**provider.discovery(), place: url}
    async with Browser(auth) as browser:
        person = {"sub": "1", "claims": {"email": "..."}} if place == "userinfo_endpoint" else {"sub": "1"}
        came = outcome(await arrive(browser, await depart(browser), **{"email": "ada@example.com", **person}))
        code = "invalid_code" if place == "token_endpoint" else "unable_to_get_user_info"
        assert came == f"/oh?error={code}"
    assert "/token" in " ".join(provider.requests) or place == "token_endpoint"


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("url", NO_ADDRESS)
async def test_a_description_with_what_is_no_address_is_none(
    auth: Auth, provider: IdentityProvider, place: str, url: Any
) -> None:
    """S73: nor one that everybody on the way reads."""
    provider.overrides["/.well-known/openid-configuration"] = 200, {**provider.discovery(), place: url}
    async with Browser(auth) as browser:
        answer = await browser.post("/sign-in/social", json={"provider": "openid"})
        assert code_of(answer) == "PROVIDER_NOT_FOUND"


@pytest.mark.parametrize("url", LOOPBACK)
@pytest.mark.parametrize("place", PLACES)
async def test_a_provider_elsewhere_does_not_lead_to_this_machine(place: str, url: str) -> None:
    """S73: that a name is this machine's in plain sight is the operator's word, not a provider's."""
    settings = GenericOAuth(provider_id="far", client_id="c", discovery_url="https://idp.example/d")
    with pytest.raises(generic.ProviderFailed, match="this machine"):
        generic.described(settings, "https://idp.example", {place: url})


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/jwks", "/token", "/userinfo"])
async def test_no_redirect_of_a_provider_is_followed(
    auth: Auth, provider: IdentityProvider, path: str, status: int
) -> None:
    """S73"""
    provider.redirects[path] = status, f"{provider.issuer}/elsewhere"
    async with Browser(auth) as browser:
        answer = await browser.post("/sign-in/social", json={"provider": "openid", "errorCallbackURL": "/oh"})
        if path.startswith("/.well-known"):
            assert code_of(answer) == "PROVIDER_NOT_FOUND"
        else:
            person = {"sub": "1", "claims": {"email": "..."}}
            assert "error=" in outcome(await arrive(browser, answer.json()["url"], **person))
    assert not [each for each in provider.requests if "elsewhere" in each]


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/jwks", "/token", "/userinfo"])
async def test_an_endless_answer_is_none(auth: Auth, provider: IdentityProvider, path: str) -> None:
    """S73"""
    provider.overrides[path] = 200, b'{"a":"' + b"x" * 1_100_000 + b'"}'
    async with Browser(auth) as browser:
        answer = await browser.post("/sign-in/social", json={"provider": "openid", "errorCallbackURL": "/oh"})
        if path.startswith("/.well-known"):
            assert code_of(answer) == "PROVIDER_NOT_FOUND"
        else:
            person = {"sub": "1", "claims": {"email": "..."}}
            assert "error=" in outcome(await arrive(browser, answer.json()["url"], **person))


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/token", "/userinfo"])
async def test_a_provider_that_never_ends_its_answer_is_left(
    auth: Auth, provider: IdentityProvider, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S73"""
    for module in (client, generic):
        monkeypatch.setattr(module, "_PATIENCE", 0.5)
    async with Browser(auth) as browser:
        with provider.silent_at(path):
            answer = await browser.post(
                "/sign-in/social", json={"provider": "openid", "errorCallbackURL": "/oh"}
            )
            if path.startswith("/.well-known"):
                assert code_of(answer) == "PROVIDER_NOT_FOUND"
            else:
                person = {"sub": "1", "claims": {"email": "..."}}
                assert "error=" in outcome(await arrive(browser, answer.json()["url"], **person))
