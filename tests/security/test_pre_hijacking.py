"""S72: whoever registers the address of somebody else first gains nothing, and the owner gets in."""

from typing import Any

import pytest

from ostiary import Auth, EmailAndPassword
from ostiary.domain.models import ACCOUNT, USER, AccountFields, UserFields
from ostiary.domain.runtime import FrozenRuntime
from tests.builders import PASSWORD, Browser, code_of
from tests.identity_provider import Detour, IdentityProvider
from tests.security.conftest import Place
from tests.security.surface import surface_options
from tests.social import ADA, Mailbox, arrive, depart, link, outcome, social_providers

NEW_PASSWORD = "the owner's own horse battery"
MALLORY = {"sub": "mallory", "email": "mallory@example.com", "email_verified": True, "name": "Mallory"}


async def opened(place: Place, provider: IdentityProvider, clock: FrozenRuntime, mailbox: Mailbox) -> Auth:
    options = surface_options(
        social_providers=social_providers(provider),
        email_and_password=EmailAndPassword(enabled=True, send_reset_password=mailbox.receive),
    )
    return await place.open(options, clock, http_client=Detour(provider))


async def providers_of(auth: Auth, email: str = "ada@example.com") -> list[str]:
    store = auth.services.store
    user = await store.rows(USER).first(UserFields.EMAIL.equals(email))
    assert user is not None
    accounts = await store.rows(ACCOUNT).all(AccountFields.USER_ID.equals(user.id))
    return sorted(account.provider_id for account in accounts)


async def reset(browser: Browser, auth: Auth, mailbox: Mailbox) -> None:
    answer = await browser.post("/request-password-reset", json={"email": "ada@example.com"})
    assert answer.status_code == 200
    await auth.services.background.drain()
    token = mailbox.links[-1].token
    answer = await browser.post("/reset-password", json={"newPassword": NEW_PASSWORD, "token": token})
    assert answer.status_code == 200, answer.text


async def test_a_squatter_with_a_password_ends_with_nothing(
    place: Place, provider: IdentityProvider, clock: FrozenRuntime
) -> None:
    """S72: the script from end to end, on each store."""
    mailbox = Mailbox()
    auth = await opened(place, provider, clock, mailbox)
    async with Browser(auth) as squatter, Browser(auth) as owner:
        # the attacker takes the address and leaves every back door that the protocol offers
        await squatter.sign_up("ada@example.com")
        own = await arrive(squatter, await link(squatter), **MALLORY)
        assert outcome(own) == "/oh?error=email_does_not_match", "no account of the attacker's own"
        claimed = {**MALLORY, "email": "ada@example.com", "email_verified": False}
        assert outcome(await arrive(squatter, await link(squatter), **claimed)) == (
            "/oh?error=unable_to_link_account"
        )
        waiting = await link(squatter)

        # the owner arrives by a provider: not joined with the squatter, and not told to be
        assert outcome(await arrive(owner, await depart(owner))) == "/oh?error=account_not_linked"
        assert await owner.session() is None
        brought = {"provider": "openid", "idToken": {"token": provider.id_token(**ADA)}}
        answer = await owner.post("/sign-in/social", json=brought)
        assert (answer.status_code, code_of(answer)) == (401, "OAUTH_LINK_ERROR")
        assert await providers_of(auth) == ["credential"]

        # the owner gets in by the mailbox, and with that the attacker is out
        await reset(owner, auth, mailbox)
        assert await squatter.session() is None
        assert code_of(await squatter.sign_in("ada@example.com", PASSWORD)) == "INVALID_EMAIL_OR_PASSWORD"
        assert outcome(await arrive(squatter, waiting)) == "/oh?error=unable_to_link_account"
        assert (await owner.sign_in("ada@example.com", NEW_PASSWORD)).status_code == 200
        assert outcome(await arrive(owner, await link(owner))) == "/in"
        assert await providers_of(auth) == ["credential", "openid"]

        # and from now on by the provider
        await owner.post("/sign-out", json={})
        assert outcome(await arrive(owner, await depart(owner))) == "/in signed in"


async def test_a_squatter_by_a_provider_without_proof_does_not_get_the_owners_account(
    place: Place, provider: IdentityProvider, clock: FrozenRuntime
) -> None:
    """S72: an unproved address at a provider is a claim, no more."""
    auth = await opened(place, provider, clock, Mailbox())
    async with Browser(auth) as squatter, Browser(auth) as owner:
        claim = {"id": 666, "login": "mallory", "name": "M", "email": "ada@example.com"}
        emails = [{"email": "ada@example.com", "primary": True, "verified": False}]
        url = await depart(squatter, "github")
        assert outcome(await arrive(squatter, url, "github", **claim, emails=emails)) == "/in signed in"
        assert (await squatter.session())["user"]["emailVerified"] is False
        assert outcome(await arrive(owner, await depart(owner))) == "/oh?error=account_not_linked"
        assert await providers_of(auth) == ["github"]


@pytest.mark.parametrize("proved", [False, True])
async def test_a_reset_unlinks_whoever_came_by_an_unproved_address(
    place: Place, provider: IdentityProvider, clock: FrozenRuntime, *, proved: bool
) -> None:
    """S72: the owner takes the account over by the mailbox; a proved address was the owner's all along."""
    mailbox = Mailbox()
    auth = await opened(place, provider, clock, mailbox)
    async with Browser(auth) as somebody, Browser(auth) as owner:
        claim = {"id": 666, "login": "mallory", "name": "M", "email": "ada@example.com"}
        more = {**claim, "emails": [{"email": "ada@example.com", "primary": True, "verified": proved}]}
        arrived = await arrive(somebody, await depart(somebody, "github"), "github", **more)
        assert outcome(arrived) == "/in signed in"
        await reset(owner, auth, mailbox)
        assert await somebody.session() is None
        assert await providers_of(auth) == (["credential", "github"] if proved else ["credential"])
        again = await arrive(somebody, await depart(somebody, "github"), "github", **more)
        assert outcome(again) == ("/in signed in" if proved else "/oh?error=account_not_linked")


async def test_the_address_of_an_owner_who_was_there_first_is_not_taken(
    place: Place, provider: IdentityProvider, clock: FrozenRuntime
) -> None:
    """S72: the other way round."""
    auth = await opened(place, provider, clock, Mailbox())
    async with Browser(auth) as owner, Browser(auth) as thief:
        assert outcome(await arrive(owner, await depart(owner))) == "/in signed in"
        before = (await owner.session())["user"]
        answer = await thief.post(
            "/sign-up/email", json={"name": "M", "email": "Ada@Example.com", "password": PASSWORD}
        )
        assert answer.status_code == 422
        claim: dict[str, Any] = {"id": 666, "name": "M", "email": "ada@example.com", "emails": []}
        url = await depart(thief, "github")
        assert outcome(await arrive(thief, url, "github", **claim)) == "/oh?error=account_not_linked"
        changed = {**ADA, "sub": "thief", "email_verified": False}
        assert outcome(await arrive(thief, await depart(thief), **changed)) == "/oh?error=account_not_linked"
        assert await providers_of(auth) == ["openid"]
        assert (await owner.session())["user"] == before
