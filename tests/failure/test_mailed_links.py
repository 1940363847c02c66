"""S86: the database is taken from under mailed links, whole or in the middle of what they do."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count

import httpx2
import pytest

from ostiary import Auth, ChangeEmail, DeleteUser, EmailVerificationOptions, GenericOAuth, Mailer, UserOptions
from ostiary.domain.runtime import FrozenRuntime, SystemRuntime
from ostiary.domain.schema import Schema
from ostiary.plugins import NewDevice, SafeLinks
from ostiary.storage.sql import open_store
from tests.builders import ORIGIN, PASSWORD, Browser, code_of, cookie_names, some_auth, some_options
from tests.failure.crowd import Crowd, outcomes
from tests.failure.parts import OwnPostgres
from tests.failure.test_database_down import OUTAGES, QUICK
from tests.identity_provider import CLIENT_ID, SECRET, IdentityProvider, identity_provider
from tests.posting import SENDER, Postbox

pytestmark = pytest.mark.services

ADA = "ada@example.com"
VERIFY = "Verify your email address"
DELETE = "Confirm that your account is to be deleted"
SIGN_IN = "A new sign-in to your account"
RESET = "Choose a new password"
LINK = re.compile(rf"{re.escape(ORIGIN)}/api/auth(\S+)")
CODE = re.compile(r"(\d{4}) (\d{4})")


@dataclass
class House:
    """A server that mails, on a database that may go away."""

    auth: Auth
    box: Postbox
    postgres: OwnPostgres

    async def mail(self, subject: str) -> str:
        """Return the text of the newest mail about something."""
        await self.auth.services.background.drain()
        assert self.auth.services.courier is not None
        await self.auth.services.courier.deliver_due()
        return [email.text for email in self.box.emails if email.subject == subject][-1]

    async def token(self, subject: str) -> str:
        """Return the token of the newest link about something."""
        [link] = LINK.findall(await self.mail(subject))
        return str(httpx2.URL(link).params["token"])

    async def not_me(self, stranger: Browser) -> str:
        """Let somebody sign in from a browser of their own; return the token that the owner gets."""
        assert (await stranger.sign_in()).status_code == 200
        return await self.token(SIGN_IN)

    async def execute(self, statement: str) -> None:
        """Do something to the database behind the server's back."""
        other = open_store(self.postgres.url, Schema(()), SystemRuntime())
        await other._driver.execute(statement, ())
        await other.close()

    @asynccontextmanager
    async def without(self, table: str) -> AsyncIterator[None]:
        """Let nobody reach one table for the time of a block."""
        other = open_store(self.postgres.url, Schema(()), SystemRuntime())
        async with other._driver.transaction() as transaction:
            await transaction.execute(f'LOCK TABLE "{table}" IN ACCESS EXCLUSIVE MODE', ())
            yield
        await other.close()


@asynccontextmanager
async def served(postgres: OwnPostgres, clock: FrozenRuntime, at: IdentityProvider) -> AsyncIterator[House]:
    openid = GenericOAuth(
        provider_id="openid",
        client_id=CLIENT_ID,
        client_secret=SECRET,
        discovery_url=f"{at.issuer}/.well-known/openid-configuration",
    )
    options = some_options(
        email_verification=EmailVerificationOptions(send_on_sign_up=True),
        user=UserOptions(
            change_email=ChangeEmail(enabled=True, update_email_without_verification=True),
            delete_user=DeleteUser(enabled=True, verify_by_mail=True),
        ),
        social_providers=(openid,),
    )
    box = Postbox()
    mailer, plugins = (
        Mailer(sender=SENDER, transport=box),
        [NewDevice(reset_page="/reset-password"), SafeLinks()],
    )
    auth = some_auth(options, clock, postgres.url + QUICK, mailer=mailer, plugins=plugins)
    await auth.services.store.create_tables()
    try:
        yield House(auth, box, postgres)
    finally:
        await auth.close()


@pytest.fixture
async def house(postgres: OwnPostgres, clock: FrozenRuntime) -> AsyncIterator[House]:
    with identity_provider(clock) as provider:
        async with served(postgres, clock, provider) as house:
            async with Browser(house.auth) as browser:
                await browser.sign_up(ADA)
            clock.advance(minutes=2)  # later it is no newcomer's sign-in
            yield house


def expect_postponed(answer: httpx2.Response) -> None:
    """See that somebody is told to come back, and keeps what they came with."""
    assert (answer.status_code, code_of(answer)) == (503, "SERVICE_UNAVAILABLE"), answer.text
    assert "retry-after" in answer.headers
    assert cookie_names(answer) == []


def pressing(token: str) -> tuple[str, dict[str, str]]:
    return "/not-me/confirm", {"token": token}


@pytest.mark.parametrize("outage", OUTAGES)
async def test_links_codes_and_linking_wait_for_the_database_and_spend_nothing(
    outage: str, house: House
) -> None:
    numbers, (take, bring_back) = count(), OUTAGES[outage]

    async def come(browser: Browser) -> int:
        body = {"name": "Eve", "email": f"eve{next(numbers)}@example.com", "password": PASSWORD}
        answers = await browser.post("/sign-up/email", json=body), await browser.get("/get-session")
        return max(answer.status_code for answer in answers)

    async with Browser(house.auth) as ada, Browser(house.auth) as stranger, Browser(house.auth) as grace:
        verification = await house.token(VERIFY)
        code = "".join(CODE.findall(await house.mail(VERIFY))[0])
        await grace.sign_up("grace@example.com")
        await grace.post("/delete-user", json={})
        deletion, not_me = await house.token(DELETE), await house.not_me(stranger)
        await ada.sign_in()
        social = {"provider": "openid", "callbackURL": "/in"}
        asked: list[tuple[Browser, str, dict[str, str]]] = [
            (ada, "/link-social", social),
            (stranger, "/sign-in/social", social),
            (ada, "/redeem-mailed-code", {"purpose": "verify-email", "email": ADA, "code": code}),
            (ada, "/verify-email/confirm", {"token": verification}),
            (grace, "/delete-user/confirm", {"token": deletion}),
            (ada, *pressing(not_me)),
        ]
        async with Crowd(house.auth, come).of(3) as crowd:
            await asyncio.to_thread(take, house.postgres)
            await crowd.until(503)
            for browser, path, body in asked:
                expect_postponed(await browser.post(path, json=body))
            for path in ("/not-me", "/verify-email", "/delete-user/callback"):
                assert (await ada.get(path, params={"token": not_me})).status_code == 200, "a page needs none"
            await asyncio.to_thread(bring_back, house.postgres)
            await crowd.until(200)
            for browser, path, body in asked:
                answer = await browser.post(path, json=body)
                assert answer.status_code == 200, f"{path}: {answer.text}"
            assert outcomes(await crowd.next(6)) == {200}
        assert await stranger.session() is None
        assert await ada.session() is None
        assert await house.mail(RESET)


async def test_the_button_of_a_new_device_does_everything_or_nothing(house: House) -> None:
    async with Browser(house.auth) as owner, Browser(house.auth) as stranger:
        path, body = pressing(await house.not_me(stranger))
        async with house.without("mail"):
            expect_postponed(await owner.post(path, json=body))
        assert await stranger.session() is not None
        assert (await owner.sign_in()).status_code == 200
        assert (await owner.post(path, json=body)).status_code == 200
        assert await stranger.session() is None
        assert (await stranger.sign_in()).status_code == 401
        assert await house.mail(RESET)


async def test_a_deletion_that_fails_keeps_its_link(house: House) -> None:
    async with Browser(house.auth) as browser:
        await browser.sign_in()
        await browser.post("/delete-user", json={})
        body = {"token": await house.token(DELETE)}
        async with house.without("account"):
            expect_postponed(await browser.post("/delete-user/confirm", json=body))
        assert await browser.session() is not None
        assert (await browser.post("/delete-user/confirm", json=body)).status_code == 200
        assert (await browser.post("/delete-user/confirm", json=body)).status_code == 404
        assert (await browser.sign_in()).status_code == 401


@pytest.mark.parametrize("table", ["mail", "verification"])
async def test_nobody_signs_in_before_it_is_known_whether_to_tell_the_owner(table: str, house: House) -> None:
    async with Browser(house.auth) as browser:
        if table == "verification":
            await browser.sign_in()  # from now on it is asked whether the browser was disowned
        async with house.without(table):
            expect_postponed(await browser.sign_in())
        assert (await browser.sign_in()).status_code == 200
        assert await house.mail(SIGN_IN)


async def test_an_address_changes_with_every_mail_about_it_or_not_at_all(house: House) -> None:
    new = {"newEmail": "countess@example.com"}
    async with Browser(house.auth) as browser:
        await browser.sign_in()
        await house.mail(VERIFY)
        await house.execute(
            'ALTER TABLE "mail" ADD CONSTRAINT "no" CHECK ("kind" <> \'verify-email\') NOT VALID'
        )
        assert (await browser.post("/change-email", json=new)).status_code >= 400
        assert await house.auth.services.users.by_email(ADA) is not None
        await house.execute('ALTER TABLE "mail" DROP CONSTRAINT "no"')
        assert (await browser.post("/change-email", json=new)).status_code == 200
        assert await house.auth.services.users.by_email(ADA) is None
        await house.mail(VERIFY)
    about = [(email.to, email.subject) for email in house.box.emails[-2:]]
    assert sorted(about) == [(ADA, "Your email address was changed"), (new["newEmail"], VERIFY)]
