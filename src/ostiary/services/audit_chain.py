"""The hash chain over the audit log: events are linked after their commit, in batches.

Nothing that people wait for takes part in it: acts only add rows, and one linker at a time gives the rows it
finds their places.
"""

import asyncio
import hashlib
import json
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ostiary.domain.audit import AUDIT_EVENT, AuditEvent, AuditFields
from ostiary.domain.entities import value_of
from ostiary.domain.models import ID
from ostiary.services.background import Background
from ostiary.storage.store import OrderBy, Repository, Store

BATCH: Final = 200
_LOCK: Final = "audit-chain"
_BEGINNING: Final = "0" * 64
_LATE: Final = timedelta(minutes=10)  # more than clocks of nodes differ and transactions last
_log: Final = logging.getLogger("ostiary.audit")


@dataclass(frozen=True, slots=True)
class Head:
    """A place in the chain: whoever keeps it elsewhere can prove that everything before it is unchanged."""

    position: int = 0
    hash: str = _BEGINNING

    def next(self, event: AuditEvent) -> "Head":
        """Return the place of an event that follows."""
        position = self.position + 1
        text = json.dumps([position, self.hash, *_told(event)], ensure_ascii=True, separators=(",", ":"))
        return Head(position, hashlib.sha256(text.encode()).hexdigest())

    def __str__(self) -> str:
        """Return it as the command line takes it."""
        return f"{self.position}:{self.hash}"


def _told(event: AuditEvent) -> list[str | int | None]:
    """Return everything the event says, in an order that never changes."""
    fields = [field for field in AUDIT_EVENT.fields if field not in {AuditFields.POSITION, AuditFields.HASH}]
    values = [value_of(event, field) for field in fields]
    return [event.id, *(_milliseconds(v) if isinstance(v, datetime) else v for v in values)]


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


@dataclass(frozen=True, slots=True)
class Fault:
    """A place where the chain does not hold."""

    position: int
    what: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an examination of the whole log came to."""

    head: Head
    faults: Sequence[Fault]
    late: int = 0
    """Events linked after others that are much younger: a clock went wrong, or somebody backdated them."""
    waiting: int = 0
    """Events that are not linked yet."""


@dataclass(frozen=True)
class AuditChain:
    """Links events, and tells whether what was linked is still as it was."""

    store: Store

    @property
    def _rows(self) -> Repository[AuditEvent]:
        return self.store.rows(AUDIT_EVENT)

    async def link(self) -> int:
        """Give every event that has none a place in the chain; return how many there were."""
        linked = 0
        while batch := await self._link_batch():
            linked += batch
            if batch < BATCH:
                break
        return linked

    async def _link_batch(self) -> int:
        async with self.store.transaction(lock=_LOCK) as tables:
            rows = tables.rows(AUDIT_EVENT)
            waiting = await rows.all(
                AuditFields.POSITION.equals(None), order_by=OrderBy(AuditFields.CREATED_AT), limit=BATCH
            )
            head = await self._last(rows) if waiting else Head()
            for event in waiting:
                head = head.next(event)
                await rows.update(
                    {AuditFields.POSITION: head.position, AuditFields.HASH: head.hash},
                    ID.equals(event.id),
                    AuditFields.POSITION.equals(None),
                )
        if waiting:
            # a line that leaves this machine's database: what it names cannot be rewritten unnoticed
            _log.info("audit_linked", extra={"auth": {"event": "audit_linked", "head": str(head)}})
        return len(waiting)

    @staticmethod
    async def _last(rows: Repository[AuditEvent]) -> Head:
        last = await rows.first(
            AuditFields.POSITION.at_least(1), order_by=OrderBy(AuditFields.POSITION, descending=True)
        )
        return Head() if last is None else Head(last.position or 0, last.hash or "")

    async def events(self) -> AsyncIterator[AuditEvent]:
        """Return every linked event, in the order of the chain."""
        position = 0
        while batch := await self._rows.all(
            AuditFields.POSITION.above(position), order_by=OrderBy(AuditFields.POSITION), limit=BATCH
        ):
            for event in batch:
                yield event
            position = batch[-1].position or 0

    async def verify(self, known: Sequence[Head] = ()) -> Verdict:
        """Compute the chain anew; `known` are places that were noted elsewhere."""
        head, youngest, late = Head(), None, 0
        faults: list[Fault] = []
        expected: dict[int, str | None] = {each.position: each.hash for each in known}
        async for event in self.events():
            position = event.position or 0
            if position != head.position + 1:
                faults.append(Fault(head.position + 1, f"missing, up to {position - 1}"))
            elif head.next(event).hash != event.hash:
                faults.append(
                    Fault(position, f"event {event.id} is not what was linked, or another before it")
                )
            if expected.pop(position, event.hash) != event.hash:
                faults.append(Fault(position, "another hash was noted elsewhere"))
            head = Head(position, event.hash or "")
            late += youngest is not None and event.created_at < youngest - _LATE
            youngest = event.created_at if youngest is None else max(youngest, event.created_at)
        faults += [Fault(position, "missing, though it was noted elsewhere") for position in expected]
        return Verdict(head, faults, late, await self._rows.count(AuditFields.POSITION.equals(None)))


class ChainLinker:
    """Links what has been committed, a while after it was, so that one round serves many acts."""

    def __init__(self, chain: AuditChain, background: Background, pause: timedelta) -> None:
        """Wait `pause` after an event for others to come."""
        self.chain: Final = chain
        self._background = background
        self._pause = pause.total_seconds()
        self._hurry: asyncio.Event | None = None

    async def wake(self) -> None:
        """See to it that a round is to come."""
        if self._hurry is None:
            self._hurry = asyncio.Event()
            self._background.start(self._round(self._hurry), "linking the audit log")

    async def _round(self, hurry: asyncio.Event) -> None:
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._pause):
                    await hurry.wait()
        finally:
            self._hurry = None  # what is committed from here on starts a round of its own
        await self.chain.link()

    def hurry(self) -> None:
        """Begin the round at once: the process is about to end."""
        if self._hurry is not None:
            self._hurry.set()
