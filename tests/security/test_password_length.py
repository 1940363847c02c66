"""Passwords of every length and script: counted as people count, never cut, never hashed when oversized."""

import asyncio
import json
import unicodedata
from pathlib import Path
from typing import Any

import bcrypt
import pytest

from ostiary import Auth, PasswordPolicy
from ostiary.crypto.password_hashes.bcrypt import Bcrypt
from ostiary.crypto.passwords import BoundedHasher
from ostiary.domain.models import ACCOUNT, AccountFields
from ostiary.domain.runtime import FrozenRuntime
from tests.builders import PASSWORD, Browser, cheap_hasher, code_of, some_auth, some_options
from tests.security.exchange import exchange
from tests.security.surface import surface_auth

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "passwords.json").read_text())
CHANGE = "/change-password"

ALPHABETS = {
    "letters": "abcdefghijklmnop",
    "one letter": "a",
    "spaces": " ",
    "digits": "0123456789",
    "umlauts": "äöüß",
    "kanji": "漢字仮名",
    "emoji": "🦉🔑🏠🌊",
    "flags and skin tones": "🇩🇪👍🏽",
}


def made_of(alphabet: str, length: int) -> str:
    return (alphabet * length)[:length]


class CountingHasher(BoundedHasher):
    """The real hasher, counting what it is asked to do."""

    calls = 0

    async def hash(self, password: str, /) -> str:
        self.calls += 1
        return await super().hash(password)

    async def verify(self, password: str, stored: str, /) -> bool:
        self.calls += 1
        return await super().verify(password, stored)


@pytest.mark.parametrize("alphabet", ALPHABETS)
async def test_every_length_within_the_bounds_works_in_any_script_and_no_other_does(alphabet: str) -> None:
    """S42: 8 to 128 code points, so 64 and more, no composition rules; at sign-up, sign-in and change."""
    auth = some_auth()
    for length, code in (
        *((7, "PASSWORD_TOO_SHORT"), (8, None), (9, None), (63, None), (64, None), (65, None), (71, None)),
        *((72, None), (73, None), (100, None), (127, None), (128, None), (129, "PASSWORD_TOO_LONG")),
    ):
        password = made_of(ALPHABETS[alphabet], length)
        async with Browser(auth) as browser:
            body = {"name": "Ada", "email": f"ada{length}@example.com", "password": password}
            answer = await browser.post("/sign-up/email", json=body)
            assert (answer.status_code, code_of(answer)) == ((400, code) if code else (200, None)), length
            if code:
                continue
            assert (await browser.sign_in(body["email"], password)).status_code == 200
            for wrong in (password[:-1], password + password[0]):
                assert (await browser.sign_in(body["email"], wrong)).status_code in {400, 401}, (
                    "no end is cut off"
                )
            changed = {"currentPassword": password, "newPassword": made_of(ALPHABETS[alphabet], 128)}
            assert (await browser.post(CHANGE, json=changed)).status_code == 200
            changed = {
                "currentPassword": changed["newPassword"],
                "newPassword": made_of(ALPHABETS[alphabet], 129),
            }
            assert code_of(await browser.post(CHANGE, json=changed)) == "PASSWORD_TOO_LONG"


@pytest.mark.parametrize("alphabet", ["letters", "kanji", "emoji"])
async def test_the_last_of_128_characters_counts_as_much_as_the_first(alphabet: str) -> None:
    """S42: passwords that differ in one place only, wherever it is, are different passwords."""
    auth = some_auth()
    password = made_of(ALPHABETS[alphabet], 128)
    async with Browser(auth) as browser:
        await browser.sign_up(password=password)
        for place in (0, 17, 18, 23, 24, 35, 36, 63, 71, 72, 73, 127):
            other = password[:place] + "x" + password[place + 1 :]
            assert (await browser.sign_in(password=other)).status_code == 401, place
        assert (await browser.sign_in(password=password)).status_code == 200


async def test_leading_and_trailing_spaces_belong_to_the_password(browser: Browser) -> None:
    """S42: nothing is trimmed."""
    await browser.sign_up(password=f"  {PASSWORD} ")
    for wrong in (PASSWORD, f" {PASSWORD} ", f"  {PASSWORD}"):
        assert (await browser.sign_in(password=wrong)).status_code == 401
    assert (await browser.sign_in(password=f"  {PASSWORD} ")).status_code == 200


async def test_the_reference_counts_utf_16_units_where_that_is_asked_for() -> None:
    """S42: an emoji is one character here and two there."""
    four_owls, sixty_five = "🦉" * 4, "🦉" * 65
    for count, accepted in (("code points", sixty_five), ("utf-16", four_owls)):
        auth = some_auth(some_options(password_policy=PasswordPolicy(count=count)))
        async with Browser(auth) as browser:
            for number, password in enumerate((four_owls, sixty_five)):
                body = {"name": "Ada", "email": f"ada{number}@example.com", "password": password}
                answer = await browser.post("/sign-up/email", json=body)
                assert answer.status_code == (200 if password == accepted else 400)


def bcrypt_auth(clock: FrozenRuntime, algorithm: Bcrypt | None = None) -> Auth:
    return some_auth(clock=clock, hasher=BoundedHasher(clock, algorithm or Bcrypt(cost=4)))


@pytest.mark.parametrize("password", ["a" * 72, "ä" * 36, "🦉" * 18], ids=["letters", "umlauts", "emoji"])
async def test_bcrypt_counts_a_password_to_its_end_where_we_made_the_hash(
    clock: FrozenRuntime, password: str
) -> None:
    """S42: 72 bytes are where bcrypt alone would end; what follows counts."""
    longer, another = password + "ab", password + "ac"
    async with Browser(bcrypt_auth(clock)) as browser:
        await browser.sign_up("short@example.com", password)
        await browser.sign_up("long@example.com", longer)
        changed = {"currentPassword": longer, "newPassword": another}
        for email, right, wrong in (
            ("short@example.com", password, [longer, another, password[:-1]]),
            ("long@example.com", longer, [password, another, longer + "b"]),
        ):
            for guess in wrong:
                assert (await browser.sign_in(email, guess)).status_code == 401, guess
            assert (await browser.sign_in(email, right)).status_code == 200
        for guess in (password, another):
            assert code_of(await browser.post(CHANGE, json={**changed, "currentPassword": guess})) == (
                "INVALID_PASSWORD"
            )
        assert (await browser.post(CHANGE, json=changed)).status_code == 200
        assert (await browser.sign_in("long@example.com", another)).status_code == 200


@pytest.mark.parametrize("cost", [4, 5], ids=["our own cost", "another cost"])
async def test_an_imported_hash_of_a_longer_password_still_signs_in(clock: FrozenRuntime, cost: int) -> None:
    """S42: bcrypt elsewhere has cut it; it is verified as it was made, once, and replaced by a whole one."""
    imported = bcrypt.hashpw(b"a" * 72, bcrypt.gensalt(cost)).decode()
    for hasher in (BoundedHasher(clock, Bcrypt(cost=4)), cheap_hasher(clock)):
        auth = some_auth(clock=clock, hasher=hasher)
        async with Browser(auth) as browser:
            await browser.sign_up()
            accounts = auth.services.store.rows(ACCOUNT)
            await accounts.update(
                {AccountFields.PASSWORD: imported}, AccountFields.PROVIDER_ID.equals("credential")
            )
            statuses = [(await browser.sign_in(password="a" * length)).status_code for length in (71, 100)]
            assert statuses == [401, 200]
            statuses = [
                (await browser.sign_in(password="a" * length)).status_code for length in (72, 101, 100)
            ]
            assert statuses == [401, 401, 200]


async def test_passwords_of_the_javascript_server_work_however_they_are_typed() -> None:
    """S43: hashes that the reference made, and every Unicode form that normalises to the same password."""
    clock = FrozenRuntime()
    auth = some_auth(clock=clock, hasher=BoundedHasher(clock))
    vectors = [each for each in VECTORS["better_auth"] if not each["password"].isascii()]
    assert len(vectors) >= 3
    async with Browser(auth) as browser:
        await browser.sign_up()
        accounts = auth.services.store.rows(ACCOUNT)
        for vector in vectors[:3]:
            stored, typed = vector["stored"], vector["password"]
            await accounts.update(
                {AccountFields.PASSWORD: stored}, AccountFields.PROVIDER_ID.equals("credential")
            )
            for form in sorted(
                {typed, *(unicodedata.normalize(name, typed) for name in ("NFC", "NFKC", "NFKD"))}
            ):
                assert (await browser.sign_in(password=form)).status_code == 200, (typed, form)
            assert (await browser.sign_in(password=typed + "x")).status_code == 401


async def test_a_password_set_in_one_unicode_form_is_accepted_in_another() -> None:
    """S43: through sign-up, sign-in, verification and change."""
    clock = FrozenRuntime()
    auth = some_auth(clock=clock, hasher=BoundedHasher(clock))
    composed, decomposed, ligature = (
        "p\u00e4ssword-fi\u2116",
        "pa\u0308ssword-fi\u2116",
        "p\u00e4ssword-\ufb01No",
    )
    async with Browser(auth) as browser:
        await browser.sign_up(password=composed)
        for form in (decomposed, ligature):
            assert (await browser.sign_in(password=form)).status_code == 200
            assert (await browser.post("/verify-password", json={"password": form})).status_code == 200
        changed = {
            "currentPassword": decomposed,
            "newPassword": "\uff46\uff55\uff4c\uff4c\uff57\uff49\uff44\uff45",
        }
        assert (await browser.post(CHANGE, json=changed)).status_code == 200
        assert (await browser.sign_in(password="fullwide")).status_code == 200


HUGE = "a" * 999_000
TOO_BIG = "a" * 1_000_000


def password_requests(huge: str) -> dict[str, list[dict[str, Any]]]:
    return {
        "/sign-up/email": [{"name": "Eve", "email": "eve@example.com", "password": huge}],
        "/sign-in/email": [
            {"email": "ada@example.com", "password": huge},
            {"email": "nobody@example.com", "password": huge},
        ],
        CHANGE: [
            {"currentPassword": PASSWORD, "newPassword": huge},
            {"currentPassword": huge, "newPassword": "another horse battery"},
        ],
        "/verify-password": [{"password": huge}],
        "/delete-user": [{"password": huge}],
    }


@pytest.mark.parametrize("path", password_requests(""))
async def test_a_password_of_a_megabyte_is_refused_at_once_and_never_hashed(path: str) -> None:
    """S45: in under five milliseconds, wherever a password is taken."""
    clock = FrozenRuntime()
    hasher = CountingHasher(clock, cheap_hasher(clock)._algorithm)
    auth = surface_auth(clock=clock, hasher=hasher)
    time = asyncio.get_running_loop().time
    async with Browser(auth) as browser:
        await browser.sign_up()
        headers = [
            ("cookie", f"better-auth.session_token={browser.cookie()}"),
            ("origin", "http://auth.test"),
        ]
        headers += [("content-type", "application/json")]
        hashed = hasher.calls
        for huge, status, code in ((HUGE, 400, "PASSWORD_TOO_LONG"), (TOO_BIG, 413, "PAYLOAD_TOO_LARGE")):
            for body in password_requests(huge)[path]:
                raw = json.dumps(body).encode()
                took = []
                for _ in range(10):
                    began = time()
                    answer = await exchange(auth, "POST", path, headers=headers, body=raw)
                    took.append(time() - began)
                    assert (answer.status, answer.code) == (status, code)
                assert min(took) < 0.005, took
        assert hasher.calls == hashed


@pytest.mark.parametrize("length", [129, 1025, 4097])
async def test_a_password_over_the_limit_is_never_hashed_either(length: int) -> None:
    """S45: the limit of the policy stands before the hasher at every route, by one character."""
    clock = FrozenRuntime()
    hasher = CountingHasher(clock, cheap_hasher(clock)._algorithm)
    auth = surface_auth(clock=clock, hasher=hasher)
    async with Browser(auth) as browser:
        await browser.sign_up()
        hashed = hasher.calls
        for path, bodies in password_requests("b" * length).items():
            for body in bodies:
                answer = await browser.post(path, json=body)
                assert (answer.status_code, code_of(answer)) == (400, "PASSWORD_TOO_LONG"), path
        assert hasher.calls == hashed
