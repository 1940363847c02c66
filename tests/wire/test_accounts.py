"""The accounts of a user: listed, linked on request, dropped."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from ostiary import AccountLinking, AccountOptions, Auth
from ostiary.domain.models import ACCOUNT, USER, AccountFields, UserFields
from ostiary.domain.runtime import FrozenRuntime
from ostiary.domain.schema import Field
from ostiary.http.api import Caller
from ostiary.http.routes.accounts import UnlinkAccount
from tests.builders import Browser, code_of, set_cookies
from tests.identity_provider import IdentityProvider
from tests.social import ADA, arrive, depart, link, outcome, social_auth


@pytest.fixture
async def auth(provider: IdentityProvider, clock: FrozenRuntime) -> AsyncIterator[Auth]:
    server = social_auth(provider, clock)
    yield server
    await server.close()


def linking_auth(provider: IdentityProvider, clock: FrozenRuntime, **linking: Any) -> Auth:
    return social_auth(provider, clock, account=AccountOptions(account_linking=AccountLinking(**linking)))


async def accounts(browser: Browser) -> list[dict[str, Any]]:
    answer = await browser.get("/list-accounts")
    assert answer.status_code == 200, answer.text
    listed: list[dict[str, Any]] = answer.json()
    return listed


async def providers(browser: Browser) -> list[str]:
    return [each["providerId"] for each in await accounts(browser)]


async def bring(browser: Browser, provider: IdentityProvider, **person: Any) -> Any:
    body = {"provider": "openid", "idToken": {"token": provider.id_token(**{**ADA, **person})}}
    return await browser.post("/link-social", json=body)


async def test_accounts_are_listed_without_their_secrets(auth: Auth) -> None:
    async with Browser(auth) as browser:
        await arrive(browser, await depart(browser))
        [account] = await accounts(browser)
        user = (await browser.session())["user"]
        assert list(account) == [
            *("accountId", "providerId", "userId", "createdAt", "updatedAt"),
            *("id", "scopes"),
        ]
        assert account["scopes"] == ["openid", "email"]
        assert (account["accountId"], account["providerId"], account["userId"]) == ("1", "openid", user["id"])


async def test_a_new_account_has_what_its_own_fields_begin_with(
    provider: IdentityProvider, clock: FrozenRuntime
) -> None:
    fields = Field[str](name="region", default="eu"), Field[str](name="kept", default="k", returned=False)
    auth = social_auth(provider, clock, account=AccountOptions(additional_fields=fields))
    async with Browser(auth) as browser:
        await browser.sign_up()
        assert outcome(await arrive(browser, await link(browser))) == "/in"
        listed = await accounts(browser)
        assert [each["providerId"] for each in listed] == ["credential", "openid"]
        assert [(each["region"], "kept" in each) for each in listed] == [("eu", False), ("eu", False)]
    rows = await auth.services.store.rows(ACCOUNT).all()
    assert [row.extra["kept"] for row in rows] == ["k", "k"]
    await auth.close()


async def test_an_account_is_linked_by_way_of_its_provider(auth: Auth) -> None:
    async with Browser(auth) as browser:
        await browser.sign_up()
        session = browser.cookie()
        answer = await arrive(browser, await link(browser))
        assert outcome(answer) == "/in", "and no session is started"
        assert browser.cookie() == session
        assert await providers(browser) == ["credential", "openid"]
        await browser.post("/sign-out", json={})
        assert outcome(await arrive(browser, await depart(browser))) == "/in signed in"


@pytest.mark.parametrize(
    ("options", "person", "code"),
    [
        ({}, {"email_verified": False}, "unable_to_link_account"),
        ({"trusted_providers": ("openid",)}, {"email_verified": False}, None),
        ({"enabled": False}, {}, "unable_to_link_account"),
        ({}, {"email": "Ada@Example.com"}, None),
        ({}, {"email": "other@example.com"}, "email_does_not_match"),
        ({}, {"email": ""}, "email_does_not_match"),
        ({"allow_different_emails": True}, {"email": "other@example.com"}, None),
        ({"disable_implicit_linking": True}, {}, None),
    ],
)
async def test_what_may_be_linked_on_request_is_configured(
    provider: IdentityProvider,
    clock: FrozenRuntime,
    options: dict[str, Any],
    person: dict[str, Any],
    code: str | None,
) -> None:
    auth = linking_auth(provider, clock, **options)
    async with Browser(auth) as browser:
        await browser.sign_up()
        answer = await arrive(browser, await link(browser, "google"), "google", **{**ADA, **person})
        if "openid" in options.get("trusted_providers", ()):
            assert outcome(answer) == "/oh?error=unable_to_link_account", "the trust is another provider's"
            answer = await arrive(browser, await link(browser), **{**ADA, **person})
        assert outcome(answer) == (f"/oh?error={code}" if code else "/in")
        assert len(await accounts(browser)) == (1 if code else 2)
    await auth.close()


async def test_a_link_ends_with_the_session_that_asked_for_it(auth: Auth) -> None:
    async with Browser(auth) as browser:
        await browser.sign_up()
        url = await link(browser)
        await browser.post("/sign-out", json={})
        assert outcome(await arrive(browser, url)) == "/oh?error=unable_to_link_account"
        await browser.sign_in()
        assert await providers(browser) == ["credential"]


async def test_a_link_is_for_the_user_who_asked(auth: Auth) -> None:
    """S72: somebody else who signs in meanwhile in the same browser does not get the account."""
    async with Browser(auth) as browser:
        await browser.sign_up("eve@example.com")
        await browser.sign_up()
        url = await link(browser)
        await browser.sign_in("eve@example.com")
        assert outcome(await arrive(browser, url)) == "/oh?error=unable_to_link_account"
        assert await auth.services.store.rows(ACCOUNT).count(AccountFields.PROVIDER_ID.equals("openid")) == 0


async def test_an_account_belongs_to_one_user(auth: Auth, provider: IdentityProvider) -> None:
    async with Browser(auth) as owner, Browser(auth) as other:
        await arrive(owner, await depart(owner))
        await other.sign_up("eve@example.com")
        taken = await arrive(other, await link(other), **{**ADA, "email": "eve@example.com"})
        assert outcome(taken) == "/oh?error=account_already_linked_to_different_user"
        brought = await bring(other, provider, email="eve@example.com")
        assert (brought.status_code, code_of(brought)) == (409, "SOCIAL_ACCOUNT_ALREADY_LINKED")


async def test_linking_again_keeps_the_newest_tokens_and_every_scope(auth: Auth) -> None:
    async with Browser(auth) as browser:
        await browser.sign_up()
        await arrive(browser, await link(browser))
        before = await auth.services.store.rows(ACCOUNT).first(AccountFields.PROVIDER_ID.equals("openid"))
        await arrive(browser, await link(browser, scopes=["files"]), **{**ADA, "scope": "openid files"})
        [_, account] = await accounts(browser)
        assert account["scopes"] == ["openid", "email", "files"]
        after = await auth.services.store.rows(ACCOUNT).first(AccountFields.PROVIDER_ID.equals("openid"))
        assert before is not None
        assert after is not None
        assert before.access_token != after.access_token


async def test_a_client_links_by_an_id_token(auth: Auth, provider: IdentityProvider) -> None:
    async with Browser(auth) as browser:
        await browser.sign_up()
        for _ in range(2):
            answer = await bring(browser, provider)
            assert answer.json() == {"url": "", "status": True, "redirect": False}
        assert await providers(browser) == ["credential", "openid"]


@pytest.mark.parametrize(
    ("options", "person", "code"),
    [
        ({}, {"email_verified": False}, "LINKING_NOT_ALLOWED"),
        ({"enabled": False}, {}, "LINKING_NOT_ALLOWED"),
        ({}, {"email": "other@example.com"}, "LINKING_DIFFERENT_EMAILS_NOT_ALLOWED"),
        ({}, {"claims": {"aud": "another"}}, "INVALID_TOKEN"),
        ({}, {"claims": {"email": ""}}, "FAILED_TO_GET_USER_INFO"),
    ],
)
async def test_an_id_token_links_only_what_may_be_linked(
    provider: IdentityProvider,
    clock: FrozenRuntime,
    options: dict[str, Any],
    person: dict[str, Any],
    code: str,
) -> None:
    auth = linking_auth(provider, clock, **options)
    async with Browser(auth) as browser:
        await browser.sign_up()
        answer = await bring(browser, provider, **person)
        assert (answer.status_code, code_of(answer)) == (401, code)
        assert await providers(browser) == ["credential"]
    await auth.close()


async def test_a_subject_that_no_column_holds_is_not_linked(auth: Auth, provider: IdentityProvider) -> None:
    async with Browser(auth) as browser:
        await browser.sign_up()
        answer = await bring(browser, provider, sub="\0")
        assert (answer.status_code, code_of(answer)) == (417, "LINKING_FAILED")
        assert outcome(await arrive(browser, await link(browser), **{**ADA, "sub": "\0"})) == (
            "/oh?error=unable_to_link_account"
        )
        assert outcome(await arrive(browser, await depart(browser), **{**ADA, "sub": "\0"})) == (
            "/oh?error=unable_to_create_user"
        )
        assert await providers(browser) == ["credential"]


@pytest.mark.parametrize("wanted", [True, False])
async def test_a_link_copies_the_profile_where_that_is_wanted(
    provider: IdentityProvider, clock: FrozenRuntime, wanted: bool
) -> None:
    auth = linking_auth(provider, clock, update_user_info_on_link=wanted, allow_different_emails=True)
    async with Browser(auth) as browser:
        await browser.sign_up()
        person = {**ADA, "name": "Countess", "picture": "https://img.example/a", "email": "new@example.com"}
        assert outcome(await arrive(browser, await link(browser), **person)) == "/in"
        user = (await browser.session())["user"]
        assert (user["name"], user["image"]) == (
            ("Countess", "https://img.example/a") if wanted else ("Ada", None)
        )
        assert (user["email"], user["emailVerified"]) == ("ada@example.com", False)
    await auth.close()


async def test_linking_asks_for_a_session(auth: Auth, clock: FrozenRuntime) -> None:
    async with Browser(auth) as browser:
        for method, path, body in (
            ("POST", "/link-social", {"provider": "openid"}),
            ("POST", "/unlink-account", {"accountId": "x"}),
            ("GET", "/list-accounts", None),
        ):
            answer = await browser.request(method, path, json=body)
            assert (answer.status_code, code_of(answer)) == (401, "UNAUTHORIZED"), path


async def test_an_account_is_dropped_by_the_identifier_of_its_row(auth: Auth) -> None:
    async with Browser(auth) as browser:
        await browser.sign_up()
        await arrive(browser, await link(browser))
        [credential, account] = await accounts(browser)
        for wrong in ("1", "openid", account["accountId"], ""):
            answer = await browser.post("/unlink-account", json={"accountId": wrong})
            assert (answer.status_code, code_of(answer)) == (400, "ACCOUNT_NOT_FOUND")
        answer = await browser.post("/unlink-account", json={"accountId": account["id"]})
        assert answer.json() == {"status": True}
        assert await accounts(browser) == [credential]
        answer = await browser.post("/unlink-account", json={"accountId": credential["id"]})
        assert (answer.status_code, code_of(answer)) == (400, "FAILED_TO_UNLINK_LAST_ACCOUNT")


async def test_an_account_of_somebody_else_is_not_dropped(auth: Auth) -> None:
    async with Browser(auth) as owner, Browser(auth) as other:
        for browser, email in ((owner, "ada@example.com"), (other, "eve@example.com")):
            await browser.sign_up(email)
            person = {**ADA, "sub": email, "email": email}
            assert outcome(await arrive(browser, await link(browser), **person)) == "/in"
        [_, account] = await accounts(owner)
        answer = await other.post("/unlink-account", json={"accountId": account["id"]})
        assert (answer.status_code, code_of(answer)) == (400, "ACCOUNT_NOT_FOUND")
        assert len(await accounts(owner)) == 2


async def test_the_last_account_may_go_where_that_is_configured(
    provider: IdentityProvider, clock: FrozenRuntime
) -> None:
    auth = linking_auth(provider, clock, allow_unlinking_all=True)
    async with Browser(auth) as browser:
        await browser.sign_up()
        [account] = await accounts(browser)
        answer = await browser.post("/unlink-account", json={"accountId": account["id"]})
        assert answer.status_code == 200
        assert await accounts(browser) == []
    await auth.close()


async def test_dropping_asks_for_a_recent_sign_in(auth: Auth, clock: FrozenRuntime) -> None:
    """S78"""
    async with Browser(auth) as browser:
        await browser.sign_up()
        await arrive(browser, await link(browser))
        [account, _] = await accounts(browser)
        clock.advance(hours=25)
        answer = await browser.post("/unlink-account", json={"accountId": account["id"]})
        assert (answer.status_code, code_of(answer)) == (403, "SESSION_NOT_FRESH")
        assert len(await accounts(browser)) == 2


async def test_linking_sets_the_state_and_a_location_unless_the_client_goes_by_itself(auth: Auth) -> None:
    async with Browser(auth) as browser:
        await browser.sign_up()
        body = {"provider": "openid", "callbackURL": "/in"}
        answer = await browser.post("/link-social", json=body)
        assert answer.headers["location"] == answer.json()["url"]
        assert [line.partition("=")[0] for line in set_cookies(answer)] == ["better-auth.state"]
        answer = await browser.post("/link-social", json={**body, "disableRedirect": True})
        assert "location" not in answer.headers
        assert answer.json()["redirect"] is False


async def test_a_program_lists_and_drops_in_process(auth: Auth) -> None:
    async with Browser(auth) as browser:
        await browser.sign_up()
        await arrive(browser, await link(browser))
        caller = Caller(headers={"cookie": f"better-auth.session_token={browser.cookie()}"})
        [_, account] = await auth.api.list_accounts(caller)
        assert account.provider_id == "openid"
        await auth.api.unlink_account(UnlinkAccount(account_id=account.id), caller)
        assert await providers(browser) == ["credential"]


async def test_two_who_drop_the_last_two_accounts_at_once_leave_one(auth: Auth) -> None:
    async with Browser(auth) as browser:
        await browser.sign_up()
        await arrive(browser, await link(browser))
        answers = await asyncio.gather(
            *(browser.post("/unlink-account", json={"accountId": a["id"]}) for a in await accounts(browser))
        )
        assert sorted(answer.status_code for answer in answers) == [200, 400]
        assert len(await accounts(browser)) == 1


async def test_a_proved_address_is_no_condition_of_a_link_on_request(auth: Auth) -> None:
    async with Browser(auth) as browser:
        await browser.sign_up()
        user = await auth.services.store.rows(USER).first(UserFields.EMAIL.equals("ada@example.com"))
        assert user is not None
        assert not user.email_verified
        assert outcome(await arrive(browser, await link(browser))) == "/in"
        assert not (await browser.session())["user"]["emailVerified"], "a link proves nothing of the mailbox"
