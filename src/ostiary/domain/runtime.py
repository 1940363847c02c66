"""Time and chance: the only module that may ask the machine for either."""

import os
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

LETTERS = "abcdefghijklmnopqrstuvwxyz"
DIGITS = "0123456789"
ALPHANUMERIC = LETTERS + LETTERS.upper() + DIGITS


class Runtime(Protocol):
    """Time and chance. Nothing else in the program may ask for either."""

    def now(self) -> datetime:
        """Return the current time: aware, UTC, whole milliseconds."""
        ...

    def monotonic(self) -> float:
        """Return seconds on a clock that never goes back; only differences mean anything."""
        ...

    def random_bytes(self, size: int) -> bytes:
        """Return `size` bytes that nobody can predict."""
        ...

    def random_string(self, length: int, alphabet: str = ALPHANUMERIC) -> str:
        """Return `length` characters, each drawn uniformly from the alphabet."""
        ...

    def new_token(self, length: int = 32) -> str:
        """Return a secret of letters and digits; 32 characters carry 190 bits."""
        ...

    def new_id(self) -> str:
        """Return an identifier for a row: 32 letters and digits."""
        ...


class SystemRuntime:
    """The clock and the random numbers of the operating system."""

    def now(self) -> datetime:
        """Return the current time: aware, UTC, whole milliseconds."""
        return datetime.fromtimestamp(time.time_ns() // 1_000_000 / 1000, UTC)

    def monotonic(self) -> float:
        """Return seconds on a clock that never goes back."""
        return time.monotonic()

    def random_bytes(self, size: int) -> bytes:
        """Return bytes from the operating system's generator."""
        return os.urandom(size)

    def random_string(self, length: int, alphabet: str = ALPHANUMERIC) -> str:
        """Return a uniform string by rejection sampling, one block of random bytes at a time."""
        limit = 256 - 256 % len(alphabet)
        drawn: list[str] = []
        while len(drawn) < length:
            block = self.random_bytes(2 * (length - len(drawn)))
            drawn.extend(alphabet[byte % len(alphabet)] for byte in block if byte < limit)
        return "".join(drawn[:length])

    def new_token(self, length: int = 32) -> str:
        """Return a secret of letters and digits."""
        return self.random_string(length)

    def new_id(self) -> str:
        """Return 32 letters and digits."""
        return self.random_string(32)


class UuidRuntime(SystemRuntime):
    """The system runtime with random UUIDs (RFC 9562 section 5.4) as row identifiers."""

    def new_id(self) -> str:
        """Return a random UUID in its canonical form."""
        return str(uuid.UUID(bytes=self.random_bytes(16), version=4))


class FrozenRuntime(SystemRuntime):
    """A clock that moves only when told to; chance stays real."""

    def __init__(self, now: datetime | None = None, new_id: Callable[[], str] | None = None) -> None:
        """Start at `now`, or at a fixed moment; `new_id` replaces the identifiers."""
        self._now = now or datetime(2030, 1, 1, tzinfo=UTC)
        self._monotonic = 0.0
        self._new_id = new_id

    def now(self) -> datetime:
        """Return the moment the clock stands at."""
        return self._now

    def monotonic(self) -> float:
        """Return the seconds advanced so far."""
        return self._monotonic

    def new_id(self) -> str:
        """Return an identifier of the given source."""
        return self._new_id() if self._new_id else super().new_id()

    def advance(self, delta: timedelta | None = None, /, **parts: float) -> None:
        """Move the clock: `advance(minutes=6)`."""
        step = delta if delta is not None else timedelta(**parts)
        self._now += step
        self._monotonic += step.total_seconds()
