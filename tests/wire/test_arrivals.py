"""What a server decides about people who come by providers: proof of the mailbox, trust, how flows begin."""

from collections.abc import Mapping
from typing import Any, Literal

import pytest

from ostiary import AccountLinking, AccountOptions, EmailVerificationOptions
from ostiary.domain.models import USER, UserFields
from ostiary.domain.runtime import FrozenRuntime
from tests.builders import Browser, code_of, cookie_names, some_auth, some_options
from tests.identity_provider import CLIENT_ID, Detour, IdentityProvider, asked
from tests.social import ADA, Mailbox, arrive, depart, link, openid, outcome, social_auth

UNPROVED = {**ADA, "email_verified": False}


def verifying(mailbox: Mailbox, **changes: Any) -> EmailVerificationOptions:
    return EmailVerificationOptions(send_verification_email=mailbox.receive, **changes)


@pytest.mark.parametrize("send_on_sign_in", [False, True])
async def test_people_of_a_provider_may_need_a_proved_address(
    provider: IdentityProvider, clock: FrozenRuntime, send_on_sign_in: bool
) -> None:
    mailbox = Mailbox()
    auth = social_auth(
        provider,
        clock,
        of_each={"require_email_verification": True},
        email_verification=verifying(mailbox, send_on_sign_in=send_on_sign_in),
    )
    async with Browser(auth) as browser:
        assert (
            outcome(await arrive(browser, await depart(browser), **UNPROVED))
            == "/oh?error=email_not_verified"
        )
        assert await browser.session() is None
        await auth.services.background.drain()
        [first] = mailbox.links
        assert "callbackURL=%2Fin" in first.url
        assert (
            outcome(await arrive(browser, await depart(browser), **UNPROVED))
            == "/oh?error=email_not_verified"
        )
        await auth.services.background.drain()
        assert len(mailbox.links) == (2 if send_on_sign_in else 1)
        brought = {"provider": "openid", "idToken": {"token": provider.id_token(**UNPROVED)}}
        answer = await browser.post("/sign-in/social", json=brought)
        assert (answer.status_code, code_of(answer)) == (403, "EMAIL_NOT_VERIFIED")
        assert (await browser.get("/verify-email", params={"token": first.token})).status_code == 200
        assert outcome(await arrive(browser, await depart(browser), **UNPROVED)) == "/in signed in"
    await auth.close()


@pytest.mark.parametrize(("on_sign_up", "mails"), [(None, 0), (False, 0), (True, 1)])
async def test_a_stranger_who_comes_by_a_provider_is_mailed_where_that_is_wanted(
    provider: IdentityProvider, clock: FrozenRuntime, on_sign_up: bool | None, mails: int
) -> None:
    mailbox = Mailbox()
    auth = social_auth(provider, clock, email_verification=verifying(mailbox, send_on_sign_up=on_sign_up))
    async with Browser(auth) as browser:
        for _ in range(2):
            assert outcome(await arrive(browser, await depart(browser), **UNPROVED)) == "/in signed in"
        proved = {**ADA, "sub": "2", "email": "bob@example.com"}
        assert outcome(await arrive(browser, await depart(browser), **proved)) == "/in signed in"
        await auth.services.background.drain()
        assert [each.user.email for each in mailbox.links] == ["ada@example.com"] * mails
    await auth.close()


async def test_which_provider_is_trusted_may_depend_on_the_request(
    provider: IdentityProvider, clock: FrozenRuntime
) -> None:
    async def trusted(headers: Mapping[str, str]) -> list[str]:
        return ["openid"] if headers.get("x-tenant") == "acme" else []

    linking = AccountLinking(trusted_providers=trusted)
    auth = social_auth(provider, clock, account=AccountOptions(account_linking=linking))
    async with Browser(auth) as browser:
        await browser.sign_up()
        assert outcome(await arrive(browser, await link(browser), **UNPROVED)) == (
            "/oh?error=unable_to_link_account"
        )
        browser.headers["x-tenant"] = "acme"
        assert outcome(await arrive(browser, await link(browser), **UNPROVED)) == "/in"
        await auth.services.store.rows(USER).update(
            {UserFields.EMAIL_VERIFIED: True}, UserFields.EMAIL.equals("ada@example.com")
        )
        other = {**UNPROVED, "sub": "2"}
        assert outcome(await arrive(browser, await depart(browser), **other)) == "/in signed in"
        del browser.headers["x-tenant"]
        other = {**UNPROVED, "sub": "3"}
        assert "account_not_linked" in outcome(await arrive(browser, await depart(browser), **other))
    await auth.close()


async def test_a_flow_may_end_in_another_browser_where_that_is_configured(
    provider: IdentityProvider, clock: FrozenRuntime
) -> None:
    auth = social_auth(provider, clock, account=AccountOptions(skip_state_cookie_check=True))
    async with Browser(auth) as phone, Browser(auth) as desk:
        url = await depart(phone)
        assert outcome(await arrive(desk, url)) == "/in signed in"
        assert "state_mismatch" in outcome(await arrive(phone, url)), "once, all the same"
    await auth.close()


async def test_the_word_of_a_provider_counts_more_than_the_users_only_by_redirect(
    provider: IdentityProvider, clock: FrozenRuntime
) -> None:
    auth = social_auth(provider, clock, of_each={"override_user_info_on_sign_in": True})
    async with Browser(auth) as browser:
        for at_the_provider in ("Ada", "Countess"):
            await arrive(browser, await depart(browser), **{**ADA, "name": at_the_provider})
            assert (await browser.get("/get-session")).json()["user"]["name"] == at_the_provider
        brought = {"provider": "openid", "idToken": {"token": provider.id_token(**ADA)}}
        answer = await browser.post("/sign-in/social", json=brought)
        assert answer.json()["user"]["name"] == "Countess", "a token may be older than what is known"
    await auth.close()


@pytest.mark.parametrize("strategy", ["database", "cookie"])
async def test_a_flow_that_took_too_long_ends_where_it_wanted_failures_to_go(
    provider: IdentityProvider, clock: FrozenRuntime, strategy: Literal["database", "cookie"]
) -> None:
    auth = social_auth(provider, clock, account=AccountOptions(store_state_strategy=strategy))
    async with Browser(auth) as browser:
        url = await depart(browser)
        clock.advance(minutes=11)
        answer = await arrive(browser, url)
        assert outcome(answer) == "/oh?error=state_mismatch"
        assert [each for each in cookie_names(answer) if "state" in each], "the cookie is expired with it"
        assert await browser.session() is None
    await auth.close()


@pytest.mark.parametrize("allowed", [True, False])
async def test_a_provider_may_begin_a_flow(
    provider: IdentityProvider, clock: FrozenRuntime, allowed: bool
) -> None:
    """S71: what it brings along is not looked at; a flow of our own begins."""
    begins = openid(provider, allow_idp_initiated=allowed)
    auth = some_auth(some_options(social_providers=(begins,)), clock, http_client=Detour(provider))
    async with Browser(auth) as browser:
        answer = await browser.get("/callback/openid", params={"code": "of the provider"})
        if not allowed:
            assert "error=state_not_found" in answer.headers["location"]
            return
        assert answer.headers["location"].startswith(f"{provider.issuer}/authorize?")
        assert cookie_names(answer) == ["better-auth.state"]
        assert "of the provider" not in answer.headers["location"]
        assert provider.forms == []
        assert asked(answer.headers["location"])["code_challenge"]
        assert outcome(await arrive(browser, answer.headers["location"])) == "http://auth.test signed in"
    await auth.close()


@pytest.mark.parametrize("alone", [False, True])
async def test_whoever_signs_out_is_led_to_the_providers_own_sign_out(
    provider: IdentityProvider, clock: FrozenRuntime, alone: bool
) -> None:
    settings = openid(provider, disable_provider_logout=alone)
    auth = some_auth(some_options(social_providers=(settings,)), clock, http_client=Detour(provider))
    async with Browser(auth) as browser:
        assert outcome(await arrive(browser, await depart(browser))) == "/in signed in"
        answer = await browser.post("/sign-out", json={"callbackURL": "/bye", "state": "s"})
        assert await browser.session() is None
    if alone:
        assert answer.json() == {"success": True}
        return
    assert answer.headers["location"] == answer.json()["url"]
    said = asked(answer.json()["url"])
    assert answer.json()["url"].startswith(f"{provider.issuer}/logout?from=us&id_token_hint=")
    assert said["post_logout_redirect_uri"] == "http://auth.test/bye"
    assert (said["client_id"], said["state"]) == (CLIENT_ID, "s")
    await auth.close()
