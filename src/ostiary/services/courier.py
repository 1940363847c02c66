"""Delivers what waits in the outbox: beside the requests, until it is taken or there is no sense in it."""

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from contextvars import Context
from dataclasses import dataclass
from datetime import timedelta
from html import escape
from typing import Final, TypeAlias

from ostiary.crypto.sealing import SealError
from ostiary.domain.errors import StorageUnavailable
from ostiary.domain.mail import Mail, QueuedMail
from ostiary.domain.runtime import Runtime
from ostiary.outgoing import Email, Mailer, MailRefused
from ostiary.outgoing.mail.message import address_of
from ostiary.outgoing.mail.templates import Templates, Written
from ostiary.services.mail_backlog import MailBacklog
from ostiary.services.outbox import Outbox
from ostiary.storage.store import Transaction

_log: Final = logging.getLogger("ostiary")
_LAST_DELIVERIES: Final = 10.0  # seconds that closing waits for what is under way
_BETWEEN_CLEANINGS: Final = 3600.0  # seconds
_BEFORE_NOTING_AGAIN: Final = 1.0  # seconds


Fulfil: TypeAlias = Callable[[QueuedMail, Mail], Awaitable[tuple[QueuedMail, Mail] | None]]
"""Writes the link of a wish into its row; None where it is for nobody, and the row is gone."""


@dataclass(frozen=True, slots=True)
class Letterhead:
    """What every mail says of the application."""

    app_name: str
    app_url: str


class Courier:
    """Takes mail into the outbox, and out of it to the mail server."""

    def __init__(self, outbox: Outbox, mailer: Mailer, head: Letterhead, runtime: Runtime) -> None:
        """Begin with nothing; a mail that is posted, or `start`, sets it to work."""
        self.outbox: Final = outbox
        self.mailer: Final = mailer
        self.fulfil: Fulfil | None = None
        """Finds out whom a wish is for."""
        self.backlog: MailBacklog | None = None
        """What measures the outbox, where somebody measures."""
        self._head = head
        self._runtime = runtime
        self.templates = Templates(mailer.templates, mailer.default_locale)
        self._turn = asyncio.Lock()
        self._posted = asyncio.Event()
        self._work: asyncio.Task[None] | None = None
        self._is_stopping = False
        self._is_away = False
        self._clean_again = runtime.monotonic() + _BETWEEN_CLEANINGS

    async def post(self, mail: Mail, tables: Transaction) -> None:
        """Write a mail with whatever else the transaction writes; it is delivered after the commit."""
        await self.outbox.post(mail, tables)
        tables.after_commit(self._wake)

    def start(self) -> None:
        """Deliver on the running loop until `stop`, what other processes left included."""
        if self._work is None or self._work.done():
            self._is_stopping = False
            self._posted = asyncio.Event()
            loop = asyncio.get_running_loop()
            # not in the context of the request that happened to be the first
            self._work = loop.create_task(self._deliver_for_ever(), context=Context())

    async def stop(self) -> None:
        """Begin no more, and wait a while for what is under way; the rest is for others, or for later."""
        if self._work is None:
            return
        self._is_stopping = True
        self._posted.set()
        await asyncio.wait([self._work], timeout=_LAST_DELIVERIES)
        self._work.cancel()
        with suppress(asyncio.CancelledError):
            await self._work
        self._work = None

    async def deliver_due(self) -> int:
        """Deliver until nothing is due; return how many mails left this process."""
        delivered = 0
        async with self._turn:
            while not self._is_stopping and (
                claimed := await self.outbox.claim(self.mailer.at_once, self.mailer.lease)
            ):
                delivered += sum(await asyncio.gather(*map(self._deliver, claimed)))
                await self._look()
        return delivered

    async def clean(self) -> int:
        """Delete what ended long enough ago; return how many mails there were."""
        now, mailer = self._runtime.now(), self.mailer
        sent = await self.outbox.clean("sent", now - mailer.keep_sent)
        return sent + await self.outbox.clean("dead", now - mailer.keep_dead)

    async def written(self, mail: Mail, left: timedelta | None) -> Written:
        """Return what a mail says, in its recipient's language."""
        given = await self.mailer.locale(mail) if self.mailer.locale else None
        return self.templates.write(
            mail,
            given or self.templates.chosen(mail.languages),
            app_name=self._head.app_name,
            app_url=self._head.app_url,
            minutes=None if left is None else max(1, round(left.total_seconds() / 60)),
        )

    async def send_test(self, to: str) -> None:
        """Hand a message over that says that it is a test; raises what the transport raises."""
        if self.mailer.transport is None:
            return
        text = f"{self._head.app_name} can send mail.\n"
        email = Email(
            sender=self.mailer.sender,
            to=to,
            subject=f"A test of {self._head.app_name}",
            text=text,
            html=f"<p>{escape(text)}</p>\n",
            message_id=f"<{self._runtime.new_id()}@{address_of(self.mailer.sender).domain}>",
            sent_at=self._runtime.now(),
        )
        await self.mailer.transport.deliver(email)

    async def _wake(self) -> None:
        self.start()
        self._posted.set()

    async def _deliver_for_ever(self) -> None:
        while not self._is_stopping:
            self._posted.clear()
            await self._deliver_unless_away()
            with suppress(TimeoutError):
                async with asyncio.timeout(self.mailer.poll.total_seconds()):
                    await self._posted.wait()

    async def _deliver_unless_away(self) -> None:
        """Deliver what is due; where the outbox cannot be read, say so once until it can."""
        try:
            await self.deliver_due()
            await self._look()
            await self._clean_now_and_then()
        except Exception as error:  # noqa: BLE001  whatever it was, there is mail to deliver afterwards
            if not self._is_away:
                _log.error("mail waits: the outbox cannot be read: %s", reason_of(error))
            self._is_away = True
        else:
            self._is_away = False

    async def _look(self) -> None:
        if self.backlog is not None:
            await self.backlog.look()

    async def _clean_now_and_then(self) -> None:
        if self._runtime.monotonic() >= self._clean_again:
            self._clean_again = self._runtime.monotonic() + _BETWEEN_CLEANINGS
            await self.clean()

    async def _deliver(self, row: QueuedMail) -> bool:
        """Make one attempt and note what came of it; tell whether the mail left."""
        try:
            if not await self._hand_over(row):
                return False
        except (MailRefused, SealError) as error:
            await self._give_up(row, str(error))
        except Exception as error:  # noqa: BLE001  transports raise what they like; each is a reason to wait
            await self._try_later(row, reason_of(error))
        else:
            forget = self.mailer.transport is not None  # else it is kept for the mail page
            await self._noted(lambda: self.outbox.end(row, "sent", forget=forget))
            return True
        return False

    async def _hand_over(self, row: QueuedMail) -> bool:
        """Give a mail to the transport; False where nobody was to get it."""
        mail = self.outbox.open(row)
        if mail.is_wish:
            fulfilled = await self.fulfil(row, mail) if self.fulfil else None
            if fulfilled is None:
                return False
            row, mail = fulfilled
        if mail.expires_at is not None and mail.expires_at <= self._runtime.now():
            raise MailRefused("its link works no longer")
        if self.mailer.transport is not None:
            email = await self.email(row, mail)
            async with asyncio.timeout(self.mailer.lease.total_seconds() / 2):
                await self.mailer.transport.deliver(email)
        return True

    async def email(self, row: QueuedMail, mail: Mail) -> Email:
        """Return the message of a mail, the same at every attempt but for how long its link still works."""
        left = None if mail.expires_at is None else mail.expires_at - (row.ended_at or self._runtime.now())
        written = await self.written(mail, left)
        name = hashlib.sha256(row.body.encode()).hexdigest()[:32]
        return Email(
            sender=self.mailer.sender,
            reply_to=self.mailer.reply_to,
            to=mail.to,
            subject=written.subject,
            text=written.text,
            html=written.html,
            message_id=f"<{name}@{address_of(self.mailer.sender).domain}>",
            sent_at=row.created_at,
        )

    async def _try_later(self, row: QueuedMail, error: str) -> None:
        until = self._runtime.now() + self.mailer.pause_after(row.attempts)
        if until - row.created_at > self.mailer.give_up_after:
            await self._give_up(row, error)
            return
        _log.warning("mail %s (%s): attempt %d failed: %s", row.id, row.kind, row.attempts, error)
        await self._noted(lambda: self.outbox.postpone(row, until, error))

    async def _give_up(self, row: QueuedMail, error: str) -> None:
        _log.error("mail %s (%s) is given up after attempt %d: %s", row.id, row.kind, row.attempts, error)
        await self._noted(lambda: self.outbox.end(row, "dead", error, forget=False))

    async def _noted(self, note: Callable[[], Awaitable[None]]) -> None:
        """Write down what came of an attempt, again where the database is away: else it would be repeated."""
        for _ in range(int(self.mailer.lease.total_seconds() / 4 / _BEFORE_NOTING_AGAIN)):
            try:
                return await note()
            except StorageUnavailable:
                await asyncio.sleep(_BEFORE_NOTING_AGAIN)
        return await note()


def reason_of(error: BaseException) -> str:
    """Say what went wrong and why, on one line: libraries keep the cause to themselves."""
    causes = [error]
    while (cause := causes[-1].__cause__ or causes[-1].__context__) is not None and cause not in causes:
        causes.append(cause)
    return "; ".join(" ".join(f"{type(each).__name__}: {each}".split()) for each in causes)
