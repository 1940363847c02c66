"""Guessing with a stolen session, and guessing without end: every check counts, and so does a row."""

import asyncio
import math
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

from ostiary import Auth, Options, RateLimit, RateLimitOptions
from ostiary.domain.errors import Overloaded
from ostiary.domain.models import RATE_LIMIT
from ostiary.domain.runtime import FrozenRuntime
from ostiary.options import DeleteUser, EmailAndPassword, UserOptions
from ostiary.storage.memory import MemoryKeyValue
from tests.builders import ORIGIN, PASSWORD, SECRET, Browser, some_auth
from tests.security.conftest import Place
from tests.security.exchange import Answer, exchange
from tests.security.surface import surface_options

ADA = "ada@example.com"
WRONG = "a wrong guess"
CHECKS: Mapping[str, Mapping[str, Any]] = {
    "/verify-password": {"password": WRONG},
    "/change-password": {"currentPassword": WRONG, "newPassword": "another horse battery"},
    "/delete-user": {"password": WRONG},
}
PER_ACCOUNT_ONLY = {"custom_rules": {"*": None}}


def limited(**changes: Any) -> Options:
    return surface_options(rate_limit=RateLimitOptions(**changes))


async def sign_up(auth: Auth) -> tuple[str, str]:
    """Return the cookies of session and device."""
    body = {"name": "Ada", "email": ADA, "password": PASSWORD}
    answer = await exchange(auth, "POST", "/sign-up/email", send=body)
    assert answer.status == 200, answer.body
    pairs = [line.partition(";")[0] for line in answer.set_cookies]
    return next(pair for pair in pairs if "session_token" in pair), next(p for p in pairs if "device" in p)


async def check(auth: Auth, path: str, cookie: str, turn: int = 0, **changes: str) -> Answer:
    headers = [("cookie", cookie), ("origin", ORIGIN)]
    peer = f"10.1.{turn // 250}.{turn % 250}"
    return await exchange(auth, "POST", path, send={**CHECKS[path], **changes}, headers=headers, peer=peer)


async def sign_in(auth: Auth, password: str = WRONG, cookie: str | None = None, turn: int = 0) -> Answer:
    headers = [("cookie", cookie), ("origin", ORIGIN)] if cookie else []
    body = {"email": ADA, "password": password}
    peer = f"10.2.{turn // 250}.{turn % 250}"
    return await exchange(auth, "POST", "/sign-in/email", send=body, headers=headers, peer=peer)


@pytest.mark.parametrize("path", CHECKS)
async def test_a_stolen_session_guesses_no_more_often_than_a_sign_in(
    path: str, place: Place, clock: FrozenRuntime
) -> None:
    """S51: sixty guesses at once, through two servers; then 429 and how long; the right one, too."""
    servers = [await place.open(limited(), clock) for _ in range(2)]
    session, _ = await sign_up(servers[0])
    guesses = [check(servers[turn % 2], path, session, turn) for turn in range(60)]
    answers = await asyncio.gather(*guesses)
    assert Counter(answer.status for answer in answers) == {400: 20, 429: 40}
    refused = next(answer for answer in answers if answer.status == 429)
    assert {name: value for name, value in refused.headers if "retry" in name} == {
        "x-retry-after": "900",
        "retry-after": "900",
    }
    right = {"currentPassword" if path == "/change-password" else "password": PASSWORD}
    assert (await check(servers[0], path, session, 61, **right)).status == 429
    clock.advance(seconds=900)
    assert (await check(servers[1], path, session, 62, **right)).status == 200


async def test_all_routes_that_check_a_password_share_one_budget(place: Place, clock: FrozenRuntime) -> None:
    """S51: nobody gets a budget for each route."""
    auth = await place.open(limited(), clock)
    session, _ = await sign_up(auth)
    paths = [*CHECKS, "/sign-in/email"]
    statuses = Counter[int]()
    for turn in range(28):
        path = paths[turn % 4]
        guess = check(auth, path, session, turn) if path in CHECKS else sign_in(auth, turn=turn)
        statuses[(await guess).status] += 1
    assert statuses == {400: 15, 401: 5, 429: 8}


async def test_the_owner_who_mistypes_now_and_then_is_never_refused(clock: FrozenRuntime) -> None:
    """S52: a right password gives back what it took and ends the row."""
    auth = await Place().open(limited(), clock)
    session, _ = await sign_up(auth)
    for turn in range(150):
        wrong = await check(auth, "/verify-password", session, 2 * turn)
        right = await check(auth, "/verify-password", session, 2 * turn + 1, password=PASSWORD)
        assert (wrong.status, right.status) == (400, 200), turn
        clock.advance(minutes=16)


async def test_the_owners_known_device_still_verifies_while_a_thief_guesses(
    place: Place, clock: FrozenRuntime
) -> None:
    """S52: the thief of a session cookie alone uses up the budget that everybody shares."""
    auth = await place.open(limited(), clock)
    session, device = await sign_up(auth)
    for turn in range(25):
        await check(auth, "/verify-password", session, turn)
    assert (await check(auth, "/verify-password", session, 26, password=PASSWORD)).status == 429
    own = await check(auth, "/verify-password", f"{session}; {device}", 27, password=PASSWORD)
    assert own.status == 200


async def test_the_reference_counts_no_failures_per_account(clock: FrozenRuntime) -> None:
    """S51: a drop-in for a Node server answers as that does; the counterpart of the tests above."""
    options = Options.reference(
        SECRET,
        base_url=ORIGIN,
        email_and_password=EmailAndPassword(enabled=True),
        rate_limit=RateLimitOptions(**PER_ACCOUNT_ONLY),
        user=UserOptions(delete_user=DeleteUser(enabled=True)),
    )
    auth = some_auth(options, clock)
    session, _ = await reference_session(auth)
    for path in CHECKS:
        statuses = {(await check(auth, path, session, turn)).status for turn in range(40)}
        assert statuses == {400}, path
    assert {(await sign_in(auth, turn=turn)).status for turn in range(120)} == {401}


async def reference_session(auth: Auth) -> tuple[str, None]:
    async with Browser(auth) as browser:
        await browser.sign_up()
        return f"better-auth.session_token={browser.cookie()}", None


async def fail(auth: Auth, clock: FrozenRuntime, times: int, **how: Any) -> Counter[int]:
    """Guess once each 20 minutes, so that no window is ever full."""
    statuses = Counter[int]()
    for turn in range(times):
        clock.advance(minutes=20)
        statuses[(await sign_in(auth, turn=turn, **how)).status] += 1
    return statuses


STORAGES = ["database", "secondary-storage", "memory"]


@pytest.mark.parametrize("storage", STORAGES)
async def test_after_a_hundred_failures_in_a_row_there_is_one_attempt_an_hour(
    storage: str, place: Place, clock: FrozenRuntime
) -> None:
    """S51: however slowly somebody guesses, the hundred and first failure in a row waits an hour."""
    auth = await place.open(limited(storage=storage), clock, key_value=MemoryKeyValue(clock))
    await sign_up(auth)
    assert await fail(auth, clock, 100) == {401: 100}
    assert await fail(auth, clock, 30) == {401: 10, 429: 20}, "each third one, after an hour"
    refused = await sign_in(auth)
    assert refused.status == 429
    waits = {value for name, value in refused.headers if "retry" in name}
    assert waits == {"1200"} if storage != "secondary-storage" else all(int(wait) <= 3600 for wait in waits)


async def test_the_owner_gets_in_by_one_of_the_slow_attempts_and_all_is_forgotten(
    place: Place, clock: FrozenRuntime
) -> None:
    """S52: nobody is locked out for ever, even on a device that nobody knows."""
    auth = await place.open(limited(), clock)
    await sign_up(auth)
    await fail(auth, clock, 101)
    assert (await sign_in(auth, PASSWORD)).status == 429
    clock.advance(hours=1)
    assert (await sign_in(auth, PASSWORD)).status == 200
    assert await fail(auth, clock, 100) == {401: 100}


async def test_the_known_device_is_admitted_however_long_the_row_of_others_is(
    place: Place, clock: FrozenRuntime
) -> None:
    """S52: and its success does not give the others new guesses (S53)."""
    auth = await place.open(limited(), clock)
    _, device = await sign_up(auth)
    await fail(auth, clock, 101)
    assert (await sign_in(auth, PASSWORD, device)).status == 200
    assert (await sign_in(auth)).status == 429


async def test_a_stolen_device_cookie_has_a_row_of_its_own(clock: FrozenRuntime) -> None:
    """S51: its budget is bounded like the one that everybody shares."""
    auth = await Place().open(limited(), clock)
    _, device = await sign_up(auth)
    assert await fail(auth, clock, 130, cookie=device) == {401: 110, 429: 20}


async def test_a_row_survives_a_restart_and_the_pruning_of_old_counts(
    place: Place, clock: FrozenRuntime
) -> None:
    """S51: it stands where the limits stand; a server that knows nothing of it forgets no earlier."""
    auth = await place.open(limited(), clock)
    await sign_up(auth)
    await fail(auth, clock, 101)
    clock.advance(days=2)
    other = await place.open(limited(), clock)
    body = {"email": "somebody@example.com", "password": WRONG}
    for _ in range(3):
        await exchange(other, "POST", "/sign-in/email", send=body, peer="10.9.9.9")
        clock.advance(minutes=2)
    assert [(await sign_in(other)).status for _ in range(3)] == [401, 429, 429]


async def test_a_wider_budget_in_a_while_does_not_widen_the_row(clock: FrozenRuntime) -> None:
    """S51: a hundred is the most, whatever the configured window lets through."""
    auth = await Place().open(limited(sign_in_failures=RateLimit(500, per=1)), clock)
    await sign_up(auth)
    answers = await asyncio.gather(*(sign_in(auth, turn=turn) for turn in range(200)))
    assert Counter(answer.status for answer in answers) == {401: 101, 429: 99}, "and the first slow one"


async def test_rows_of_invented_addresses_do_not_stay_for_ever(clock: FrozenRuntime) -> None:
    """S51: forgetting after a hundred hours' pause lets no more through than one attempt an hour would."""
    auth = await Place().open(limited(), clock)
    await sign_up(auth)
    began = clock.now()
    failures = 0
    for _ in range(5):
        failures += (await fail(auth, clock, 101))[401]
        clock.advance(hours=100)
    hours = (clock.now() - began).total_seconds() / 3600
    assert failures <= math.ceil(hours) + 100


async def test_a_sign_in_without_failures_leaves_no_row_behind(clock: FrozenRuntime) -> None:
    """S53: what stands in the table afterwards is the count for a while, at nought."""
    auth = await Place().open(limited(**PER_ACCOUNT_ONLY), clock)
    await sign_up(auth)
    assert (await sign_in(auth, PASSWORD)).status == 200
    rows = await auth.services.store.rows(RATE_LIMIT).all()
    assert [row.count for row in rows] == [0]


async def test_an_attempt_that_nobody_had_time_to_check_is_not_counted(clock: FrozenRuntime) -> None:
    """S52: a crowd at the door must not shut out those who wait in it."""

    class Busy:
        """A hasher with a full queue."""

        def __init__(self) -> None:
            self.free = some_auth(clock=clock).services.passwords.hasher
            self.is_busy = False

        async def verify(self, password: str, stored: str) -> bool:
            if self.is_busy:
                raise Overloaded(1)
            return await self.free.verify(password, stored)

        async def hash(self, password: str) -> str:
            if self.is_busy:
                raise Overloaded(1)
            return await self.free.hash(password)

        def needs_rehash(self, stored: str) -> bool:
            return self.free.needs_rehash(stored)

    hasher = Busy()
    auth = some_auth(
        limited(**PER_ACCOUNT_ONLY, sign_in_failures=RateLimit(3, per=900)), clock, hasher=hasher
    )
    async with Browser(auth) as browser:
        await browser.sign_up(ADA)
        browser.cookies.clear()
        hasher.is_busy = True
        for email in (ADA, "nobody@example.com") * 5:
            assert (await browser.sign_in(email, WRONG)).status_code == 503
        hasher.is_busy = False
        assert [(await browser.sign_in(ADA, WRONG)).status_code for _ in range(4)] == [401, 401, 401, 429]
