"""Work beside the requests is bounded: in time, in number, and at the end."""

import asyncio
import logging
from datetime import timedelta

import pytest

from ostiary.services.background import Background

AT_ONCE = timedelta(milliseconds=1)
LATER = timedelta(hours=1)


async def hangs() -> None:
    await asyncio.Event().wait()


async def test_a_sender_that_hangs_is_left_after_its_time(caplog: pytest.LogCaptureFixture) -> None:
    """S50"""
    background = Background()
    background.start(hangs(), "send_reset_password", patience=AT_ONCE)
    async with asyncio.timeout(5):
        await background.drain()
    assert "send_reset_password failed" in caplog.text


async def test_senders_that_hang_do_not_pile_up(caplog: pytest.LogCaptureFixture) -> None:
    """S50: what comes on top is left out and logged; the server's own work is not."""
    background, done = Background(most=3), asyncio.Event()

    async def finish() -> None:
        done.set()

    for _ in range(5):
        background.start(hangs(), "send_reset_password", patience=LATER)
    assert len(background._tasks) == 3
    assert caplog.text.count("was left out: 3 are under way already") == 2
    background.start(finish(), "linking the audit log")
    async with asyncio.timeout(5):
        await done.wait()
    for task in list(background._tasks):
        task.cancel()
    await background.drain()


async def test_what_fails_or_is_cancelled_stops_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)
    background, done = Background(), []

    async def fails() -> None:
        raise LookupError

    async def is_cancelled() -> None:
        raise asyncio.CancelledError

    async def works() -> None:
        done.append(True)

    for work in (fails, is_cancelled, works):
        background.start(work(), work.__name__)
    await background.drain()
    assert done == [True]
    assert "fails failed" in caplog.text
