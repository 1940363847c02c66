"""Tokens that die before their time: of sessions that ended, of people who are not what they say any more."""

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from ostiary.crypto.token_form import CLOCK_SKEW
from ostiary.domain.entities import User
from ostiary.domain.errors import JsonValue, StorageUnavailable
from ostiary.domain.roles import DEFAULT_ROLE, ROLE
from ostiary.storage.key_value import KeyValue

_log: Final = logging.getLogger(__name__)


class Bearer(Protocol):
    """Whoever a proved token speaks for."""

    @property
    def user(self) -> User:
        """The person."""
        ...

    @property
    def session_id(self) -> str | None:
        """The session the token belongs to."""
        ...

    @property
    def claims(self) -> Mapping[str, JsonValue]:
        """What the token says."""
        ...


@dataclass(frozen=True)
class DenyList:
    """Two notes in the key-value store, which every service that trusts the tokens may read.

    `denied-session:<id>` ends the tokens of a session. `token-user:<id>` holds `{"role": …, "barred": …,
    "at": …}`, what was true of a person at a second: an earlier token that names another role is dead, and so
    is every earlier token of a barred person.
    """

    key_value: KeyValue
    kept_for: timedelta
    """How long a note stays: as long as the longest token lives, leeway included."""
    required: bool = True
    """Raise StorageUnavailable where the notes cannot be read, rather than accept the token."""
    holds: Callable[[str], bool] | None = None
    """Tells at once whether there is a note under a key; None where another process has to be asked."""

    async def deny_session(self, session_id: str) -> None:
        """End the tokens of a session."""
        await self.key_value.set(_session_key(session_id), "1", self.kept_for)

    async def describe_user(
        self,
        user_id: str,
        role: str | None,
        *,
        barred: bool,
        at: datetime | None = None,
        at_most: timedelta | None = None,
    ) -> None:
        """End the tokens of a user that tell another role, or all of them.

        Tokens of well after `at` know better: whoever issued them read the user again. The note of somebody
        who is barred for a while must not outlast that: `at_most` says how long.
        """
        known: dict[str, JsonValue] = {"role": role, "barred": barred}
        if at is not None:
            known["at"] = int(at.timestamp())
        note = json.dumps(known, separators=(",", ":"))
        kept_for = self.kept_for if at_most is None else min(at_most, self.kept_for)
        await self.key_value.set(_user_key(user_id), note, kept_for)

    @property
    def asks(self) -> bool:
        """Whether the notes are with another process."""
        return self.holds is None

    def clears(self, principal: Bearer) -> bool:
        """Tell whether there is certainly no note about a token; False where somebody has to be asked."""
        return self.holds is not None and not any(map(self.holds, _keys(principal)))

    async def refuses(self, principal: Bearer) -> str | None:
        """Return why a token is dead, None while it lives. Raises StorageUnavailable."""
        try:
            note, *ended = await self.key_value.get_many(_keys(principal))
        except StorageUnavailable:
            if self.required:
                raise
            _log.exception("a token was accepted without a look at the deny list")
            return None
        if any(each is not None for each in ended):
            return "its session has ended"
        return None if note is None else _contradiction(note, principal)


def _contradiction(note: str, principal: Bearer) -> str | None:
    try:
        known = json.loads(note)
    except ValueError:
        known = None
    if isinstance(known, dict) and _is_outdated(known.get("at"), principal.claims.get("iat")):
        return None
    if not isinstance(known, dict) or known.get("barred") is not False:
        return "its bearer is barred"
    claimed = principal.claims.get(ROLE.name) or DEFAULT_ROLE
    if ROLE.name in principal.claims and claimed != (known.get("role") or DEFAULT_ROLE):
        return "its bearer has another role now"
    return None


def _is_outdated(noted: JsonValue, issued: JsonValue) -> bool:
    """Tell whether a token was issued after a note, however far apart the clocks of two nodes may be."""
    return type(noted) is int and type(issued) is int and issued > noted + CLOCK_SKEW.total_seconds()


def _keys(principal: Bearer) -> list[str]:
    keys = [_user_key(principal.user.id)]
    if principal.session_id is not None:
        keys.append(_session_key(principal.session_id))
    return keys


def _session_key(session_id: str) -> str:
    return f"denied-session:{session_id}"


def _user_key(user_id: str) -> str:
    return f"token-user:{user_id}"
