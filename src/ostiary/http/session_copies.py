"""The copies of sessions that browsers carry: proved once, and remembered while they are sent again."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ostiary.crypto.session_cache import Strategy, decode, milliseconds, prepare
from ostiary.crypto.signing import Keyring
from ostiary.domain.entities import ActiveSession
from ostiary.domain.models import SESSION, USER
from ostiary.domain.schema import Schema
from ostiary.domain.values import entity_from_json

MOST_REMEMBERED: Final = 1024
LONGEST_REMEMBERED: Final = 4096
"""Characters; what is longer is proved each time, so that the memory stays within a few megabytes."""


@dataclass(frozen=True, slots=True)
class Copy:
    """What a proved copy holds; whether it may still be believed is for its reader to judge."""

    active: ActiveSession
    version: str
    expires_at: int
    """Milliseconds since the epoch."""


class SessionCopies:
    """Proves copies under one keyring.

    A browser sends the same text with every request for minutes, and proving it costs more than everything
    else about such a request: so the latest ones are remembered, and what was proved needs no proof again.
    Nothing that fails is remembered, so nobody without the secret can fill the memory.
    """

    def __init__(self, strategy: Strategy, keyring: Keyring, schema: Schema) -> None:
        """Load what the strategy needs."""
        prepare(strategy)
        self._strategy: Final[Strategy] = strategy
        self._keyring = keyring
        self._session = schema[SESSION]
        self._user = schema[USER]
        self._proved: dict[str, Copy] = {}

    @property
    def remembered(self) -> int:
        """How many copies are remembered."""
        return len(self._proved)

    def read(self, text: str, now: datetime) -> Copy | None:
        """Return what a copy holds if a secret proves it and its time has not passed."""
        known = self._proved.get(text)
        if known is not None and known.expires_at >= milliseconds(now):
            return known
        proved = self._prove(text, now)
        if proved is not None:
            self._remember(text, proved)
        return proved

    def _prove(self, text: str, now: datetime) -> Copy | None:
        payload = decode(text, self._strategy, self._keyring, now)
        if payload is None or payload.expires_at is None:
            return None
        session = entity_from_json(self._session, payload.session)
        user = entity_from_json(self._user, payload.user)
        if session is None or user is None:
            return None
        return Copy(ActiveSession(session, user), payload.version, payload.expires_at)

    def _remember(self, text: str, proved: Copy) -> None:
        if len(text) > LONGEST_REMEMBERED:
            return
        if len(self._proved) >= MOST_REMEMBERED:
            del self._proved[next(iter(self._proved))]
        self._proved[text] = proved
