"""Records security acts in the transaction of the act: both are durable, or neither is."""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from ostiary.domain.audit import AUDIT_EVENT, AuditEvent, AuditFields, Ended, EventKind, kind_of_end
from ostiary.domain.circumstances import present_circumstances
from ostiary.domain.entities import Session
from ostiary.domain.observation import Observers
from ostiary.domain.runtime import Runtime
from ostiary.options import AuditOptions
from ostiary.services.audit_chain import ChainLinker
from ostiary.storage.store import OrderBy, Store, Tables, Transaction, as_transaction

_MOST_NAMED: Final = 200  # sessions that end at once and get a record each; the others are counted
_LONGEST_TEXT: Final = 500


def session_hash(token: str) -> str:
    """Return how the log names a session: nobody comes from it to the token."""
    return urlsafe_b64encode(hashlib.sha256(token.encode()).digest()).rstrip(b"=").decode()


class AuditLog:
    """Adds events. Where it is off, acts pay nothing for it."""

    def __init__(
        self,
        store: Store,
        runtime: Runtime,
        options: AuditOptions,
        linker: ChainLinker | None,
        observers: Observers,
    ) -> None:
        """`linker` is woken when an event is durable; without one the log is off.

        Observers hear of every act all the same.
        """
        self.observers: Final = observers
        self.linker: Final = linker
        self.store: Final = store
        self._runtime = runtime
        self._options = options

    @property
    def is_on(self) -> bool:
        """Whether acts are recorded."""
        return self.linker is not None

    @asynccontextmanager
    async def act(self, tables: Tables | None = None) -> AsyncGenerator["Act"]:
        """Give the transaction in which an act and its record stand or fall together.

        It is the one given, or one that ends with the block; none is opened where the log is off.
        """
        if self.linker is None or as_transaction(tables) is not None:
            yield Act(tables, self)
            return
        async with self.store.transaction() as own:
            yield Act(own, self)

    async def refused(
        self, kind: EventKind, user_id: str | None, reason: str, detail: str | None = None
    ) -> None:
        """Record a refusal, which is an act without any other write."""
        async with self.act() as act:
            await act.record(kind, user_id=user_id, reason=reason, detail=detail)

    async def why_ended(self, token: str) -> Ended | None:
        """Return why the session of a token ended; None if that is not known."""
        if self.linker is None or not self._options.tell_clients:
            return None
        ends = {kind_of_end(why).value for why in Ended}
        found = await self.store.rows(AUDIT_EVENT).first(
            AuditFields.SESSION.equals(session_hash(token)),
            AuditFields.KIND.is_in(sorted(ends)),
            order_by=OrderBy(AuditFields.CREATED_AT, descending=True),
        )
        return None if found is None or found.reason not in set(Ended) else Ended(found.reason)

    def event(self, kind: EventKind, **about: str | None) -> AuditEvent:
        """Return the event as it is now, under the present circumstances."""
        present = present_circumstances()
        return AuditEvent(
            id=self._runtime.new_id(),
            kind=kind,
            endpoint=_short(present.endpoint),
            actor_id=present.actor_id,
            ip_address=present.ip_address,
            user_agent=_short(present.user_agent),
            request_id=present.request_id,
            created_at=self._runtime.now(),
            **{name: _short(value) for name, value in about.items()},  # type: ignore[arg-type]  # texts all
        )


@dataclass(frozen=True)
class Act:
    """A security act under way."""

    tables: Tables | None
    """What the act is written through: a transaction wherever the log is on."""
    log: AuditLog

    @property
    def transaction(self) -> Transaction | None:
        """The same, where it is a transaction."""
        return as_transaction(self.tables)

    async def record(
        self,
        kind: EventKind,
        *,
        user_id: str | None = None,
        session: str | None = None,
        reason: str | None = None,
        detail: str | None = None,
    ) -> None:
        """Add an event; `session` is the token of the session it is about, of which a hash is kept."""
        transaction = self.transaction
        await self._tell(kind, reason)
        if self.log.linker is None or transaction is None:
            return
        event = self.log.event(
            kind,
            user_id=user_id,
            session=None if session is None else session_hash(session),
            reason=reason,
            detail=detail,
        )
        await transaction.rows(AUDIT_EVENT).insert(event)
        transaction.after_commit(self.log.linker.wake)

    async def _tell(self, kind: EventKind, reason: str | None) -> None:
        """Let observers hear of it once it is durable."""
        observers = self.log.observers
        if not observers:
            return

        async def tell() -> None:
            """Do so."""
            observers.happened(kind, reason)

        if self.transaction is None:
            await tell()
        else:
            self.transaction.after_commit(tell)

    async def record_ends(self, gone: Sequence[Session], why: Ended) -> None:
        """Add an event for each session that ended; of a great many the rest is counted in one."""
        kind = kind_of_end(why)
        for session in gone[:_MOST_NAMED]:
            await self.record(kind, user_id=session.user_id, session=session.token, reason=why)
        if others := gone[_MOST_NAMED:]:
            detail = f"and {len(others)} other sessions"
            await self.record(kind, user_id=others[0].user_id, reason=why, detail=detail)


def _short(text: str | None) -> str | None:
    return None if text is None else text[:_LONGEST_TEXT]
