"""What whoever measures the server gets to hear."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field

from ostiary.domain.audit import EventKind


@dataclass(slots=True, kw_only=True)
class Served:
    """A request to an endpoint; how it ended is known once it did."""

    endpoint: str
    """The endpoint's name: one of a few, whatever is asked for."""
    method: str
    route: str
    """Its path, with `{name}` for what a request fills in."""
    headers: Mapping[str, str] = field(repr=False)
    """By lower-case name; they hold credentials, so nothing of them may be kept but where a trace began."""
    status: int = 0
    refusal: str | None = None
    """The code of the refusal, if it was one."""


class Observer:
    """Hears what happens, to count or to trace it; every method may be left out.

    It is called in the middle of requests: it must neither wait nor raise.
    """

    def serving(self, served: Served) -> AbstractContextManager[None]:
        """Surround a request to an endpoint; at the end `served` tells how it was answered."""
        del served
        return nullcontext()

    def working(self, work: str) -> AbstractContextManager[None]:
        """Surround a piece of work that takes its time: `password_hash` or `password_verify`."""
        del work
        return nullcontext()

    def happened(self, kind: EventKind, reason: str | None) -> None:
        """Hear of a security act, whether or not an audit log is kept; called once it is durable."""

    def watch(self, name: str, text: str, read: Callable[[], float | None], *, shared: bool = False) -> None:
        """Learn of a number that can be read at any time, such as the length of a queue; None while unknown.

        A shared number is the same in every process; the others add up.
        """


class Observers:
    """All observers as one."""

    def __init__(self, observers: Sequence[Observer] = ()) -> None:
        """Tell each of them, in this order."""
        self._observers = tuple(observers)

    def __bool__(self) -> bool:
        """Tell whether anybody listens."""
        return bool(self._observers)

    @contextmanager
    def serving(self, served: Served) -> Iterator[None]:
        """Surround a request."""
        with ExitStack() as stack:
            for observer in self._observers:
                stack.enter_context(observer.serving(served))
            yield

    @contextmanager
    def working(self, work: str) -> Iterator[None]:
        """Surround a piece of work."""
        with ExitStack() as stack:
            for observer in self._observers:
                stack.enter_context(observer.working(work))
            yield

    def happened(self, kind: EventKind, reason: str | None) -> None:
        """Tell of a security act."""
        for observer in self._observers:
            observer.happened(kind, reason)

    def watch(self, name: str, text: str, read: Callable[[], float | None], *, shared: bool = False) -> None:
        """Tell of a number."""
        for observer in self._observers:
            observer.watch(name, text, read, shared=shared)
