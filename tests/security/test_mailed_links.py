"""Links that leave by mail: where they lead, how often they work, and how many there are."""

import asyncio
from typing import Any

import pytest

from ostiary import (
    ChangeEmail,
    ConfigurationError,
    EmailAndPassword,
    EmailVerificationOptions,
    Options,
    RateLimit,
    RateLimitOptions,
    UserOptions,
    VerificationOptions,
)
from ostiary.domain.models import SESSION, USER, VERIFICATION, UserFields, VerificationFields
from ostiary.domain.runtime import FrozenRuntime
from ostiary.options import DeleteUser
from tests.builders import ORIGIN, PASSWORD, SECRET, SESSION_COOKIE, Browser
from tests.security.conftest import Place
from tests.security.exchange import cookie_header, exchange
from tests.security.mailing import (
    ADA,
    NEW_PASSWORD,
    Outbox,
    arrive,
    ask_for_reset,
    follow,
    location,
    mailing,
    reset,
)
from tests.security.surface import everything_in, surface_auth

FOREIGN_HOSTS = (
    [("x-forwarded-host", "evil.example"), ("x-forwarded-proto", "https")],
    [("forwarded", "host=evil.example;proto=https")],
    [("x-original-host", "evil.example"), ("x-host", "evil.example")],
    [("referer", "https://evil.example/")],
)


async def test_links_are_built_from_the_configured_address_whatever_a_request_names() -> None:
    """S63: Host, X-Forwarded-Host, Forwarded; every kind of link."""
    outbox = Outbox()
    auth = surface_auth(mailing(outbox))
    cookie = await arrive(auth, verified=True)
    await arrive(auth, "unverified@example.com")
    for extra in FOREIGN_HOSTS:
        for host in ("evil.example", "evil.example:80@auth.test", "auth.test.evil.example"):
            own = [("cookie", cookie), ("origin", ORIGIN), *extra]
            for path, body, headers in (
                ("/request-password-reset", ADA, extra),
                ("/send-verification-email", {"email": "unverified@example.com"}, extra),
                ("/change-email", {"newEmail": "new@example.com"}, own),
                ("/delete-user", {}, own),
            ):
                before = len(outbox.links)
                answer = await exchange(auth, "POST", path, send=body, headers=headers, host=host)
                assert answer.status == 200, (path, answer.body)
                assert (await outbox.last(auth)).url.startswith(f"{ORIGIN}/api/auth/")
                assert len(outbox.links) == before + 1


def test_a_server_that_does_not_know_its_address_sends_no_links() -> None:
    """S63: with any of the senders."""
    outbox = Outbox()
    senders: tuple[dict[str, Any], ...] = (
        {"email_and_password": EmailAndPassword(send_reset_password=outbox.send)},
        {"email_verification": EmailVerificationOptions(send_verification_email=outbox.send)},
        {"user": UserOptions(delete_user=DeleteUser(send_delete_account_verification=outbox.send))},
        {"user": UserOptions(change_email=ChangeEmail(send_change_email_confirmation=outbox.send))},
    )
    for sender in senders:
        with pytest.raises(ConfigurationError, match="base_url"):
            Options(secret=SECRET, **sender)


async def test_a_reset_link_sets_one_password_even_for_those_who_race(place: Place) -> None:
    """S64: twenty at once, then again: one success."""
    outbox = Outbox()
    auth = await place.open(mailing(outbox))
    await arrive(auth)
    await ask_for_reset(auth)
    token = (await outbox.last(auth)).token
    answers = await asyncio.gather(*(reset(auth, token, f"password number {n}") for n in range(20)))
    assert sorted(answer.status for answer in answers) == [200] + [400] * 19
    assert {answer.code for answer in answers if answer.status == 400} == {"INVALID_TOKEN"}
    [winner] = [number for number, answer in enumerate(answers) if answer.status == 200]
    async with Browser(auth) as browser:
        assert (await browser.sign_in(password=f"password number {winner}")).status_code == 200
    assert (await reset(auth, token)).code == "INVALID_TOKEN"
    assert await auth.services.store.rows(VERIFICATION).count() == 0


async def test_a_reset_link_ends(clock: FrozenRuntime) -> None:
    """S64: after its hour, to the second; and with the next change of the password, however that is made."""
    outbox = Outbox()
    auth = surface_auth(mailing(outbox), clock)
    cookie = await arrive(auth)
    for seconds, status in ((3599, 200), (3600, 400)):
        clock.advance(days=1)
        await ask_for_reset(auth)
        token = (await outbox.last(auth)).token
        clock.advance(seconds=seconds)
        assert (await reset(auth, token)).status == status
    await ask_for_reset(auth)
    older = (await outbox.last(auth)).token
    clock.advance(minutes=1)
    await ask_for_reset(auth)
    assert (await reset(auth, (await outbox.last(auth)).token)).status == 200
    assert (await reset(auth, older)).code == "INVALID_TOKEN"
    async with Browser(auth) as browser:
        assert (await browser.sign_in(password=NEW_PASSWORD)).status_code == 200
        cookie = cookie_header(browser)
    await ask_for_reset(auth)
    older = (await outbox.last(auth)).token
    clock.advance(minutes=1)
    change = {"currentPassword": NEW_PASSWORD, "newPassword": PASSWORD}
    headers = [("cookie", cookie), ("origin", ORIGIN)]
    answer = await exchange(auth, "POST", "/change-password", send=change, headers=headers)
    assert answer.status == 200
    assert (await reset(auth, older)).code == "INVALID_TOKEN"


@pytest.mark.parametrize("newest_only", [True, False])
async def test_a_later_reset_link_voids_the_one_before_it(clock: FrozenRuntime, newest_only: bool) -> None:
    """S64: whoever reads last month's backup of a mailbox gets nowhere; an option takes it back."""
    outbox = Outbox()
    settings = EmailAndPassword(
        enabled=True, send_reset_password=outbox.send, newest_reset_link_only=newest_only
    )
    auth = surface_auth(mailing(outbox, email_and_password=settings), clock)
    await arrive(auth)
    await arrive(auth, "bob@example.com")
    tokens = []
    for email in ("ada@example.com", "ada@example.com", "bob@example.com"):
        await ask_for_reset(auth, email)
        tokens.append((await outbox.last(auth)).token)
    older, newer, of_another = tokens
    clock.advance(seconds=1)
    page = await follow(auth, f"/reset-password/{older}?callbackURL=/new")
    assert ("error=INVALID_TOKEN" in location(page)) is newest_only
    assert (await reset(auth, older)).status == (400 if newest_only else 200)
    clock.advance(seconds=1)
    assert (await reset(auth, newer)).status == (200 if newest_only else 400)
    assert (await reset(auth, of_another)).status == 200


async def test_a_dump_of_the_table_opens_nothing_where_identifiers_are_hashed() -> None:
    """S64: neither the token nor anything that is accepted in its place."""
    outbox = Outbox()
    auth = surface_auth(mailing(outbox, verification=VerificationOptions(store_identifier="hashed")))
    await arrive(auth)
    await ask_for_reset(auth)
    token = (await outbox.last(auth)).token
    for row in await auth.services.store.rows(VERIFICATION).all():
        assert token not in f"{row.identifier}{row.value}{row.id}"
        for guess in (row.identifier, row.identifier.removeprefix("reset-password:"), row.id, row.value):
            assert (await reset(auth, guess)).code == "INVALID_TOKEN"
    assert (await reset(auth, token)).status == 200


async def test_a_verifying_link_signs_in_once(place: Place) -> None:
    """S64: the second time, and for those who race, it changes nothing and starts no session."""
    outbox = Outbox()
    auth = await place.open(mailing(outbox))
    await arrive(auth)
    await exchange(auth, "POST", "/send-verification-email", send=ADA)
    path = await outbox.path(auth)
    answers = await asyncio.gather(*(follow(auth, path) for _ in range(10)))
    assert {answer.status for answer in answers} == {302}
    signed_in = [a for a in answers if any(SESSION_COOKIE in line for line in a.set_cookies)]
    assert len(signed_in) == 1
    before = await everything_in(auth.services.store)
    assert (await follow(auth, path)).set_cookies == []
    assert await everything_in(auth.services.store) == before


async def test_a_verifying_link_ends(clock: FrozenRuntime) -> None:
    """S64: after its hour, and when the address was changed."""
    outbox = Outbox()
    auth = surface_auth(mailing(outbox), clock)
    await arrive(auth)
    await exchange(auth, "POST", "/send-verification-email", send=ADA)
    path = await outbox.path(auth)
    clock.advance(hours=1)
    assert location(await follow(auth, path)) == "/?error=TOKEN_EXPIRED"
    await exchange(auth, "POST", "/send-verification-email", send=ADA)
    path = await outbox.path(auth)
    await auth.services.store.rows(USER).update(
        {UserFields.EMAIL: "other@example.com"}, UserFields.EMAIL.equals("ada@example.com")
    )
    assert location(await follow(auth, path)) == "/?error=USER_NOT_FOUND"


async def test_a_deletion_link_is_for_its_owner_and_for_once() -> None:
    """S64: nobody else's session and no session at all; then gone."""
    outbox = Outbox()
    auth = surface_auth(mailing(outbox))
    mine, theirs = await arrive(auth), await arrive(auth, "eve@example.com")
    headers = [("cookie", mine), ("origin", ORIGIN)]
    await exchange(auth, "POST", "/delete-user", send={}, headers=headers)
    path = await outbox.path(auth)
    assert (await follow(auth, path)).code == "FAILED_TO_GET_USER_INFO"
    assert (await follow(auth, path, theirs)).code == "INVALID_TOKEN"
    assert (await follow(auth, path, mine)).code == "INVALID_TOKEN", "a thief's attempt spends it"
    await exchange(auth, "POST", "/delete-user", send={}, headers=headers)
    assert (await follow(auth, await outbox.path(auth), mine)).status == 302
    assert await auth.services.users.by_email("ada@example.com") is None
    assert await auth.services.users.by_email("eve@example.com") is not None


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
async def test_looking_at_a_reset_link_does_not_use_it_up(method: str) -> None:
    """S65: scanners and prefetching browsers come first, the person still gets through."""
    outbox = Outbox()
    auth = surface_auth(mailing(outbox))
    await arrive(auth)
    await ask_for_reset(auth)
    link = await outbox.last(auth)
    path, _, query = (await outbox.path(auth)).partition("?")
    for _ in range(5):
        await exchange(auth, method, path, query=query, headers=[("sec-purpose", "prefetch")])
        await exchange(auth, method, "/reset-password", query=f"token={link.token}&newPassword=x")
    assert location(await follow(auth, f"{path}?{query}")) == f"{ORIGIN}/new-password?token={link.token}"
    assert (await reset(auth, link.token)).status == 200


async def test_heads_of_other_links_change_nothing_either() -> None:
    """S65: only the GET of a person verifies, changes or deletes."""
    outbox = Outbox()
    auth = surface_auth(mailing(outbox))
    cookie = await arrive(auth)
    await exchange(auth, "POST", "/send-verification-email", send=ADA)
    paths = [await outbox.path(auth)]
    await exchange(auth, "POST", "/delete-user", send={}, headers=[("cookie", cookie), ("origin", ORIGIN)])
    paths.append(await outbox.path(auth))
    before = await everything_in(auth.services.store)
    for path, _, query in (path.partition("?") for path in paths):
        for method in ("HEAD", "OPTIONS", "POST"):
            headers = [("cookie", cookie), ("origin", ORIGIN)]
            assert (await exchange(auth, method, path, query=query, headers=headers)).status == 404
    assert await everything_in(auth.services.store) == before


async def test_one_address_gets_so_many_mails_and_no_more(place: Place, clock: FrozenRuntime) -> None:
    """S67: from many addresses, through every route that mails; the answers stay the same, and time heals."""
    outbox = Outbox()
    limits = RateLimitOptions(custom_rules={"*": None})
    options = mailing(outbox, rate_limit=limits)
    auth = await place.open(options, clock)
    await arrive(auth)
    answers = []
    for number in range(20):
        peer = f"198.51.100.{number}"
        answers.append((await ask_for_reset(auth, peer=peer)).visible)
        answers.append((await ask_for_reset(auth, "Nobody@example.com", peer=peer)).visible)
        await exchange(auth, "POST", "/send-verification-email", send=ADA, peer=peer)
    await auth.services.background.drain()
    assert len(outbox.links) == 5
    assert len(set(answers)) == 1
    tokens = VerificationFields.IDENTIFIER.starts_with("reset-password:")
    assert await auth.services.store.rows(VERIFICATION).count(tokens) <= 5, "no token that nobody gets"
    clock.advance(hours=1)
    await ask_for_reset(auth)
    await auth.services.background.drain()
    assert len(outbox.links) == 6


async def test_the_limit_of_mails_counts_mailboxes_not_people() -> None:
    """S67: somebody who asks for many changes of address floods nobody; None lifts the limit."""
    for limit, expected in ((RateLimit(2, per=3600), 2), (None, 6)):
        outbox = Outbox()
        limits = RateLimitOptions(custom_rules={"*": None}, mails=limit)
        auth = surface_auth(mailing(outbox, rate_limit=limits))
        cookies = [await arrive(auth, f"eve{number}@example.com") for number in range(6)]
        for cookie in cookies:
            headers = [("cookie", cookie), ("origin", ORIGIN)]
            answer = await exchange(
                auth, "POST", "/change-email", send={"newEmail": "Victim@example.com"}, headers=headers
            )
            assert answer.status == 200
        await auth.services.background.drain()
        assert len(outbox.links) == expected


async def test_a_reset_signs_nobody_in() -> None:
    """S66: whoever reads the mail sets a password, and gets in by the door that asks for everything else."""
    outbox = Outbox()
    auth = surface_auth(mailing(outbox))
    cookie = await arrive(auth)
    await ask_for_reset(auth)
    token = (await outbox.last(auth)).token
    answer = await reset(auth, token)
    assert (answer.status, answer.json(), answer.set_cookies) == (200, {"status": True}, [])
    assert await auth.services.store.rows(SESSION).count() == 0
    session = await exchange(auth, "GET", "/get-session", headers=[("cookie", cookie)])
    assert session.json() is None


async def test_a_reset_ends_sessions_and_forgives_the_guesses() -> None:
    """S27: whoever was signed in is not any more, unless that is off; the owner is not locked out."""
    for revokes in (None, True, False):
        outbox = Outbox()
        settings = EmailAndPassword(
            enabled=True, send_reset_password=outbox.send, revoke_sessions_on_password_reset=revokes
        )
        limits = RateLimitOptions(custom_rules={"*": None}, sign_in_failures=RateLimit(3, per=900))
        auth = surface_auth(mailing(outbox, email_and_password=settings, rate_limit=limits))
        cookie = await arrive(auth)
        for _ in range(4):
            guess = await exchange(auth, "POST", "/sign-in/email", send={**ADA, "password": "a guess here"})
        assert guess.status == 429
        await ask_for_reset(auth)
        assert (await reset(auth, (await outbox.last(auth)).token)).status == 200
        session = await exchange(auth, "GET", "/get-session", headers=[("cookie", cookie)])
        assert (session.json() is None) is (revokes is not False)
        body = {**ADA, "password": NEW_PASSWORD}
        assert (await exchange(auth, "POST", "/sign-in/email", send=body)).status == 200
