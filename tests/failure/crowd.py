"""People who do one thing over and over while something happens, and what came of each attempt."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Any

from tests.builders import Browser

PATIENCE = 30.0
Act = Callable[[Browser], Awaitable[object]]


@dataclass(frozen=True)
class Attempt:
    """One attempt of one person."""

    begun: float
    seconds: float
    outcome: object


class Crowd:
    """Several people at once; each begins anew as soon as there is an answer."""

    def __init__(self, app: Any, act: Act, **browser: Any) -> None:
        """Let each do this, with a browser of their own for each attempt."""
        self._app = app
        self._act = act
        self._browser = browser
        self._stopped = False
        self._attempts: asyncio.Queue[Attempt] = asyncio.Queue()

    async def next(self, number: int) -> list[Attempt]:
        """Return so many attempts that begin from now on."""
        now, found = monotonic(), list[Attempt]()
        async with asyncio.timeout(PATIENCE):
            while len(found) < number:
                attempt = await self._attempts.get()
                if attempt.begun >= now:
                    found.append(attempt)
        return found

    async def until(self, outcome: object) -> float:
        """Wait for an outcome of an attempt that begins from now on; return the seconds that took."""
        begun = monotonic()
        while (await self.next(1))[0].outcome != outcome:
            assert monotonic() - begun < PATIENCE, f"never {outcome}"
        return monotonic() - begun

    @asynccontextmanager
    async def of(self, people: int) -> AsyncIterator["Crowd"]:
        """Let so many go on for the time of a block."""
        async with asyncio.TaskGroup() as group:
            for _ in range(people):
                group.create_task(self._go_on())
            try:
                yield self
            finally:
                self._stopped = True

    async def _go_on(self) -> None:
        while not self._stopped:
            begun = monotonic()
            async with Browser(self._app, **self._browser) as browser:
                outcome = await self._act(browser)
            self._attempts.put_nowait(Attempt(begun, monotonic() - begun, outcome))
            await asyncio.sleep(0.001)


def outcomes(attempts: list[Attempt]) -> set[object]:
    """Return what came of attempts."""
    return {attempt.outcome for attempt in attempts}


def slow(attempts: list[Attempt], seconds: float) -> int:
    """Return how many had to wait for so long."""
    return sum(attempt.seconds >= seconds for attempt in attempts)
