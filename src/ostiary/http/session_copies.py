"""The copies of sessions that browsers carry: proved once, and remembered while they are sent again."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ostiary.crypto.session_cache import Strategy, decode, milliseconds, prepare
from ostiary.crypto.signing import Keyring
from ostiary.domain.entities import ActiveSession
from ostiary.domain.models import SESSION, USER
from ostiary.domain.recurring import Recurring
from ostiary.domain.schema import Schema
from ostiary.domain.values import entity_from_json
from ostiary.http.rendering import Renderer
from ostiary.http.wire import Cached

MOST_REMEMBERED: Final = 1024
LONGEST_REMEMBERED: Final = 4096
"""Characters; what is longer is proved each time, so that the memory stays within a few megabytes."""


@dataclass(slots=True)
class Copy:
    """What a proved copy holds; whether it may still be believed is for its reader to judge."""

    active: ActiveSession
    version: str
    expires_at: int
    """Milliseconds since the epoch."""
    output: Cached
    """What it says."""

    def remaining(self, now: datetime) -> timedelta:
        """Return how much longer it is believed."""
        return timedelta(milliseconds=self.expires_at - milliseconds(now))


class SessionCopies:
    """Proves copies under one keyring.

    A browser sends the same text with every request for minutes, and proving it costs more than everything
    else about such a request: so it is remembered from the second time on, and needs no proof again.
    Nothing that fails is remembered, so nobody without the secret can fill the memory.
    """

    def __init__(self, strategy: Strategy, keyring: Keyring, schema: Schema, renderer: Renderer) -> None:
        """Load what the strategy needs."""
        prepare(strategy)
        self._strategy: Final[Strategy] = strategy
        self._keyring = keyring
        self._renderer = renderer
        self._session = schema[SESSION]
        self._user = schema[USER]
        self._proved: Recurring[Copy] = Recurring(MOST_REMEMBERED)

    @property
    def remembered(self) -> int:
        """How many copies are remembered."""
        return len(self._proved)

    def read(self, text: str, now: datetime) -> Copy | None:
        """Return what a copy holds if a secret proves it and its time has not passed."""
        known = self._proved.get(text)
        if known is not None:
            return known if known.expires_at >= milliseconds(now) else None
        proved = self._prove(text, now)
        if proved is not None and len(text) <= LONGEST_REMEMBERED:
            self._proved.add(text, proved)
        return proved

    def _prove(self, text: str, now: datetime) -> Copy | None:
        payload = decode(text, self._strategy, self._keyring, now)
        if payload is None or payload.expires_at is None:
            return None
        session = entity_from_json(self._session, payload.session)
        user = entity_from_json(self._user, payload.user)
        if session is None or user is None:
            return None
        output = self._renderer.cached(payload.session, payload.user)
        return Copy(ActiveSession(session, user), payload.version, payload.expires_at, output)
