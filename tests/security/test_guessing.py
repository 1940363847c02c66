"""Guessing passwords: limits that hold across processes, and owners who are never locked out by them."""

import asyncio
import json
import os
import sys
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from ostiary import Auth, EmailAndPassword, Options, RateLimit, RateLimitOptions
from ostiary.domain.runtime import FrozenRuntime
from ostiary.http.endpoint import DefaultLimit
from tests.builders import ORIGIN, PASSWORD, SECRET, Browser, some_auth, some_options
from tests.security.conftest import Place
from tests.security.exchange import Answer, exchange
from tests.security.surface import BODIES, state_changing_paths, surface_auth, surface_options

ROOT = Path(__file__).parents[2]
PROCESSES, GUESSES = 4, 50
ADA = "ada@example.com"
DEVICE = "better-auth.device"


async def guessed_by_processes(url: str) -> dict[str, Counter[int]]:
    """Let four processes make 200 guesses at once, twice; return how they were answered."""
    workers = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.security.guesser", url, str(number), str(GUESSES)),
            cwd=ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        for number in range(PROCESSES)
    ]
    for worker in workers:
        assert worker.stdout is not None
        assert await worker.stdout.readline() == b"ready\n"
    outputs = await asyncio.gather(*(worker.communicate(b"go\n") for worker in workers))
    answers = [json.loads(output) for output, _ in outputs]
    return {kind: Counter(status for each in answers for status in each[kind]) for kind in answers[0]}


@pytest.mark.parametrize(
    "place", ["sqlite", pytest.param("postgresql", marks=pytest.mark.services)], indirect=True
)
async def test_no_more_guesses_get_through_four_processes_than_through_one(place: Place) -> None:
    """S51: 200 guesses at one account from 200 addresses, then 200 at as many accounts from one address."""
    assert place.url is not None
    auth = await place.open(surface_options(rate_limit=RateLimitOptions()))
    async with Browser(auth) as browser:
        await browser.sign_up()
    guesses = PROCESSES * GUESSES
    assert await guessed_by_processes(place.url) == {
        "one account": {401: 20, 429: guesses - 20},
        "one address": {401: 3, 429: guesses - 3},
    }


async def sign_in(
    auth: Auth, password: str = "a wrong guess", peer: str = "10.0.0.1", **kwargs: Any
) -> Answer:
    body = {"email": kwargs.pop("email", ADA), "password": password}
    return await exchange(auth, "POST", "/sign-in/email", send=body, peer=peer, **kwargs)


async def burn(auth: Auth, guesses: int, email: str = ADA) -> Counter[int]:
    """Guess from as many addresses as there are guesses, all at once."""
    answers = [sign_in(auth, peer=f"10.9.{turn // 250}.{turn % 250}", email=email) for turn in range(guesses)]
    return Counter(answer.status for answer in await asyncio.gather(*answers))


async def limited(place: Place, clock: FrozenRuntime, **changes: Any) -> Auth:
    auth = await place.open(surface_options(rate_limit=RateLimitOptions(**changes)), clock)
    answer = await exchange(
        auth, "POST", "/sign-up/email", send={"name": "Ada", "email": ADA, "password": PASSWORD}
    )
    assert answer.status == 200
    return auth


async def test_parallel_guesses_in_one_process_count_one_by_one(place: Place, clock: FrozenRuntime) -> None:
    """S51: nothing slips between looking and counting; past the limit the right password is refused, too."""
    for storage in ("database", "memory"):
        auth = await place.open(surface_options(rate_limit=RateLimitOptions(storage=storage)), clock)
        email = f"{storage}@example.com"
        body = {"name": "Ada", "email": email, "password": PASSWORD}
        await exchange(auth, "POST", "/sign-up/email", send=body, peer="10.1.1.1")
        assert await burn(auth, 60, email) == {401: 20, 429: 40}
        assert (await sign_in(auth, PASSWORD, email=email)).status == 429
        assert (await sign_in(auth, PASSWORD, email=email.upper(), peer="10.0.0.2")).status == 429, "any case"
        clock.advance(seconds=899)
        assert (await sign_in(auth, PASSWORD, email=email)).status == 429
        clock.advance(seconds=1)
        assert (await sign_in(auth, PASSWORD, email=email)).status == 200


def device_of(answer: Answer) -> list[tuple[str, str]]:
    """Return the headers of a browser that kept the device cookie and nothing else."""
    (line,) = (line for line in answer.set_cookies if line.startswith(f"{DEVICE}="))
    return [("cookie", line.partition(";")[0]), ("origin", ORIGIN)]


async def test_an_attacker_who_burns_the_budget_does_not_lock_the_owner_out(
    place: Place, clock: FrozenRuntime
) -> None:
    """S52: the owner's browser proved the password once; its signed cookie has a budget of its own."""
    auth = await limited(place, clock)
    device = device_of(await sign_in(auth, PASSWORD))
    assert await burn(auth, 40) == {401: 20, 429: 20}
    for turn in range(5):
        answer = await sign_in(auth, PASSWORD, headers=device, peer=f"10.8.0.{turn}")
        assert answer.status == 200, "the owner, on the known device"
        assert await burn(auth, 3) == {429: 3}, "and the attacker is still out"
    assert (await sign_in(auth, PASSWORD, peer="10.7.0.1")).status == 429, "the owner, on an unknown device"


async def test_a_sign_up_makes_the_browser_a_known_device(place: Place, clock: FrozenRuntime) -> None:
    """S52: nobody is locked out between the sign-up and the first sign-in."""
    auth = await place.open(surface_options(rate_limit=RateLimitOptions()), clock)
    body = {"name": "Ada", "email": ADA, "password": PASSWORD}
    device = device_of(await exchange(auth, "POST", "/sign-up/email", send=body))
    await burn(auth, 20)
    assert (await sign_in(auth, PASSWORD, headers=device)).status == 200


async def test_a_device_cookie_is_a_budget_and_not_a_pass(clock: FrozenRuntime) -> None:
    """S52: it is for one account, cannot be made up, is no session, and its own guesses are limited, too."""
    auth = await limited(Place(), clock)
    mine = device_of(await sign_in(auth, PASSWORD))
    body = {"name": "Eve", "email": "eve@example.com", "password": PASSWORD}
    hers = device_of(await exchange(auth, "POST", "/sign-up/email", send=body, peer="10.2.0.1"))
    await burn(auth, 20)
    value = unquote(mine[0][1].partition("=")[2])
    forged = [
        hers,
        [("cookie", f"{DEVICE}={value[:-5]}AAAA=")],
        [("cookie", f"{DEVICE}={value.rpartition('.')[0]}")],
        [("cookie", f"{DEVICE}=device:x:y")],
        [("cookie", f"{DEVICE}=x; {mine[0][1]}")],
    ]
    for number, headers in enumerate(forged):
        answer = await sign_in(
            auth, PASSWORD, headers=[headers[0], ("origin", ORIGIN)], peer=f"10.3.0.{number}"
        )
        assert answer.status == 429, headers
    session = await exchange(
        auth, "GET", "/get-session", headers=[("cookie", mine[0][1].replace("device", "session_token", 1))]
    )
    assert session.json() is None
    statuses = [(await sign_in(auth, headers=mine, peer=f"10.4.0.{turn}")).status for turn in range(25)]
    assert statuses == [401] * 20 + [429] * 5
    assert (await sign_in(auth, PASSWORD, headers=mine, peer="10.5.0.1")).status == 429


@pytest.mark.parametrize("owner_knows_the_device", [False, True])
async def test_the_owners_sign_in_gives_an_attacker_no_new_guesses(
    place: Place, clock: FrozenRuntime, owner_knows_the_device: bool
) -> None:
    """S53: failures of others stay counted however often the owner succeeds between them."""
    auth = await limited(place, clock)
    device = device_of(await sign_in(auth, PASSWORD)) if owner_knows_the_device else []
    failures = 0
    for turn in range(30):
        failures += (await sign_in(auth, peer=f"10.6.0.{turn}")).status == 401
        await sign_in(auth, PASSWORD, peer=f"10.7.0.{turn}", headers=device)
    assert failures == 20


async def test_an_attackers_own_account_resets_nothing(place: Place, clock: FrozenRuntime) -> None:
    """S53: signing in to one account between guesses at another refunds neither the other nor the address."""
    auth = await limited(place, clock)
    body = {"name": "Eve", "email": "eve@example.com", "password": PASSWORD}
    await exchange(auth, "POST", "/sign-up/email", send=body, peer="10.2.0.1")
    failures = 0
    for turn in range(30):
        failures += (await sign_in(auth, peer=f"10.6.0.{turn}")).status == 401
        assert (await sign_in(auth, PASSWORD, email="eve@example.com", peer=f"10.7.0.{turn}")).status == 200
    assert failures == 20
    statuses = [
        (await sign_in(auth, PASSWORD, email="eve@example.com", peer="10.8.0.1")).status for _ in range(5)
    ]
    assert statuses == [200, 200, 200, 429, 429], "an address is limited whether or not it succeeds"


async def test_limits_are_on_without_anybody_asking(
    monkeypatch: pytest.MonkeyPatch, clock: FrozenRuntime
) -> None:
    """S54: the shortest configuration there is, under an empty and a development environment."""
    for environment in ({}, {"NODE_ENV": "development", "TEST": "1", "DEBUG": "1"}):
        for name in os.environ:
            if name.startswith(("NODE_", "BETTER_AUTH", "OSTIARY")):
                monkeypatch.delenv(name)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        shortest = Options(secret=SECRET, base_url=ORIGIN, email_and_password=EmailAndPassword(enabled=True))
        auth = some_auth(shortest, clock)
        statuses = [(await sign_in(auth, email=f"a{turn}@example.com")).status for turn in range(5)]
        assert statuses == [401, 401, 401, 429, 429], "by address"
        assert await burn(auth, 30) == {401: 20, 429: 10}, "by account"


async def test_every_route_is_limited_by_default(clock: FrozenRuntime) -> None:
    """S54: its own limit where it declares one, else a hundred in ten seconds; with the time to wait."""
    auth = surface_auth(surface_options(rate_limit=RateLimitOptions()), clock)
    by_path = {endpoint.path: endpoint.rate_limit for endpoint in auth.endpoints if endpoint.is_routed}
    assert set(state_changing_paths(auth)) <= set(by_path)
    for number, (path, limit) in enumerate(sorted(by_path.items())):
        method = "POST" if path in BODIES else "GET"
        expected = RateLimit(100, per=10) if isinstance(limit, DefaultLimit) else limit
        assert isinstance(expected, RateLimit), f"{path} has no limit"
        statuses = Counter()
        for _ in range(expected.max + 1):
            answer = await exchange(auth, method, path, send=BODIES.get(path), peer=f"10.0.1.{number}")
            statuses[answer.status == 429] += 1
        assert statuses == {False: expected.max, True: 1}, path
        waits = {name: value for name, value in answer.headers if "retry" in name}
        assert waits == {"x-retry-after": str(int(expected.per)), "retry-after": str(int(expected.per))}
        assert answer.set_cookies == []


async def test_switching_the_limits_off_takes_a_word_in_the_options() -> None:
    """S54: the counterpart, without which the tests above could pass for another reason."""
    auth = some_auth(some_options(rate_limit=RateLimitOptions(enabled=False)))
    assert {(await sign_in(auth)).status for _ in range(40)} == {401}
