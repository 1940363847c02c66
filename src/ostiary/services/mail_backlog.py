"""How much mail waits in the outbox, for how long, and how much was given up, as a measure."""

from datetime import datetime
from typing import Final

from ostiary.domain.observation import Observers
from ostiary.domain.runtime import Runtime
from ostiary.services.outbox import Outbox

_BETWEEN_LOOKS: Final = 1.0  # seconds


class MailBacklog:
    """What waits, as it was seen last: a scrape costs no query, and a database that is away no wait."""

    def __init__(self, outbox: Outbox, runtime: Runtime, observers: Observers) -> None:
        """Show the observers three numbers, from the first look on."""
        self._outbox = outbox
        self._runtime = runtime
        self._again = runtime.monotonic()
        self._waiting: int | None = None
        self._oldest: datetime | None = None
        self._dead: int | None = None
        observers.watch("mail_waiting", "Mails that wait for delivery", lambda: self._waiting, shared=True)
        observers.watch(
            "mail_oldest_seconds", "How long the oldest of them has waited", self._age, shared=True
        )
        observers.watch(
            "mail_given_up", "Mails that nobody tries to deliver any more", lambda: self._dead, shared=True
        )

    async def look(self) -> None:
        """Ask the outbox, unless that was done a moment ago."""
        if self._runtime.monotonic() < self._again:
            return
        self._waiting = await self._outbox.count("waiting")
        self._dead = await self._outbox.count("dead")
        oldest = await self._outbox.oldest_waiting() if self._waiting else None
        self._oldest = None if oldest is None else oldest.created_at
        self._again = self._runtime.monotonic() + _BETWEEN_LOOKS

    def _age(self) -> float | None:
        if self._waiting is None:
            return None
        # it grows between looks, too: a delivery that hangs must not hide its own delay
        return 0.0 if self._oldest is None else (self._runtime.now() - self._oldest).total_seconds()
