"""The hasher keeps the event loop free and refuses what would wait too long or is too long."""

import asyncio
import json
import os
import sys
import threading
from datetime import timedelta
from pathlib import Path
from time import perf_counter, process_time

import pytest

from ostiary.crypto.giving_way import NICENESS
from ostiary.crypto.password_hashes.argon2 import Argon2
from ostiary.crypto.password_hashes.scrypt import Scrypt
from ostiary.crypto.passwords import (
    LONGEST_PASSWORD,
    BoundedHasher,
    PasswordHasher,
    PasswordTooLong,
)
from ostiary.domain.errors import Overloaded
from ostiary.domain.runtime import FrozenRuntime, Runtime, SystemRuntime

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "passwords.json").read_text())
FAST = Argon2(memory=64, iterations=1)


class Broken(Scrypt):
    """An algorithm that cannot hash."""

    def hash(self, password: str, runtime: Runtime) -> str:
        raise PasswordTooLong("whatever it is")


class Gate:
    """An algorithm whose work takes exactly as long as the test says."""

    def __init__(self, clock: FrozenRuntime, seconds: float = 0.0) -> None:
        self.opened = threading.Event()
        self.begun = threading.Semaphore(0)
        self._clock = clock
        self._seconds = seconds

    def recognises(self, stored: str) -> bool:
        return stored == "stored"

    def is_current(self, stored: str) -> bool:
        return self.recognises(stored)

    def hash(self, password: str, runtime: Runtime) -> str:
        self.begun.release()
        self.opened.wait(10)
        self._clock.advance(seconds=self._seconds)
        return "stored"

    def verify(self, password: str, stored: str) -> bool:
        return self.hash(password, self._clock) == stored


async def test_what_was_hashed_verifies_and_nothing_else_does() -> None:
    hasher: PasswordHasher = BoundedHasher(SystemRuntime())
    stored = await hasher.hash("pässword 🙂")
    assert await hasher.verify("pässword 🙂", stored)
    assert not await hasher.verify("passwort 🙂", stored)
    assert not hasher.needs_rehash(stored)


async def test_every_known_format_verifies_and_is_due_for_a_rehash() -> None:
    hasher = BoundedHasher(SystemRuntime(), FAST)
    for vector in VECTORS["imported"] + VECTORS["better_auth"][:1]:
        assert await hasher.verify(vector["password"], vector["stored"])
        assert hasher.needs_rehash(vector["stored"])
    assert not hasher.needs_rehash(await hasher.hash("password1234"))
    hasher.close()


async def test_an_unknown_format_verifies_nothing() -> None:
    hasher = BoundedHasher(SystemRuntime(), FAST)
    for stored in ("", "plain text", "$scrypt$ln=30,r=8,p=1$c2FsdA$a2V5"):
        assert not await hasher.verify("plain text", stored)


@pytest.mark.parametrize("password", ["x" * (LONGEST_PASSWORD + 1), "é" * 2049, "x" * 1_000_000])
async def test_s45_a_password_over_the_hard_limit_is_refused_in_no_time(password: str) -> None:
    hasher = BoundedHasher(SystemRuntime())
    began = process_time()
    with pytest.raises(PasswordTooLong):
        await hasher.hash(password)
    assert not await hasher.verify(password, VECTORS["better_auth"][0]["stored"])
    assert process_time() - began < 0.005


async def test_s46_jobs_beyond_the_queue_budget_are_refused_before_they_are_queued() -> None:
    clock = FrozenRuntime()
    gate = Gate(clock, seconds=2)
    hasher = BoundedHasher(clock, gate, workers=1, max_wait=timedelta(seconds=0.35))
    waiting = [asyncio.ensure_future(hasher.hash("x")) for _ in range(4)]
    await asyncio.sleep(0)  # lets the four reach the pool: one runs, three wait, at a guess of 0.1 s each
    with pytest.raises(Overloaded) as refusal:
        await hasher.verify("x", "stored")
    assert refusal.value.retry_after == pytest.approx(0.4)
    gate.opened.set()
    assert await asyncio.gather(*waiting) == ["stored"] * 4
    assert hasher.expected_wait == 0


async def test_s46_the_budget_follows_how_long_jobs_really_take() -> None:
    clock = FrozenRuntime()
    gate = Gate(clock, seconds=20)
    gate.opened.set()
    hasher = BoundedHasher(clock, gate, workers=1, max_wait=timedelta(seconds=3))
    await hasher.hash("x")
    gate.opened.clear()
    running = asyncio.ensure_future(hasher.hash("x"))
    await asyncio.sleep(0)
    with pytest.raises(Overloaded):  # one guess of 0.1 s and one job of 20 s make 4 s
        await hasher.hash("x")
    gate.opened.set()
    await running


async def test_s46_a_caller_who_gives_up_while_queued_makes_room() -> None:
    clock = FrozenRuntime()
    gate = Gate(clock)
    hasher = BoundedHasher(clock, gate, workers=1, max_wait=timedelta(seconds=0.15))
    running, queued = (asyncio.ensure_future(hasher.hash("x")) for _ in range(2))
    await asyncio.sleep(0)
    with pytest.raises(Overloaded):
        await hasher.hash("x")
    queued.cancel()
    await asyncio.wait([queued])
    late = asyncio.ensure_future(hasher.hash("x"))
    gate.opened.set()
    assert await asyncio.gather(running, late) == ["stored", "stored"]


def waited_for_a_processor() -> float:
    """Seconds for which this thread could have run, but the machine was busy with others."""
    if sys.platform != "linux":
        return 0.0
    return int(Path("/proc/thread-self/schedstat").read_text().split()[1]) / 1e9


async def longest_stall_while(work: asyncio.Future[list[object]]) -> float:
    """Seconds by which the event loop was late at worst, but for the time in which it had no processor."""
    late = 0.0
    while not work.done():
        began, waited = perf_counter(), waited_for_a_processor()
        await asyncio.sleep(0.005)
        late = max(late, perf_counter() - began - 0.005 - (waited_for_a_processor() - waited))
    return late


async def test_s46_two_hundred_hashes_at_once_leave_the_event_loop_free_and_the_excess_is_refused() -> None:
    """A busy machine only ever adds to a stall, so the best of a few rounds is ours."""
    stalls: list[float] = []
    while min(stalls, default=1.0) >= 0.05 and len(stalls) < 10:
        hasher = BoundedHasher(SystemRuntime(), Scrypt(), max_wait=timedelta(seconds=0.4))
        hashes = asyncio.gather(*(hasher.hash("password1234") for _ in range(200)), return_exceptions=True)
        stalls.append(await longest_stall_while(hashes))
        done = [result for result in hashes.result() if isinstance(result, str)]
        refused = [result for result in hashes.result() if isinstance(result, Overloaded)]
        assert len(done) + len(refused) == 200
        assert len(done) >= 5
        assert len(refused) >= 100
        assert all(refusal.retry_after > 0.4 for refusal in refused)
        hasher.close()
    assert min(stalls) < 0.05


def test_s49_a_check_costs_what_the_dummy_hash_for_an_unknown_user_costs() -> None:
    """Processor time, taken in turns, so that a busy machine favours neither."""
    scrypt, runtime = Scrypt(), SystemRuntime()
    stored = scrypt.hash("password1234", runtime)
    checks, dummies = [], []
    for _ in range(5):
        began = process_time()
        scrypt.verify("wrong password", stored)
        between = process_time()
        scrypt.hash("wrong password", runtime)
        checks.append(between - began)
        dummies.append(process_time() - between)
    assert min(checks) == pytest.approx(min(dummies), rel=0.3)


async def test_a_failure_inside_the_work_reaches_the_caller_and_frees_the_place() -> None:
    hasher = BoundedHasher(SystemRuntime(), Broken(), workers=1)
    for _ in range(3):
        with pytest.raises(PasswordTooLong):
            await hasher.hash("x")
    assert hasher.expected_wait == 0


async def test_a_closed_hasher_takes_no_more_work() -> None:
    hasher = BoundedHasher(SystemRuntime(), FAST)
    await hasher.hash("password1234")
    hasher.close()
    with pytest.raises(RuntimeError):
        await hasher.hash("password1234")
    assert hasher.expected_wait == 0


def test_no_thread_starts_before_the_first_job() -> None:
    before = threading.active_count()
    BoundedHasher(SystemRuntime())
    assert threading.active_count() == before


class Niceness:
    """An algorithm that notes the niceness of the thread it works in."""

    def __init__(self) -> None:
        self.seen = -1

    def recognises(self, stored: str) -> bool:
        return stored == "stored"

    def is_current(self, stored: str) -> bool:
        return self.recognises(stored)

    def hash(self, password: str, runtime: Runtime) -> str:
        self.seen = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
        return "stored"

    def verify(self, password: str, stored: str) -> bool:
        return self.recognises(stored)


@pytest.mark.skipif(sys.platform != "linux", reason="threads have a niceness of their own on Linux only")
async def test_hashes_leave_the_processor_to_the_event_loop() -> None:
    before = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    algorithm = Niceness()
    await BoundedHasher(SystemRuntime(), algorithm, known=()).hash("Correct horse battery 7")
    assert algorithm.seen == min(before + NICENESS, 19)
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == before


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a processor is left to the event loop")
async def test_s46_every_processor_hashes_and_none_hashes_two_passwords_at_once() -> None:
    gate, processors = Gate(FrozenRuntime()), os.cpu_count() or 1
    hasher = BoundedHasher(SystemRuntime(), gate, known=())
    jobs = [asyncio.ensure_future(hasher.hash("x")) for _ in range(processors + 1)]
    await asyncio.sleep(0)
    begun = [await asyncio.to_thread(gate.begun.acquire, timeout=5) for _ in range(processors)]
    assert begun == [True] * processors
    assert not gate.begun.acquire(blocking=False)
    gate.opened.set()
    assert await asyncio.gather(*jobs) == ["stored"] * (processors + 1)
