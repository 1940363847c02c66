"""What a transaction does beside its writes: before and once they are durable, or once they are undone."""

import logging
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Final, TypeAlias

Effect: TypeAlias = Callable[[], Awaitable[None]]

_log: Final = logging.getLogger("ostiary")


class Effects:
    """The effects of one transaction, each kind in the order given."""

    def __init__(self) -> None:
        """Begin without any."""
        self.before: Final[list[Effect]] = []
        self.after: Final[list[Effect]] = []
        self.undoing: Final[list[Effect]] = []

    async def prepare(self, *, spoiled: bool) -> None:
        """Run what comes before the commit; raises what fails, RuntimeError where a statement did."""
        if spoiled:
            raise RuntimeError("a statement of this transaction failed, so nothing of it was written")
        for effect in self.before:
            await effect()

    async def finish(self) -> None:
        """Run what follows the commit, all of it, and raise a failure at the end."""
        async with AsyncExitStack() as effects:
            for effect in reversed(self.after):
                effects.push_async_callback(effect)

    async def undo(self) -> None:
        """Run what follows a rollback; failures are logged, since what went wrong before tells more."""
        for effect in self.undoing:
            try:
                await effect()
            except Exception:  # noqa: BLE001  whatever it was, the cause of the rollback is on its way
                _log.exception("what a transaction had done outside the database was not undone")
