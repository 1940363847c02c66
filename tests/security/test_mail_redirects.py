"""Where a mailed link may lead in the end, and what it takes to change an address."""

from datetime import timedelta
from urllib.parse import quote, urlsplit

from ostiary.crypto.signed_jwt import sign_jwt
from ostiary.crypto.signing import Keyring
from ostiary.domain.errors import JsonValue
from tests.builders import ORIGIN, SECRET
from tests.security.exchange import exchange
from tests.security.mailing import ADA, Outbox, arrive, ask_for_reset, follow, location, mailing
from tests.security.surface import everything_in, surface_auth
from tests.security.targets import TARGETS


async def test_no_parameter_redirects_anywhere_but_to_trusted_places() -> None:
    """S70: sixty addresses, every route that takes one, with good and bad tokens; nothing is spent by it."""
    outbox = Outbox()
    auth = surface_auth(mailing(outbox))
    cookie = await arrive(auth)
    await ask_for_reset(auth)
    good = (await outbox.last(auth)).token
    await exchange(auth, "POST", "/send-verification-email", send=ADA)
    verifying = (await outbox.last(auth)).token
    await exchange(auth, "POST", "/delete-user", send={}, headers=[("cookie", cookie), ("origin", ORIGIN)])
    deleting = (await outbox.last(auth)).token
    mailed, before = len(outbox.links), await everything_in(auth.services.store)
    own = [("cookie", cookie), ("origin", ORIGIN)]
    for target in TARGETS:
        query = f"callbackURL={quote(target, safe='')}"
        for path in (
            f"/reset-password/{good}?{query}",
            f"/reset-password/unknown?{query}",
            f"/verify-email?token={verifying}&{query}",
            f"/verify-email?token=unknown&{query}",
            f"/delete-user/callback?token={deleting}&{query}",
        ):
            answer = await follow(auth, path, cookie)
            assert answer.status in {400, 403}, (target, path, answer.headers)
            assert "location" not in dict(answer.headers)
        for path, body in (
            ("/request-password-reset", {**ADA, "redirectTo": target}),
            ("/send-verification-email", {**ADA, "callbackURL": target}),
            ("/change-email", {"newEmail": "new@example.com", "callbackURL": target}),
            ("/delete-user", {"callbackURL": target}),
        ):
            answer = await exchange(auth, "POST", path, send=body, headers=own)
            assert answer.status in {400, 403}, (target, path, answer.body)
    await auth.services.background.drain()
    assert len(outbox.links) == mailed
    assert await everything_in(auth.services.store) == before


async def test_the_page_of_a_reset_gets_its_own_token_and_no_other() -> None:
    """S70: a `token` that somebody smuggled into the page's address is replaced, in whatever order."""
    outbox = Outbox()
    auth = surface_auth(mailing(outbox))
    await arrive(auth)
    page = "/new-password?token=mine&a=1&token=mine&error=x#part"
    await exchange(auth, "POST", "/request-password-reset", send={**ADA, "redirectTo": page})
    link = await outbox.last(auth)
    answer = await follow(auth, await outbox.path(auth))
    assert location(answer) == f"{ORIGIN}/new-password?token={link.token}&a=1&error=x#part"
    assert urlsplit(location(answer)).netloc == urlsplit(ORIGIN).netloc


async def test_a_backslash_in_a_redirect_leads_nobody_elsewhere() -> None:
    """S70: browsers read it as a slash, so that is what is sent."""
    auth = surface_auth(mailing(Outbox()))
    target = quote(f"{ORIGIN}\\.evil.example", safe="")
    answer = await follow(auth, f"/reset-password/unknown?callbackURL={target}")
    assert location(answer) == f"{ORIGIN}/.evil.example?error=INVALID_TOKEN"


async def test_a_mistyped_address_changes_nothing_and_a_changed_one_is_told() -> None:
    """S74: both mailboxes are asked; until the new one answers, the old one stays, and then it is told."""
    outbox = Outbox()
    auth = surface_auth(mailing(outbox))
    cookie = await arrive(auth, verified=True)
    headers = [("cookie", cookie), ("origin", ORIGIN)]
    users = auth.services.users
    await exchange(auth, "POST", "/change-email", send={"newEmail": "typo@exmaple.com"}, headers=headers)
    first = await outbox.last(auth)
    assert first.user.email == "ada@example.com", "the old mailbox is asked first"
    await follow(auth, await outbox.path(auth))
    second = await outbox.last(auth)
    assert second.user.email == "typo@exmaple.com"
    assert await users.by_email("ada@example.com") is not None, "nobody proved the new mailbox"
    assert outbox.news == []
    await ask_for_reset(auth)
    assert (await outbox.last(auth)).user.email == "ada@example.com"
    outbox.links.append(second)
    answer = await follow(auth, await outbox.path(auth))
    assert location(answer) == "/"
    assert answer.set_cookies == [], "a link to the new mailbox signs nobody in"
    changed = await users.by_email("typo@exmaple.com")
    assert changed is not None
    assert changed.email_verified
    await auth.services.background.drain()
    assert [(news.old_email, news.user.email) for news in outbox.news] == [
        ("ada@example.com", "typo@exmaple.com")
    ]


async def test_the_first_link_alone_or_a_forged_purpose_changes_no_address() -> None:
    """S74: a confirmation is no verification, and a token without a step of the flow is nothing."""
    outbox = Outbox()
    auth = surface_auth(mailing(outbox))
    await arrive(auth, verified=True)
    user = await auth.services.users.by_email("ada@example.com")
    assert user is not None
    for more in ({}, {"requestType": "x"}, {"requestType": ""}):
        claims: dict[str, JsonValue] = {**ADA, "updateTo": "new@example.com", "userId": user.id, **more}
        token = sign_jwt(claims, Keyring.of(SECRET), timedelta(hours=1), auth.services.runtime)
        assert (await follow(auth, f"/verify-email?token={token}")).code == "INVALID_TOKEN"
    assert await auth.services.users.by_email("new@example.com") is None
