"""Flows by mail without any function of the application: the mailer writes, a real mail server receives."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from ostiary import (
    Auth,
    ChangeEmail,
    ConfigurationError,
    DeleteUser,
    EmailAndPassword,
    EmailVerificationOptions,
    Mailer,
    Options,
    RateLimit,
    RateLimitOptions,
    Smtp,
    UserOptions,
)
from ostiary.domain.mail import MAIL, Mail, QueuedMail
from ostiary.domain.models import USER, VERIFICATION, UserFields
from ostiary.domain.runtime import FrozenRuntime
from ostiary.services.courier import Courier
from tests.builders import ORIGIN, PASSWORD, Browser, some_auth, some_options
from tests.mail_server import Mailboxes, mail_server
from tests.posting import SENDER, Postbox

ADA, NEW = "ada@example.com", "another good password"
LINK = re.compile(r"https?://\S+")


def mailing_options(**changes: Any) -> Options:
    """Return options under which every kind of mail is sent."""
    return some_options(
        **{
            "app_name": "Täsks & <co>",
            "email_and_password": EmailAndPassword(enabled=True, auto_sign_in=False),
            "email_verification": EmailVerificationOptions(
                send_on_sign_up=True, auto_sign_in_after_verification=True
            ),
            "user": UserOptions(
                change_email=ChangeEmail(enabled=True),
                delete_user=DeleteUser(enabled=True, verify_by_mail=True),
            ),
            **changes,
        }
    )


@pytest.fixture
def boxes() -> Mailboxes:
    return Mailboxes()


@pytest.fixture
async def auth(boxes: Mailboxes, clock: FrozenRuntime) -> AsyncIterator[Auth]:
    async with mail_server(boxes) as port:
        mailer = Mailer(sender=SENDER, transport=Smtp(host="127.0.0.1", port=port, security="none"))
        server = some_auth(mailing_options(), clock, mailer=mailer)
        yield server
        await server.close()


def courier_of(auth: Auth) -> Courier:
    courier = auth.services.courier
    assert courier is not None
    return courier


async def delivered(auth: Auth) -> None:
    """Wait until whatever was asked for has left."""
    await auth.services.background.drain()
    await courier_of(auth).deliver_due()


async def last(auth: Auth, boxes: Mailboxes) -> tuple[str, str, str, str]:
    """Return recipient, subject, text and HTML of the newest mail."""
    await delivered(auth)
    text, html = boxes.bodies()[-1]
    return boxes.recipients[-1][0], str(boxes.arrived[-1]["Subject"]), text, html


async def link(auth: Auth, boxes: Mailboxes) -> str:
    """Return what stands behind the base path in the link of the newest mail, the same in both parts."""
    _, _, text, html = await last(auth, boxes)
    [url] = LINK.findall(text)
    assert html.count(f'href="{url.replace("&", "&amp;")}"') == 2
    assert url.startswith(f"{ORIGIN}/api/auth/")
    return str(url).removeprefix(f"{ORIGIN}/api/auth")


async def test_every_flow_sends_a_mail_whose_link_goes_on(auth: Auth, boxes: Mailboxes) -> None:
    async with Browser(auth) as browser:
        await browser.sign_up(ADA)
        assert (await last(auth, boxes))[:2] == (ADA, "Verify your email address")
        answer = await browser.get(await link(auth, boxes))
        assert answer.headers["location"] == "/"
        assert (await browser.session())["user"]["emailVerified"]

        await browser.post("/request-password-reset", json={"email": ADA, "redirectTo": "/new"})
        assert (await last(auth, boxes))[:2] == (ADA, "Choose a new password")
        page = (await browser.get(await link(auth, boxes))).headers["location"]
        token = page.removeprefix(f"{ORIGIN}/new?token=")
        assert (
            await browser.post("/reset-password", json={"token": token, "newPassword": NEW})
        ).status_code == 200

        await browser.sign_in(ADA, NEW)
        await browser.post("/change-email", json={"newEmail": "new@example.com"})
        assert (await last(auth, boxes))[:2] == (ADA, "Confirm the change of your email address")
        assert "new@example.com" in (await last(auth, boxes))[2]
        await browser.get(await link(auth, boxes))
        assert (await last(auth, boxes))[:2] == ("new@example.com", "Verify your new email address")
        await browser.get(await link(auth, boxes))
        assert (await last(auth, boxes))[:2] == (ADA, "Your email address was changed")
        assert (await browser.session())["user"]["email"] == "new@example.com"

        await browser.sign_up("new@example.com")
        assert (await last(auth, boxes))[:2] == ("new@example.com", "You already have an account")

        assert (await browser.post("/delete-user", json={})).json()["message"] == "Verification email sent"
        assert (await last(auth, boxes))[:2] == (
            "new@example.com",
            "Confirm that your account is to be deleted",
        )
        assert (await browser.get(await link(auth, boxes))).status_code == 302
        assert await auth.services.users.by_email("new@example.com") is None
    assert len(boxes.arrived) == 7
    for message, (text, html) in zip(boxes.arrived, boxes.bodies(), strict=True):
        assert message["Date"] is not None
        assert message["Message-ID"].endswith("@app.example>")
        assert "Täsks & <co>" in text
        assert "Täsks &amp; &lt;co&gt;" in html


async def test_no_mail_repeats_what_somebody_typed_as_a_name(auth: Auth, boxes: Mailboxes) -> None:
    """S56: a stranger's address is no place for a stranger's words."""
    async with Browser(auth) as browser:
        body = {"name": "You won: http://evil.test", "email": ADA, "password": PASSWORD}
        await browser.post("/sign-up/email", json=body)
        await browser.post("/request-password-reset", json={"email": ADA})
    await delivered(auth)
    assert len(boxes.arrived) == 2
    assert "evil" not in str(boxes.bodies())


async def test_a_mail_is_in_the_language_of_the_browser(auth: Auth, boxes: Mailboxes) -> None:
    async with Browser(auth) as browser:
        await browser.post(
            "/sign-up/email",
            json={"name": "Ada", "email": ADA, "password": PASSWORD},
            headers={"accept-language": "fr;q=0.9, de-AT, en;q=0.1, ../../etc;q=0.2"},
        )
    _, subject, text, html = await last(auth, boxes)
    assert subject == "Bestätige deine E-Mail-Adresse"
    assert "1 Stunde." in text
    assert '<html lang="de">' in html


async def test_the_application_may_choose_the_language_and_bring_templates(
    tmp_path: Path, clock: FrozenRuntime
) -> None:
    folder, box = tmp_path / "fr", Postbox()
    folder.mkdir()
    (folder / "verify-email.txt").write_text("Subject: Bonjour\n\nOuvrez {{ mail.url }}\n")
    (tmp_path / "layout.html").write_text("<b>{{ subject }}</b>{% block title %}{% endblock %}")

    async def in_french(mail: Mail) -> str | None:
        return "fr" if mail.to == ADA else None

    mailer = Mailer(sender=SENDER, transport=box, templates=tmp_path, locale=in_french)
    auth = some_auth(mailing_options(), clock, mailer=mailer)
    async with Browser(auth) as browser:
        await browser.sign_up(ADA)
        await browser.sign_up("bob@example.com")
    await delivered(auth)
    mails = {email.to: email for email in box.emails}
    assert (mails[ADA].subject, mails[ADA].text[:11]) == ("Bonjour", "Ouvrez http")
    assert mails[ADA].html.strip() == "<b>Bonjour</b>Verify your email address"
    assert mails["bob@example.com"].subject == "Verify your email address"
    await auth.close()


async def test_a_broken_template_loses_no_mail(tmp_path: Path, clock: FrozenRuntime) -> None:
    folder, box = tmp_path / "en", Postbox()
    folder.mkdir()
    template = folder / "verify-email.txt"
    template.write_text("Subject: {{ nothing.of_the_kind }}\n")
    auth = some_auth(
        mailing_options(), clock, mailer=Mailer(sender=SENDER, transport=box, templates=tmp_path)
    )
    async with Browser(auth) as browser:
        await browser.sign_up(ADA)
    await delivered(auth)
    [row] = await courier_of(auth).outbox.list()
    assert row.state == "waiting"
    assert "nothing" in str(row.last_error)
    template.write_text("Subject: Mended\n\n{{ mail.url }}\n")
    clock.advance(minutes=1)
    await delivered(auth)
    assert [email.subject for email in box.emails] == ["Mended"]
    await auth.close()


async def test_while_the_mail_server_is_away_answers_are_the_same_and_mail_arrives_later(
    clock: FrozenRuntime, boxes: Mailboxes
) -> None:
    """S50, S86: the server is stopped in the middle of traffic and comes back."""
    async with mail_server(boxes) as port:
        pass
    transport = Smtp(host="127.0.0.1", port=port, security="none")
    auth = some_auth(mailing_options(), clock, mailer=Mailer(sender=SENDER, transport=transport))
    async with Browser(auth) as browser:
        await browser.sign_up(ADA)
        seen = []
        for email in (ADA, "nobody@example.com"):
            for path in ("/request-password-reset", "/send-verification-email"):
                answer = await browser.post(path, json={"email": email})
                seen.append((path, answer.status_code, answer.content, dict(answer.headers)))
        assert seen[:2] == seen[2:]
        await delivered(auth)
        assert {row.state for row in await courier_of(auth).outbox.list()} == {"waiting"}
    async with mail_server(boxes, port=port):
        await delivered(auth)
        assert boxes.arrived == []  # each waits for its next attempt
        clock.advance(seconds=15)
        await delivered(auth)
        assert sorted(str(message["Subject"]) for message in boxes.arrived) == [
            "Choose a new password",
            "Verify your email address",
            "Verify your email address",
        ]
        clock.advance(hours=1)
        await delivered(auth)
        assert len(boxes.arrived) == 3
    await auth.close()


async def test_a_sign_up_that_fails_leaves_no_mail(auth: Auth, boxes: Mailboxes) -> None:
    courier = courier_of(auth)

    async def broken(mail: Mail, tables: Any) -> None:
        await Courier.post(courier, mail, tables)
        raise RuntimeError("the disk is full")

    vars(courier)["post"] = broken
    async with Browser(auth) as browser:
        body = {"name": "Ada", "email": ADA, "password": PASSWORD}
        assert (await browser.post("/sign-up/email", json=body)).status_code == 500
        del vars(courier)["post"]
        assert await auth.services.users.by_email(ADA) is None
        assert await courier.outbox.list() == []
        await browser.sign_up(ADA)
    assert [row.recipient for row in await courier.outbox.list()] == [ADA]


async def test_the_token_of_a_link_and_its_mail_are_written_together(
    auth: Auth, boxes: Mailboxes, clock: FrozenRuntime
) -> None:
    courier = courier_of(auth)

    async def broken(row: QueuedMail, mail: Mail, tables: Any) -> QueuedMail:
        raise RuntimeError("the disk is full")

    async with Browser(auth) as browser:
        await browser.sign_up(ADA)
        await delivered(auth)
        vars(courier.outbox)["rewrite"] = broken
        body = {"email": ADA, "redirectTo": "/new"}
        assert (await browser.post("/request-password-reset", json=body)).status_code == 200
        await delivered(auth)
        assert await auth.services.store.rows(VERIFICATION).count() == 0
        del vars(courier.outbox)["rewrite"]
        clock.advance(minutes=1)
        await delivered(auth)
        token = (await browser.get(await link(auth, boxes))).headers["location"].partition("token=")[2]
    assert await auth.services.store.rows(VERIFICATION).count() == 2  # the token, and which is the newest
    assert len(token) == 24


async def test_what_a_stranger_asks_for_is_written_down_the_same_for_every_address(
    auth: Auth, boxes: Mailboxes, clock: FrozenRuntime
) -> None:
    """S49, S50: before the answer there is a row for each, and nobody has looked whom it is for."""
    outbox = courier_of(auth).outbox
    known, proved, unknown = ADA, "proved@example.com", "nobody@example.com"
    async with Browser(auth) as browser:
        for email in (known, proved):
            await browser.sign_up(email)
        await auth.services.store.rows(USER).update(
            {UserFields.EMAIL_VERIFIED: True}, UserFields.EMAIL.equals(proved)
        )
        await delivered(auth)
        sent = len(boxes.arrived)
        looked: list[str] = []
        rows = auth.services.store.rows

        def noting(model: Any) -> Any:
            looked.append(model.name)
            return rows(model)

        vars(auth.services.store)["rows"] = noting
        for path in ("/request-password-reset", "/send-verification-email"):
            for email in (known, proved, unknown):
                await browser.post(path, json={"email": email})
        seen, waiting = list(looked), await outbox.list("waiting")
        del vars(auth.services.store)["rows"]
    assert "user" not in seen
    assert [(row.recipient, row.attempts) for row in waiting] == [("", 0)] * 6
    await delivered(auth)
    arrived = sorted(
        (to, str(mail["Subject"])) for [to], mail in zip(boxes.recipients, boxes.arrived, strict=True)
    )
    assert [mail for mail in arrived if mail[1] == "Choose a new password"] == [
        (known, "Choose a new password"),
        (proved, "Choose a new password"),
    ]
    assert len(arrived) == sent + 3
    assert unknown not in str(await outbox.list())


async def waiting(auth: Auth) -> list[str]:
    """Return the kinds of mail that a crash at this moment would leave to be delivered."""
    return [row.kind for row in await courier_of(auth).outbox.list("waiting")]


@pytest.mark.parametrize("proved", [False, True])
@pytest.mark.parametrize("wanted", ["new@example.com", "grace@example.com"])
async def test_a_change_of_address_is_in_the_outbox_when_it_is_answered_whoever_has_it(
    clock: FrozenRuntime, wanted: str, *, proved: bool
) -> None:
    """S49, S86: the same for an address that is known, to which nothing goes out."""
    box = Postbox()
    options = mailing_options(email_and_password=EmailAndPassword(enabled=True))
    auth = some_auth(options, clock, mailer=Mailer(sender=SENDER, transport=box))
    async with Browser(auth) as browser:
        await browser.sign_up("grace@example.com")
        await browser.sign_up(ADA)
        changes = {UserFields.EMAIL_VERIFIED: proved}
        await auth.services.store.rows(USER).update(changes, UserFields.EMAIL.equals(ADA))
        await delivered(auth)
        box.emails.clear()
        answer = await browser.post("/change-email", json={"newEmail": wanted})
        assert answer.json() == {"status": True}
        assert await waiting(auth) == ["confirm-email-change" if proved else "verify-new-email"]
    await delivered(auth)
    assert await waiting(auth) == []
    expected = [] if wanted.startswith("grace") else [ADA if proved else wanted]
    assert [email.to for email in box.emails] == expected
    await auth.close()


async def test_a_change_of_address_that_a_reset_voids_before_its_mail_leaves_is_not_mailed(
    clock: FrozenRuntime,
) -> None:
    """S27"""
    box = Postbox()
    options = mailing_options(email_and_password=EmailAndPassword(enabled=True))
    auth = some_auth(options, clock, mailer=Mailer(sender=SENDER, transport=box))
    async with Browser(auth) as browser:
        user_id = (await browser.sign_up(ADA))["user"]["id"]
        await delivered(auth)
        box.emails.clear()
        clock.advance(minutes=5)
        await browser.post("/change-email", json={"newEmail": "eve@evil.test"})
        user = await auth.services.users.by_id(user_id)
        assert user is not None
        account = await auth.services.users.credential_account(user_id)
        await auth.services.users.set_password_hash(user, account, "another hash")
    await delivered(auth)
    assert (box.emails, await waiting(auth)) == ([], [])
    await auth.close()


async def test_the_old_address_is_told_of_a_change_however_many_mails_it_had(
    clock: FrozenRuntime,
) -> None:
    """S74: whoever spends the share of an address cannot hide that they took it over."""
    limits = RateLimitOptions(mails=RateLimit(1, per=3600), custom_rules={"/*": None}, storage="memory")
    box = Postbox()
    change = ChangeEmail(enabled=True, update_email_without_verification=True)
    options = mailing_options(
        email_and_password=EmailAndPassword(enabled=True),
        user=UserOptions(change_email=change),
        rate_limit=limits,
    )
    auth = some_auth(options, clock, mailer=Mailer(sender=SENDER, transport=box))
    async with Browser(auth) as browser:
        await browser.sign_up(ADA)
        await browser.post("/request-password-reset", json={"email": ADA})
        await browser.post("/change-email", json={"newEmail": "eve@evil.test"})
    await delivered(auth)
    told = [(email.to, email.subject) for email in box.emails]
    assert told.count((ADA, "Your email address was changed")) == 1
    assert (ADA, "Choose a new password") not in told
    await auth.close()


async def test_a_client_causes_a_bounded_number_of_mails_and_is_not_told(clock: FrozenRuntime) -> None:
    """S67: to any number of recipients."""
    limits = RateLimitOptions(
        mails_by_client=RateLimit(3, per=3600), custom_rules={"/*": None}, storage="memory"
    )
    box = Postbox()
    auth = some_auth(mailing_options(rate_limit=limits), clock, mailer=Mailer(sender=SENDER, transport=box))
    async with Browser(auth) as browser:
        for number in range(3):
            await browser.sign_up(f"{number}@example.com")
        bodies = ({"email": f"{number}@example.com"} for number in range(3))
        answers = [await browser.post("/request-password-reset", json=body) for body in bodies]
        assert {(answer.status_code, answer.content) for answer in answers} == {(200, answers[0].content)}
    await delivered(auth)
    assert {email.subject for email in box.emails} == {"Verify your email address"}
    assert len(box.emails) == 3
    elsewhere = httpx2.ASGITransport(auth, client=("192.0.2.7", 50_000))
    async with httpx2.AsyncClient(transport=elsewhere, base_url=f"{ORIGIN}/api/auth") as client:
        await client.post("/request-password-reset", json={"email": "0@example.com"})
    await delivered(auth)
    assert len(box.emails) == 4
    await auth.close()


def test_a_mailer_without_a_transport_is_for_this_machine_alone() -> None:
    with pytest.raises(ConfigurationError, match="transport"):
        some_auth(mailing_options(), mailer=Mailer(sender=SENDER))
    with pytest.raises(ConfigurationError, match="base_url"):
        some_auth(mailing_options(base_url=None), mailer=Mailer(sender=SENDER, transport=Postbox()))
    with pytest.raises(ConfigurationError, match="verify_by_mail"):
        some_auth(mailing_options())


async def test_a_courier_works_by_itself_once_it_is_started(boxes: Mailboxes, clock: FrozenRuntime) -> None:
    """What another process left is found by looking, what this one posts at once."""
    async with mail_server(boxes) as port:
        transport = Smtp(host="127.0.0.1", port=port, security="none")
        mailer = Mailer(sender=SENDER, transport=transport, poll=timedelta(milliseconds=20))
        auth = some_auth(mailing_options(), clock, mailer=mailer)
        outbox = courier_of(auth).outbox
        await outbox.post(Mail(kind="existing-account", to=ADA, user_id="1"), auth.services.store)
        auth.start()
        async with asyncio.timeout(10):
            while not boxes.arrived:  # noqa: ASYNC110  that is what the sentence says
                await asyncio.sleep(0.01)
        await auth.close()
    assert boxes.recipients == [[ADA]]


def test_a_server_without_a_mailer_has_no_outbox() -> None:
    assert MAIL.name not in some_auth(some_options()).schema.by_name


async def test_mail_waits_while_the_outbox_cannot_be_read_and_the_log_says_so_once(
    tmp_path: Path, clock: FrozenRuntime, caplog: pytest.LogCaptureFixture
) -> None:
    """S86: the table is not there yet; once it is, mail goes out without a restart."""
    box, database = Postbox(), f"sqlite:///{tmp_path / 'late.db'}"
    mailer = Mailer(sender=SENDER, transport=box, poll=timedelta(milliseconds=5))
    auth = some_auth(mailing_options(), clock, database, mailer=mailer)
    auth.start()
    async with asyncio.timeout(10):
        while "mail waits" not in caplog.text:  # noqa: ASYNC110  that is what the sentence says
            await asyncio.sleep(0.005)
        await auth.migrate()
        async with Browser(auth) as browser:
            await browser.sign_up(ADA)
        while not box.emails:  # noqa: ASYNC110  see above
            await asyncio.sleep(0.005)
    await auth.close()
    assert box.recipients == [ADA]
    assert caplog.text.count("mail waits") == 1


async def test_a_mail_that_is_late_says_how_long_its_link_still_works(clock: FrozenRuntime) -> None:
    box = Postbox(failure=ConnectionRefusedError())
    auth = some_auth(mailing_options(), clock, mailer=Mailer(sender=SENDER, transport=box))
    async with Browser(auth) as browser:
        await browser.sign_up(ADA)
    await delivered(auth)
    clock.advance(minutes=45)
    box.failure = None
    await delivered(auth)
    assert "The link works for 15 minutes." in box.emails[0].text
    await auth.close()
