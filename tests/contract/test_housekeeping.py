"""What is over goes without a cron job: in one process at a time, and in nobody's way."""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ostiary import Auth, Options
from ostiary.composition import Parts, schema_of
from ostiary.domain.audit import AUDIT_EVENT, AuditFields, EventKind
from ostiary.domain.models import VERIFICATION
from ostiary.domain.runtime import FrozenRuntime, SystemRuntime
from ostiary.plugins import Admin
from ostiary.services.audit_chain import AuditChain
from ostiary.services.audit_retention import AuditRetention
from ostiary.services.cleaning import Cleaning
from ostiary.services.housekeeping import Housekeeper
from ostiary.storage.rate_limits import StoreRateLimiter
from ostiary.storage.store import Store
from tests.builders import SECRET, some_auth
from tests.contract.audit_logs import OPTIONS, chained
from tests.contract.rows import a_verification

OLD = 7
KEEP = timedelta(days=365)


@dataclass
class House:
    """A database with rows that are over, and an audit log of which a part is old."""

    auth: Auth
    store: Store
    clock: FrozenRuntime

    def keeper(self, keep: timedelta | None = None) -> Housekeeper:
        """Return the housekeeper of one more process."""
        return Housekeeper(
            Cleaning(self.store, self.clock, batch=3),
            AuditRetention(self.auth.services.audit, AuditChain(self.store), batch=3),
            keep,
            StoreRateLimiter(self.store, self.clock),
            self.clock,
            pause=0,
        )

    async def leave_rows(self, number: int) -> None:
        for each in range(number):
            over = a_verification(f"v{each}", expires_at=self.clock.now() - timedelta(days=2))
            await self.store.rows(VERIFICATION).insert(over)


@pytest.fixture
async def house(store_of: Callable[[Any], Awaitable[Store]], clock: FrozenRuntime) -> AsyncIterator[House]:
    store = await store_of(schema_of(OPTIONS, Parts(plugins=[Admin()])))
    await chained(store, clock, OLD)
    clock.advance(days=400)
    await chained(store, clock, 3)
    auth = some_auth(OPTIONS, clock, store, plugins=[Admin()])
    yield House(auth, store, clock)
    await auth.services.background.drain()


async def test_one_process_takes_each_turn(house: House) -> None:
    await house.leave_rows(7)
    taken = await asyncio.gather(*(house.keeper().take_turn() for _ in range(4)))
    assert sum(taken, Counter()) == {"verification": 7}
    assert len([each for each in taken if each]) == 1
    await house.leave_rows(2)
    assert await house.keeper().take_turn() == {}
    house.clock.advance(hours=1)
    assert await house.keeper().take_turn() == {"verification": 2}


async def test_old_events_go_once_a_day_and_what_is_left_verifies(house: House) -> None:
    keeper = house.keeper(KEEP)
    assert await keeper.take_turn() == {"auditEvent": OLD}
    verdict = await AuditChain(house.store).verify()
    assert (verdict.faults, verdict.head.position) == ([], 11)
    assert verdict.pruning is not None
    assert verdict.pruning.event.endpoint == "housekeeping"
    house.clock.advance(days=400)
    assert await house.keeper(KEEP).take_turn() == {"auditEvent": 4}  # the former pruning among them
    house.clock.advance(hours=23)
    assert await keeper.take_turn() == {}


async def test_events_are_kept_where_nobody_says_for_how_long(house: House) -> None:
    assert await house.keeper().take_turn() == {}
    assert await house.store.rows(AUDIT_EVENT).count() == OLD + 3


async def test_a_forged_event_is_not_removed(house: House, caplog: pytest.LogCaptureFixture) -> None:
    await house.store.rows(AUDIT_EVENT).update({AuditFields.REASON: "forged"}, AuditFields.POSITION.equals(4))
    assert await house.keeper(KEEP).take_turn() == {}
    assert "its chain does not hold" in caplog.text
    kinds = [event.kind for event in await house.store.rows(AUDIT_EVENT).all()]
    assert (len(kinds), EventKind.AUDIT_PRUNED in kinds) == (OLD + 3, False)


async def test_a_forgery_among_young_events_does_not_keep_the_old_ones(house: House) -> None:
    """It stays where it is, and the log goes on telling of it."""
    await house.store.rows(AUDIT_EVENT).update({AuditFields.REASON: "forged"}, AuditFields.POSITION.equals(9))
    assert await house.keeper(KEEP).take_turn() == {"auditEvent": OLD}
    assert [fault.position for fault in (await AuditChain(house.store).verify()).faults] == [9]


async def test_a_stopped_housekeeper_leaves_the_rest_for_the_next_turn(house: House) -> None:
    await house.leave_rows(7)
    keeper = house.keeper()
    keeper.start()
    await keeper.stop()
    assert await keeper.take_turn() == {"verification": 3}  # the batch under way was the last
    house.clock.advance(hours=1)
    assert await house.keeper().take_turn() == {"verification": 4}


async def test_it_goes_on_after_the_database_was_away(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    options, runtime = Options(secret=SECRET, housekeeping=True), SystemRuntime()
    auth = Auth(options, f"sqlite:///{tmp_path}/later/people.db")
    store = auth.services.store
    cleaning = Cleaning(store, runtime)
    retention = AuditRetention(auth.services.audit, AuditChain(store))
    turns = StoreRateLimiter(store, runtime)
    keeper = Housekeeper(cleaning, retention, None, turns, runtime, between_looks=0.01)
    with caplog.at_level(logging.WARNING, "ostiary"):
        keeper.start()
        async with asyncio.timeout(60):
            while "nothing is cleaned" not in caplog.text:  # noqa: ASYNC110  a log line sets no event
                await asyncio.sleep(0.01)
    (tmp_path / "later").mkdir()
    await auth.migrate()
    rows = store.rows(VERIFICATION)
    await rows.insert(a_verification("v", expires_at=runtime.now() - timedelta(days=2)))
    async with asyncio.timeout(60):
        while await rows.count():
            await turns.forget("housekeeping|cleaning")  # an hour is too long for a test
            await asyncio.sleep(0.01)
    await keeper.stop()
    await auth.close()
    assert caplog.text.count("nothing is cleaned") == 1


async def test_it_is_for_whoever_asks(clock: FrozenRuntime) -> None:
    assert some_auth().services.housekeeper is None
    auth = some_auth(Options(secret=SECRET, housekeeping=True), clock)
    auth.start()
    assert auth.services.housekeeper is not None
    await auth.close()
