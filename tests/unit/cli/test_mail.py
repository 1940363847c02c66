"""Looking after mail from the command line."""

import asyncio
import re
from pathlib import Path

import pytest

from ostiary.outgoing import MailRefused
from ostiary.server import Settings
from tests.mail_server import Mailboxes, mail_server
from tests.posting import Postbox, a_courier, a_mail, post

from .conftest import Command


def sends_mail(directory: Path, url: str = "smtp://127.0.0.1:9") -> None:
    with (directory / ".env").open("a") as file:
        file.write(f"SMTP_URL={url}\n")


async def refused(*recipients: str) -> None:
    """Let mails be refused by a transport."""
    auth = Settings.load().to_auth()
    refusing = Postbox(failure=MailRefused("550 no\x1b[31m such mailbox"))
    courier = a_courier(auth.services.store, refusing, auth.services.runtime)
    await post(courier, *map(a_mail, recipients))
    await courier.deliver_due()
    await auth.close()


def test_dead_mail_is_listed_with_its_reason_and_tried_anew(command: Command, configured: Path) -> None:
    sends_mail(configured)
    assert command("migrate").exit_code == 0
    assert command("mail", "list").output == "No mail.\n"
    asyncio.run(refused("ada@example.com", "bob@example.com"))
    lines = command("mail", "list", "--state", "dead").output.splitlines()
    assert len(lines) == 2
    assert all(line.endswith("dead, 1 attempt: 550 no [31m such mailbox") for line in lines)
    assert "secret-token" not in "".join(lines)
    [bob] = [line.split()[0] for line in lines if "bob@example.com" in line]
    assert command("mail", "retry", bob).output == "1 to be tried anew.\n"
    assert "no dead mail" in command("mail", "retry", bob).output
    assert command("mail", "retry").output == "1 to be tried anew.\n"
    assert len(re.findall("waiting, 0 attempts", command("mail", "list").output)) == 2


def test_a_test_message_shows_whether_the_mail_server_is_set_up(command: Command, configured: Path) -> None:
    boxes = Mailboxes()

    async def send() -> str:
        async with mail_server(boxes) as port:
            sends_mail(configured, f"smtp://127.0.0.1:{port}")
            return (await asyncio.to_thread(command, "mail", "test", "ada@example.com")).output

    assert "Handed over" in asyncio.run(send())
    assert [str(message["Subject"]) for message in boxes.arrived] == ["A test of Ostiary"]
    failed = command("mail", "test", "ada@example.com")
    assert failed.exit_code == 1
    assert "Connect" in failed.output


@pytest.mark.parametrize("arguments", [["list"], ["retry"], ["test", "ada@example.com"]])
def test_a_server_without_mail_says_what_to_set(
    command: Command, configured: Path, arguments: list[str]
) -> None:
    assert configured.is_dir()
    result = command("mail", *arguments)
    assert result.exit_code == 2
    assert "SMTP_URL" in result.output
