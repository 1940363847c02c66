"""Links that scanners open without harm, and the codes beside them."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx2
import pytest

from ostiary import (
    Auth,
    ConfigurationError,
    DeleteUser,
    EmailAndPassword,
    EmailVerificationOptions,
    UserOptions,
)
from ostiary.domain.models import VERIFICATION
from ostiary.domain.runtime import FrozenRuntime
from ostiary.options import ChangeEmail
from ostiary.outgoing import Mailer
from ostiary.outgoing.mail.templates import OWN, Templates, _phrases_in
from ostiary.plugins import CodeOptions, SafeLinks
from tests.builders import ORIGIN, Browser, code_of, some_auth, some_options
from tests.posting import SENDER, Postbox
from tests.security.surface import everything_in

ADA = "ada@example.com"
LINK = re.compile(r"https?://\S+")
CODE = re.compile(r"(\d{4}) (\d{4})")
FIELD = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')
SCANNER = ({"purpose": "prefetch"}, {"sec-purpose": "prefetch;prerender"}, {"user-agent": "SafeLinksBot"}, {})


@pytest.fixture
def box() -> Postbox:
    return Postbox()


@pytest.fixture
async def auth(box: Postbox, clock: FrozenRuntime) -> AsyncIterator[Auth]:
    options = some_options(
        email_and_password=EmailAndPassword(enabled=True),
        email_verification=EmailVerificationOptions(
            send_on_sign_up=True, auto_sign_in_after_verification=True
        ),
        user=UserOptions(
            delete_user=DeleteUser(enabled=True, verify_by_mail=True), change_email=ChangeEmail(enabled=True)
        ),
        trusted_origins=("https://web.example", "myapp://"),
    )
    server = some_auth(options, clock, mailer=Mailer(sender=SENDER, transport=box), plugins=[SafeLinks()])
    yield server
    await server.close()


async def mailed(auth: Auth, box: Postbox) -> tuple[str, str]:
    """Return the link below the base path and the code of the newest mail."""
    await auth.services.background.drain()
    assert auth.services.courier is not None
    await auth.services.courier.deliver_due()
    email = box.emails[-1]
    [url], [code] = LINK.findall(email.text), CODE.findall(email.text)
    assert CODE.findall(email.html) == [code]
    return url.removeprefix(f"{ORIGIN}/api/auth"), "".join(code)


async def pressed(browser: httpx2.AsyncClient, page: httpx2.Response, **headers: str) -> httpx2.Response:
    """Press the button as a browser would."""
    [action] = re.findall(r'<form method="post" action="([^"]+)">', page.text)
    fields = {name: value.replace("&amp;", "&") for name, value in FIELD.findall(page.text)}
    return await browser.post(f"{ORIGIN}{action}", data=fields, headers=headers)


async def redeem(
    client: Browser, code: str, purpose: str = "verify-email", email: str = ADA
) -> httpx2.Response:
    return await client.post("/redeem-mailed-code", json={"purpose": purpose, "email": email, "code": code})


async def test_opening_a_link_spends_nothing_and_the_button_does(auth: Auth, box: Postbox) -> None:
    """S65: HEAD, GET and prefetches by whomever, then the person."""
    async with Browser(auth) as browser, Browser(auth) as scanner:
        await browser.post(
            "/sign-up/email",
            json={"name": "Ada", "email": ADA, "password": "Correct horse 7", "callbackURL": "/hi"},
        )
        link, _ = await mailed(auth, box)
        before = await everything_in(auth.services.store)
        for headers in SCANNER:
            for method in ("HEAD", "GET", "GET"):
                await scanner.request(method, link, headers=headers)
        assert await everything_in(auth.services.store) == before
        assert await scanner.session() is None
        answer = await pressed(browser, await browser.get(link))
        assert (answer.status_code, answer.headers["location"]) == (302, "/hi")
        assert (await browser.session())["user"]["emailVerified"]


async def test_the_page_runs_nothing_loads_nothing_and_tells_nobody(auth: Auth, box: Postbox) -> None:
    async with Browser(auth) as browser:
        await browser.sign_up(ADA)
        link, _ = await mailed(auth, box)
        page = await browser.get(
            f"{link.partition('&callbackURL')[0]}&callbackURL=https%3A%2F%2Fweb.example%2Fa%3Fb%26c"
        )
    policy = dict(part.strip().split(" ", 1) for part in page.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["form-action"] == "'self' https://web.example"
    assert policy["frame-ancestors"] == "'none'"
    assert "script" not in page.text
    assert "unsafe" not in page.headers["content-security-policy"]
    assert page.headers["referrer-policy"] == "same-origin"
    assert page.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("value", ['"><script>alert(1)</script>', "\ud800", "\0", "é", "'\"&"])
async def test_nothing_in_a_link_becomes_markup(auth: Auth, value: str) -> None:
    async with Browser(auth) as browser:
        page = await browser.get("/verify-email", params={"token": value.encode(errors="replace").decode()})
    assert page.status_code == 200
    assert "<script" not in page.text


async def test_nothing_in_a_link_changes_the_policy_of_its_page(auth: Auth) -> None:
    """S87: else another site could show the button in a frame of its own and have it pressed."""
    names = "frame-ancestors *; script-src 'unsafe-inline' *"
    async with Browser(auth) as browser:
        plain = await browser.get("/verify-email", params={"token": "x", "callbackURL": f"{ORIGIN}/x"})
        target = f"{ORIGIN.replace('://', f'://a; {names};@')}/x"
        answer = await browser.get("/verify-email", params={"token": "x", "callbackURL": target})
    assert answer.headers["content-security-policy"] == plain.headers["content-security-policy"]


async def test_a_link_to_a_stranger_shows_no_page(auth: Auth) -> None:
    async with Browser(auth) as browser:
        answer = await browser.get("/verify-email?token=x&callbackURL=https://evil.test")
        assert (answer.status_code, code_of(answer)) == (403, "INVALID_CALLBACK_URL")
        body = {"token": "x", "callbackURL": "https://evil.test"}
        answer = await browser.post("/verify-email/confirm", data=body)
        assert (answer.status_code, code_of(answer)) == (403, "INVALID_CALLBACK_URL")


async def test_another_site_cannot_press_the_button(auth: Auth, box: Postbox) -> None:
    """S31: else an attacker's own link would sign the victim in as the attacker."""
    async with Browser(auth) as eve, Browser(auth) as victim:
        await eve.sign_up(ADA)
        link, _ = await mailed(auth, box)
        page = await victim.get(link)
        sent = {"origin": "https://evil.test", "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}
        assert (await pressed(victim, page, **sent)).status_code == 403
        assert await victim.session() is None


async def test_a_deletion_waits_for_the_button(auth: Auth, box: Postbox) -> None:
    """S65"""
    async with Browser(auth) as browser:
        await browser.sign_up(ADA)
        await mailed(auth, box)
        await browser.post("/delete-user", json={})
        link, _ = await mailed(auth, box)
        page = await browser.get(link)
        assert "Delete your account?" in page.text
        assert await auth.services.users.by_email(ADA) is not None
        assert (await pressed(browser, page)).status_code == 302
        assert await auth.services.users.by_email(ADA) is None


async def test_a_code_does_what_its_link_does(auth: Auth, box: Postbox) -> None:
    async with Browser(auth) as browser:
        await browser.sign_up(ADA)
        _, code = await mailed(auth, box)
        token = (await redeem(browser, f" {code[:4]} {code[4:]} ")).json()["token"]
        answer = await browser.post("/verify-email/confirm", json={"token": token})
        assert answer.json()["status"]
        assert (await browser.session())["user"]["emailVerified"]

        await browser.post("/request-password-reset", json={"email": ADA, "redirectTo": "/new"})
        _, code = await mailed(auth, box)
        token = (await redeem(browser, code, "reset-password", ADA.upper())).json()["token"]
        body = {"token": token, "newPassword": "another good password"}
        assert (await browser.post("/reset-password", json=body)).json() == {"status": True}

        await browser.sign_in(ADA, "another good password")
        await browser.post("/delete-user", json={})
        _, code = await mailed(auth, box)
        token = (await redeem(browser, code, "delete-account")).json()["token"]
        assert (await browser.post("/delete-user", json={"token": token})).json()["message"] == "User deleted"


async def test_a_code_is_good_once_for_one_purpose_and_one_address(auth: Auth, box: Postbox) -> None:
    """S68"""
    async with Browser(auth) as browser:
        await browser.sign_up(ADA)
        _, code = await mailed(auth, box)
        for purpose in ("reset-password", "delete-account", "verify-new-email", "confirm-email-change"):
            assert code_of(await redeem(browser, code, purpose)) == "INVALID_TOKEN"
        assert code_of(await redeem(browser, code, email="eve@example.com")) == "INVALID_TOKEN"
        assert (await redeem(browser, code)).status_code == 200
        assert code_of(await redeem(browser, code)) == "INVALID_TOKEN"


async def test_of_twenty_at_once_one_gets_the_token(auth: Auth, box: Postbox) -> None:
    """S68"""
    async with Browser(auth) as browser:
        await browser.sign_up(ADA)
        _, code = await mailed(auth, box)
        answers = await asyncio.gather(*(redeem(browser, code) for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 19


async def test_after_five_wrong_guesses_the_right_one_is_wrong_too(auth: Auth, box: Postbox) -> None:
    """S68: a thousand guesses, one after the other and at once."""
    async with Browser(auth) as browser:
        await browser.sign_up(ADA)
        _, code = await mailed(auth, box)
        wrong = [f"{number:08}" for number in range(1000) if f"{number:08}" != code]
        for guess in wrong[:4]:
            assert (await redeem(browser, guess)).status_code == 400
        assert {
            answer.status_code for answer in await asyncio.gather(*(redeem(browser, g) for g in wrong[4:]))
        } == {400}
        refused, unknown = (
            await redeem(browser, code),
            await redeem(browser, code, email="nobody@example.com"),
        )
        assert (refused.status_code, refused.content) == (unknown.status_code, unknown.content)
        # the next mail brings the next code
        await browser.post("/send-verification-email", json={"email": ADA})
        _, code = await mailed(auth, box)
        assert (await redeem(browser, code)).status_code == 200


async def test_the_newest_code_takes_the_place_of_the_one_before_it(auth: Auth, box: Postbox) -> None:
    """S64"""
    async with Browser(auth) as browser:
        await browser.sign_up(ADA)
        _, first = await mailed(auth, box)
        await browser.post("/send-verification-email", json={"email": ADA})
        _, second = await mailed(auth, box)
        assert code_of(await redeem(browser, first)) == "INVALID_TOKEN"
        assert (await redeem(browser, second)).status_code == 200


async def test_a_code_expires_with_its_link(auth: Auth, box: Postbox, clock: FrozenRuntime) -> None:
    async with Browser(auth) as browser:
        await browser.sign_up(ADA)
        _, code = await mailed(auth, box)
        clock.advance(hours=1)
        assert code_of(await redeem(browser, code)) == "INVALID_TOKEN"


async def test_a_copy_of_the_table_holds_neither_code_nor_token(auth: Auth, box: Postbox) -> None:
    """S68: a code is short, so its hash is keyed."""
    async with Browser(auth) as browser:
        await browser.sign_up(ADA)
    link, code = await mailed(auth, box)
    token = dict(parse_qsl(urlsplit(link).query))["token"]
    [row] = await auth.services.store.rows(VERIFICATION).all()
    assert code not in row.value
    assert token not in row.value


@pytest.mark.parametrize("changes", [{"length": 5}, {"attempts": 0}, {"attempts": 11}])
def test_codes_that_can_be_guessed_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        CodeOptions(**changes)


async def test_without_the_plugin_a_link_is_followed_at_once_and_no_mail_has_a_code(
    box: Postbox, clock: FrozenRuntime
) -> None:
    options = some_options(email_verification=EmailVerificationOptions(send_on_sign_up=True))
    auth = some_auth(options, clock, mailer=Mailer(sender=SENDER, transport=box))
    async with Browser(auth) as browser:
        await browser.sign_up(ADA)
        await auth.services.background.drain()
        assert auth.services.courier is not None
        await auth.services.courier.deliver_due()
        assert CODE.findall(box.emails[0].text) == []
        [url] = LINK.findall(box.emails[0].text)
        assert (await browser.get(url)).status_code == 302
        for path in ("/redeem-mailed-code", "/verify-email/confirm", "/delete-user/confirm"):
            assert (await browser.post(path, json={})).status_code == 404
    await auth.close()


async def test_a_page_speaks_as_its_mail_does(auth: Auth) -> None:
    async with Browser(auth) as browser:
        link = "/verify-email?token=x"
        german = await browser.get(link, headers={"accept-language": "de-AT,en;q=0.5"})
        assert '<html lang="de">' in german.text
        assert "Ist das deine E-Mail-Adresse?" in german.text
        assert german.headers["content-language"] == "de"
        for languages in ("fr", "", "../../en", "en-GB"):
            other = await browser.get(link, headers={"accept-language": languages})
            assert "Is this your email address?" in other.text


async def test_an_application_has_words_of_its_own_on_the_pages(clock: FrozenRuntime, tmp_path: Path) -> None:
    for locale, line in {"fr": "Est-ce votre adresse\u00a0?", "de": "<b>Stimmt's?</b>"}.items():
        (tmp_path / locale).mkdir()
        (tmp_path / locale / "pages.txt").write_text(f"verify-email.question: {line}\n", "utf-8")
    mailer = Mailer(sender=SENDER, transport=Postbox(), templates=tmp_path)
    auth = some_auth(some_options(), clock, mailer=mailer, plugins=[SafeLinks()])
    async with Browser(auth) as browser:
        french = await browser.get("/verify-email?token=x", headers={"accept-language": "fr"})
        assert "Est-ce votre adresse" in french.text
        assert "Yes, go on" in french.text
        german = await browser.get("/verify-email?token=x", headers={"accept-language": "de"})
        assert "&lt;b&gt;Stimmt&#x27;s?&lt;/b&gt;" in german.text
        assert "Ja, weiter" in german.text


def test_every_language_has_every_phrase() -> None:
    templates = Templates()
    own = {locale: _phrases_in(OWN / locale / "pages.txt") for locale in templates.locales}
    assert own["en"]
    assert all(phrases.keys() == own["en"].keys() for phrases in own.values())
