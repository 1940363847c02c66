"""S86: what is not ours goes away in the middle of traffic, and comes back."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

import pytest
from fastapi import FastAPI

from ostiary import Auth, GenericOAuth, JwksIssuer, PasswordPolicy, Verifier
from ostiary.domain.runtime import FrozenRuntime
from ostiary.integrations.fastapi import CurrentUser
from ostiary.outgoing import DefaultHttpClient, HttpAnswer
from ostiary.services import breached_passwords
from ostiary.services.oauth import client as provider_client
from tests.builders import PASSWORD, Browser, code_of, some_auth, some_options
from tests.identity_provider import CLIENT_ID, SECRET, IdentityProvider, identity_provider
from tests.key_server import key_server
from tests.mint import AUDIENCE, Mint, published
from tests.security.test_social_sign_in import arrive, depart, outcome


@asynccontextmanager
async def calling(app: Any, mint: Mint) -> AsyncIterator[asyncio.Queue[int]]:
    """Let several callers ask who they are, over and over, and collect the answers."""
    answers: asyncio.Queue[int] = asyncio.Queue()
    stopped = asyncio.Event()

    async def call() -> None:
        async with Browser(app, base="", origin=None) as browser:
            while not stopped.is_set():
                headers = {"authorization": f"Bearer {mint.token()}"}
                answers.put_nowait((await browser.get("/me", headers=headers)).status_code)
                await asyncio.sleep(0)

    callers = [asyncio.create_task(call()) for _ in range(4)]
    try:
        yield answers
    finally:
        stopped.set()
        await asyncio.gather(*callers)


async def after(answers: asyncio.Queue[int], number: int) -> set[int]:
    """Return what the next so many answers are."""
    while not answers.empty():
        answers.get_nowait()
    return {await answers.get() for _ in range(number)}


async def test_known_keys_outlive_the_server_that_published_them_until_their_stale_bound(
    clock: FrozenRuntime,
) -> None:
    async with key_server(published("EdDSA")) as server:
        issuer = JwksIssuer(issuer=server.origin, audience=AUDIENCE, private_network=True)
        verifier, app, mint = Verifier(issuer, runtime=clock), FastAPI(), Mint(server.origin, clock)
        verifier.install(app)

        @app.get("/me")
        async def me(user: CurrentUser) -> str:
            return user.id

        async with calling(app, mint) as answers:
            assert await after(answers, 20) == {200}
            await server.close()
            for _ in range(3):
                clock.advance(hours=6)
                await after(answers, 8)
                assert await after(answers, 20) == {200}
            clock.advance(hours=7)
            await after(answers, 8)
            assert await after(answers, 20) == {503}
            await server.open()
            clock.advance(minutes=1)
            await after(answers, 8)
            assert await after(answers, 20) == {200}
        await verifier.close()


@dataclass
class Road:
    """The real HTTP client to one server on this machine, which may be there, gone, or silent."""

    port: int
    mood: str = "well"
    silent: socket.socket = field(default_factory=socket.socket)
    client: DefaultHttpClient = field(default_factory=DefaultHttpClient)

    def __post_init__(self) -> None:
        """Listen, and never answer."""
        self.silent.bind(("127.0.0.1", 0))
        self.silent.listen(128)

    def _led(self, url: str) -> str:
        host = {"well": self.port, "gone": 9, "silent": self.silent.getsockname()[1]}[self.mood]
        path = url.partition("//")[2]
        own = path.startswith("127.0.0.1")
        return f"http://127.0.0.1:{host}/{path.partition('/')[2] if own else path}"

    async def get(self, url: str, **more: Any) -> HttpAnswer:
        return await self.client.get(self._led(url), **more)

    async def post(self, url: str, **more: Any) -> HttpAnswer:
        return await self.client.post(self._led(url), **more)


@pytest.fixture
def provider(clock: FrozenRuntime) -> Iterator[IdentityProvider]:
    with identity_provider(clock) as running:
        yield running


@pytest.fixture
async def road(provider: IdentityProvider) -> AsyncIterator[Road]:
    made = Road(provider.port)
    yield made
    made.silent.close()


@pytest.fixture
async def auth(provider: IdentityProvider, road: Road, clock: FrozenRuntime) -> AsyncIterator[Auth]:
    openid = GenericOAuth(
        provider_id="openid",
        client_id=CLIENT_ID,
        client_secret=SECRET,
        discovery_url=f"{provider.issuer}/.well-known/openid-configuration",
    )
    server = some_auth(some_options(social_providers=(openid,)), clock, http_client=road)
    yield server
    await server.close()


@pytest.mark.parametrize("mood", ["gone", "silent"])
async def test_without_its_provider_a_sign_in_ends_in_a_named_error_and_passwords_still_work(
    auth: Auth, road: Road, mood: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provider_client, "_PATIENCE", 0.3)
    async with Browser(auth) as browser, Browser(auth) as other:
        url = await depart(browser)
        road.mood = mood
        begun = monotonic()
        assert outcome(await arrive(browser, url)) == "/oh?error=invalid_code"
        assert monotonic() - begun < 3
        assert await browser.session() is None
        await other.sign_up("other@example.com")
        assert (await other.session())["user"]["email"] == "other@example.com"
        road.mood = "well"
        assert outcome(await arrive(browser, await depart(browser))) == "/in signed in"


class Ranges:
    """A breached-password service that knows of nothing."""

    def __init__(self, road: Road) -> None:
        self.road = road

    async def get(self, url: str, *, headers: Mapping[str, str], timeout: float) -> HttpAnswer:  # noqa: ASYNC109
        if self.road.mood == "well":
            return HttpAnswer(200, b"")
        return await self.road.get(url, headers=headers, timeout=timeout)


@pytest.mark.parametrize("mood", ["gone", "silent"])
@pytest.mark.parametrize("mode", ["fail open", "fail closed"])
async def test_without_the_breach_service_new_passwords_are_judged_as_configured(
    mode: Any, mood: str, road: Road, clock: FrozenRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(breached_passwords, "PATIENCE", 0.3)
    options = some_options(password_policy=PasswordPolicy(refuse_breached=mode))
    auth = some_auth(options, clock, http_client=Ranges(road))
    async with Browser(auth) as browser, Browser(auth) as other:
        await browser.sign_up()
        road.mood = mood
        begun = monotonic()
        body = {"name": "Eve", "email": "eve@example.com", "password": PASSWORD}
        answer = await other.post("/sign-up/email", json=body)
        assert code_of(answer) == (None if mode == "fail open" else "SERVICE_UNAVAILABLE")
        assert monotonic() - begun < 3
        assert (await browser.sign_in()).status_code == 200
        road.mood = "well"
        if mode == "fail closed":
            await other.sign_up("eve@example.com")
        assert (await other.session())["user"]["email"] == "eve@example.com"
    await auth.close()
