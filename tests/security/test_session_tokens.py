"""Session tokens: new at every authentication, unpredictable, and worth nothing without the signature."""

import math
import os
from collections import Counter

import pytest

from ostiary import Auth
from ostiary.crypto.signing import Keyring, sign_cookie
from ostiary.domain.runtime import ALPHANUMERIC, SystemRuntime
from ostiary.options import SessionOptions
from tests.builders import PASSWORD, SECRET, SESSION_COOKIE, Browser, some_auth, some_options
from tests.security.conftest import Place
from tests.security.exchange import Answer, cookie_header, exchange
from tests.security.surface import BODIES, surface_auth

HOW_TO_SIGN_IN = {
    "/sign-up/email": {"name": "Grace", "email": "grace@example.com", "password": PASSWORD},
    "/sign-in/email": {"email": "ada@example.com", "password": PASSWORD},
}


async def session_of(auth: Auth, cookie: str) -> Answer:
    return await exchange(auth, "GET", "/get-session", headers=[("cookie", cookie)])


@pytest.mark.parametrize("path", HOW_TO_SIGN_IN)
async def test_a_session_cookie_set_before_the_authentication_is_never_adopted(auth: Auth, path: str) -> None:
    """S21: whatever an attacker planted, signed or not, the session starts under a new token."""
    async with Browser(auth) as owner, Browser(auth) as attacker:
        await owner.sign_up()
        await attacker.sign_up("eve@example.com")
        ended = (
            await attacker.post("/sign-in/email", json={"email": "eve@example.com", "password": PASSWORD})
        ).json()
        await attacker.post("/sign-out", json={})
        signed = sign_cookie("a-token-that-was-never-issued-00", Keyring.of(SECRET))
        planted = [
            "planted",
            "planted.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
            signed,
            sign_cookie(ended["token"], Keyring.of(SECRET)),
            cookie_header(owner).partition("=")[2],
        ]
        known = {ended["token"], "planted", "a-token-that-was-never-issued-00"}
        for number, value in enumerate(planted):
            headers = [("cookie", f"{SESSION_COOKIE}={value}"), ("origin", "http://auth.test")]
            body = HOW_TO_SIGN_IN[path]
            if "name" in body:
                body = {**body, "email": f"grace{number}@example.com"}
            answer = await exchange(auth, "POST", path, headers=headers, send=body)
            assert answer.status == 200, answer.body
            token = answer.json()["token"]
            assert token not in known
            assert f"{SESSION_COOKIE}={token}." in "".join(answer.set_cookies)
            known.add(token)


@pytest.mark.parametrize("path", HOW_TO_SIGN_IN)
async def test_the_session_a_browser_had_ends_when_it_authenticates_again(auth: Auth, path: str) -> None:
    """S21: nobody who copied the old cookie stays signed in."""
    async with Browser(auth) as browser:
        before = await browser.sign_up()
        old = cookie_header(browser)
        answer = await browser.post(path, json=HOW_TO_SIGN_IN[path])
        assert answer.json()["token"] != before["token"]
        assert (await session_of(auth, old)).json() is None
        assert await auth.services.sessions.by_token(before["token"]) is None
        assert await browser.session() is not None


async def test_a_failed_sign_in_ends_nobodys_session(auth: Auth, browser: Browser) -> None:
    """S21: only an authentication replaces a session."""
    await browser.sign_up()
    assert (await browser.sign_in(password="wrong password")).status_code == 401
    assert await browser.session() is not None


async def test_sessions_in_other_browsers_survive_a_sign_in_and_so_may_the_own_by_option() -> None:
    """S21: the exception is one option, the reference's default."""
    auth = some_auth(some_options(session=SessionOptions(end_previous=False)))
    async with Browser(auth) as browser, Browser(auth) as elsewhere:
        await browser.sign_up()
        await elsewhere.sign_in()
        old = cookie_header(browser)
        await browser.sign_in()
        assert (await session_of(auth, old)).json() is not None
        assert await elsewhere.session() is not None


async def test_changing_the_password_with_revocation_renews_the_session_itself(
    auth: Auth, browser: Browser
) -> None:
    """S21: proof of the password is an authentication, too."""
    before = await browser.sign_up()
    old = cookie_header(browser)
    answer = await browser.post(
        "/change-password",
        json={
            "currentPassword": PASSWORD,
            "newPassword": "another horse battery",
            "revokeOtherSessions": True,
        },
    )
    assert answer.json()["token"] not in {None, before["token"]}
    assert (await session_of(auth, old)).json() is None
    assert await browser.session() is not None


async def test_tokens_carry_at_least_128_bits_that_look_like_chance() -> None:
    """S22: 32 characters, every one uniform over 62 at every position, none ever repeated."""
    runtime = SystemRuntime()
    tokens = [runtime.new_token() for _ in range(6200)]
    assert len(set(tokens)) == len(tokens)
    assert all(len(token) == 32 and set(token) <= set(ALPHANUMERIC) for token in tokens)
    assert 32 * math.log2(len(ALPHANUMERIC)) > 128
    for position in range(32):
        seen = Counter(token[position] for token in tokens)
        chi_square = sum((seen[letter] - 100) ** 2 / 100 for letter in ALPHANUMERIC)
        # 61 degrees of freedom: fair chance exceeds 160 less than once in a billion tries
        assert chi_square < 160, (position, chi_square)
    for distance in range(1, 32):
        pairs = [(token[at], token[at + distance]) for token in tokens for at in range(32 - distance)]
        equal, fair = sum(one == other for one, other in pairs), len(pairs) / 62
        # six standard deviations of fair chance
        assert abs(equal - fair) < 6 * math.sqrt(fair), (distance, equal, fair)


async def test_tokens_come_from_the_operating_systems_generator(monkeypatch: pytest.MonkeyPatch) -> None:
    """S22: the same bytes of the system's generator make the same token, other bytes another one."""
    auth = some_auth(runtime=SystemRuntime())
    asked: list[int] = []
    fill = 7

    def urandom(size: int) -> bytes:
        asked.append(size)
        return bytes([fill]) * size

    monkeypatch.setattr(os, "urandom", urandom)
    async with Browser(auth) as browser:
        assert (await browser.sign_up())["token"] == ALPHANUMERIC[7] * 32
        fill = 8
        assert (await browser.sign_up("eve@example.com"))["token"] == ALPHANUMERIC[8] * 32
    assert sum(asked) >= 64


async def test_a_copy_of_the_database_opens_no_session(place: Place) -> None:
    """S22: every text a dump holds is refused in every place a credential is looked for."""
    auth = await place.open()
    async with Browser(auth) as browser:
        await browser.sign_up()
        await browser.post("/update-session", json={"theme": "dark"})
        genuine = cookie_header(browser)
    dumped: set[str] = set()
    for model in auth.schema.models:
        for row in await auth.services.store.rows(model).all(limit=1000):
            values = [
                row.id,
                *(getattr(row, name) for name in model.core_names if name != "extra"),
                *row.extra.values(),
            ]
            dumped |= {value for value in values if isinstance(value, str) and value}
    assert len(dumped) >= 8
    assert (await session_of(auth, genuine)).json() is not None
    for secret in dumped:
        for headers in credentials_made_of(secret):
            answer = await exchange(auth, "GET", "/get-session", headers=headers)
            assert answer.json() is None, headers
            answer = await exchange(auth, "GET", "/list-sessions", headers=headers)
            assert answer.status == 401, headers
            answer = await exchange(
                auth, "POST", "/update-user", headers=headers, send=BODIES["/update-user"]
            )
            assert answer.status == 401, headers


def credentials_made_of(text: str) -> list[list[tuple[str, str]]]:
    """Return headers in which somebody might present a stolen text."""
    text = text.replace(";", "%3B")
    guesses = (text, f"{text}.", f"{text}.{'A' * 43}=", f"{text}.{text}", f"{text}.undefined")
    origin = ("origin", "http://auth.test")
    headers = [[("cookie", f"{SESSION_COOKIE}={guess}"), origin] for guess in guesses]
    headers += [[("cookie", f"__Secure-{SESSION_COOKIE}={text}"), origin]]
    headers += [[("cookie", f"better-auth.session_data={text}"), origin]]
    headers += [[("authorization", f"Bearer {text}"), origin], [("authorization", text), origin]]
    return headers


async def test_the_token_in_an_answer_is_not_a_credential_by_itself() -> None:
    """S22: what scripts may read in the body of a sign-in cannot be used without the cookie's signature."""
    auth = surface_auth()
    async with Browser(auth) as browser:
        token = (await browser.sign_up())["token"]
        listed = [each["token"] for each in (await browser.get("/list-sessions")).json()]
    for text in {token, *listed}:
        for headers in credentials_made_of(text):
            assert (await exchange(auth, "GET", "/get-session", headers=headers)).json() is None
