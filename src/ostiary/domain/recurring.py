"""What was found out about texts that come again and again, such as tokens."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Final, Generic, TypeVar

V = TypeVar("V")


class Recurring(Generic[V]):
    """Remembers what was found out about a text from its second coming on.

    A text that comes once would push out one that comes all the time, and a thousand of them would fill the
    memory with what nobody asks for again. So the first time only its hash is noted.
    """

    def __init__(self, most: int) -> None:
        """Remember `most` texts: then the oldest makes room."""
        self._most = most
        self._noted: set[int] = set()
        self._known: OrderedDict[str, V] = OrderedDict()
        self.get: Final[Callable[[str], V | None]] = self._known.get
        """Returns what is remembered of a text, else None."""

    def __len__(self) -> int:
        """Count the remembered texts."""
        return len(self._known)

    def add(self, text: str, found: V) -> None:
        """Note that a text came; remember what was found out about it where it came before."""
        mark = hash(text)
        if mark not in self._noted:
            if len(self._noted) >= self._most:
                self._noted.clear()
            self._noted.add(mark)
            return
        if text not in self._known and len(self._known) >= self._most:
            self._known.popitem(last=False)
        self._known[text] = found
