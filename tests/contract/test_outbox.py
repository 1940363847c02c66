"""The outbox on every store: written with its cause, delivered once, whoever races and whoever is killed."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from ostiary.domain.mail import MAIL, QueuedMailFields
from ostiary.domain.observation import Observer, Observers
from ostiary.domain.runtime import FrozenRuntime, SystemRuntime
from ostiary.outgoing import Email, MailRefused
from ostiary.services.courier import Courier
from ostiary.services.mail_backlog import MailBacklog
from ostiary.storage.memory import MemoryStore
from ostiary.storage.sql import open_store
from ostiary.storage.store import Store
from tests.contract.places import Place
from tests.contract.processes import PROCESSES
from tests.posting import SCHEMA, Postbox, a_courier, a_mail, deliver_to_file, post, rows

ROOT = Path(__file__).parents[2]
LEASE = timedelta(minutes=2)
GET_STUCK = "import sys; from tests.posting import get_stuck; get_stuck(sys.argv[1])"


@pytest.fixture
def clock() -> FrozenRuntime:
    """Return a clock that stands at the present: other processes have the system's."""
    return FrozenRuntime(SystemRuntime().now())


@pytest.fixture
async def stores(
    place: Place, scratch: Callable[[Place, str], str], clock: FrozenRuntime
) -> AsyncIterator[list[Store]]:
    """Return two servers' stores on one database; in memory they are one."""
    if place.name == "memory":
        yield [MemoryStore(SCHEMA, clock)] * 2
        return
    url = scratch(place, "outbox")
    opened = [open_store(url, SCHEMA, clock) for _ in range(2)]
    await opened[0].create_tables()
    yield list(opened)
    for store in opened:
        await store.close()


@pytest.fixture
def box() -> Postbox:
    return Postbox()


@pytest.fixture
def couriers(stores: list[Store], box: Postbox, clock: FrozenRuntime) -> list[Courier]:
    return [a_courier(store, box, clock) for store in stores]


async def test_a_mail_whose_cause_is_rolled_back_is_never_sent(couriers: list[Courier], box: Postbox) -> None:
    store = couriers[0].outbox.store

    async def sign_up() -> None:
        async with store.transaction() as tables:
            await couriers[0].post(a_mail(), tables)
            raise LookupError

    with pytest.raises(LookupError):
        await sign_up()
    assert await rows(couriers[0]) == []
    assert await couriers[0].deliver_due() == 0
    assert box.emails == []


async def test_a_mail_is_delivered_once_by_couriers_that_race(couriers: list[Courier], box: Postbox) -> None:
    wanted = [f"{number}@example.com" for number in range(20)]
    await post(couriers[0], *map(a_mail, wanted))
    delivered = await asyncio.gather(*(courier.deliver_due() for courier in couriers))
    assert sum(delivered) == len(wanted)
    assert sorted(box.recipients) == sorted(wanted)


async def test_what_was_delivered_is_forgotten_but_for_the_fact(
    couriers: list[Courier], clock: FrozenRuntime
) -> None:
    await post(couriers[0], a_mail())
    [row] = await rows(couriers[0])
    assert "secret-token" not in row.body
    assert couriers[0].outbox.open(row) == a_mail()
    await couriers[0].deliver_due()
    [row] = await rows(couriers[0])
    assert (row.state, row.attempts, row.body, row.ended_at) == ("sent", 1, "", clock.now())


async def test_a_claim_holds_as_long_as_its_lease(couriers: list[Courier], clock: FrozenRuntime) -> None:
    here, there = (courier.outbox for courier in couriers)
    await post(couriers[0], a_mail())
    [claimed] = await here.claim(1, LEASE)
    clock.advance(LEASE - timedelta(seconds=1))
    assert await there.claim(1, LEASE) == ()
    clock.advance(seconds=1)
    [taken] = await there.claim(1, LEASE)
    assert (taken.id, taken.attempts) == (claimed.id, 2)
    # whoever lost the claim changes nothing any more
    await here.end(claimed, "sent", forget=True)
    await here.postpone(claimed, clock.now() + timedelta(days=1), "too late")
    [row] = await rows(couriers[0])
    assert (row.state, row.due_at, row.last_error, row.body) == ("waiting", taken.due_at, None, taken.body)
    await there.end(taken, "sent", forget=True)
    assert [row.state for row in await rows(couriers[0])] == ["sent"]


async def test_a_failed_attempt_is_repeated_after_longer_and_longer_pauses(
    couriers: list[Courier], box: Postbox, clock: FrozenRuntime
) -> None:
    box.failure = ConnectionRefusedError("nobody listens")
    await post(couriers[0], a_mail())
    for attempt, seconds in enumerate((15, 30, 60, 120), start=1):
        assert await couriers[attempt % 2].deliver_due() == 0
        assert box.attempts == attempt
        clock.advance(seconds=seconds - 1)
        await couriers[0].deliver_due()
        assert box.attempts == attempt
        clock.advance(seconds=1)
    [row] = await rows(couriers[0])
    assert (row.state, row.attempts) == ("waiting", 4)
    assert row.last_error == "ConnectionRefusedError: nobody listens"
    box.failure = None
    assert await couriers[1].deliver_due() == 1
    assert box.recipients == ["ada@example.com"]


async def test_a_refusal_for_good_is_kept_as_a_dead_letter_that_may_be_tried_anew(
    couriers: list[Courier], box: Postbox
) -> None:
    box.failure = MailRefused("550 no such mailbox")
    await post(couriers[0], a_mail(), a_mail("bob@example.com"))
    await couriers[0].deliver_due()
    assert await couriers[0].deliver_due() == 0
    assert box.attempts == 2
    dead = await couriers[0].outbox.list("dead")
    assert {(row.last_error, row.attempts) for row in dead} == {("550 no such mailbox", 1)}
    box.failure = None
    [bob] = [row for row in dead if row.recipient == "bob@example.com"]
    assert await couriers[1].outbox.retry(bob.id) == 1
    assert await couriers[1].deliver_due() == 1
    assert box.recipients == ["bob@example.com"]
    assert await couriers[1].outbox.retry() == 1
    assert await couriers[1].deliver_due() == 1
    assert await couriers[1].outbox.retry() == 0


async def test_delivery_is_given_up_in_the_end(
    couriers: list[Courier], box: Postbox, clock: FrozenRuntime
) -> None:
    box.failure = TimeoutError()
    await post(couriers[0], a_mail())
    for _ in range(200):
        await couriers[0].deliver_due()
        clock.advance(minutes=30)
    [row] = await rows(couriers[0])
    assert row.state == "dead"
    assert 95 < row.attempts < 110


async def test_a_link_that_works_no_longer_is_not_delivered(
    couriers: list[Courier], box: Postbox, clock: FrozenRuntime
) -> None:
    await post(couriers[0], a_mail(expires_at=clock.now() + timedelta(hours=1)))
    clock.advance(hours=1)
    await couriers[0].deliver_due()
    assert box.emails == []
    assert [row.state for row in await rows(couriers[0])] == ["dead"]


async def test_a_mail_under_another_secret_waits_for_that_as_a_dead_letter(
    couriers: list[Courier], box: Postbox
) -> None:
    await post(couriers[0], a_mail())
    store = couriers[0].outbox.store
    [row] = await rows(couriers[0])
    await store.rows(MAIL).update_all({QueuedMailFields.BODY: "00" * 60})
    await couriers[0].deliver_due()
    [row] = await rows(couriers[0])
    assert (row.state, row.last_error) == ("dead", "no secret opens this envelope")


async def test_every_attempt_has_the_same_message_id(
    couriers: list[Courier], box: Postbox, clock: FrozenRuntime
) -> None:
    """Whoever got a message whose acknowledgement was lost can tell that the next is the same."""
    seen: list[Email] = []

    class Forgetful:
        async def deliver(self, email: Email) -> None:
            seen.append(email)
            raise ConnectionResetError

    for store in (couriers[0].outbox.store, couriers[1].outbox.store):
        forgetful = a_courier(store, Forgetful(), clock)
        if not seen:
            await post(forgetful, a_mail(), a_mail("bob@example.com"))
        await forgetful.deliver_due()
        clock.advance(minutes=1)
    assert len(seen) == 4
    assert len({(email.to, email.message_id, email.sent_at) for email in seen}) == 2


async def test_what_ended_is_cleaned_in_batches_and_what_waits_is_not(
    couriers: list[Courier], box: Postbox, clock: FrozenRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ostiary.services.outbox._BATCH", 3)
    await post(couriers[0], *(a_mail(f"{number}@example.com") for number in range(7)))
    await couriers[0].deliver_due()
    box.failure = MailRefused("no")
    await post(couriers[0], a_mail())
    await couriers[0].deliver_due()
    box.failure = OSError()
    await post(couriers[0], a_mail())
    await couriers[0].deliver_due()
    assert await couriers[0].clean() == 0
    clock.advance(days=7, seconds=1)
    assert await couriers[0].clean() == 7
    clock.advance(days=23)
    assert await couriers[0].clean() == 1
    assert [row.state for row in await rows(couriers[0])] == ["waiting"]


async def test_four_processes_deliver_each_mail_once(
    sql_place: Place,
    scratch: Callable[[Place, str], str],
    crowd: ProcessPoolExecutor,
    tmp_path: Path,
) -> None:
    url, runtime = scratch(sql_place, "outbox"), SystemRuntime()
    store = open_store(url, SCHEMA, runtime)
    await store.create_tables()
    wanted = [f"{number}@example.com" for number in range(120)]
    await post(a_courier(store, None, runtime), *map(a_mail, wanted))
    futures = [crowd.submit(deliver_to_file, url, str(tmp_path / "mails")) for _ in range(PROCESSES)]
    delivered = [await asyncio.wrap_future(future) for future in futures]
    assert sum(delivered) == len(wanted)
    assert sorted((tmp_path / "mails").read_text().split()) == sorted(wanted)
    assert {row.state for row in await a_courier(store, None, runtime).outbox.list(limit=500)} == {"sent"}
    await store.close()


async def test_what_a_killed_process_had_is_delivered_by_another_when_the_lease_ends(
    sql_place: Place, scratch: Callable[[Place, str], str], clock: FrozenRuntime, box: Postbox
) -> None:
    url = scratch(sql_place, "outbox")
    store = open_store(url, SCHEMA, clock)
    await store.create_tables()
    courier = a_courier(store, box, clock)
    await post(courier, a_mail())
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", GET_STUCK, url, stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"ada@example.com\n"
    process.kill()
    await process.wait()
    assert await courier.deliver_due() == 0
    clock.advance(LEASE + timedelta(minutes=1))
    assert await courier.deliver_due() == 1
    assert box.recipients == ["ada@example.com"]
    assert [(row.state, row.attempts) for row in await rows(courier)] == [("sent", 2)]
    await store.close()


class Gauges(Observer):
    """Keeps what it may read."""

    def __init__(self) -> None:
        self.of: dict[str, Callable[[], float | None]] = {}

    def watch(self, name: str, text: str, read: Callable[[], float | None], *, shared: bool = False) -> None:
        assert shared, "every process sees the same outbox: it must not be added up"
        self.of[name] = read

    def read(self) -> tuple[float | None, float | None]:
        return self.of["mail_waiting"](), self.of["mail_oldest_seconds"]()

    def given_up(self) -> float | None:
        return self.of["mail_given_up"]()


async def test_what_waits_and_for_how_long_can_be_measured(
    couriers: list[Courier], box: Postbox, clock: FrozenRuntime
) -> None:
    courier, gauges = couriers[0], Gauges()
    backlog = MailBacklog(courier.outbox, clock, Observers([gauges]))
    assert gauges.read() == (None, None)  # nobody has looked: not the same as none
    await backlog.look()
    assert gauges.read() == (0, 0)
    box.failure = OSError("no mail server")
    for number in range(2):
        clock.advance(minutes=2)
        await post(courier, a_mail(f"{number}@example.com"))
        await courier.deliver_due()
    await backlog.look()
    assert gauges.read() == (2, 120)
    clock.advance(seconds=30)
    assert gauges.read() == (2, 150)  # it grows while nobody can look
    box.failure = None
    clock.advance(hours=1)
    assert await courier.deliver_due() == 2
    await backlog.look()
    assert gauges.read() == (0, 0)


async def test_mail_that_was_given_up_can_be_measured_until_it_is_tried_again(
    couriers: list[Courier], box: Postbox, clock: FrozenRuntime
) -> None:
    courier, gauges = couriers[0], Gauges()
    backlog = MailBacklog(courier.outbox, clock, Observers([gauges]))
    assert gauges.given_up() is None
    box.failure = MailRefused("550 no such mailbox")
    for number in range(2):
        await post(courier, a_mail(f"{number}@example.com"))
    await courier.deliver_due()
    clock.advance(seconds=2)
    await backlog.look()
    assert (gauges.read(), gauges.given_up()) == ((0, 0), 2)
    box.failure = None
    await courier.outbox.retry()
    assert await courier.deliver_due() == 2
    clock.advance(seconds=2)
    await backlog.look()
    assert gauges.given_up() == 0
