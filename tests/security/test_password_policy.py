"""Passwords that guessing programs try first: the common list, the context, and the known breaches."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from ostiary import Auth, PasswordPolicy
from ostiary.domain.errors import AuthError
from ostiary.outgoing import DefaultHttpClient, HttpAnswer
from ostiary.services import breached_passwords
from ostiary.services.breached_passwords import RANGE_ADDRESS, BreachedPasswords
from ostiary.services.password_policy import Owner, PasswordRules, common_passwords
from tests.builders import PASSWORD, Browser, code_of, some_auth, some_options

GOOD = "Plum-Kettle-42"
STRICT = PasswordPolicy.strict()
REFUSES = {
    "PASSWORD_TOO_COMMON",
    "PASSWORD_TOO_SHORT",
    "PASSWORD_MISSING_UPPERCASE",
    "PASSWORD_MISSING_LOWERCASE",
    "PASSWORD_MISSING_DIGIT",
    "PASSWORD_MISSING_SPECIAL",
}


async def verdict(rules: PasswordRules, password: str) -> str | None:
    try:
        await rules.check(password, Owner("ada.lovelace@example.com", "Ada Lovelace"))
    except AuthError as refusal:
        return refusal.code
    return None


def decorated(word: str) -> str:
    """Return what people make of a word when four kinds of characters are asked for."""
    return f"{word.capitalize()}1!" if word[:1].isalpha() else f"{word}aA!"


async def test_none_of_the_three_thousand_first_guesses_is_accepted_plain_or_decorated() -> None:
    """S44: at least the top 3000 of passwords long enough for the policy, and their usual decorations."""
    plain = PasswordRules(PasswordPolicy(refuse_common=True))
    strict = PasswordRules(STRICT)
    listed = sorted(common_passwords())
    assert len(listed) >= 10_000
    long_enough = [word for word in listed if len(word) >= 8]
    assert len(long_enough) >= 1500
    for word in listed:
        assert await verdict(plain, word) in {"PASSWORD_TOO_COMMON", "PASSWORD_TOO_SHORT"}, word
        assert await verdict(strict, word) in REFUSES, word
    words = [word for word in listed if word.isalpha() and len(word) >= 6]
    assert len(words) >= 3000
    for word in words:
        assert await verdict(strict, decorated(word)) == "PASSWORD_TOO_COMMON", word
        assert await verdict(plain, f"{word.upper()}2024!?") == "PASSWORD_TOO_COMMON", word


def auth_with(policy: PasswordPolicy, address: str | None = None) -> Auth:
    client = Redirected(address) if address else None
    return some_auth(some_options(password_policy=policy, app_name="Plumtree"), http_client=client)


async def sign_up(browser: Browser, password: str) -> str | None:
    body = {"name": "Ada Lovelace", "email": "ada.lovelace@example.com", "password": password}
    answer = await browser.post("/sign-up/email", json=body)
    assert answer.status_code in {200, 400, 503}
    return code_of(answer)


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("Aa1!", "PASSWORD_TOO_SHORT"),
        ("plum-kettle-42", "PASSWORD_MISSING_UPPERCASE"),
        ("PLUM-KETTLE-42", "PASSWORD_MISSING_LOWERCASE"),
        ("Plum-Kettle-xx", "PASSWORD_MISSING_DIGIT"),
        ("PlumKettle42", "PASSWORD_MISSING_SPECIAL"),
        ("Password1!", "PASSWORD_TOO_COMMON"),
        ("Qwerty123!", "PASSWORD_TOO_COMMON"),
        ("Welcome2030?", "PASSWORD_TOO_COMMON"),
        ("Ada.Lovelace1", "PASSWORD_CONTAINS_IDENTITY"),
        ("Ada Lovelace 1815!"[:12] + "1!", "PASSWORD_CONTAINS_IDENTITY"),
        ("AdaLovelace1!", "PASSWORD_CONTAINS_IDENTITY"),
        ("Lovelace1815!", "PASSWORD_CONTAINS_IDENTITY"),
        ("Ada.Lovelace@example.com1", "PASSWORD_CONTAINS_IDENTITY"),
        ("Plumtree2030!", "PASSWORD_CONTAINS_IDENTITY"),
        ("A" * 126 + "a1!", "PASSWORD_TOO_LONG"),
    ],
)
async def test_the_strict_policy_names_the_first_rule_that_a_password_breaks(
    password: str, code: str
) -> None:
    """S44: length, composition, the common list, and words of the context: address, name, application."""
    async with Browser(auth_with(STRICT)) as browser:
        assert await sign_up(browser, password) == code
        assert await sign_up(browser, GOOD) is None


async def test_a_new_password_is_judged_like_the_first_one() -> None:
    """S44: changing it is no way around the policy."""
    async with Browser(auth_with(STRICT)) as browser:
        assert await sign_up(browser, GOOD) is None
        for password, code in (
            ("Password1!", "PASSWORD_TOO_COMMON"),
            ("Lovelace1815!", "PASSWORD_CONTAINS_IDENTITY"),
        ):
            answer = await browser.post(
                "/change-password", json={"currentPassword": GOOD, "newPassword": password}
            )
            assert (answer.status_code, code_of(answer)) == (400, code)


@dataclass(frozen=True)
class Redirected:
    """The real HTTP client, led to a range service of our own."""

    address: str

    async def get(self, url: str, **more: Any) -> HttpAnswer:
        assert url.startswith(RANGE_ADDRESS), "passwords are asked about nowhere else"
        url = url.replace(RANGE_ADDRESS, self.address)
        return await DefaultHttpClient().get(url, **more)


@dataclass
class RangeService:
    """A range service on 127.0.0.1, and what it was asked."""

    breached: set[str]
    mood: str = "well"
    asked: list[str] = field(default_factory=list)
    headers: list[str] = field(default_factory=list)
    address: str = ""
    done: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = (await reader.readuntil(b"\r\n\r\n")).decode()
            if self.mood == "hangs":
                await reader.read()
            elif self.mood != "drops":
                writer.write(self.respond(request))
                await writer.drain()
        finally:
            writer.close()
            self.done.set()

    def respond(self, request: str) -> bytes:
        prefix = request.split(" ")[1].rpartition("/")[2]
        self.asked.append(prefix)
        self.headers.append(request.lower())
        lines = [f"{'0' * 35}:0"]  # padding, as the real service answers
        for password in self.breached:
            digest = hashlib.sha1(password.encode()).hexdigest().upper()
            lines += [f"{digest[5:]}:73"] if digest.startswith(prefix) else []
        body = "\r\n".join(lines)
        status = self.mood if self.mood.isdigit() else "200"
        return (
            f"HTTP/1.1 {status} X\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n{body}".encode()
        )


@asynccontextmanager
async def served(service: RangeService) -> AsyncIterator[RangeService]:
    server = await asyncio.start_server(service.answer, "127.0.0.1", 0)
    service.address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/range/"
    try:
        yield service
    finally:
        server.close()
        if service.mood in {"hangs", "drops"}:
            await asyncio.wait_for(service.done.wait(), 5)
        await asyncio.sleep(0)  # closed transports leave the loop


async def test_a_breached_password_is_refused_and_the_service_learns_five_characters_of_a_hash() -> None:
    """S44: k-anonymity over real HTTP, with padding asked for."""
    async with served(RangeService({GOOD})) as service:
        async with Browser(
            auth_with(replace(STRICT, refuse_breached="fail closed"), service.address)
        ) as browser:
            assert await sign_up(browser, GOOD) == "PASSWORD_COMPROMISED"
            assert await sign_up(browser, "Other-Kettle-43") is None
            changed = {"currentPassword": "Other-Kettle-43", "newPassword": GOOD}
            assert code_of(await browser.post("/change-password", json=changed)) == "PASSWORD_COMPROMISED"
            assert (await browser.sign_in("ada.lovelace@example.com", "Other-Kettle-43")).status_code == 200
        digests = [
            hashlib.sha1(text.encode()).hexdigest().upper()[:5] for text in (GOOD, "Other-Kettle-43", GOOD)
        ]
        assert service.asked == digests, "three new passwords, and no question at the sign-in"
        for sent in service.headers:
            assert "add-padding: true" in sent
            assert not any(word in sent for word in ("kettle", "ada", "lovelace", "cookie", "authorization"))


@pytest.mark.parametrize("failure", ["refused", "500", "429", "hangs", "drops"])
@pytest.mark.parametrize("mode", ["fail open", "fail closed"])
async def test_a_service_that_is_down_fails_as_documented(
    mode: str, failure: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S44: open accepts, closed answers 503 and makes no account; the other rules hold either way."""
    monkeypatch.setattr(breached_passwords, "PATIENCE", 0.2)
    async with served(RangeService(set(), failure)) as service:
        # nobody listens on the discard port
        address = "http://127.0.0.1:9/range/" if failure == "refused" else service.address
        auth = auth_with(replace(STRICT, refuse_breached=mode), address)
        async with Browser(auth) as browser:
            assert await sign_up(browser, "Password1!") == "PASSWORD_TOO_COMMON"
            code = await sign_up(browser, GOOD)
            assert code == (None if mode == "fail open" else "SERVICE_UNAVAILABLE")
            known = await auth.services.users.by_email("ada.lovelace@example.com")
            assert (known is not None) == (mode == "fail open")


async def test_the_count_behind_the_very_suffix_decides() -> None:
    """S44: a neighbour's hash, a padding line of zero, and nonsense are no sightings."""
    digest = hashlib.sha1(GOOD.encode()).hexdigest().upper()

    class Lines:
        body = ""

        async def get(self, url: str, **more: Any) -> HttpAnswer:
            return HttpAnswer(200, self.body.encode())

    service = Lines()
    count = BreachedPasswords(service)
    for body, expected in (
        (f"{digest[5:]}:73", 73),
        (f"{'0' * 35}:9\r\n{digest[5:]}:2\r\n", 2),
        (f"{digest[5:]}:0", 0),
        (f"{digest[5:-1]}:73", 0),
        (f"{digest[5:]}", 0),
        (f"{digest[5:]}:many", 0),
        ("<html>", 0),
        ("", 0),
    ):
        service.body = body
        assert await count(digest) == expected, body


async def test_without_the_option_nobody_is_asked(browser: Browser) -> None:
    """S44: the default makes no outgoing request; nothing here could reach the service."""
    async with served(RangeService({PASSWORD})) as service:
        async with Browser(auth_with(PasswordPolicy(), service.address)) as plain:
            assert await sign_up(plain, PASSWORD) is None
        assert service.asked == []
