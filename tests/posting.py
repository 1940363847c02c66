"""Couriers on a store, and transports that keep what they are given."""

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ostiary import Mailer
from ostiary.crypto.signing import Keyring
from ostiary.domain.mail import MAIL, Mail, QueuedMail
from ostiary.domain.runtime import Runtime, SystemRuntime
from ostiary.domain.schema import Schema
from ostiary.outgoing import Email, MailTransport
from ostiary.services.courier import Courier, Letterhead
from ostiary.services.outbox import Outbox
from ostiary.storage.sql import open_store
from ostiary.storage.store import Store
from tests.builders import SECRET

SENDER = "Tasks <accounts@app.example>"
SCHEMA = Schema((MAIL,))


@dataclass
class Postbox:
    """A transport that keeps messages, or fails as it is told."""

    emails: list[Email] = field(default_factory=list)
    failure: Exception | None = None
    attempts: int = 0

    async def deliver(self, email: Email) -> None:
        self.attempts += 1
        if self.failure is not None:
            raise self.failure
        self.emails.append(email)

    @property
    def recipients(self) -> list[str]:
        return [email.to for email in self.emails]


@dataclass(frozen=True)
class File:
    """A transport that many processes write to."""

    path: Path

    async def deliver(self, email: Email) -> None:
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(descriptor, f"{email.to}\n".encode())
        os.close(descriptor)
        await asyncio.sleep(0)


class Stuck:
    """A transport that says that it began and never ends."""

    async def deliver(self, email: Email) -> None:
        print(email.to, flush=True)
        await asyncio.Event().wait()


def a_mail(to: str = "ada@example.com", **changes: Any) -> Mail:
    values: dict[str, Any] = {
        "kind": "existing-account",
        "to": to,
        "user_id": "1",
        "url": "https://app.example/secret-token",
    }
    return Mail(**{**values, **changes})


def a_courier(store: Store, transport: MailTransport | None, runtime: Runtime, **changes: Any) -> Courier:
    outbox = Outbox(store=store, keyring=Keyring.of(SECRET), runtime=runtime)
    mailer = Mailer(sender=SENDER, transport=transport, **changes)
    return Courier(outbox, mailer, Letterhead("Tasks", "https://app.example"), runtime)


async def post(courier: Courier, *mails: Mail) -> None:
    """Let mails wait, without setting the courier to work."""
    for mail in mails:
        await courier.outbox.post(mail, courier.outbox.store)


async def rows(courier: Courier) -> Sequence[QueuedMail]:
    return await courier.outbox.list()


def deliver_to_file(url: str, path: str) -> int:
    """Deliver what is due on a database, in a process of its own; return how many mails left."""

    async def work() -> int:
        runtime = SystemRuntime()
        store = open_store(url, SCHEMA, runtime)
        try:
            return await a_courier(store, File(Path(path)), runtime).deliver_due()
        finally:
            await store.close()

    return asyncio.run(work())


def get_stuck(url: str) -> None:
    """Claim what is due and never finish."""

    async def work() -> None:
        runtime = SystemRuntime()
        await a_courier(open_store(url, SCHEMA, runtime), Stuck(), runtime).deliver_due()

    asyncio.run(work())
