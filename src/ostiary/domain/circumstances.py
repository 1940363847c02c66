"""Under which circumstances something is done: through which door, by whom, from where."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
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


@contextmanager
def under(told: Callable[[], Circumstances]) -> Iterator[None]:
    """Do what happens in the block, and what it starts beside itself, under these circumstances."""
    token = _present.set(told)
    try:
        yield
    finally:
        _present.reset(token)
