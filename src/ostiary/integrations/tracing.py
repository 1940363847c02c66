"""Traces by OpenTelemetry, with the extra `tracing`."""

from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import propagate, trace
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, TracerProvider

from ostiary.domain.audit import EventKind
from ostiary.domain.observation import Observer, Served

_FAILED = 500


class Tracing(Observer):
    """A span for each request to an endpoint, one within for each hash; security acts are events of a span.

    Spans tell endpoints, statuses and codes: no address, no header, no query, no body.
    """

    def __init__(self, provider: TracerProvider | None = None) -> None:
        """Trace by the given provider, or by the process's own."""
        self._tracer = trace.get_tracer("ostiary", tracer_provider=provider)

    @contextmanager
    def serving(self, served: Served) -> Iterator[None]:
        """Trace a request, as part of the trace under way or of the one its sender began."""
        inside = trace.get_current_span().get_span_context().is_valid
        with self._tracer.start_as_current_span(
            f"{served.method} {served.route}",
            context=None if inside else propagate.extract(served.headers),
            kind=SpanKind.INTERNAL if inside else SpanKind.SERVER,
            attributes={
                "http.request.method": served.method,
                "http.route": served.route,
                "ostiary.endpoint": served.endpoint,
            },
            # what an exception says may hold what a person sent
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            yield
            _conclude(span, served)

    @contextmanager
    def working(self, work: str) -> Iterator[None]:
        """Trace a piece of work."""
        with self._tracer.start_as_current_span(work, record_exception=False, set_status_on_exception=False):
            yield

    def happened(self, kind: EventKind, reason: str | None) -> None:
        """Note a security act."""
        trace.get_current_span().add_event(kind.value)


def _conclude(span: Span, served: Served) -> None:
    span.set_attribute("http.response.status_code", served.status)
    if served.refusal is not None:
        span.set_attribute("ostiary.refusal", served.refusal)
    if served.status >= _FAILED:
        span.set_status(Status(StatusCode.ERROR))
