"""Mail about sign-ins from new browsers, and the way back for whoever did not sign in."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest

from ostiary import AuditOptions, Auth, ConfigurationError, EmailAndPassword, Mailer
from ostiary.domain.audit import AUDIT_EVENT, AuditFields
from ostiary.domain.devices import device_of
from ostiary.domain.mailed_links import NewDeviceLink
from ostiary.domain.models import SESSION
from ostiary.domain.runtime import FrozenRuntime
from ostiary.plugins import Bearer, NewDevice, SafeLinks, Tokens
from ostiary.plugins.jwt import Jwt
from tests.builders import ORIGIN, Browser, code_of, cookie_names, some_auth, some_options
from tests.posting import SENDER, Postbox

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
LINK = re.compile(rf"{re.escape(ORIGIN)}/\S+")


@dataclass
class House:
    """A server that mails, and what it mailed."""

    auth: Auth
    postbox: Postbox
    open: list[Browser] = field(default_factory=list)

    async def mails(self) -> list[str]:
        await self.auth.services.background.drain()
        assert self.auth.services.courier is not None
        await self.auth.services.courier.deliver_due()
        return [f"{mail.subject}\n{mail.text}" for mail in self.postbox.emails]

    async def link(self) -> str:
        """Return the path of the link in the last mail, below the base path."""
        return LINK.findall((await self.mails())[-1])[-1].removeprefix(f"{ORIGIN}/api/auth")

    def browser(self, **headers: str) -> Browser:
        self.open.append(Browser(self.auth, headers={"user-agent": FIREFOX, **headers}))
        return self.open[-1]


@pytest.fixture
async def house(clock: FrozenRuntime) -> AsyncIterator[House]:
    postbox = Postbox()
    options = some_options(
        audit=AuditOptions(enabled=True), email_and_password=EmailAndPassword(enabled=True)
    )
    plugins = [NewDevice(reset_page="/new-password"), SafeLinks(), Bearer(), Jwt(), Tokens()]
    auth = some_auth(options, clock, plugins=plugins, mailer=Mailer(sender=SENDER, transport=postbox))
    house = House(auth, postbox)
    async with house.browser() as mine:
        await mine.sign_up()
    assert await house.mails() == []
    clock.advance(hours=1)
    yield house
    for browser in house.open:
        await browser.aclose()
    await auth.close()


async def test_a_browser_that_never_signed_in_is_reported_once(house: House, clock: FrozenRuntime) -> None:
    browser = house.browser()
    first = await browser.sign_in()
    assert "better-auth.known_device" in cookie_names(first)
    [mail] = await house.mails()
    assert mail.startswith("A new sign-in to your account\n")
    assert "With: Firefox, Linux" in mail
    assert "From: 198.51.100.7" in mail
    assert f"When: {clock.now():%Y-%m-%d %H:%M} UTC" in mail
    await browser.post("/sign-out", json={})
    again = await browser.sign_in()
    assert "better-auth.known_device" not in cookie_names(again)
    await browser.post("/update-user", json={"name": "Countess"})
    assert len(await house.mails()) == 1


async def test_the_browser_that_signed_up_is_known(house: House) -> None:
    mine = house.open[0]
    async with Browser(house.auth, cookies=mine.cookies) as same:
        assert (await same.sign_in()).status_code == 200
    assert await house.mails() == []


async def test_who_comes_beside_the_browser_that_signs_up_is_reported_at_once(house: House) -> None:
    async with house.browser() as mine, house.browser() as other:
        await mine.sign_up("grace@example.com")
        await other.sign_in("grace@example.com")
        assert len(await house.mails()) == 1
        assert house.postbox.recipients == ["grace@example.com"]


async def test_a_browser_known_to_one_account_is_new_to_another(house: House, clock: FrozenRuntime) -> None:
    other = house.browser()
    await other.sign_up("grace@example.com")
    clock.advance(hours=1)
    await other.sign_in()
    assert [mail.to for mail in house.postbox.emails] == []
    assert len(await house.mails()) == 1
    assert house.postbox.recipients == ["ada@example.com"]


async def test_opening_the_link_changes_nothing_and_its_button_ends_everything(house: House) -> None:
    """S65: a scanner follows the link; the owner presses the button."""
    thief, owner = house.browser(), house.browser()
    await thief.sign_in()
    link = await house.link()
    for _ in range(2):
        page = await owner.get(link)
        assert page.status_code == 200
        assert "Was somebody else in your account?" in page.text
        assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    await owner.request("HEAD", link)
    assert await thief.session() is not None
    token = link.partition("token=")[2]
    pressed = await owner.post("/not-me/confirm", data={"token": token})
    assert pressed.status_code == 200, pressed.text
    assert "Everybody is signed out" in pressed.text
    assert await house.auth.services.store.rows(SESSION).count() == 0
    ended = await thief.get("/get-session")
    assert (ended.json(), ended.headers["x-session-ended"]) == (None, "disowned")
    again = await owner.post("/not-me/confirm", data={"token": token})
    assert (again.status_code, code_of(again)) == (400, "INVALID_TOKEN")


NEW_PASSWORD = "Nobody knows this 1"


async def come_back(house: House, owner: Browser) -> None:
    """Press the button, and choose a new password by the link that comes."""
    await owner.post("/not-me/confirm", data={"token": (await house.link()).partition("token=")[2]})
    opened = await owner.get(await house.link())
    token = httpx2.URL(opened.headers["location"]).params["token"]
    body = {"newPassword": NEW_PASSWORD, "token": token}
    assert (await owner.post("/reset-password", json=body)).status_code == 200


async def test_the_owner_comes_back_with_a_new_password(house: House, clock: FrozenRuntime) -> None:
    thief, owner = house.browser(), house.browser()
    await thief.sign_in()
    await owner.post("/not-me/confirm", data={"token": (await house.link()).partition("token=")[2]})
    clock.advance(seconds=1)
    assert (await thief.sign_in()).status_code == 401, "the password that the thief knows works no more"
    reset = await house.link()
    assert reset.startswith("/reset-password/")
    opened = await owner.get(reset)
    where = httpx2.URL(opened.headers["location"])
    assert where.path == "/new-password"
    body = {"newPassword": NEW_PASSWORD, "token": where.params["token"]}
    assert (await owner.post("/reset-password", json=body)).status_code == 200
    assert (await thief.sign_in()).status_code == 401
    assert (await owner.sign_in(password=NEW_PASSWORD)).status_code == 200


async def test_whoever_was_thrown_out_is_a_new_device_from_then_on(
    house: House, clock: FrozenRuntime
) -> None:
    thief = house.browser()
    await thief.sign_in()
    await come_back(house, house.browser())
    clock.advance(minutes=5)
    before = len(await house.mails())
    assert (await thief.sign_in(password=NEW_PASSWORD)).status_code == 200
    mails = await house.mails()
    assert [mail.partition("\n")[0] for mail in mails[before:]] == ["A new sign-in to your account"]


async def test_the_way_back_closes(house: House, clock: FrozenRuntime) -> None:
    await house.browser().sign_in()
    token = (await house.link()).partition("token=")[2]
    clock.advance(days=7, seconds=1)
    assert (await house.browser().post("/not-me/confirm", data={"token": token})).status_code == 400
    assert (await house.browser().post("/not-me/confirm", data={"token": "guess"})).status_code == 400


async def test_another_site_cannot_press_the_button(house: House) -> None:
    await house.browser().sign_in()
    token = (await house.link()).partition("token=")[2]
    evil = Browser(house.auth, origin="https://evil.test", headers={"sec-fetch-site": "cross-site"})
    house.open.append(evil)
    assert (await evil.post("/not-me/confirm", data={"token": token})).status_code == 403
    assert (await house.browser().post("/not-me/confirm", data={"token": token})).status_code == 200


async def test_a_sign_in_for_tokens_is_reported_as_well(house: House) -> None:
    app = house.browser()
    body = {"email": "ada@example.com", "password": "Correct horse battery 7"}
    assert (await app.post("/login", json=body)).status_code == 200
    assert len(await house.mails()) == 1


async def test_a_browser_on_another_site_keeps_the_cookie_as_well(clock: FrozenRuntime) -> None:
    plugins = [NewDevice(reset_page="/new-password"), Jwt(), Tokens(cross_site=True)]
    mailer = Mailer(sender=SENDER, transport=Postbox())
    auth = some_auth(some_options(base_url="https://auth.test"), clock, plugins=plugins, mailer=mailer)
    ada = {"email": "ada@example.com", "password": "Correct horse battery 7", "name": "Ada"}
    async with Browser(auth, origin="https://auth.test") as browser:
        answer = await browser.post("/signup", json={**ada, "use_cookie": True})
    assert answer.status_code == 201
    [line] = [line for line in answer.headers.get_list("set-cookie") if "known_device=" in line]
    assert {"SameSite=None", "Secure", "Partitioned"} <= set(line.split("; "))
    await auth.close()


async def test_a_forged_cookie_makes_no_device_known(house: House) -> None:
    for value in ("x", "known-device:1:2", "known-device%3A1%3A2.AAAA", "%00"):
        await house.browser(cookie=f"better-auth.known_device={value}").sign_in()
    assert len(await house.mails()) == 4


async def test_the_record_tells_why_the_sessions_ended(house: House) -> None:
    await house.browser().sign_in()
    await house.browser().post("/not-me/confirm", data={"token": (await house.link()).partition("token=")[2]})
    rows = house.auth.services.store.rows(AUDIT_EVENT)
    events = await rows.all(AuditFields.KIND.equals("session_revoked"))
    assert {(event.reason, event.endpoint) for event in events} == {("disowned", "not_me")}
    assert len(events) == 2


async def test_an_application_may_send_the_mail_itself(clock: FrozenRuntime) -> None:
    seen: list[NewDeviceLink] = []

    async def send(link: NewDeviceLink) -> None:
        seen.append(link)

    auth = some_auth(clock=clock, plugins=[NewDevice(send=send, reset_page="/reset-password")])
    async with Browser(auth) as mine, Browser(auth, headers={"user-agent": "curl/8"}) as other:
        await mine.sign_up()
        clock.advance(hours=1)
        await other.sign_in()
        await auth.services.background.drain()
        [link] = seen
        assert (link.device, link.ip_address, link.signed_in_at) == (None, "198.51.100.7", clock.now())
        pressed = await mine.post("/not-me/confirm", data={"token": link.token})
        assert "Choose a new password now." in pressed.text
    await auth.close()


def test_without_anything_that_sends_it_is_a_mistake() -> None:
    with pytest.raises(ConfigurationError, match="mailer"):
        some_auth(plugins=[NewDevice(reset_page="/reset-password")])


@pytest.mark.parametrize(
    ("user_agent", "device"),
    [
        (FIREFOX, "Firefox, Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/138.0 Safari/537.36", "Chrome, Windows"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/138.0 Safari/537.36 Edg/138.0", "Edge, Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18 like Mac OS X) Version/18 Safari/604.1", "Safari, iPhone"),
        ("Mozilla/5.0 (Linux; Android 15) Chrome/138.0 Mobile Safari/537.36", "Chrome, Android"),
        ("Call +1-555-0100 now, your account is at risk! https://evil.test", None),
        ("", None),
        (None, None),
    ],
)
def test_a_device_is_named_in_words_that_no_client_chooses(user_agent: str | None, device: Any) -> None:
    assert device_of(user_agent) == device
