"""Mail that waits in the database: written with its cause, claimed by one process at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from pydantic import TypeAdapter

from ostiary.crypto.sealing import seal, unseal
from ostiary.crypto.signing import Keyring
from ostiary.domain.mail import MAIL, ClaimLost, Mail, MailState, QueuedMail, QueuedMailFields
from ostiary.domain.models import ID
from ostiary.domain.runtime import Runtime
from ostiary.domain.schema import Changes, Condition
from ostiary.storage.store import OrderBy, Repository, Store, Tables

PURPOSE: Final = "outbox"
_CANDIDATES: Final = 32
_BATCH: Final = 500
_MOST_BATCHES: Final = 20  # in one cleaning: the rest waits for the next
_LONGEST_ERROR: Final = 500

_adapter: Final = TypeAdapter(Mail)


@dataclass(frozen=True, kw_only=True)
class Outbox:
    """The table `mail`. What mails say is encrypted: whoever copies the database gets no link of them."""

    store: Store
    keyring: Keyring
    runtime: Runtime

    async def post(self, mail: Mail, tables: Tables) -> None:
        """Let a mail wait for delivery from the commit on."""
        now = self.runtime.now()
        await tables.rows(MAIL).insert(
            QueuedMail(
                id=self.runtime.new_id(),
                kind=mail.kind,
                recipient="" if mail.is_wish else mail.to,
                body=self._sealed(mail),
                state="waiting",
                attempts=0,
                due_at=now,
                created_at=now,
            )
        )

    def _sealed(self, mail: Mail) -> str:
        return seal(_adapter.dump_json(mail).decode(), self.keyring, self.runtime)

    async def rewrite(self, row: QueuedMail, mail: Mail, tables: Tables) -> QueuedMail:
        """Let a row say something else; raises ClaimLost where somebody else delivers it by now."""
        changes = {QueuedMailFields.BODY: self._sealed(mail), QueuedMailFields.RECIPIENT: mail.to}
        rewritten = await tables.rows(MAIL).update(changes, *_held(row))
        if rewritten is None:
            raise ClaimLost
        return rewritten

    async def drop(self, row: QueuedMail) -> None:
        """Forget a mail that is for nobody; a no-op for who lost the claim."""
        await self._rows.delete(*_held(row))

    def open(self, row: QueuedMail) -> Mail:
        """Return what a row says; raises SealError where no secret opens it."""
        return _adapter.validate_json(unseal(row.body, self.keyring))

    async def claim(self, most: int, lease: timedelta) -> Sequence[QueuedMail]:
        """Take due mails for the time of a lease, the most overdue first; empty where nothing is due.

        Of any number who race for a mail one gets it. Whose lease ended loses it to whoever claims it next.
        """
        now = self.runtime.now()
        due = (QueuedMailFields.STATE.equals("waiting"), QueuedMailFields.DUE_AT.at_most(now))
        while candidates := await self._rows.all(
            *due, order_by=OrderBy(QueuedMailFields.DUE_AT), limit=_CANDIDATES
        ):
            claimed: list[QueuedMail] = []
            for row in candidates:
                if (mine := await self._claim(row, due, now + lease)) is not None:
                    claimed.append(mine)
                if len(claimed) == most:
                    break
            if claimed:
                return claimed
        return ()

    async def _claim(self, row: QueuedMail, due: Sequence[Condition], until: datetime) -> QueuedMail | None:
        """Count the attempt and push the time on, in the statement that decides who may deliver."""
        unclaimed = (ID.equals(row.id), QueuedMailFields.ATTEMPTS.equals(row.attempts), *due)
        changes = {QueuedMailFields.DUE_AT: until}
        return await self._rows.increment(QueuedMailFields.ATTEMPTS, *unclaimed, changes=changes)

    async def postpone(self, row: QueuedMail, until: datetime, error: str) -> None:
        """Let another attempt be made later; a no-op for who lost the claim."""
        changes: Changes = {
            QueuedMailFields.DUE_AT: until,
            QueuedMailFields.LAST_ERROR: _shown(error),
        }
        await self._rows.update(changes, *_held(row))

    async def end(self, row: QueuedMail, state: MailState, error: str | None = None, *, forget: bool) -> None:
        """Note that a mail was delivered or given up; a no-op for who lost the claim."""
        changes: Changes = {
            QueuedMailFields.STATE: state,
            QueuedMailFields.ENDED_AT: self.runtime.now(),
            QueuedMailFields.LAST_ERROR: None if error is None else _shown(error),
        }
        await self._rows.update({**changes, QueuedMailFields.BODY: ""} if forget else changes, *_held(row))

    async def list(self, state: MailState | None = None, limit: int = 100) -> Sequence[QueuedMail]:
        """Return mails, the newest first."""
        wanted = () if state is None else (QueuedMailFields.STATE.equals(state),)
        order = OrderBy(QueuedMailFields.CREATED_AT, descending=True)
        return await self._rows.all(*wanted, order_by=order, limit=limit)

    async def count(self, state: MailState) -> int:
        """Return how many mails are in a state; those that wait are also those that are being delivered."""
        return await self._rows.count(QueuedMailFields.STATE.equals(state))

    async def oldest_waiting(self) -> QueuedMail | None:
        """Return the mail that has waited longest; None where none waits."""
        return await self._rows.first(
            QueuedMailFields.STATE.equals("waiting"), order_by=OrderBy(QueuedMailFields.CREATED_AT)
        )

    async def retry(self, mail_id: str | None = None) -> int:
        """Let dead mails be tried anew, or one of them; return how many there were."""
        now = self.runtime.now()
        which = () if mail_id is None else (ID.equals(mail_id),)
        changes: Changes = {
            QueuedMailFields.STATE: "waiting",
            QueuedMailFields.ATTEMPTS: 0,
            QueuedMailFields.DUE_AT: now,
            QueuedMailFields.CREATED_AT: now,
            QueuedMailFields.ENDED_AT: None,
        }
        return await self._rows.update_all(changes, QueuedMailFields.STATE.equals("dead"), *which)

    async def clean(self, state: MailState, before: datetime) -> int:
        """Delete what ended before a moment, a batch at a time; return how many there were."""
        ended = (QueuedMailFields.STATE.equals(state), QueuedMailFields.ENDED_AT.below(before))
        deleted = 0
        for _ in range(_MOST_BATCHES):
            rows = await self._rows.all(*ended, limit=_BATCH)
            if rows:
                deleted += await self._rows.delete(ID.is_in([row.id for row in rows]), *ended)
            if len(rows) < _BATCH:
                break
        return deleted

    @property
    def _rows(self) -> Repository[QueuedMail]:
        return self.store.rows(MAIL)


def _shown(error: str) -> str:
    """Return what a terminal may show: mail servers of others choose their words."""
    return "".join(each if each.isprintable() else " " for each in error[:_LONGEST_ERROR])


def _held(row: QueuedMail) -> tuple[Condition, ...]:
    """Match a row as long as nobody else claimed it."""
    waiting = QueuedMailFields.STATE.equals("waiting")
    return ID.equals(row.id), QueuedMailFields.ATTEMPTS.equals(row.attempts), waiting
