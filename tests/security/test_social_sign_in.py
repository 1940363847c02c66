"""S71: a flow with a provider belongs to one browser and one provider, and ends once."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from ostiary import AccountOptions, Auth
from ostiary.domain.models import ACCOUNT, USER, VERIFICATION, UserFields
from ostiary.domain.runtime import FrozenRuntime
from tests.builders import PASSWORD, Browser, code_of
from tests.identity_provider import IdentityProvider, asked, code_for
from tests.social import ADA, arrive, depart, outcome, social_auth

EVIL = [
    "https://evil.example",
    "//evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/%2f%2fevil.example",
    "/\tevil",
    "https://auth.test@evil.example",
    "https://auth.test.evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "http://auth.test:81/",
    "http://xn--uth-5cd.test/",
]


@pytest.fixture
async def auth(provider: IdentityProvider, clock: FrozenRuntime) -> AsyncIterator[Auth]:
    server = social_auth(provider, clock)
    yield server
    await server.close()


@pytest.mark.parametrize("name", ["google", "openid"])
async def test_a_person_signs_in_by_a_provider(auth: Auth, name: str) -> None:
    async with Browser(auth) as browser:
        assert outcome(await arrive(browser, await depart(browser, name), name)) == "/in signed in"
        assert (await browser.session())["user"]["email"] == "ada@example.com"


async def test_github_is_asked_for_the_proved_address(auth: Auth) -> None:
    emails = [
        {"email": "old@example.com", "verified": True},
        {"email": "ada@example.com", "primary": True, "verified": True},
    ]
    async with Browser(auth) as browser:
        url = await depart(browser, "github")
        person = {"id": 7, "login": "ada", "email": None, "emails": emails}
        assert outcome(await arrive(browser, url, "github", **person)) == "/in signed in"
        user = (await browser.session())["user"]
        assert (user["name"], user["email"], user["emailVerified"]) == ("ada", "ada@example.com", True)


@pytest.mark.parametrize("strategy", ["database", "cookie"])
async def test_a_callback_in_another_jar_signs_nobody_in_and_spends_nothing(
    provider: IdentityProvider, clock: FrozenRuntime, strategy: Any
) -> None:
    """S71"""
    auth = social_auth(provider, clock, account=AccountOptions(store_state_strategy=strategy))
    async with Browser(auth) as browser, Browser(auth) as thief:
        url = await depart(browser)
        assert "error=state_mismatch" in outcome(await arrive(thief, url))
        await depart(thief)
        assert "error=state_mismatch" in outcome(await arrive(thief, url))
        assert outcome(await arrive(browser, url)) == "/in signed in"
        again = outcome(await arrive(browser, url))
        assert "error=state_mismatch" in again, "a replay"
        assert "signed in" not in again


async def test_a_copied_jar_replays_nothing(auth: Auth) -> None:
    """S71"""
    async with Browser(auth) as browser, Browser(auth) as copy:
        url = await depart(browser)
        copy.cookies.update(browser.cookies)
        assert outcome(await arrive(browser, url)) == "/in signed in"
        assert "error=state_mismatch" in outcome(await arrive(copy, url))


@pytest.mark.parametrize("state", ["", "unknown", "a" * 32, "\u0000", "é" * 40])
async def test_a_missing_or_made_up_state_signs_nobody_in(auth: Auth, state: str) -> None:
    """S71"""
    async with Browser(auth) as browser:
        await depart(browser)
        answer = await browser.get("/callback/openid", params={"code": "x", "state": state})
        assert answer.status_code in {302, 400}
        assert "signed in" not in (outcome(answer) if answer.status_code == 302 else "")


async def test_a_forged_state_cookie_is_no_state_cookie(auth: Auth) -> None:
    """S71"""
    async with Browser(auth) as browser, Browser(auth) as thief:
        url = await depart(browser)
        thief.cookies.set("better-auth.state", f"{asked(url)['state']}.{'A' * 43}%3D")
        assert outcome(await arrive(thief, url)) == "/oh?error=state_mismatch"


@pytest.mark.parametrize("at", ["google", "github", "other"])
async def test_another_provider_cannot_answer(auth: Auth, at: str) -> None:
    """S71: nor pass on a code that it was given."""
    async with Browser(auth) as browser:
        assert outcome(await arrive(browser, await depart(browser), at)) == "/oh?error=state_mismatch"


async def test_an_answer_of_another_issuer_is_refused(auth: Auth, provider: IdentityProvider) -> None:
    """S71: RFC 9207; the code is not sent anywhere."""
    async with Browser(auth) as browser:
        answer = await arrive(browser, await depart(browser), query={"iss": "https://evil.example"})
        assert outcome(answer) == "/oh?error=issuer_mismatch"
        assert provider.forms == []
        answer = await arrive(browser, await depart(browser), query={"iss": provider.issuer})
        assert outcome(answer) == "/in signed in"


async def test_a_flow_ends_after_ten_minutes(auth: Auth, clock: FrozenRuntime) -> None:
    async with Browser(auth) as browser:
        url = await depart(browser)
        clock.advance(minutes=11)
        assert "error=state_mismatch" in outcome(await arrive(browser, url))


async def test_a_code_is_worth_nothing_without_the_verifier(auth: Auth) -> None:
    """S71: PKCE. A code that was granted to one flow is not taken in another of the same browser."""
    async with Browser(auth) as browser:
        stolen = code_for(await depart(browser), **ADA)
        state = asked(await depart(browser))["state"]
        answer = await browser.get("/callback/openid", params={"code": stolen, "state": state})
        assert outcome(answer) == "/oh?error=invalid_code"


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "another"},
        {"iss": "https://evil.example"},
        {"nonce": "another"},
        {"nonce": "..."},
        {"exp": 1000},
        {"azp": "another"},
        {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
    ],
)
async def test_an_id_token_of_another_sign_in_signs_nobody_in(auth: Auth, claims: dict[str, Any]) -> None:
    """S20"""
    async with Browser(auth) as browser:
        answer = await arrive(browser, await depart(browser), **{**ADA, "claims": claims})
        assert outcome(answer) == "/oh?error=unable_to_get_user_info"


@pytest.mark.parametrize("field", ["callbackURL", "errorCallbackURL", "newUserCallbackURL"])
@pytest.mark.parametrize("target", EVIL)
async def test_a_flow_leads_only_to_trusted_places(auth: Auth, field: str, target: str) -> None:
    """S70"""
    async with Browser(auth) as browser:
        answer = await browser.post("/sign-in/social", json={"provider": "openid", field: target})
        assert answer.status_code == 403, answer.text
        assert await auth.services.store.rows(VERIFICATION).count() == 0


async def test_data_of_the_client_decides_nothing(auth: Auth) -> None:
    """S70: what rides along with the state cannot pose as its members."""
    evil: dict[str, Any] = dict.fromkeys(("callbackURL", "errorURL", "newUserURL"), "https://evil.example")
    link = {"userId": "victim", "email": "ada@example.com"}
    async with Browser(auth) as browser:
        url = await depart(browser, additionalData={**evil, "link": link, "providerId": "google"})
        assert outcome(await arrive(browser, url)) == "/in signed in"
        body = {"provider": "openid", "additionalData": {**evil, "link": link}}
        state = asked((await browser.post("/sign-in/social", json=body)).json()["url"])["state"]
        answer = await browser.get("/callback/openid", params={"code": "x", "state": state})
        assert outcome(answer) == "http://auth.test/api/auth/error?error=invalid_code"


async def test_whoever_signed_up_first_with_anothers_address_does_not_get_the_account(auth: Auth) -> None:
    """S72: pre-hijacking. The owner arrives by a provider and is not joined with the squatter."""
    async with Browser(auth) as squatter, Browser(auth) as owner:
        await squatter.sign_up("ada@example.com")
        assert outcome(await arrive(owner, await depart(owner))) == "/oh?error=account_not_linked"
        assert await owner.session() is None
        accounts = await auth.services.store.rows(ACCOUNT).all()
        assert [each.provider_id for each in accounts] == ["credential"]
        user = (await squatter.session())["user"]
        assert user["emailVerified"] is False, "nobody proved it by signing in elsewhere"


async def test_a_provider_without_proof_does_not_get_a_known_users_account(auth: Auth) -> None:
    """S72: the other way round."""
    async with Browser(auth) as owner, Browser(auth) as thief:
        await owner.sign_up("ada@example.com")
        await auth.services.store.rows(USER).update(
            {UserFields.EMAIL_VERIFIED: True}, UserFields.EMAIL.equals("ada@example.com")
        )
        claim = {**ADA, "sub": "thief", "email_verified": False}
        assert outcome(await arrive(thief, await depart(thief), **claim)) == "/oh?error=account_not_linked"
        assert outcome(await arrive(owner, await depart(owner))) == "/in signed in", "proof on both sides"
        assert (await owner.sign_in("ada@example.com", PASSWORD)).status_code == 200


async def test_the_subject_is_the_key_never_the_address(auth: Auth) -> None:
    """S72: the address moves to somebody else at the provider; the account does not."""
    async with Browser(auth) as ada, Browser(auth) as heir:
        await arrive(ada, await depart(ada))
        first = (await ada.session())["user"]["id"]
        await arrive(ada, await depart(ada), **{**ADA, "email": "new@example.com"})
        assert (await ada.session())["user"]["id"] == first
        answer = await arrive(heir, await depart(heir), **{**ADA, "sub": "2", "email": "new@example.com"})
        assert outcome(answer) == "/in signed in"
        assert (await heir.session())["user"]["id"] != first


async def test_tokens_are_encrypted_at_rest_where_that_is_asked_for(
    provider: IdentityProvider, clock: FrozenRuntime
) -> None:
    auth = social_auth(provider, clock, account=AccountOptions(encrypt_oauth_tokens=True))
    async with Browser(auth) as browser:
        await arrive(browser, await depart(browser))
        [account] = await auth.services.store.rows(ACCOUNT).all()
        seal = auth.services.accounts.seal
        for kept, prefix in ((account.access_token, "at."), (account.refresh_token, "rt.")):
            assert kept is not None
            assert not kept.startswith(prefix)
            assert (seal.open(kept) or "").startswith(prefix)


@pytest.mark.parametrize("parameter", ["state", "redirect_uri", "code_challenge", "nonce", "client_id"])
async def test_a_client_replaces_no_parameter_that_ties_the_answer(auth: Auth, parameter: str) -> None:
    """S71"""
    async with Browser(auth) as browser:
        body = {"provider": "openid", "additionalParams": {parameter: "x"}}
        assert code_of(await browser.post("/sign-in/social", json=body)) == "VALIDATION_ERROR"


@pytest.mark.parametrize(
    ("change", "code"),
    [({}, None), ({"aud": "another"}, "INVALID_TOKEN"), ({"email": "..."}, "FAILED_TO_GET_USER_INFO")],
)
async def test_a_client_brings_an_id_token(
    auth: Auth, provider: IdentityProvider, change: dict[str, Any], code: str | None
) -> None:
    """S20"""
    answer = provider._answer({**ADA, "claims": change}, {}, provider.issuer)
    async with Browser(auth) as browser:
        body = {"provider": "openid", "idToken": {"token": answer["id_token"]}}
        said = await browser.post("/sign-in/social", json=body)
        assert code_of(said) == code, said.text
        assert (await browser.session() is not None) == (code is None)
