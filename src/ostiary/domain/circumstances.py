"""Under which circumstances something is done: through which door, by whom, from where."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What the record of an act says besides the act itself."""

    endpoint: str | None = None
    """The endpoint or the command."""
    actor_id: str | None = None
    """The user who was signed in, `operator` for a command."""
    ip_address: str | None = None
    user_agent: str | None = None
    request_id: str | None = None


NONE_KNOWN: Final = Circumstances()
REQUEST_ID: Final[ContextVar[str | None]] = ContextVar("request_id", default=None)
"""The identifier of the request under way, on every log line of its own."""

# A function: most requests end without a record, and none of them should pay for one.
_present: Final[ContextVar[Callable[[], Circumstances] | None]] = ContextVar("circumstances", default=None)


def present_circumstances() -> Circumstances:
    """Return the circumstances of the work under way."""
    told = _present.get()
    return NONE_KNOWN if told is None else told()


class _Under:
    """A class, because every request passes it: a generator would cost more than twice as much."""

    __slots__ = ("_token", "_told")

    def __init__(self, told: Callable[[], Circumstances]) -> None:
        self._told = told

    def __enter__(self) -> None:
        self._token = _present.set(self._told)

    def __exit__(self, *_: object) -> None:
        _present.reset(self._token)


def under(told: Callable[[], Circumstances]) -> AbstractContextManager[None]:
    """Do what happens in the block, and what it starts beside itself, under these circumstances."""
    return _Under(told)
