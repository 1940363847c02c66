"""Password hashing under attack: bounded work, a loop that keeps answering, no hash that sets its price."""

import asyncio
import threading
from collections import Counter
from datetime import timedelta

import pytest

from ostiary import Auth
from ostiary.crypto.passwords import BoundedHasher
from ostiary.domain.models import ACCOUNT, AccountFields
from ostiary.domain.runtime import SystemRuntime
from tests.builders import PASSWORD, Browser, code_of, some_auth
from tests.security.exchange import exchange

LOGINS = 200
TOLERABLE_LAG = 0.05
KEY = "ab" * 64


class Load:
    """What the event loop and the threads went through while requests were answered."""

    def __init__(self) -> None:
        self.lags: list[float] = []
        self.threads = 0
        self.session_answers = 0

    async def watch(self, auth: Auth, cookie: str) -> None:
        time = asyncio.get_running_loop().time
        while True:
            began = time()
            await asyncio.sleep(0.002)
            self.lags.append(time() - began - 0.002)
            self.threads = max(
                self.threads, sum(t.name.startswith("attacked") for t in threading.enumerate())
            )
            answer = await exchange(auth, "GET", "/get-session", headers=[("cookie", cookie)])
            self.session_answers += answer.status == 200 and answer.json() is not None

    @property
    def typical_worst_lag(self) -> float:
        """The lag that nine of ten moments stay below; the tenth belongs to the machine's other work."""
        return sorted(self.lags)[int(len(self.lags) * 0.9)]


async def attack(auth: Auth, cookie: str) -> tuple[Counter[int], list[str], Load]:
    """Send 200 sign-ins at once, half of them for nobody."""
    load = Load()
    watching = asyncio.create_task(load.watch(auth, cookie))

    async def guess(number: int) -> tuple[int, str | None]:
        email = "ada@example.com" if number % 2 else f"nobody{number}@example.com"
        answer = await exchange(
            auth, "POST", "/sign-in/email", send={"email": email, "password": "a wrong guess"}
        )
        return answer.status, next((value for name, value in answer.headers if name == "retry-after"), None)

    answers = await asyncio.gather(*(guess(number) for number in range(LOGINS)))
    watching.cancel()
    waits = [wait or "" for status, wait in answers if status == 503]
    return Counter(status for status, _ in answers), waits, load


async def test_two_hundred_sign_ins_at_once_are_bounded_and_the_rest_is_told_to_come_back() -> None:
    """S46: real scrypt, two threads, a queue of at most 400 ms; others are served meanwhile; then 503."""
    runtime = SystemRuntime()
    hasher = BoundedHasher(runtime, workers=2, max_wait=timedelta(seconds=0.4))
    hasher._threads._thread_name_prefix = "attacked"
    auth = some_auth(runtime=runtime, hasher=hasher)
    async with Browser(auth) as browser:
        await browser.sign_up()
        cookie = f"better-auth.session_token={browser.cookie()}"
        lag = float("inf")
        for _ in range(3):  # the loop's own lag, not that of a busy machine
            statuses, waits, load = await attack(auth, cookie)
            assert set(statuses) == {401, 503}
            assert statuses[401] < LOGINS / 2, "most were refused before they were queued"
            assert all(wait.isdigit() and 1 <= int(wait) <= 10 for wait in waits)
            assert load.threads <= 2
            assert load.session_answers >= 10
            lag = min(lag, load.typical_worst_lag)
            if lag < TOLERABLE_LAG:
                break
        assert lag < TOLERABLE_LAG
        assert (await browser.sign_in()).status_code == 200, "afterwards all is well"
    hasher.close()


async def test_being_overloaded_tells_nothing_about_the_account() -> None:
    """S46: a refusal for want of room is the same for known and unknown addresses."""
    runtime = SystemRuntime()
    hasher = BoundedHasher(runtime, workers=1, max_wait=timedelta(0))
    auth = some_auth(runtime=runtime, hasher=hasher)
    async with Browser(auth) as browser:
        await browser.sign_up()
    first = asyncio.gather(*(hasher.hash("keeps the thread busy") for _ in range(2)), return_exceptions=True)
    await asyncio.sleep(0)
    bodies = [{"email": f"{name}@example.com", "password": "a guess"} for name in ("ada", "nobody")]
    answers = [await exchange(auth, "POST", "/sign-in/email", send=body) for body in bodies]
    assert [answer.status for answer in answers] == [503, 503]
    assert answers[0].visible == answers[1].visible
    await first
    hasher.close()


PRICELESS = {
    "argon2 memory of a terabyte": "$argon2id$v=19$m=1073741824,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$" + "A" * 43,
    "argon2 a billion passes": "$argon2id$v=19$m=8,t=1000000000,p=1$c29tZXNhbHRzb21lc2FsdA$" + "A" * 43,
    "argon2 with many lanes": "$argon2i$v=19$m=1048576,t=3,p=16777215$c29tZXNhbHRzb21lc2FsdA$" + "A" * 43,
    "argon2 of django": "argon2$argon2id$v=19$m=1073741824,t=2,p=8$c29tZXNhbHRzb21lc2FsdA$" + "A" * 43,
    "bcrypt cost 31": "$2b$31$" + "a" * 53,
    "bcrypt cost 99": "$2b$99$" + "a" * 53,
    "pbkdf2 a billion rounds": "pbkdf2_sha256$1000000000$salt$" + "A" * 43 + "=",
    "scrypt N=2^30 (modular)": "$scrypt$ln=30,r=8,p=1$c2FsdA$" + "A" * 43,
    "scrypt N=2^30 (django)": "scrypt$1073741824$salt$8$1$" + "A" * 88,
    "scrypt N=2^30 (text)": f"1073741824:8:1:c2FsdA:{KEY}",
    "an endless salt": f"{'s' * 1_000_000}:{KEY}",
    "nothing": "",
    "nonsense": "$$$::::$argon2",
}


@pytest.mark.parametrize("stored", PRICELESS.values(), ids=PRICELESS)
async def test_an_imported_hash_cannot_set_its_own_price(stored: str) -> None:
    """S47: at sign-in, verify-password, change-password and delete-user: an ordinary refusal, at once."""
    auth = some_auth()
    time = asyncio.get_running_loop().time
    async with Browser(auth) as browser:
        await browser.sign_up()
        accounts = auth.services.store.rows(ACCOUNT)
        await accounts.update(
            {AccountFields.PASSWORD: stored}, AccountFields.PROVIDER_ID.equals("credential")
        )
        began = time()
        answer = await browser.sign_in()
        assert (answer.status_code, code_of(answer)) == (401, "INVALID_EMAIL_OR_PASSWORD")
        answer = await browser.post("/verify-password", json={"password": PASSWORD})
        assert (answer.status_code, code_of(answer)) == (400, "INVALID_PASSWORD")
        body = {"currentPassword": PASSWORD, "newPassword": "another horse battery"}
        answer = await browser.post("/change-password", json=body)
        assert (answer.status_code, code_of(answer)) == (400, "INVALID_PASSWORD")
        assert time() - began < 1
