"""The tokens of linked accounts: handed out, renewed once for all who ask, and used to ask the provider."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from ostiary import AccountOptions, Auth, AuthError
from ostiary.domain.entities import Account, Verification
from ostiary.domain.models import ACCOUNT, ID, VERIFICATION, AccountFields
from ostiary.domain.oauth import OAuthTokens
from ostiary.domain.runtime import FrozenRuntime
from ostiary.http.account_wire import AccountSelection
from ostiary.http.api import Caller
from ostiary.http.json import iso
from tests.builders import Browser, code_of
from tests.identity_provider import IdentityProvider
from tests.social import ADA, arrive, depart, link, outcome, social_auth

ROUTES = [("POST", "/get-access-token"), ("POST", "/refresh-token"), ("GET", "/account-info")]


@pytest.fixture
async def auth(provider: IdentityProvider, clock: FrozenRuntime) -> AsyncIterator[Auth]:
    server = social_auth(provider, clock)
    yield server
    await server.close()


async def ask(browser: Browser, route: tuple[str, str], account_id: str) -> Any:
    method, path = route
    given = {"accountId": account_id}
    if method == "GET":
        return await browser.get(path, params=given)
    return await browser.post(path, json=given)


async def arrived(browser: Browser, auth: Auth, at: str = "openid", **person: Any) -> Account:
    answer = await arrive(browser, await depart(browser, at), at, **{**ADA, **person})
    assert outcome(answer) == "/in signed in"
    return await kept(auth, at)


async def kept(auth: Auth, at: str = "openid") -> Account:
    account = await auth.services.store.rows(ACCOUNT).first(AccountFields.PROVIDER_ID.equals(at))
    assert account is not None
    return account


async def test_a_token_that_is_good_is_handed_out_as_it_is(
    auth: Auth, provider: IdentityProvider, clock: FrozenRuntime
) -> None:
    async with Browser(auth) as browser:
        account = await arrived(browser, auth)
        answer = await ask(browser, ROUTES[0], account.id)
        assert answer.json() == {
            "accessToken": account.access_token,
            "accessTokenExpiresAt": iso(clock.now() + timedelta(hours=1)),
            "scopes": ["openid", "email"],
            "idToken": account.id_token,
        }
        assert provider.refreshes == 0


async def test_a_token_that_has_ended_is_renewed_first(
    auth: Auth, provider: IdentityProvider, clock: FrozenRuntime
) -> None:
    async with Browser(auth) as browser:
        account = await arrived(browser, auth)
        clock.advance(minutes=59, seconds=54)
        assert (await ask(browser, ROUTES[0], account.id)).json()["accessToken"] == account.access_token
        clock.advance(seconds=2)
        body = (await ask(browser, ROUTES[0], account.id)).json()
        renewed = await kept(auth)
        assert body["accessToken"] == renewed.access_token != account.access_token
        assert body["accessTokenExpiresAt"] == iso(clock.now() + timedelta(hours=1))
        assert provider.refreshes == 1
        assert [*provider.forms[-1]][:2] == ["grant_type", "refresh_token"]
        assert renewed.refresh_token != account.refresh_token
        assert renewed.scope == account.scope, "a renewal may be narrower: what was granted stays"
        await ask(browser, ROUTES[0], account.id)
        assert provider.refreshes == 1


async def test_many_who_ask_at_once_cause_one_renewal(
    auth: Auth, provider: IdentityProvider, clock: FrozenRuntime
) -> None:
    async with Browser(auth) as browser:
        account = await arrived(browser, auth)
        clock.advance(hours=2)
        answers = await asyncio.gather(*(ask(browser, ROUTES[0], account.id) for _ in range(30)))
        assert provider.refreshes == 1
        assert {answer.json()["accessToken"] for answer in answers} == {(await kept(auth)).access_token}


async def test_a_renewal_on_request_does_not_wait_for_the_end(auth: Auth, provider: IdentityProvider) -> None:
    async with Browser(auth) as browser:
        account = await arrived(browser, auth)
        body = (await ask(browser, ROUTES[1], account.id)).json()
        renewed = await kept(auth)
        assert list(body) == [
            *("accessToken", "refreshToken", "accessTokenExpiresAt", "refreshTokenExpiresAt"),
            *("scope", "idToken", "providerId", "accountId"),
        ]
        assert (body["accessToken"], body["refreshToken"]) == (renewed.access_token, renewed.refresh_token)
        assert (body["providerId"], body["accountId"]) == ("openid", account.id)
        assert body["refreshTokenExpiresAt"] is None
        answers = await asyncio.gather(*(ask(browser, ROUTES[1], account.id) for _ in range(10)))
        assert {answer.status_code for answer in answers} == {200}
        assert provider.refreshes == 2


async def test_tokens_are_renewed_under_encryption(provider: IdentityProvider, clock: FrozenRuntime) -> None:
    auth = social_auth(provider, clock, account=AccountOptions(encrypt_oauth_tokens=True))
    async with Browser(auth) as browser:
        account = await arrived(browser, auth)
        body = (await ask(browser, ROUTES[0], account.id)).json()
        assert body["accessToken"].startswith("at.")
        clock.advance(hours=2)
        renewed = (await ask(browser, ROUTES[0], account.id)).json()
        assert renewed["accessToken"] not in {body["accessToken"], (await kept(auth)).access_token}
        await auth.services.store.rows(ACCOUNT).update(
            {AccountFields.ACCESS_TOKEN: "ab" * 60}, ID.equals(account.id)
        )
        answer = await ask(browser, ROUTES[0], account.id)
        assert code_of(answer) == "FAILED_TO_GET_ACCESS_TOKEN", "no secret opens it"
    await auth.close()


async def test_a_token_that_nothing_opens_spoils_only_what_needs_it(
    provider: IdentityProvider, clock: FrozenRuntime
) -> None:
    auth = social_auth(provider, clock, account=AccountOptions(encrypt_oauth_tokens=True))
    sealed_elsewhere = "ab" * 60
    async with Browser(auth) as browser:
        account = await arrived(browser, auth)
        accounts = auth.services.store.rows(ACCOUNT)
        await accounts.update({AccountFields.ACCESS_TOKEN: sealed_elsewhere}, ID.equals(account.id))
        renewed = await ask(browser, ROUTES[1], account.id)
        assert renewed.status_code == 200, "a renewal needs no access token"
        await accounts.update({AccountFields.REFRESH_TOKEN: sealed_elsewhere}, ID.equals(account.id))
        assert (await ask(browser, ROUTES[0], account.id)).json()["accessToken"] == renewed.json()[
            "accessToken"
        ]
        assert (await ask(browser, ROUTES[2], account.id)).status_code == 200
        assert code_of(await ask(browser, ROUTES[1], account.id)) == "FAILED_TO_REFRESH_ACCESS_TOKEN"
        clock.advance(hours=2)
        assert code_of(await ask(browser, ROUTES[0], account.id)) == "FAILED_TO_GET_ACCESS_TOKEN"
    await auth.close()


async def test_a_refusal_of_the_provider_is_passed_on_and_ends_the_lease(
    auth: Auth, provider: IdentityProvider, clock: FrozenRuntime
) -> None:
    async with Browser(auth) as browser:
        account = await arrived(browser, auth, revoked=True)
        clock.advance(hours=2)
        answer = await ask(browser, ROUTES[0], account.id)
        assert (answer.status_code, code_of(answer)) == (400, "FAILED_TO_GET_ACCESS_TOKEN")
        answer = await ask(browser, ROUTES[1], account.id)
        assert (answer.status_code, code_of(answer)) == (400, "FAILED_TO_REFRESH_ACCESS_TOKEN")
        assert code_of(await ask(browser, ROUTES[2], account.id)) == "FAILED_TO_GET_ACCESS_TOKEN"
        assert await auth.services.store.rows(VERIFICATION).count() == 0
        assert await kept(auth) == account


async def test_a_node_that_died_while_renewing_holds_nobody_up_for_long(
    auth: Auth, provider: IdentityProvider, clock: FrozenRuntime
) -> None:
    async with Browser(auth) as browser:
        account = await arrived(browser, auth)
        clock.advance(hours=2)
        now = clock.now()
        left = Verification(
            id="left",
            identifier=f"account-renewal:{account.id}",
            value="a dead node",
            expires_at=now + timedelta(seconds=20),
            created_at=now,
            updated_at=now,
        )
        await auth.services.store.rows(VERIFICATION).insert(left)
        waiting = asyncio.create_task(ask(browser, ROUTES[0], account.id))
        await asyncio.wait([waiting], timeout=0.2)
        assert not waiting.done()
        clock.advance(seconds=21)
        assert (await waiting).status_code == 200
        assert provider.refreshes == 1
        assert await auth.services.store.rows(VERIFICATION).count() == 0


async def test_newer_tokens_of_a_sign_in_are_not_overwritten(
    auth: Auth, provider: IdentityProvider, clock: FrozenRuntime
) -> None:
    async with Browser(auth) as browser:
        account = await arrived(browser, auth)
        clock.advance(hours=2)
        renewals = auth.services.provider_tokens.renewals
        lease = await renewals.take(account)
        assert lease is not None
        await arrived(browser, auth, name="Countess")
        newest = await kept(auth)
        settled = await renewals.settle(lease, {AccountFields.ACCESS_TOKEN: "late"})  # type: ignore[arg-type]
        assert settled == newest == await kept(auth)


async def test_an_id_token_that_proves_nothing_is_not_kept(
    auth: Auth, provider: IdentityProvider, clock: FrozenRuntime
) -> None:
    """S20: the other tokens are, for the refresh token is spent."""
    async with Browser(auth) as browser:
        account = await arrived(browser, auth)
        other = provider._answer({**ADA, "claims": {"aud": "another"}}, {}, provider.issuer)
        provider.overrides["/token"] = (200, {**other, "access_token": "new", "refresh_token": "newer"})
        assert (await ask(browser, ROUTES[1], account.id)).status_code == 200
        renewed = await kept(auth)
        assert (renewed.access_token, renewed.refresh_token) == ("new", "newer")
        assert renewed.id_token == account.id_token


@pytest.mark.parametrize("answer", [{}, {"access_token": ""}, {"access_token": 7}, {"error": "x"}, []])
async def test_an_answer_without_a_token_changes_nothing(
    auth: Auth, provider: IdentityProvider, answer: Any
) -> None:
    async with Browser(auth) as browser:
        account = await arrived(browser, auth)
        provider.overrides["/token"] = (200, answer)
        assert code_of(await ask(browser, ROUTES[1], account.id)) == "FAILED_TO_REFRESH_ACCESS_TOKEN"
        assert await kept(auth) == account


@pytest.mark.parametrize("name", ["openid", "google", "github"])
async def test_the_provider_says_who_somebody_is(auth: Auth, clock: FrozenRuntime, name: str) -> None:
    async with Browser(auth) as browser:
        more = {"id": 7, "login": "ada", "emails": []} if name == "github" else {}
        account = await arrived(browser, auth, name, **more)
        clock.advance(minutes=30)
        body = (await ask(browser, ROUTES[2], account.id)).json()
        assert list(body) == ["user", "data", "account"]
        assert (body["user"]["name"], body["user"]["email"]) == ("Ada", "ada@example.com")
        assert body["account"] == {"id": account.id, "providerId": name, "accountId": account.account_id}
        clock.advance(days=2)
        assert (await ask(browser, ROUTES[2], account.id)).json()["user"] == body["user"], "after a renewal"


async def test_an_account_without_tokens_has_none_to_give(auth: Auth) -> None:
    async with Browser(auth) as browser:
        await browser.sign_up()
        credential = await kept(auth, "credential")
        for route, code in zip(
            ROUTES,
            ["PROVIDER_NOT_SUPPORTED", "PROVIDER_NOT_SUPPORTED", "PROVIDER_NOT_CONFIGURED"],
            strict=True,
        ):
            answer = await ask(browser, route, credential.id)
            assert (answer.status_code, code_of(answer)) == (400, code)
        await arrive(browser, await link(browser), **{**ADA, "lacks": ["access_token", "refresh_token"]})
        account = await kept(auth)
        assert (await ask(browser, ROUTES[0], account.id)).json()["accessToken"] == ""
        assert code_of(await ask(browser, ROUTES[1], account.id)) == "REFRESH_TOKEN_NOT_FOUND"
        assert code_of(await ask(browser, ROUTES[2], account.id)) == "ACCESS_TOKEN_NOT_FOUND"


async def test_the_message_names_the_provider(auth: Auth) -> None:
    async with Browser(auth) as browser:
        await browser.sign_up()
        answer = await ask(browser, ROUTES[0], (await kept(auth, "credential")).id)
        assert answer.json()["message"] == "Provider credential is not supported."


@pytest.mark.parametrize("route", ROUTES)
async def test_tokens_are_for_their_owner(auth: Auth, route: tuple[str, str]) -> None:
    """S75: whoever is named in the body."""
    async with Browser(auth) as owner, Browser(auth) as other, Browser(auth) as nobody:
        account = await arrived(owner, auth)
        await other.sign_up("eve@example.com")
        given = {"accountId": account.id, "userId": account.user_id}
        for browser in (other, nobody):
            if route[0] == "GET":
                answer = await browser.get(route[1], params=given)
            else:
                answer = await browser.post(route[1], json=given)
            if browser is nobody:
                assert (answer.status_code, answer.content) == (401, b"")
            else:
                assert (answer.status_code, code_of(answer)) == (400, "ACCOUNT_NOT_FOUND")


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize(
    "given",
    [
        {},
        {"providerId": "openid"},
        {"accountId": ["x", "y"], "providerId": "openid"},
        {"accountId": "x", "useAccountCookie": True},
        {"accountId": ["x", "y"]},
        {"useAccountCookie": False},
        {"useAccountCookie": "true"},
        {"userId": "x"},
    ],
)
async def test_an_account_is_selected_in_one_way(
    auth: Auth, route: tuple[str, str], given: dict[str, Any]
) -> None:
    async with Browser(auth) as browser:
        method, path = route
        answer = await (
            browser.get(path, params=given) if method == "GET" else browser.post(path, json=given)
        )
        part = "query" if method == "GET" else "body"
        assert (answer.status_code, answer.json()["message"]) == (400, f"[{part}] Invalid input")


async def test_a_revoked_session_gets_no_tokens_though_its_copy_is_believed_elsewhere(
    provider: IdentityProvider, clock: FrozenRuntime
) -> None:
    """S26"""
    from ostiary.options import CookieCache, SessionOptions

    auth = social_auth(provider, clock, session=SessionOptions(cookie_cache=CookieCache(enabled=True)))
    async with Browser(auth) as browser:
        account = await arrived(browser, auth)
        await auth.services.sessions.revoke_all(account.user_id)
        assert await browser.session() is not None, "the copy is believed for a while"
        for route in ROUTES:
            answer = await ask(browser, route, account.id)
            assert (answer.status_code, answer.content) == (401, b"")
    await auth.close()


async def test_a_program_asks_for_the_tokens_of_a_user_it_names(auth: Auth) -> None:
    async with Browser(auth) as browser:
        account = await arrived(browser, auth)
    wanted = AccountSelection(account_id=account.id, user_id=account.user_id)
    assert (await auth.api.get_access_token(wanted)).access_token == account.access_token
    assert (await auth.api.account_info(wanted)).user["email"] == "ada@example.com"
    with pytest.raises(AuthError, match="USER_ID_OR_SESSION_REQUIRED"):
        await auth.api.get_access_token(AccountSelection(account_id=account.id))
    with pytest.raises(AuthError, match="ACCOUNT_NOT_FOUND"):
        await auth.api.refresh_token(AccountSelection(account_id=account.id, user_id="another"))
    with pytest.raises(AuthError, match="UNAUTHORIZED"):
        await auth.api.get_access_token(wanted, Caller(headers={"cookie": "x=y"}))


async def test_the_application_renews_in_its_own_way(
    provider: IdentityProvider, clock: FrozenRuntime
) -> None:
    async def renewed(refresh_token: str) -> OAuthTokens:
        if refresh_token == "spent":
            raise KeyError(refresh_token)
        return OAuthTokens(access_token="of our own", refresh_token="spent")

    auth = social_auth(provider, clock, of_each={"refresh_access_token": renewed})
    async with Browser(auth) as browser:
        account = await arrived(browser, auth)
        body = (await ask(browser, ROUTES[1], account.id)).json()
        assert (body["accessToken"], body["refreshToken"]) == ("of our own", "spent")
        assert provider.refreshes == 0
        answer = await ask(browser, ROUTES[1], account.id)
        assert (answer.status_code, code_of(answer)) == (400, "FAILED_TO_REFRESH_ACCESS_TOKEN")
        assert await auth.services.store.rows(VERIFICATION).count() == 0, "and nobody waits for it"
    await auth.close()
