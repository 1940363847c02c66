"""The hash chain over the audit log: events are linked after their commit, in batches.

Nothing that people wait for takes part in it: acts only add rows, and one linker at a time gives the rows it
finds their places.
"""

import asyncio
import hashlib
import json
import logging
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import suppress
from contextvars import Context
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ostiary.domain.audit import AUDIT_EVENT, AuditEvent, AuditFields, EventKind
from ostiary.domain.entities import value_of
from ostiary.domain.models import ID
from ostiary.services.background import Background
from ostiary.storage.store import OrderBy, Repository, Store

BATCH: Final = 200
LOCK: Final = "audit-chain"
_BEGINNING: Final = "0" * 64
_LATE: Final = timedelta(minutes=10)  # more than clocks of nodes differ and transactions last
_LINKED: Final = AuditFields.POSITION.at_least(1)
_IS_PRUNING: Final = AuditFields.KIND.equals(EventKind.AUDIT_PRUNED)
_NEWEST_FIRST: Final = OrderBy(AuditFields.POSITION, descending=True)
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

    @classmethod
    def of(cls, event: AuditEvent) -> "Head":
        """Return the place of a linked event."""
        return cls(event.position or 0, event.hash or "")

    @classmethod
    def parse(cls, text: str) -> "Head | None":
        """Return the place that a text names; None if it names none."""
        position, colon, digest = text.partition(":")
        return cls(int(position), digest) if colon and position.isdecimal() and digest else None

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
class Pruning:
    """A removal of the log's oldest part, as an event of the chain tells it."""

    event: AuditEvent
    last: Head
    """The place of the last event that may be gone."""


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
    pruning: Pruning | None = None
    """Why the log does not begin at its first event, where that is so."""


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
        async with self.store.transaction(lock=LOCK) as tables:
            rows = tables.rows(AUDIT_EVENT)
            waiting = await rows.all(
                AuditFields.POSITION.equals(None), order_by=OrderBy(AuditFields.CREATED_AT), limit=BATCH
            )
            head = await last_head(rows) if waiting else Head()
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

    async def events(self, after: int = 0, up_to: int | None = None) -> AsyncIterator[AuditEvent]:
        """Return the linked events between two places, or all of them, in the order of the chain."""
        end = [] if up_to is None else [AuditFields.POSITION.at_most(up_to)]
        while batch := await self._rows.all(
            AuditFields.POSITION.above(after), *end, order_by=OrderBy(AuditFields.POSITION), limit=BATCH
        ):
            for event in batch:
                yield event
            after = batch[-1].position or 0

    async def verify(self, known: Sequence[Head] = (), *, up_to: int | None = None) -> Verdict:
        """Compute the chain anew from its first event that is left; `known` are places noted elsewhere.

        With `up_to` it ends at that position, and says nothing of what comes after.
        """
        while True:
            pruning = await newest_pruning(self._rows)
            start = await self._start(pruning)
            verdict = await self._examined(start, pruning, known, up_to)
            # what a pruning took meanwhile is not missing
            if not verdict.faults or start == await self._start(await newest_pruning(self._rows)):
                return verdict

    async def _start(self, pruning: Pruning | None) -> Head:
        """Return the place from which on the chain can be computed anew."""
        first = await self._rows.first(_LINKED, order_by=OrderBy(AuditFields.POSITION))
        if pruning is None or first is None or first.position == 1:
            return Head()
        # a pruning that was stopped leaves an event whose predecessor is gone
        return pruning.last if Head.of(first).position > pruning.last.position else Head.of(first)

    async def _examined(
        self, start: Head, pruning: Pruning | None, known: Sequence[Head], end: int | None
    ) -> Verdict:
        head, youngest, late = start, None, 0
        noted = _by_position([*known, *([pruning.last] if pruning is not None else ())])
        faults = list(_faults_before(start, noted))
        async for event in self.events(after=start.position, up_to=end):
            position = event.position or 0
            if position != head.position + 1:
                faults.append(Fault(head.position + 1, f"missing, up to {position - 1}"))
            elif head.next(event).hash != event.hash:
                faults.append(
                    Fault(position, f"event {event.id} is not what was linked, or another before it")
                )
            head = Head.of(event)
            if noted.pop(position, {head.hash}) != {head.hash}:
                faults.append(Fault(position, "another hash was noted elsewhere"))
            late += youngest is not None and event.created_at < youngest - _LATE
            youngest = event.created_at if youngest is None else max(youngest, event.created_at)
        missing = (position for position in noted if end is None or position <= end)
        faults += [Fault(position, "missing, though it was noted elsewhere") for position in missing]
        waiting = await self._rows.count(AuditFields.POSITION.equals(None))
        return Verdict(head, faults, late, waiting, pruning)


async def last_head(rows: Repository[AuditEvent]) -> Head:
    """Return the end of the chain."""
    last = await rows.first(_LINKED, order_by=_NEWEST_FIRST)
    return Head() if last is None else Head.of(last)


async def newest_pruning(rows: Repository[AuditEvent]) -> Pruning | None:
    """Return the last pruning that the chain tells of."""
    event = await rows.first(_LINKED, _IS_PRUNING, order_by=_NEWEST_FIRST)
    last = Head.parse(event.detail or "") if event is not None else None
    return None if event is None or last is None else Pruning(event, last)


def _by_position(heads: Sequence[Head]) -> dict[int, set[str]]:
    found: dict[int, set[str]] = {}
    for head in heads:
        found.setdefault(head.position, set()).add(head.hash)
    return found


def _faults_before(start: Head, noted: dict[int, set[str]]) -> Iterator[Fault]:
    """Compare what was noted of places that are gone, and of the last of them, which is known."""
    for position in sorted(each for each in noted if each <= start.position):
        hashes = noted.pop(position)
        if position < start.position:
            yield Fault(position, "was pruned, though it was noted elsewhere")
        elif hashes != {start.hash}:
            yield Fault(position, "another hash was noted elsewhere")


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
            work = self._round(self._hurry)  # it links what many requests did, so it is none of theirs
            Context().run(self._background.start, work, "linking the audit log")

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
