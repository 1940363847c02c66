"""Metrics for Prometheus, with the extra `metrics`."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from ostiary.domain.audit import EventKind
from ostiary.domain.observation import Observer, Served

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
PROCESSES_VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"
_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
# An operator's own words are reasons, too: every ban would be a series of its own.
_REASONS: Final = frozenset(
    {"no such account", "wrong password", "account without a password", "address not verified"}
)


class Metrics(Observer):
    """Counts and times what a server does; `exposition` is what a scrape gets.

    With PROMETHEUS_MULTIPROC_DIR in the environment of every process a scrape of one of them tells of all.
    """

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        """Count into a registry of its own, or into one that the application exposes itself."""
        self.registry: Final = registry or CollectorRegistry()
        self._requests = Histogram(
            "ostiary_request_seconds",
            "Requests to endpoints",
            ("endpoint", "method", "status"),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._refusals = Counter(
            "ostiary_refusals",
            "Requests that were refused, by the code of the answer",
            ("endpoint", "code"),
            registry=self.registry,
        )
        self._work = Histogram(
            "ostiary_work_seconds",
            "Work that takes its time, waiting for it included",
            ("work",),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._events = Counter(
            "ostiary_security_events",
            "Security acts, sign-ins and refused ones among them",
            ("event", "reason"),
            registry=self.registry,
        )
        self._gauges: list[tuple[Gauge, Callable[[], float | None]]] = []

    @contextmanager
    def serving(self, served: Served) -> Iterator[None]:
        """Time a request."""
        with self._requests.time() as timer:
            yield
            timer.labels(served.endpoint, served.method, str(served.status))
        if served.refusal is not None:
            self._refusals.labels(served.endpoint, served.refusal).inc()
        self._read_gauges()

    @contextmanager
    def working(self, work: str) -> Iterator[None]:
        """Time a piece of work."""
        with self._work.labels(work).time():
            yield

    def happened(self, kind: EventKind, reason: str | None) -> None:
        """Count a security act."""
        known = reason if reason in _REASONS or kind is EventKind.SESSION_REVOKED else None
        self._events.labels(kind.value, known or "").inc()

    def watch(self, name: str, text: str, read: Callable[[], float | None], *, shared: bool = False) -> None:
        """Show a number."""
        gauge = Gauge(
            f"ostiary_{name}",
            text,
            registry=self.registry,
            multiprocess_mode="livemostrecent" if shared else "livesum",
        )
        self._gauges.append((gauge, read))

    def _read_gauges(self) -> None:
        for gauge, read in self._gauges:
            if (number := read()) is not None:
                gauge.set(number)

    def exposition(self) -> bytes:
        """Return every number in Prometheus's text form."""
        self._read_gauges()
        if PROCESSES_VARIABLE not in os.environ:
            return generate_latest(self.registry)
        everywhere = CollectorRegistry()
        MultiProcessCollector(everywhere)  # type: ignore[no-untyped-call]  # its constructor has no annotations
        return generate_latest(everywhere)
