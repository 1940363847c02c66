"""S86: what is not ours goes away in the middle of traffic, and comes back."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from itertools import count
from typing import Any

import pytest
from fastapi import FastAPI

from ostiary import Auth, JwksIssuer, PasswordPolicy, Verifier
from ostiary.domain.runtime import FrozenRuntime
from ostiary.integrations.fastapi import CurrentUser
from ostiary.services import breached_passwords
from ostiary.services.oauth import client as provider_client
from ostiary.services.oauth.providers import generic
from ostiary.verification import remote_keys
from tests.builders import PASSWORD, Browser, code_of, some_auth, some_options
from tests.failure.crowd import Attempt, Crowd, outcomes, slow
from tests.failure.roads import Mood, Ranges, Road, road_to
from tests.identity_provider import IdentityProvider
from tests.key_server import KeyServer, key_server
from tests.mint import AUDIENCE, Mint, published
from tests.social import arrive, depart, openid, outcome

PEOPLE = 6
SILENCE = 1.0
"""Seconds until a server of others is given up on in these tests."""
BOUND = SILENCE + 2
"""Seconds that anybody may take, on a busy machine."""
GRACE = {"sub": "2", "email": "grace@example.com", "email_verified": True, "name": "Grace"}
MOODS = pytest.mark.parametrize("mood", ["gone", "silent"])


@pytest.fixture(autouse=True)
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(breached_passwords, "PATIENCE", SILENCE)
    for module in (provider_client, generic, remote_keys):
        monkeypatch.setattr(module, "_PATIENCE", SILENCE)


def expect_no_queue(attempts: list[Attempt]) -> None:
    """See that after the first, who are as many as there are people, one at a time waits for a silence."""
    took = max(each.begun + each.seconds for each in attempts) - min(each.begun for each in attempts)
    assert slow(attempts, SILENCE * 0.9) <= took / SILENCE + PEOPLE
    assert slow(attempts, BOUND) == 0


async def go_away(server: KeyServer, mood: Mood) -> None:
    if mood == "gone":
        await server.close()
    else:
        server.pause = 60


async def come_back(server: KeyServer, mood: Mood) -> None:
    if mood == "gone":
        await server.open()
    else:
        server.pause = 0


@MOODS
async def test_known_keys_outlive_the_server_that_published_them_until_their_stale_bound(
    mood: Mood, clock: FrozenRuntime
) -> None:
    async with key_server(published("EdDSA")) as server:
        issuer = JwksIssuer(issuer=server.origin, audience=AUDIENCE, private_network=True)
        verifier, app, mint = Verifier(issuer, runtime=clock), FastAPI(), Mint(server.origin, clock)
        verifier.install(app)

        @app.get("/me")
        async def me(user: CurrentUser) -> str:
            return user.id

        async def call(browser: Browser) -> int:
            headers = {"authorization": f"Bearer {mint.token()}"}
            return (await browser.get("/me", headers=headers)).status_code

        async with Crowd(app, call, base="", origin=None).of(8) as callers:
            assert outcomes(await callers.next(20)) == {200}
            await go_away(server, mood)
            for _ in range(3):
                clock.advance(hours=6)
                known = await callers.next(40)
                assert outcomes(known) == {200}
                assert slow(known, BOUND) == 0
            asked = server.fetches
            clock.advance(hours=7)
            unknown = await callers.next(40)
            assert outcomes(unknown) == {503}
            assert slow(unknown, BOUND) == 0
            assert slow(unknown, SILENCE * 0.9) <= 8, "they wait once, and all at the same time"
            assert server.fetches <= asked + 1, "one asks for all"
            await come_back(server, mood)
            clock.advance(minutes=1)
            assert outcomes(await callers.next(40)) == {200}
        await verifier.close()


@pytest.fixture
def road(provider: IdentityProvider) -> Iterator[Road]:
    with road_to(provider.port) as made:
        yield made


@pytest.fixture
async def auth(provider: IdentityProvider, road: Road, clock: FrozenRuntime) -> AsyncIterator[Auth]:
    options = some_options(social_providers=(openid(provider),))
    server = some_auth(options, clock, http_client=road)
    yield server
    await server.close()


async def by_password(browser: Browser) -> object:
    """Sign in by a password, and look."""
    assert (await browser.sign_in()).status_code == 200
    return (await browser.session())["user"]["email"]


async def by_provider(browser: Browser) -> object:
    """Sign in by the provider; whoever fails is nobody."""
    where = outcome(await arrive(browser, await depart(browser), **GRACE))
    assert (await browser.session() is None) == ("error" in where)
    return where


@MOODS
async def test_without_its_provider_a_sign_in_ends_in_a_named_error_and_passwords_still_work(
    auth: Auth, road: Road, mood: Mood
) -> None:
    async with Browser(auth) as browser:
        await browser.sign_up()
    async with Crowd(auth, by_provider).of(PEOPLE) as guests, Crowd(auth, by_password).of(2) as members:
        assert outcomes(await guests.next(12)) == {"/in signed in"}
        road.mood = mood
        refused, others = await asyncio.gather(guests.next(60), members.next(20))
        assert outcomes(refused) == {"/oh?error=invalid_code"}
        expect_no_queue(refused)
        assert outcomes(others) == {"ada@example.com"}
        assert slow(others, SILENCE * 0.9) == 0
        road.mood = "well"
        assert await guests.until("/in signed in") < BOUND
        assert outcomes(await guests.next(12)) == {"/in signed in"}


async def test_a_provider_that_never_said_where_it_is_keeps_nobody_waiting_behind_another(
    auth: Auth, road: Road
) -> None:
    """What it says of itself is asked for once for all who want it."""
    road.mood = "silent"

    async def ask(browser: Browser) -> object:
        return code_of(await browser.post("/sign-in/social", json={"provider": "openid"}))

    async with Crowd(auth, ask).of(8) as guests:
        refused = await guests.next(16)
        assert outcomes(refused) == {"PROVIDER_NOT_FOUND"}
        assert slow(refused, BOUND) == 0
    road.mood = "well"
    async with Browser(auth) as browser:
        assert outcome(await arrive(browser, await depart(browser))) == "/in signed in"


@MOODS
@pytest.mark.parametrize("mode", ["fail open", "fail closed"])
async def test_without_the_breach_service_new_passwords_are_judged_as_configured(
    mode: Any, mood: Mood, road: Road, clock: FrozenRuntime
) -> None:
    options = some_options(password_policy=PasswordPolicy(refuse_breached=mode))
    auth, numbers = some_auth(options, clock, http_client=Ranges(road)), count()
    meanwhile = None if mode == "fail open" else "SERVICE_UNAVAILABLE"

    async def sign_up(browser: Browser) -> object:
        body = {"name": "Eve", "email": f"eve{next(numbers)}@example.com", "password": PASSWORD}
        answer = await browser.post("/sign-up/email", json=body)
        code = code_of(answer)
        assert ("retry-after" in answer.headers) == (answer.status_code == 503)
        assert (await browser.session() is None) == (code is not None)
        return code

    async with Browser(auth) as browser:
        await browser.sign_up()
    async with Crowd(auth, sign_up).of(PEOPLE) as newcomers, Crowd(auth, by_password).of(2) as members:
        assert outcomes(await newcomers.next(12)) == {None}
        road.mood = mood
        judged, others = await asyncio.gather(newcomers.next(60), members.next(20))
        assert outcomes(judged) == {meanwhile}
        expect_no_queue(judged)
        assert outcomes(others) == {"ada@example.com"}
        assert slow(others, SILENCE * 0.9) == 0
        road.mood = "well"
        assert await newcomers.until(None) < BOUND
        assert outcomes(await newcomers.next(12)) == {None}
    await auth.close()
