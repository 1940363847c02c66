"""The account that somebody came by, carried by the browser."""

from typing import Any

from ostiary import AccountOptions, Auth
from ostiary.domain.models import ACCOUNT, AccountFields
from ostiary.domain.runtime import FrozenRuntime
from ostiary.options import CookieCache, SessionOptions
from tests.builders import Browser, code_of, cookie_names, set_cookies, some_options
from tests.identity_provider import Detour, IdentityProvider
from tests.social import ADA, arrive, depart, link, outcome, social_auth, social_providers

NAME = "better-auth.account_data"
CARRIED = {"useAccountCookie": True}


def carrying(provider: IdentityProvider, clock: FrozenRuntime, **changes: Any) -> Auth:
    return social_auth(provider, clock, account=AccountOptions(store_account_cookie=True), **changes)


def stateless(provider: IdentityProvider, clock: FrozenRuntime) -> Auth:
    """Return a server that keeps nothing."""
    options = some_options(social_providers=social_providers(provider))
    return Auth(options, runtime=clock, http_client=Detour(provider))


async def test_the_browser_carries_the_account_it_came_by(
    provider: IdentityProvider, clock: FrozenRuntime
) -> None:
    auth = carrying(provider, clock)
    async with Browser(auth) as browser:
        answer = await arrive(browser, await depart(browser))
        assert outcome(answer) == "/in signed in"
        [line] = [line for line in set_cookies(answer) if line.startswith(f"{NAME}=")]
        assert "Max-Age=300" in line
        assert "HttpOnly" in line
        [account] = await auth.services.store.rows(ACCOUNT).all()
        assert (account.access_token or "x") not in line, "encrypted"
        body = (await browser.post("/get-access-token", json=CARRIED)).json()
        assert body["accessToken"] == account.access_token
        renewed = await browser.post("/refresh-token", json=CARRIED)
        assert renewed.json()["accountId"] == account.id
        assert NAME in cookie_names(renewed)
        assert (await browser.post("/get-access-token", json=CARRIED)).json()["accessToken"] == (
            renewed.json()["accessToken"]
        )
        assert NAME in cookie_names(await browser.post("/sign-out", json={}))
        assert browser.cookie(NAME) is None
    await auth.close()


async def test_what_is_not_configured_is_not_carried(
    provider: IdentityProvider, clock: FrozenRuntime
) -> None:
    auth = social_auth(provider, clock)
    async with Browser(auth) as browser:
        answer = await arrive(browser, await depart(browser))
        assert NAME not in cookie_names(answer)
        assert code_of(await browser.post("/get-access-token", json=CARRIED)) == "ACCOUNT_NOT_FOUND"
    await auth.close()


async def test_a_carried_account_is_for_its_own_user(
    provider: IdentityProvider, clock: FrozenRuntime
) -> None:
    """S75: nor for anybody once it was dropped, nor after its time, nor altered."""
    auth = carrying(provider, clock)
    async with Browser(auth) as ada, Browser(auth) as eve:
        await arrive(ada, await depart(ada))
        await eve.sign_up("eve@example.com")
        eve.cookies.set(NAME, ada.cookie(NAME) or "")
        assert code_of(await eve.post("/get-access-token", json=CARRIED)) == "ACCOUNT_NOT_FOUND"
        value = ada.cookie(NAME) or ""
        for altered in ("", "x", value[:-4] + "AAAA", value.replace(".", "", 1), "a.b.c.d.e"):
            ada.cookies.delete(NAME)
            ada.cookies.set(NAME, altered)
            assert code_of(await ada.post("/get-access-token", json=CARRIED)) == "ACCOUNT_NOT_FOUND"
        ada.cookies.delete(NAME)
        ada.cookies.set(NAME, value)
        assert (await ada.post("/get-access-token", json=CARRIED)).status_code == 200
        await auth.services.store.rows(ACCOUNT).delete(AccountFields.PROVIDER_ID.equals("openid"))
        assert code_of(await ada.post("/get-access-token", json=CARRIED)) == "ACCOUNT_NOT_FOUND"
        clock.advance(minutes=6)
        assert code_of(await ada.post("/get-access-token", json=CARRIED)) == "ACCOUNT_NOT_FOUND"
    await auth.close()


async def test_the_copy_lives_as_long_as_the_session_is_copied(
    provider: IdentityProvider, clock: FrozenRuntime
) -> None:
    session = SessionOptions(cookie_cache=CookieCache(enabled=True))
    auth = carrying(provider, clock, session=session)
    async with Browser(auth) as ada, Browser(auth) as eve:
        await arrive(ada, await depart(ada))
        clock.advance(minutes=4)
        answer = await ada.get("/get-session", params={"disableCookieCache": "1"})
        assert NAME in cookie_names(answer), "written again with the session's copy"
        carried = ada.cookie(NAME) or ""
        await eve.sign_up("eve@example.com")
        eve.cookies.set(NAME, carried)
        answer = await eve.get("/get-session", params={"disableCookieCache": "1"})
        lines = [line for line in set_cookies(answer) if line.startswith(f"{NAME}=")]
        assert lines, "somebody else's is taken away"
        assert all("Max-Age=0" in line for line in lines)
    await auth.close()


async def test_large_tokens_are_carried_in_chunks(provider: IdentityProvider, clock: FrozenRuntime) -> None:
    auth = carrying(provider, clock)
    async with Browser(auth) as browser:
        answer = await arrive(browser, await depart(browser), **{**ADA, "bulk": "x" * 3000})
        names = cookie_names(answer)
        assert {f"{NAME}.0", f"{NAME}.1"} <= set(names)
        assert all(len(line) <= 4096 for line in set_cookies(answer))
        assert (await browser.post("/get-access-token", json=CARRIED)).status_code == 200
    await auth.close()


async def test_without_a_database_the_cookie_is_the_account(
    provider: IdentityProvider, clock: FrozenRuntime
) -> None:
    auth, another = stateless(provider, clock), stateless(provider, clock)
    async with Browser(auth) as browser, Browser(another) as elsewhere:
        assert outcome(await arrive(browser, await depart(browser))) == "/in signed in"
        elsewhere.cookies.update(browser.cookies)
        body = (await elsewhere.post("/get-access-token", json=CARRIED)).json()
        assert body["accessToken"].startswith("at.")
        clock.advance(hours=2)
        body = (await elsewhere.post("/get-access-token", json=CARRIED)).json()
        assert provider.refreshes == 1
        again = (await elsewhere.post("/get-access-token", json=CARRIED)).json()
        assert again["accessToken"] == body["accessToken"], "the browser carries the new one"
        assert provider.refreshes == 1
    await auth.close()
    await another.close()


async def test_without_a_database_an_account_is_linked_while_the_copy_is_there(
    provider: IdentityProvider, clock: FrozenRuntime
) -> None:
    auth = stateless(provider, clock)
    async with Browser(auth) as browser, Browser(auth) as thief:
        await browser.sign_up()
        assert outcome(await arrive(browser, await link(browser))) == "/in"
        url = await link(browser)
        thief.cookies.update(browser.cookies)
        await browser.post("/sign-out", json={})
        await thief.sign_up("eve@example.com")
        assert "error=" in outcome(await arrive(thief, url, **{**ADA, "sub": "2"}))
    await auth.close()
