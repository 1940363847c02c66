"""An email address is one mailbox of one person, however it is written, and nothing but an address."""

import asyncio
import smtplib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP

import pytest

from ostiary import EmailAndPassword
from ostiary.domain.entities import User
from tests.builders import PASSWORD, Browser, code_of, some_auth, some_options
from tests.security.conftest import Place
from tests.security.exchange import exchange
from tests.security.surface import everything_in

SAME_PERSON = ("ada@example.com", "ADA@EXAMPLE.COM", "Ada@Example.Com", "aDa@example.COM")

OTHER_PEOPLE = (
    "ada+news@example.com",  # a tag belongs to the address: who owns it is for the mail server to say
    "a.da@example.com",
    "ada@example.co",
    "ada@mail.example.com",
    "ada-@example.com",
    "ada_@example.com",
    "o'hara@example.com",
)

NO_ADDRESSES = {
    "two addresses": "ada@example.com,eve@evil.example",
    "two addresses with a space": "ada@example.com, eve@evil.example",
    "two addresses with a semicolon": "ada@example.com;eve@evil.example",
    "two addresses with a space only": "ada@example.com eve@evil.example",
    "a list the other way round": "eve@evil.example,ada@example.com",
    "a line break and a header": "ada@example.com\r\nBcc: eve@evil.example",
    "a bare line feed": "ada@example.com\neve@evil.example",
    "a bare carriage return": "ada@example.com\r",
    "an encoded line break": "ada@example.com%0d%0aBcc:eve@evil.example",
    "a vertical tab": "ada\v@example.com",
    "a line separator": "ada\u2028@example.com",
    "a display name": "Ada <ada@example.com>",
    "angle brackets": "<ada@example.com>",
    "a quoted local part": '"ada eve"@example.com',
    "a quoted list": '"ada@example.com,eve"@evil.example',
    "a comment": "ada(comment)@example.com",
    "HTML": "<script>alert(1)</script>@example.com",
    "HTML in the domain": "ada@<b>example.com",
    "an ampersand": "ada&eve@example.com",
    "a route": "@evil.example:ada@example.com",
    "a percent hack": "eve%evil.example@example.com",
    "a bang path": "evil.example!eve@example.com",
    "two at signs": "ada@eve@example.com",
    "a trailing dot of the domain": "ada@example.com.",
    "a trailing dot of the local part": "ada.@example.com",
    "a leading dot": ".ada@example.com",
    "two dots": "ada..l@example.com",
    "two dots in the domain": "ada@example..com",
    "a leading space": " ada@example.com",
    "a trailing space": "ada@example.com ",
    "a no-break space": "ada@example.com\u00a0",
    "a zero-width space": "ada\u200b@example.com",
    "a soft hyphen": "ada\u00ad@example.com",
    "full-width letters, which NFKC makes the owner's": "\uff41\uff44\uff41@example.com",
    "a full-width at sign": "ada\uff20example.com",
    "a ligature": "o\ufb03ce@example.com",
    "the Kelvin sign, whose lower case is a k": "\u212aate@example.com",
    "the long s, whose upper case is an S": "\u017fam@example.com",
    "the dotless i": "ad\u0131@example.com",
    "Cyrillic letters that look like Latin ones": "\u0430da@example.com",
    "a domain in another script": "ada@ex\u0430mple.com",
    "an ideographic full stop": "ada@example\u3002com",
    "a right-to-left override": "ada@\u202emoc.elpmaxe",
    "NUL": "ada@example.com\x00.evil.example",
    "an IP address": "ada@[127.0.0.1]",
    "a host without a dot": "ada@localhost",
    "nothing before the sign": "@example.com",
    "nothing behind it": "ada@",
    "nothing": "",
    "no sign": "ada",
    "longer than a path may be": f"{'a' * 310}@example.com",
}


@pytest.mark.parametrize("address", NO_ADDRESSES.values(), ids=NO_ADDRESSES)
async def test_what_is_not_one_plain_address_is_refused_at_every_door(address: str) -> None:
    """S56: lists, headers, markup, look-alikes and other spellings: 400 at both doors, nothing kept."""
    auth = some_auth()
    async with Browser(auth) as browser:
        await browser.sign_up()
        await browser.sign_up("kate@example.com")
    before = await everything_in(auth.services.store)
    body = {"name": "Eve", "email": address, "password": PASSWORD}
    sign_up = await exchange(auth, "POST", "/sign-up/email", send=body)
    assert (sign_up.status, sign_up.code) == (400, "VALIDATION_ERROR")
    sign_in = await exchange(auth, "POST", "/sign-in/email", send=body)
    assert sign_in.status == 400
    assert sign_in.code in {"INVALID_EMAIL", "VALIDATION_ERROR"}
    for answer in (sign_up, sign_in):
        assert answer.set_cookies == []
        assert "evil.example" not in answer.body.decode(), "the answer does not echo what was sent"
        assert "<" not in answer.body.decode()
    assert await everything_in(auth.services.store) == before


async def test_one_address_is_one_account_in_any_case(place: Place) -> None:
    """S56: signing up again in other letters is refused, signing in with any of them works; one row."""
    auth = await place.open()
    async with Browser(auth) as browser:
        assert (await browser.sign_up("ADA@example.com"))["user"]["email"] == "ada@example.com"
    for spelling in SAME_PERSON:
        async with Browser(auth) as browser:
            body = {"name": "Eve", "email": spelling, "password": "another horse battery"}
            answer = await browser.post("/sign-up/email", json=body)
            assert (answer.status_code, code_of(answer)) == (422, "USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL")
            assert (await browser.sign_in(spelling)).json()["user"]["email"] == "ada@example.com"
    users = (await everything_in(auth.services.store))["user"]
    assert [user.email for user in users] == ["ada@example.com"]


async def test_a_tag_or_a_dot_makes_another_person(place: Place) -> None:
    """S56: nothing is guessed about other people's mail servers: those are addresses of their own."""
    auth = await place.open()
    async with Browser(auth) as browser:
        ids = {
            (await browser.sign_up(address))["user"]["id"] for address in ("ada@example.com", *OTHER_PEOPLE)
        }
    assert len(ids) == 1 + len(OTHER_PEOPLE)


async def test_the_address_cannot_be_changed_where_nobody_proves_the_new_one(browser: Browser) -> None:
    """S56: not by updating the profile, however it is spelt."""
    await browser.sign_up()
    for email in ("eve@evil.example", "ADA@example.com", ["eve@evil.example"], {"a": 1}):
        answer = await browser.post("/update-user", json={"email": email, "name": "Ada"})
        assert (answer.status_code, code_of(answer)) == (400, "EMAIL_CAN_NOT_BE_UPDATED")
    for body in ({"Email": "eve@evil.example", "name": "Ada"}, {"email ": "eve@evil.example", "name": "Ada"}):
        assert (await browser.post("/update-user", json=body)).status_code == 200
    assert (await browser.session())["user"]["email"] == "ada@example.com"


@dataclass
class Sink:
    """A mail server on 127.0.0.1 that accepts everything and keeps it."""

    port: int = 0
    recipients: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    done: asyncio.Event = field(default_factory=asyncio.Event)

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 sink\r\n")
        while line := (await reader.readline()).decode():
            verb = line[:4].upper().strip()
            if verb == "RCPT":
                self.recipients.append(line.strip().partition(":")[2].strip("<>"))
            if verb == "DATA":
                writer.write(b"354 go on\r\n")
                self.messages.append((await reader.readuntil(b"\r\n.\r\n")).decode())
            writer.write(b"221 bye\r\n" if verb == "QUIT" else b"250 sink\r\n")
            if verb == "QUIT":
                break
        writer.close()
        self.done.set()


@asynccontextmanager
async def listening(sink: Sink) -> AsyncIterator[Sink]:
    server = await asyncio.start_server(sink.converse, "127.0.0.1", 0)
    sink.port = server.sockets[0].getsockname()[1]
    try:
        yield sink
    finally:
        server.close()
        await asyncio.sleep(0)


async def test_a_notice_to_the_owner_reaches_the_owner_alone() -> None:
    """S56: mailed by SMTP to a sink: one recipient, one message, no header but ours."""
    async with listening(Sink()) as sink:

        async def notify(user: User) -> None:
            message = EmailMessage(policy=SMTP)
            message["To"] = user.email
            message["From"] = "auth@example.com"
            message["Subject"] = "Somebody signed up with your address"
            message.set_content("If it was you, sign in instead.")
            await asyncio.to_thread(deliver, sink.port, message)

        settings = EmailAndPassword(enabled=True, auto_sign_in=False, on_existing_user_sign_up=notify)
        auth = some_auth(some_options(email_and_password=settings))
        attempts = ["o'hara+x@example.com", "O'HARA+X@example.com", *NO_ADDRESSES.values()]
        for address in attempts:
            body = {"name": "Eve\r\nBcc: eve@evil.example", "email": address, "password": PASSWORD}
            answer = await exchange(auth, "POST", "/sign-up/email", send=body)
            assert answer.status == (200 if address in attempts[:2] else 400)
        await auth.services.background.drain()
        await asyncio.wait_for(sink.done.wait(), 5)
    assert sink.recipients == ["o'hara+x@example.com"]
    (message,) = sink.messages
    headers = message.partition("\r\n\r\n")[0].split("\r\n")
    assert [line for line in headers if line.lower().startswith(("to:", "cc:", "bcc:"))] == [
        "To: o'hara+x@example.com"
    ]
    assert "evil.example" not in message


def deliver(port: int, message: EmailMessage) -> None:
    with smtplib.SMTP("127.0.0.1", port, timeout=5) as server:
        server.send_message(message)
