"""S71 where flows are kept: one browser, one time, on every store and from several nodes."""

import asyncio
from collections import Counter
from typing import Any
from urllib.parse import urlsplit

import pytest

from ostiary import AccountLinking, AccountOptions
from ostiary.domain.models import ACCOUNT, SESSION, USER, VERIFICATION
from ostiary.domain.runtime import FrozenRuntime
from ostiary.outgoing import HttpAnswer
from tests.builders import Browser, cookie_names
from tests.identity_provider import Detour, IdentityProvider
from tests.security.conftest import POSTGRES, Place, execute
from tests.security.surface import surface_options
from tests.social import ADA, arrive, depart, link, outcome, social_providers

MANY = 12
POSTGRESQL = pytest.mark.parametrize(
    "place", [pytest.param("postgresql", marks=pytest.mark.services)], indirect=True
)


async def nodes(place: Place, provider: IdentityProvider, clock: FrozenRuntime, count: int = 2) -> list[Any]:
    options = surface_options(social_providers=social_providers(provider))
    return [await place.open(options, clock, http_client=Detour(provider)) for _ in range(count)]


def copied(jar: Browser, node: Any) -> Browser:
    """Return the same browser in front of another node."""
    copy = Browser(node)
    copy.cookies.update(jar.cookies)
    return copy


async def test_parallel_callbacks_with_one_state_start_one_session(
    place: Place, provider: IdentityProvider, clock: FrozenRuntime
) -> None:
    """S71: two nodes, one database, one state."""
    auths = await nodes(place, provider, clock)
    async with Browser(auths[0]) as browser:
        url = await depart(browser)
        tabs = [copied(browser, auths[number % 2]) for number in range(MANY)]
        outcomes = Counter(
            outcome(answer) for answer in await asyncio.gather(*(arrive(tab, url) for tab in tabs))
        )
        assert outcomes["/in signed in"] == 1
        assert sum(count for target, count in outcomes.items() if "state_mismatch" in target) == MANY - 1
        store = auths[1].services.store
        assert await store.rows(SESSION).count() == 1
        assert await store.rows(USER).count() == 1
        assert await store.rows(ACCOUNT).count() == 1
        assert await store.rows(VERIFICATION).count() == 0


async def test_two_flows_of_one_stranger_make_one_user(
    place: Place, provider: IdentityProvider, clock: FrozenRuntime
) -> None:
    auths = await nodes(place, provider, clock)
    browsers = [Browser(auths[number % 2]) for number in range(MANY)]
    urls = [await depart(browser) for browser in browsers]
    answers = await asyncio.gather(*(arrive(b, url) for b, url in zip(browsers, urls, strict=True)))
    assert Counter(outcome(answer) for answer in answers) == {"/in signed in": MANY}
    store = auths[0].services.store
    assert await store.rows(USER).count() == 1
    assert await store.rows(ACCOUNT).count() == 1


async def test_two_users_who_link_one_account_at_once_share_nothing(
    place: Place, provider: IdentityProvider, clock: FrozenRuntime
) -> None:
    """S72"""
    options = surface_options(
        social_providers=social_providers(provider),
        account=AccountOptions(account_linking=AccountLinking(allow_different_emails=True)),
    )
    auths = [await place.open(options, clock, http_client=Detour(provider)) for _ in range(2)]
    browsers = [Browser(auth) for auth in auths]
    urls = []
    for number, browser in enumerate(browsers):
        await browser.sign_up(f"{number}@example.com")
        urls.append(await link(browser))
    answers = await asyncio.gather(*(arrive(b, url) for b, url in zip(browsers, urls, strict=True)))
    assert sorted(outcome(answer) for answer in answers) == [
        "/in",
        "/oh?error=account_already_linked_to_different_user",
    ]


async def test_a_callback_in_another_jar_leaves_the_flow_to_its_browser(
    place: Place, provider: IdentityProvider, clock: FrozenRuntime
) -> None:
    """S71: also on another node; and a replay finds nothing."""
    auths = await nodes(place, provider, clock)
    async with Browser(auths[0]) as browser, Browser(auths[1]) as thief:
        url = await depart(browser)
        await depart(thief)
        assert outcome(await arrive(thief, url)) == "/oh?error=state_mismatch"
        elsewhere = copied(browser, auths[1])
        assert outcome(await arrive(elsewhere, url)) == "/in signed in"
        assert "error=state_mismatch" in outcome(await arrive(browser, url))
        assert await auths[0].services.store.rows(SESSION).count() == 1


@pytest.mark.parametrize("at", ["google", "github", "other"])
async def test_no_other_provider_answers(
    place: Place, provider: IdentityProvider, clock: FrozenRuntime, at: str
) -> None:
    """S71: nor is the code sent to it."""
    [auth] = await nodes(place, provider, clock, 1)
    async with Browser(auth) as browser:
        assert outcome(await arrive(browser, await depart(browser), at)) == "/oh?error=state_mismatch"
        assert provider.forms == []


async def gone(url: str) -> None:
    """Take the database away as a failure would: no connection lives, none is made."""
    name = urlsplit(url).path[1:]
    await execute(POSTGRES, f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
    await execute(
        POSTGRES, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
    )


async def back(url: str) -> None:
    await execute(POSTGRES, f'ALTER DATABASE "{urlsplit(url).path[1:]}" ALLOW_CONNECTIONS true')


@POSTGRESQL
async def test_a_callback_without_a_database_spends_nothing(
    place: Place, provider: IdentityProvider, clock: FrozenRuntime
) -> None:
    """S86: 503 and when to try again; the very same callback works once the database is back."""
    [auth] = await nodes(place, provider, clock, 1)
    assert place.url is not None
    async with Browser(auth) as browser:
        url = await depart(browser)
        await gone(place.url)
        try:
            answer = await arrive(browser, url)
            assert (answer.status_code, answer.json()["code"]) == (503, "SERVICE_UNAVAILABLE")
            assert int(answer.headers["retry-after"]) >= 1
            assert "location" not in answer.headers
            assert cookie_names(answer) == []
            assert provider.forms == [], "the code was not sent"
            departure = await browser.post("/sign-in/social", json={"provider": "openid"})
            assert departure.status_code == 503
        finally:
            await back(place.url)
        assert outcome(await arrive(browser, url)) == "/in signed in"


class Severing(Detour):
    """A client during whose exchange of a code the database goes away."""

    url: str = ""

    async def post(self, url: str, **more: Any) -> HttpAnswer:
        if self.url:
            await gone(self.url)
        return await super().post(url, **more)


@POSTGRESQL
async def test_a_database_that_goes_away_within_a_callback_leaves_nothing_half_done(
    place: Place, provider: IdentityProvider, clock: FrozenRuntime
) -> None:
    """S86"""
    client = Severing(provider)
    options = surface_options(social_providers=social_providers(provider))
    auth = await place.open(options, clock, http_client=client)
    assert place.url is not None
    async with Browser(auth) as browser:
        url = await depart(browser)
        client.url = place.url
        try:
            answer = await arrive(browser, url)
            assert answer.status_code == 503
            assert "better-auth.session_token" not in cookie_names(answer)
        finally:
            client.url = ""
            await back(place.url)
        store = auth.services.store
        assert [await store.rows(model).count() for model in (USER, ACCOUNT, SESSION)] == [0, 0, 0]
        assert "state_mismatch" in outcome(await arrive(browser, url)), "the state was spent before the code"
        assert outcome(await arrive(browser, await depart(browser), **ADA)) == "/in signed in"
