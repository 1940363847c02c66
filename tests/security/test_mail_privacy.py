"""What is no mailed token, and what neither an answer nor its time tells about mails."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from ostiary import (
    Auth,
    EmailAndPassword,
    EmailVerificationOptions,
    MailedLink,
)
from ostiary.crypto.signed_jwt import sign_jwt
from ostiary.crypto.signing import Keyring
from ostiary.domain.errors import JsonValue
from tests.builders import ORIGIN, PASSWORD, SECRET, Browser, some_options
from tests.security.exchange import exchange
from tests.security.mailing import (
    ADA,
    Outbox,
    arrive,
    follow,
    mailing,
)
from tests.security.surface import surface_auth


@pytest.mark.parametrize(
    "claims",
    [
        {"session": {}, "user": ADA, "updatedAt": 1, "version": "1"},
        {**ADA, "sub": "ada", "iss": ORIGIN, "aud": ORIGIN},
        {**ADA, "role": "admin"},
        {"userId": "ada"},
        {"email": 7},
        {"email": None},
        {},
    ],
)
async def test_other_tokens_of_the_same_secret_prove_no_mailbox(claims: dict[str, JsonValue]) -> None:
    """S9: a cookie cache, an access token and half a mailed token verify nothing."""
    auth = surface_auth(mailing(Outbox()))
    await arrive(auth)
    token = sign_jwt(claims, Keyring.of(SECRET), timedelta(hours=1), auth.services.runtime)
    answer = await follow(auth, f"/verify-email?token={token}")
    assert (answer.status, answer.code) == (401, "INVALID_TOKEN")
    user = await auth.services.users.by_email("ada@example.com")
    assert user is not None
    assert not user.email_verified


async def test_a_mailed_token_is_no_session_and_no_copy_of_one() -> None:
    """S9: in none of the cookies, and not in the header."""
    outbox = Outbox()
    auth = surface_auth(mailing(outbox))
    await arrive(auth)
    await exchange(auth, "POST", "/send-verification-email", send=ADA)
    token = (await outbox.last(auth)).token
    for name in ("session_token", "session_data", "device"):
        answer = await exchange(
            auth, "GET", "/get-session", headers=[("cookie", f"better-auth.{name}={token}")]
        )
        assert answer.json() is None
    answer = await exchange(auth, "GET", "/get-session", headers=[("authorization", f"Bearer {token}")])
    assert answer.json() is None


async def raises(link: MailedLink) -> None:
    raise RuntimeError("no mail leaves this server")


async def never_ends(link: MailedLink) -> None:
    await asyncio.Event().wait()


async def is_cancelled(link: MailedLink) -> None:
    raise asyncio.CancelledError


def blows_up_at_once(link: MailedLink) -> Awaitable[None]:
    raise RuntimeError("not even a coroutine")


Sender = Callable[[MailedLink], Awaitable[None]]


@pytest.mark.parametrize("sender", [raises, never_ends, is_cancelled, blows_up_at_once])
async def test_a_sender_that_fails_does_not_tell_known_from_unknown(
    sender: Sender, caplog: pytest.LogCaptureFixture
) -> None:
    """S50: raises, hangs or is cancelled: status, headers and body are those of an unknown address."""
    settings = EmailAndPassword(enabled=True, require_email_verification=True, send_reset_password=sender)
    verification = EmailVerificationOptions(send_verification_email=sender, send_on_sign_in=True)
    auth = surface_auth(some_options(email_and_password=settings, email_verification=verification))
    async with Browser(auth) as browser:
        await browser.sign_up()
    with caplog.at_level(logging.ERROR):
        for path in ("/request-password-reset", "/send-verification-email"):
            bodies = ({"email": email} for email in ("ada@example.com", "nobody@example.com"))
            known, unknown = [
                (await asyncio.wait_for(exchange(auth, "POST", path, send=body), 2)).visible
                for body in bodies
            ]
            assert known == unknown
            assert known[0] == 200
        refused = await exchange(auth, "POST", "/sign-in/email", send={**ADA, "password": PASSWORD})
        assert refused.code == "EMAIL_NOT_VERIFIED"
        await asyncio.sleep(0)
    assert "token=" not in caplog.text
    await give_up(auth)


async def give_up(auth: Auth) -> None:
    """Cancel what is under way, once it has begun."""
    await asyncio.sleep(0)
    tasks = list(auth.services.background._tasks)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_the_answer_of_a_slow_sender_comes_as_fast_as_none() -> None:
    """S50: a mail server that takes a second holds nobody up, so that its time tells nothing."""

    async def slow(link: MailedLink) -> None:
        await asyncio.sleep(1)

    settings = EmailAndPassword(enabled=True, send_reset_password=slow)
    verification = EmailVerificationOptions(send_verification_email=slow)
    auth = surface_auth(some_options(email_and_password=settings, email_verification=verification))
    await arrive(auth)
    for path in ("/request-password-reset", "/send-verification-email"):
        began = time.monotonic()
        assert (await exchange(auth, "POST", path, send=ADA)).status == 200
        assert time.monotonic() - began < 0.5
    await give_up(auth)


async def test_before_the_answer_the_same_is_asked_of_the_store_for_every_address() -> None:
    """S49: one look-up of the address, whether it is known, verified, without a password or unknown."""
    outbox = Outbox()
    auth = surface_auth(mailing(outbox))
    await arrive(auth)
    await arrive(auth, "verified@example.com", verified=True)
    for path in ("/request-password-reset", "/send-verification-email"):
        asked: dict[str, list[str]] = {}
        for email in ("ada@example.com", "verified@example.com", "nobody@example.com"):
            statements = _Statements(auth)
            answer = await exchange(auth, "POST", path, send={"email": email})
            assert answer.status == 200
            statements.stop()
            asked[email] = statements.asked
            await auth.services.background.drain()
        assert len({tuple(each) for each in asked.values()}) == 1, asked


class _Statements:
    """Writes down which repositories a request asks for, up to its answer."""

    def __init__(self, auth: Auth) -> None:
        self._store = auth.services.store
        self._rows = self._store.rows
        self.asked: list[str] = []
        vars(self._store)["rows"] = self._noting

    def _noting(self, model: Any) -> Any:
        self.asked.append(model.name)
        return self._rows(model)

    def stop(self) -> None:
        del vars(self._store)["rows"]
