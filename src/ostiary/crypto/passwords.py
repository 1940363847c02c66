"""Password hashing off the event loop: few threads, and a queue that refuses what would wait too long."""

import asyncio
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from typing import Protocol, TypeVar

from ostiary.crypto.giving_way import THREADS_GIVE_WAY, give_way
from ostiary.crypto.javascript import text_to_bytes
from ostiary.crypto.password_hashes.algorithm import Algorithm, HashingAlgorithm, PasswordTooLong
from ostiary.crypto.password_hashes.argon2 import Argon2
from ostiary.crypto.password_hashes.bcrypt import Bcrypt
from ostiary.crypto.password_hashes.firebase import FirebaseScrypt
from ostiary.crypto.password_hashes.pbkdf2 import DjangoPbkdf2
from ostiary.crypto.password_hashes.scrypt import Scrypt
from ostiary.domain.errors import Overloaded
from ostiary.domain.runtime import Runtime

__all__ = ["LONGEST_PASSWORD", "BoundedHasher", "PasswordHasher", "PasswordTooLong"]

T = TypeVar("T")

LONGEST_PASSWORD = 4096
"""Bytes. What is longer is never hashed, whatever policy stands before the hasher."""

KNOWN_ALGORITHMS: tuple[Algorithm, ...] = (
    Scrypt(),
    Argon2(),
    Bcrypt(),
    DjangoPbkdf2(),
    FirebaseScrypt(),
)

_FIRST_GUESS = 0.1
_WEIGHT_OF_LATEST = 0.2


class PasswordHasher(Protocol):
    """Makes and checks what is stored in place of a password."""

    async def hash(self, password: str, /) -> str:
        """Return the hash to store; PasswordTooLong (a ValueError), or Overloaded when the queue is full."""
        ...

    async def verify(self, password: str, stored: str, /) -> bool:
        """Tell whether the password made the stored hash; False if that is malformed, Overloaded as above."""
        ...

    def needs_rehash(self, stored: str, /) -> bool:
        """Tell whether a password that was just verified should be hashed and stored again."""
        ...


class BoundedHasher:
    """Hashes with one algorithm, verifies every known one, and bounds how long anybody waits.

    A job that would wait longer than `max_wait`, judged by the length of the queue and how long the latest
    jobs took, is refused before it is queued: a client is better served by a refusal now than by an answer
    after it has given up. Threads start with the first job.
    """

    def __init__(
        self,
        runtime: Runtime,
        algorithm: HashingAlgorithm | None = None,
        *,
        known: Sequence[Algorithm] = KNOWN_ALGORITHMS,
        workers: int | None = None,
        max_wait: timedelta = timedelta(seconds=10),
    ) -> None:
        """By default: Better Auth's scrypt, and a thread for each processor.

        Where threads cannot give way to the event loop, one processor is left to it.
        """
        self._runtime = runtime
        self._algorithm = algorithm or Scrypt()
        self._known = (self._algorithm, *known)
        self._workers = workers or _threads()
        self._max_wait = max_wait.total_seconds()
        self._threads = ThreadPoolExecutor(
            self._workers, thread_name_prefix="ostiary-password", initializer=give_way
        )
        self._lock = threading.Lock()
        self._jobs = 0
        self._average = _FIRST_GUESS

    async def hash(self, password: str, /) -> str:
        """Hash with the configured algorithm."""
        if _too_long(password):
            raise PasswordTooLong(f"passwords over {LONGEST_PASSWORD} bytes are never hashed")
        return await self._run(lambda: self._algorithm.hash(password, self._runtime))

    async def verify(self, password: str, stored: str, /) -> bool:
        """Verify with the algorithm that made the hash."""
        algorithm = next((known for known in self._known if known.recognises(stored)), None)
        if algorithm is None or _too_long(password):
            return False
        return await self._run(lambda: algorithm.verify(password, stored))

    def needs_rehash(self, stored: str, /) -> bool:
        """Tell whether the hash is of another format or other parameters than the configured ones."""
        return not self._algorithm.is_current(stored)

    @property
    def expected_wait(self) -> float:
        """Seconds until a job that came now would begin."""
        queued = max(0, self._jobs - self._workers + 1)
        return queued * self._average / self._workers

    @property
    def jobs(self) -> int:
        """How many passwords are being hashed or wait for a thread."""
        return self._jobs

    def close(self) -> None:
        """Let the running jobs end and drop the queued ones, whose callers get CancelledError."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _run(self, job: Callable[[], T]) -> T:
        with self._lock:
            wait = self.expected_wait
            if wait > self._max_wait:
                raise Overloaded(retry_after=wait)
            self._jobs += 1
        future = self._submit(job)
        return await asyncio.wrap_future(future)

    def _submit(self, job: Callable[[], T]) -> Future[T]:
        try:
            future = self._threads.submit(self._timed, job)
        except RuntimeError:
            self._leave()  # the pool is closed
            raise
        # also called for a job that its caller gave up before it began
        future.add_done_callback(lambda _: self._leave())
        return future

    def _timed(self, job: Callable[[], T]) -> T:
        began = self._runtime.monotonic()
        result = job()
        took = self._runtime.monotonic() - began
        with self._lock:
            self._average += (took - self._average) * _WEIGHT_OF_LATEST
        return result

    def _leave(self) -> None:
        with self._lock:
            self._jobs -= 1


def _threads() -> int:
    processors = os.cpu_count() or 1
    return processors if THREADS_GIVE_WAY else max(1, processors - 1)


def _too_long(password: str) -> bool:
    return len(password) > LONGEST_PASSWORD or len(text_to_bytes(password)) > LONGEST_PASSWORD
