"""Nobody learns from an answer, its time or its failure whether an address has an account."""

import asyncio
import logging
import re
import smtplib
import socket
import statistics
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from email.message import EmailMessage
from typing import Any

import pytest

from ostiary import Auth, EmailAndPassword, Options, RateLimit, RateLimitOptions
from ostiary.crypto.password_hashes.argon2 import Argon2
from ostiary.crypto.password_hashes.scrypt import Scrypt
from ostiary.crypto.passwords import BoundedHasher
from ostiary.domain.entities import Account, User
from ostiary.domain.models import ACCOUNT, ID, USER, AccountFields
from ostiary.domain.roles import BANNED
from ostiary.domain.runtime import FrozenRuntime
from tests.builders import PASSWORD, Browser, some_auth, some_options
from tests.security.conftest import Place
from tests.security.exchange import Answer, exchange
from tests.security.surface import surface_auth, surface_options
from tests.security.test_password_length import CountingHasher

VERIFIED_ONLY = EmailAndPassword(enabled=True, require_email_verification=True)
NO_AUTO_SIGN_IN = EmailAndPassword(enabled=True, auto_sign_in=False)
HIDING = (VERIFIED_ONLY, NO_AUTO_SIGN_IN)
STATES = ("known", "without a password", "without an account", "unverified", "banned", "unknown")


def address_of(state: str) -> str:
    return f"{state.replace(' ', '.')}@example.com"


async def populate(auth: Auth) -> None:
    """Make one person in each state that an account can be in."""
    store = auth.services.store
    async with Browser(auth) as browser:
        for state in STATES[:-1]:
            body = {"name": "Ada", "email": address_of(state), "password": PASSWORD}
            assert (await browser.post("/sign-up/email", json=body)).status_code == 200
            user = await auth.services.users.by_email(address_of(state))
            assert user is not None
            accounts = store.rows(ACCOUNT)
            if state == "without a password":
                await accounts.update({AccountFields.PASSWORD: None}, AccountFields.USER_ID.equals(user.id))
            if state == "without an account":
                await accounts.delete(AccountFields.USER_ID.equals(user.id))
                await accounts.insert(_provider_account(user))
            if state == "banned":
                await store.rows(USER).update({BANNED: True}, ID.equals(user.id))


def _provider_account(user: User) -> Account:
    return Account(
        id="a-link-to-a-provider",
        account_id="4711",
        provider_id="github",
        user_id=user.id,
        created_at=user.created_at,
        updated_at=user.updated_at,
    )


async def sign_in(auth: Auth, email: str, password: str = "a wrong guess", **kwargs: Any) -> Answer:
    return await exchange(
        auth, "POST", "/sign-in/email", send={"email": email, "password": password}, **kwargs
    )


@pytest.mark.parametrize("options", [surface_options(), surface_options(email_and_password=VERIFIED_ONLY)])
async def test_a_failed_sign_in_looks_the_same_whatever_the_state_of_the_account(
    place: Place, options: Options
) -> None:
    """S48: status, headers and body, byte by byte; in two languages, with and without a browser's headers."""
    auth = await place.open(options)
    await populate(auth)
    browser_headers = [("origin", "http://auth.test"), ("accept-language", "de"), ("cookie", "theme=dark")]
    for headers in ([], browser_headers):
        answers = {state: await sign_in(auth, address_of(state), headers=headers) for state in STATES}
        assert {answer.visible for answer in answers.values()} == {answers["unknown"].visible}
        assert (answers["unknown"].status, answers["unknown"].code) == (401, "INVALID_EMAIL_OR_PASSWORD")
    upper = await sign_in(auth, "KNOWN@example.com")
    assert upper.visible == answers["known"].visible


async def test_the_state_of_an_account_is_told_to_those_who_know_its_password_only(place: Place) -> None:
    """S48: unverified and banned show after the proof and start no session; the rest shows nothing."""
    auth = await place.open(surface_options(email_and_password=VERIFIED_ONLY))
    await populate(auth)
    codes = {state: (await sign_in(auth, address_of(state), PASSWORD)).code for state in STATES}
    assert codes == {
        "known": "EMAIL_NOT_VERIFIED",
        "unverified": "EMAIL_NOT_VERIFIED",
        "banned": "EMAIL_NOT_VERIFIED",
        "without a password": "INVALID_EMAIL_OR_PASSWORD",
        "without an account": "INVALID_EMAIL_OR_PASSWORD",
        "unknown": "INVALID_EMAIL_OR_PASSWORD",
    }


async def test_the_limit_of_failures_strikes_unknown_addresses_at_the_same_moment() -> None:
    """S48: the refusals of the limiter are the same byte by byte, guess by guess."""
    limits = RateLimitOptions(custom_rules={"*": None}, sign_in_failures=RateLimit(3, per=900))
    auth = surface_auth(surface_options(rate_limit=limits))
    await populate(auth)
    series = {state: [(await sign_in(auth, address_of(state))).visible for _ in range(5)] for state in STATES}
    assert [status for status, _, _ in series["unknown"]] == [401, 401, 401, 429, 429]
    assert all(answers == series["unknown"] for answers in series.values())


VARIATIONS: tuple[dict[str, Any], ...] = (
    {},
    {"image": "https://img.example/ada.png"},
    {"rememberMe": False, "callbackURL": "/welcome"},
    {"nickname": "the countess", "age": 36, "tags": ["maths"], "settings": {"theme": "dark"}},
    {"credit": 1000, "banned": True},
    {"name": "", "email": "ADA@Example.com"},
)


def normalised(answer: Answer) -> tuple[int, list[tuple[str, str]], bytes]:
    """Return what is visible, the new identifier replaced by its form."""
    body = answer.body.decode()
    found = re.search(r'"id":"([A-Za-z0-9]{32}|[0-9a-f-]{36})"', body)
    assert found is not None, body
    headers = [(name, value) for name, value in answer.headers if name != "content-length"]
    kind = "random" if len(found[1]) == 32 else "uuid"
    return answer.status, headers, body.replace(found[1], kind).lower().encode()


@pytest.mark.parametrize("ids", ["random", "uuid"])
@pytest.mark.parametrize("settings", HIDING, ids=["verified only", "no auto sign-in"])
async def test_signing_up_with_a_known_address_looks_like_signing_up_with_a_new_one(
    settings: EmailAndPassword, ids: str
) -> None:
    """S48: plugins' columns, additional fields, defaults and hooks included; as where nobody is known."""
    options = surface_options(email_and_password=settings)
    options = replace(options, advanced=replace(options.advanced, generate_id=ids))
    for variation in VARIATIONS:
        body = {"name": "Ada", "email": "ada@example.com", "password": PASSWORD, **variation}
        clock = FrozenRuntime()
        known, fresh = (surface_auth(options, clock) for _ in range(2))
        first = await exchange(known, "POST", "/sign-up/email", send=body)
        assert first.status == 200
        clock.advance(minutes=1)
        again = await exchange(known, "POST", "/sign-up/email", send=body)
        anew = await exchange(fresh, "POST", "/sign-up/email", send=body)
        assert normalised(again) == normalised(anew)
        assert normalised(again) != normalised(first), "the times are those of the request"
        assert again.set_cookies == []


async def test_without_that_wish_a_known_address_is_told_and_nothing_else_is(browser: Browser) -> None:
    """S48: the reference's default says that the address is taken; it says nothing about the owner."""
    await browser.sign_up()
    body = {"name": "Eve", "email": "ada@example.com", "password": PASSWORD}
    answer = await browser.post("/sign-up/email", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL")
    assert set(answer.json()) == {"code", "message"}


async def test_every_cause_of_a_failed_sign_in_costs_one_hash() -> None:
    """S49: counted at the hasher."""
    clock = FrozenRuntime()
    hasher = CountingHasher(clock, Argon2(memory=8, iterations=1))
    auth = surface_auth(clock=clock, hasher=hasher)
    await populate(auth)
    for state in STATES:
        before = hasher.calls
        await sign_in(auth, address_of(state))
        assert hasher.calls == before + 1, state


@pytest.mark.parametrize("settings", HIDING, ids=["verified only", "no auto sign-in"])
async def test_a_sign_up_costs_one_hash_whether_or_not_the_address_is_known(
    settings: EmailAndPassword,
) -> None:
    """S49: counted at the hasher."""
    clock = FrozenRuntime()
    hasher = CountingHasher(clock, Argon2(memory=8, iterations=1))
    auth = surface_auth(surface_options(email_and_password=settings), clock, hasher=hasher)
    costs = []
    for _ in range(3):
        before = hasher.calls
        await sign_up(auth, "ada@example.com")
        costs.append(hasher.calls - before)
    assert costs == [1, 1, 1]


async def sign_up(auth: Auth, email: str) -> Answer:
    body = {"name": "Ada", "email": email, "password": PASSWORD}
    answer = await exchange(auth, "POST", "/sign-up/email", send=body)
    assert answer.status == 200
    return answer


async def median_costs(samples: int, *attempts: Callable[[int], Awaitable[object]]) -> list[float]:
    """Return the median processor time of each kind of attempt, taken in turns."""
    costs: list[list[float]] = [[] for _ in attempts]
    for number in range(samples):
        for attempt, taken in zip(attempts, costs, strict=True):
            began = time.process_time()
            await attempt(number)
            taken.append(time.process_time() - began)
    return [statistics.median(taken) for taken in costs]


@pytest.mark.parametrize(
    ("algorithm", "samples"),
    [(Argon2(memory=4096, iterations=1), 100), (Scrypt(), 5)],
    ids=["argon2", "scrypt"],
)
async def test_the_work_of_a_sign_up_does_not_tell_whether_the_address_is_known(
    algorithm: Argon2 | Scrypt, samples: int
) -> None:
    """S49: medians of 200 samples (ten of the costly hash), in turns, within a sixth of each other."""
    clock = FrozenRuntime()
    options = some_options(email_and_password=VERIFIED_ONLY)
    auth = some_auth(options, clock, hasher=BoundedHasher(clock, algorithm))
    await sign_up(auth, "ada@example.com")
    known, fresh = await median_costs(
        samples,
        lambda _: sign_up(auth, "ada@example.com"),
        lambda number: sign_up(auth, f"fresh{number}@example.com"),
    )
    assert abs(known - fresh) < max(known, fresh) / 6, (known, fresh)


async def test_the_work_of_a_failed_sign_in_does_not_tell_its_cause() -> None:
    """S49: medians of 200 samples, 50 for each cause."""
    clock = FrozenRuntime()
    auth = surface_auth(clock=clock, hasher=BoundedHasher(clock, Argon2(memory=4096, iterations=1)))
    await populate(auth)
    causes = ("known", "without a password", "banned", "unknown")
    attempts = [lambda _, state=state: sign_in(auth, address_of(state)) for state in causes]
    costs = await median_costs(50, *attempts)
    assert max(costs) - min(costs) < max(costs) / 6, dict(zip(causes, costs, strict=True))


async def raises(user: User) -> None:
    raise RuntimeError(f"the mail to {user.email} could not be sent")


async def never_ends(user: User) -> None:
    await asyncio.Event().wait()


async def is_cancelled(user: User) -> None:
    raise asyncio.CancelledError


async def smtp_is_down(user: User) -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))  # bound, and nobody listens
        message = EmailMessage()
        message["To"] = user.email
        await asyncio.to_thread(_deliver, reserved.getsockname()[1], message)


def _deliver(port: int, message: EmailMessage) -> None:
    with smtplib.SMTP("127.0.0.1", port, timeout=2) as server:
        server.send_message(message)


@pytest.mark.parametrize(
    "mishap", [raises, never_ends, is_cancelled, smtp_is_down], ids=lambda hook: hook.__name__
)
async def test_a_mail_that_cannot_be_sent_does_not_change_the_answer(
    mishap: Callable[[User], Awaitable[None]], caplog: pytest.LogCaptureFixture
) -> None:
    """S50: the notice fails, hangs or finds no server: the answer for a new address comes, at once."""
    called: list[str] = []

    async def notify(user: User) -> None:
        called.append(user.email)
        await mishap(user)

    settings = EmailAndPassword(enabled=True, auto_sign_in=False, on_existing_user_sign_up=notify)
    auth = some_auth(some_options(email_and_password=settings))
    fresh = await sign_up(auth, "ada@example.com")
    with caplog.at_level(logging.ERROR):
        known = await asyncio.wait_for(sign_up(auth, "ada@example.com"), 2)
        assert called in ([], ["ada@example.com"]), "it runs beside the request"
        await asyncio.sleep(0.05 if mishap is smtp_is_down else 0)
    assert normalised(known) == normalised(fresh)
    assert called == ["ada@example.com"]
    for task in auth.services.background._tasks:
        task.cancel()
    await asyncio.gather(*auth.services.background._tasks, return_exceptions=True)
    assert (await sign_in(auth, "ada@example.com", PASSWORD)).status == 200
