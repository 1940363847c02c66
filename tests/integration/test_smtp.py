"""Mail arrives at a real mail server: encrypted, authenticated, whole, once, and later where it was away."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path
from ssl import SSLError
from typing import Any
from urllib.parse import quote

import pytest
from aiosmtplib import SMTPException

from ostiary import ConfigurationError, Mailer, Smtp
from ostiary.outgoing import Email, MailRefused
from ostiary.services.courier import reason_of
from tests.mail_server import PASSWORD, USER, Authority, Mailboxes, mail_server, make_authority, part

LOGIN = f"{USER}:{quote(PASSWORD)}"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("authority"))


def an_email(**changes: Any) -> Email:
    values: dict[str, Any] = {
        "sender": "Täsks <accounts@app.example>",
        "to": "ada@example.com",
        "subject": "Wähle ein neues Passwort",
        "text": "Öffne https://app.example/" + "x" * 200 + "\n",
        "html": "<p>Öffne</p>\n",
        "message_id": "<one@app.example>",
        "sent_at": datetime(2030, 1, 1, tzinfo=UTC),
    }
    return Email(**{**values, **changes})


async def test_a_message_arrives_whole_over_starttls_with_a_password(authority: Authority) -> None:
    boxes = Mailboxes()
    async with mail_server(boxes, starttls=authority.context, asks_password=True) as port:
        url = f"smtp+starttls://{LOGIN}@127.0.0.1:{port}?ca={authority.ca_file}&timeout=5"
        await Smtp.from_url(url).deliver(an_email(reply_to="help@app.example"))
    [message] = boxes.arrived
    assert boxes.was_encrypted == [True]
    assert boxes.recipients == [["ada@example.com"]]
    assert str(message["From"]) == "Täsks <accounts@app.example>"
    assert str(message["Subject"]) == "Wähle ein neues Passwort"
    assert message["Reply-To"] == "help@app.example"
    assert message["Message-ID"] == "<one@app.example>"
    assert message["Date"].datetime == datetime(2030, 1, 1, tzinfo=UTC)
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_content_type() == "multipart/alternative"
    assert part(message, "plain") == an_email().text
    assert part(message, "html") == an_email().html


async def test_a_message_arrives_over_tls_from_the_first_byte(authority: Authority) -> None:
    boxes = Mailboxes()
    async with mail_server(boxes, tls=authority.context, asks_password=True) as port:
        await Smtp.from_url(f"smtps://{LOGIN}@127.0.0.1:{port}?ca={authority.ca_file}").deliver(an_email())
    assert boxes.was_encrypted == [True]


async def test_a_message_arrives_in_the_clear_where_that_is_asked_for() -> None:
    boxes = Mailboxes()
    async with mail_server(boxes) as port:
        await Smtp.from_url(f"smtp://127.0.0.1:{port}").deliver(an_email())
    assert boxes.was_encrypted == [False]


@pytest.mark.parametrize("scheme", ["smtp+starttls", "smtps"])
async def test_a_certificate_of_nobody_we_trust_gets_neither_password_nor_mail(
    authority: Authority, scheme: str
) -> None:
    boxes = Mailboxes()
    tls = {"starttls" if scheme == "smtp+starttls" else "tls": authority.context}
    async with mail_server(boxes, asks_password=True, **tls) as port:
        with pytest.raises((SMTPException, SSLError)) as refused:
            await Smtp.from_url(f"{scheme}://{LOGIN}@127.0.0.1:{port}").deliver(an_email())
    assert "certificate verify failed" in reason_of(refused.value)
    assert boxes.arrived == []


async def test_a_certificate_for_another_host_gets_neither_password_nor_mail(tmp_path: Path) -> None:
    boxes, other = Mailboxes(), make_authority(tmp_path, host="mail.elsewhere.example")
    async with mail_server(boxes, starttls=other.context, asks_password=True) as port:
        with pytest.raises((SMTPException, SSLError)) as refused:
            await Smtp.from_url(f"smtp+starttls://{LOGIN}@127.0.0.1:{port}?ca={other.ca_file}").deliver(
                an_email()
            )
    assert "certificate verify failed" in reason_of(refused.value)
    assert boxes.arrived == []


async def test_a_server_that_offers_no_starttls_gets_no_mail_in_the_clear(authority: Authority) -> None:
    """Whoever sits between strips the offer: then nothing is said."""
    boxes = Mailboxes()
    async with mail_server(boxes) as port:
        with pytest.raises(Exception, match="STARTTLS"):
            await Smtp.from_url(f"smtp+starttls://127.0.0.1:{port}?ca={authority.ca_file}").deliver(
                an_email()
            )
    assert boxes.arrived == []


async def test_a_wrong_password_is_no_reason_to_give_a_mail_up(authority: Authority) -> None:
    async with mail_server(Mailboxes(), starttls=authority.context, asks_password=True) as port:
        smtp = Smtp.from_url(f"smtp+starttls://{USER}:wrong@127.0.0.1:{port}?ca={authority.ca_file}")
        with pytest.raises((SMTPException, SSLError)) as refused:
            await smtp.deliver(an_email())
    assert not isinstance(refused.value, MailRefused)
    assert "535" in reason_of(refused.value)
    assert "wrong" not in reason_of(refused.value)


@pytest.mark.parametrize(
    ("answers", "is_final"),
    [
        ({"answer_to_recipients": "550 no such mailbox"}, True),
        ({"answer_to_recipients": "450 busy"}, False),
        ({"answer": "554 looks like spam"}, True),
        ({"answer": "451 try later"}, False),
    ],
)
async def test_what_a_server_says_for_good_is_told_from_what_it_says_for_now(
    answers: dict[str, str], is_final: bool
) -> None:
    async with mail_server(Mailboxes(**answers)) as port:  # type: ignore[arg-type]  # two texts
        with pytest.raises(Exception, match=r"\d{3}|try|busy") as refused:
            await Smtp.from_url(f"smtp://127.0.0.1:{port}").deliver(an_email())
    assert isinstance(refused.value, MailRefused) is is_final


async def test_a_server_that_never_answers_is_left_after_the_time_out() -> None:
    async with mail_server(Mailboxes(is_holding=True)) as port:
        smtp = Smtp.from_url(f"smtp://127.0.0.1:{port}?timeout=0.2")
        async with asyncio.timeout(5):
            with pytest.raises(Exception, match=r"(?i)timed? ?out"):
                await smtp.deliver(an_email())


@pytest.mark.parametrize(
    "url",
    [
        "smtp://user:password@mail.example",
        "smtp+starttls://user@mail.example",
        "https://mail.example",
        "smtp+starttls://",
        "smtp://mail.example:port",
        "smtps://mail.example?verify=no",
        "smtps://mail.example?timeout=0",
        "mail.example:587",
    ],
)
def test_an_address_that_is_unsafe_or_unclear_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        Smtp.from_url(url)
    assert ":password" not in str(refused.value).replace("user:password@mail.example:587", "")


def test_a_password_may_travel_in_the_clear_to_this_machine_alone() -> None:
    assert Smtp.from_url("smtp://user:password@localhost").username == "user"
    with pytest.raises(ConfigurationError, match="in the clear"):
        Smtp(host="10.0.0.1", security="none", username="user", password="password")


def test_no_representation_shows_the_password() -> None:
    assert "password" not in repr(Smtp.from_url("smtps://user:secret-password@mail.example")).replace(
        "password=", ""
    )


@pytest.mark.parametrize("sender", ["", "nobody", "Tasks <>", "a@b\r\nBcc: c@d"])
def test_a_sender_that_is_none_is_refused_at_the_start(sender: str) -> None:
    with pytest.raises(ConfigurationError):
        Mailer(sender=sender)


@pytest.mark.parametrize(
    "to",
    [
        "ada@example.com\r\nBcc: eve@evil.test",
        "ada@example.com, eve@evil.test",
        "ada@example.com eve@evil.test",
        "Ada <ada@example.com>",
        "ada",
        "",
        "@example.com",
    ],
)
def test_a_message_has_exactly_one_recipient(to: str) -> None:
    """S56: lists, names and line breaks in an address reach nobody."""
    with pytest.raises(MailRefused):
        an_email(to=to).mime()


async def test_line_breaks_in_a_subject_or_body_make_no_header() -> None:
    """S56: header injection over a real connection."""
    boxes = Mailboxes()
    evil = "Hello\r\nBcc: eve@evil.test\r\n\r\nbody"
    async with mail_server(boxes) as port:
        smtp = Smtp.from_url(f"smtp://127.0.0.1:{port}")
        await smtp.deliver(
            an_email(subject=evil, text=f"{evil}\r\n.\r\nRCPT TO:<eve@evil.test>\r\n", html=evil)
        )
    [message] = boxes.arrived
    assert boxes.recipients == [["ada@example.com"]]
    assert message["Bcc"] is None
    assert message["Subject"] == "Hello Bcc: eve@evil.test body"


async def test_an_international_domain_travels_in_its_ascii_form() -> None:
    boxes = Mailboxes()
    async with mail_server(boxes) as port:
        await Smtp.from_url(f"smtp://127.0.0.1:{port}").deliver(an_email(to="ada@bücher.example"))
    assert boxes.recipients == [["ada@xn--bcher-kva.example"]]


def test_pauses_double_up_to_a_bound() -> None:
    mailer = Mailer(
        sender="a@b.example", first_pause=timedelta(seconds=15), longest_pause=timedelta(minutes=5)
    )
    pauses = [mailer.pause_after(attempts).total_seconds() for attempts in (1, 2, 3, 4, 5, 6, 100_000)]
    assert pauses == [15, 30, 60, 120, 240, 300, 300]


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR, "mail.log")
