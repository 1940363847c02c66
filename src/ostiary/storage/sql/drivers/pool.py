"""A bounded set of connections, the most recently used first."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from math import inf
from typing import Final, Generic, TypeVar

from ostiary.domain.errors import StorageUnavailable
from ostiary.storage.sql.driver import PoolOptions, Silence

C = TypeVar("C")


class Pool(Generic[C]):
    """Connections of one event loop. The drivers' own pools cost as much as a query does.

    After a silence one caller at a time finds out whether the server is back; the others are told at once
    that it is not, rather than each of them after a time-out of its own.
    """

    def __init__(
        self,
        options: PoolOptions,
        connect: Callable[[], Awaitable[C]],
        is_open: Callable[[C], bool],
        discard: Callable[[C], None],
    ) -> None:
        """Open connections by `connect`, drop them by `discard`."""
        self._patience: Final = options.acquire_timeout.total_seconds()
        self._rest: Final = options.idle_timeout.total_seconds()
        self._silence: Final = min(options.connect_timeout, options.statement_timeout).total_seconds()
        self._free = asyncio.Semaphore(options.size)
        self._idle: deque[tuple[C, float]] = deque()
        self._connect = connect
        self._is_open = is_open
        self._discard = discard
        self.loop: Final = asyncio.get_running_loop()
        self._clock = self.loop.time
        self._closed = False
        self._silent = False
        self._trying = False
        self._answered_at = -inf

    async def acquire(self) -> C:
        """Take a connection. Raises StorageUnavailable where none comes free in time."""
        await self._turn()
        if not self._silent:
            return await self._taken()
        if self._trying:
            self._free.release()
            raise StorageUnavailable("the database has not answered for a while")
        self._trying = True
        try:
            return await self._taken()
        except BaseException:
            self._trying = False
            raise

    async def _turn(self) -> None:
        if self._free.locked():
            try:
                async with asyncio.timeout(self._patience):
                    await self._free.acquire()
            except TimeoutError:
                raise StorageUnavailable("every database connection is in use") from None
        else:
            await self._free.acquire()

    async def _taken(self) -> C:
        while self._idle:
            connection, since = self._idle.pop()
            if self._is_open(connection) and self._clock() - since < self._rest:
                return connection
            self._discard(connection)
        try:
            return await self._connect()
        except BaseException as error:
            if isinstance(error, Silence):
                self.doubt()
            self._free.release()
            raise

    def doubt(self) -> None:
        """Note that the server was silent: what rests may be as dead as what was asked.

        Not so where it answered somebody after this was asked: then it came back, or one statement waits for
        a lock.
        """
        if self._clock() - self._answered_at < self._silence:
            return
        self._silent = True
        while self._idle:
            self._discard(self._idle.pop()[0])

    def release(self, connection: C) -> None:
        """Give a connection back; one that broke is dropped."""
        self._trying = False
        if self._is_open(connection) and not self._closed:
            self._silent = False
            self._answered_at = self._clock()
            self._idle.append((connection, self._answered_at))
        else:
            self._discard(connection)
        self._free.release()

    def close(self) -> list[C]:
        """Take no connection back any more; return those that rest and can still be closed."""
        self._closed = True
        idle = [connection for connection, _ in self._idle]
        self._idle.clear()
        return [] if self.loop.is_closed() else idle
