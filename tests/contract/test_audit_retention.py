"""Pruning the audit log on every store: what is left still proves itself, whoever writes meanwhile."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from ostiary import Auth
from ostiary.composition import Parts, schema_of
from ostiary.domain.audit import AUDIT_EVENT, AuditEvent, AuditFields, EventKind
from ostiary.domain.runtime import FrozenRuntime
from ostiary.plugins import Admin
from ostiary.services.audit_chain import AuditChain, Fault, Head
from ostiary.services.audit_retention import AuditRetention
from ostiary.storage.store import OrderBy, Repository, Store
from tests.builders import some_auth
from tests.contract.audit_logs import OPTIONS, chained

OLD = 7
"""Events from before the pause."""


@dataclass
class Log:
    """An audit log of which a part is old."""

    auth: Auth
    store: Store
    clock: FrozenRuntime
    old: Head
    """Where the old part ends."""
    now: Head

    @property
    def chain(self) -> AuditChain:
        return AuditChain(self.store)

    @property
    def retention(self) -> AuditRetention:
        return AuditRetention(self.auth.services.audit, self.chain, batch=2)

    @property
    def rows(self) -> Repository[AuditEvent]:
        return self.store.rows(AUDIT_EVENT)

    async def left(self) -> list[AuditEvent]:
        return list(await self.rows.all(order_by=OrderBy(AuditFields.POSITION), limit=1000))

    async def prune(self, days: int = 365) -> int:
        before = self.clock.now() - timedelta(days=days)
        last = await self.retention.last_before(before)
        if last is None:
            return 0
        await self.retention.mark(last, before)
        return sum([number async for number in self.retention.remove(last)])

    async def begin_to_prune(self) -> None:
        """Mark, remove the first batch, and stop."""
        await self.retention.mark(self.old, self.clock.now())
        await anext(self.retention.remove(self.old))

    async def faults(self, *known: Head) -> list[Fault]:
        return list((await self.chain.verify(known)).faults)


async def finished(auth: Auth) -> None:
    auth.services.audit.linker.hurry()  # type: ignore[union-attr]  # the log is on
    await auth.services.background.drain()


@pytest.fixture
async def log(store_of: Callable[[Any], Awaitable[Store]], clock: FrozenRuntime) -> AsyncIterator[Log]:
    store = await store_of(schema_of(OPTIONS, Parts(plugins=[Admin()])))
    _, old = await chained(store, clock, OLD)
    clock.advance(days=400)
    _, now = await chained(store, clock, 3)
    auth = some_auth(OPTIONS, clock, store, plugins=[Admin()])
    yield Log(auth, store, clock, old, now)
    await finished(auth)


async def test_what_is_left_still_verifies(log: Log) -> None:
    assert await log.prune() == OLD
    rows = await log.left()
    assert [event.position for event in rows] == [8, 9, 10, 11]
    assert (rows[-1].kind, rows[-1].detail) == (EventKind.AUDIT_PRUNED, str(log.old))
    verdict = await log.chain.verify([log.old, log.now])
    assert (verdict.faults, verdict.head.position) == ([], 11)
    assert verdict.pruning is not None
    assert verdict.pruning.last == log.old


async def test_a_log_without_old_events_is_left_alone(log: Log) -> None:
    before = await log.left()
    assert await log.prune(days=500) == 0
    assert await log.left() == before


async def test_a_young_event_among_old_ones_stays_with_all_after_it(log: Log) -> None:
    """A clock was wrong: nothing goes before its time, whatever its place."""
    await log.rows.update({AuditFields.CREATED_AT: log.clock.now()}, AuditFields.POSITION.equals(4))
    assert await log.prune() == 3
    assert [fault.position for fault in await log.faults()] == [4]


async def test_pruning_again_and_again_keeps_one_chain(log: Log) -> None:
    """The event that tells of a pruning goes with a later one, which tells of more."""
    removed = []
    for _ in range(3):
        removed.append(await log.prune())
        log.clock.advance(days=200)
        await chained(log.store, log.clock, 3)
    assert removed == [OLD, 0, 4]
    assert await log.faults() == []
    assert [event.kind for event in await log.left()].count(EventKind.AUDIT_PRUNED) == 1


async def test_a_pruning_that_was_stopped_leaves_a_chain_that_holds(log: Log) -> None:
    """At every moment of it, and the next run goes on without telling it twice."""
    await log.retention.mark(log.old, log.clock.now())
    assert await log.faults() == []
    await log.begin_to_prune()
    assert await log.faults() == []
    assert (await log.left())[0].position == 3
    assert await log.prune() == OLD - 2
    assert await log.faults() == []
    assert [event.kind for event in await log.left()].count(EventKind.AUDIT_PRUNED) == 1


@pytest.mark.parametrize("position", [5, 7, 8, 11])
async def test_a_change_beside_a_pruning_still_shows(log: Log, position: int) -> None:
    """Among what waits for its removal, at its edge, and in the event that tells of it."""
    await log.begin_to_prune()
    await log.rows.update({AuditFields.REASON: "nothing"}, AuditFields.POSITION.equals(position))
    assert [fault.position for fault in await log.faults()] == [position]


async def test_a_removal_that_no_event_tells_of_is_missed(log: Log) -> None:
    await log.rows.delete(AuditFields.POSITION.at_most(3))
    assert await log.faults() == [Fault(1, "missing, up to 3")]
    await log.prune()
    await log.rows.delete(AuditFields.POSITION.at_most(9))
    assert await log.faults() == [Fault(8, "missing, up to 9")]


async def test_a_noted_place_that_was_pruned_is_missed(log: Log) -> None:
    """Who removes what should have been kept, with an event for it, is found out by a head in the logs."""
    await log.retention.mark(log.now, log.clock.now())
    assert [number async for number in log.retention.remove(log.now)][-1] > 0
    assert await log.faults() == []
    assert [fault.position for fault in await log.faults(log.old, log.now)] == [log.old.position]
    forged = Head(log.now.position, "f" * 64)
    assert [fault.position for fault in await log.faults(forged)] == [log.now.position]


async def test_writers_and_linkers_beside_a_pruning_break_nothing(log: Log) -> None:
    async def write(number: int) -> None:
        await log.auth.services.audit.refused(EventKind.SIGN_IN_REFUSED, f"user{number}", "wrong password")
        await log.chain.link()

    async def verify() -> None:
        for _ in range(3):
            assert await log.faults() == []

    counts = await asyncio.gather(
        *(log.prune() for _ in range(2)), *(write(number) for number in range(8)), verify()
    )
    assert sum(each for each in counts[:2] if each is not None) == OLD
    await finished(log.auth)
    verdict = await log.chain.verify()
    assert (verdict.faults, verdict.waiting, verdict.head.position) == ([], 0, 10 + 8 + 1)
