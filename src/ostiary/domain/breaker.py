"""Circuit breaker: nobody else waits for a server that kept somebody waiting in vain."""

from collections.abc import Iterator
from contextlib import contextmanager


class StillSilent(OSError):
    """A server did not answer somebody else, and was not asked again."""


class Breaker:
    """After a silence one caller at a time finds out whether a server is back; the others hear at once."""

    def __init__(self, *silences: type[Exception]) -> None:
        """Take the errors that mean that nothing came back in time; other errors are answers."""
        self._silences = silences
        self._silent = False
        self._trying = False

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Ask the server something in this block. Raises StillSilent instead while somebody tries."""
        if self._silent and self._trying:
            raise StillSilent("it has not answered for a while")
        self._trying = trying = self._silent
        try:
            yield
            self._silent = False
        except Exception as error:
            self._silent = isinstance(error, self._silences)
            raise
        finally:
            self._trying = self._trying and not trying
