"""Log lines for machines or for people: the library's events become fields, and nothing secret passes."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, Final, Literal

import structlog

from ostiary.domain.circumstances import REQUEST_ID
from ostiary.server.settings import Settings

_SECRET: Final = re.compile(
    r"password|passwd|secret|token|cookie|authorization|credential|api_?key|private_?key", re.IGNORECASE
)
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_QUERY: Final = re.compile(r"\?[^\s\"]*")
_REDACTED: Final = "[redacted]"
# the one path that carries a secret: whoever reads it in a log could set a new password
_LINK: Final = re.compile(r"(/reset-password/)[^/\s\"]+")

EventDict = MutableMapping[str, Any]  # structlog's own shape


def _fields_of_events(logger: Any, method: str, event: EventDict) -> EventDict:
    """Make fields of what the library says of an event."""
    record = event.get("_record")
    details = getattr(record, "auth", None)
    if isinstance(details, dict):
        for name, value in details.items():
            event.setdefault(name, value)
        event["event"] = details.get("event", event["event"])  # the message may say more than the name
    return event


def _with_request_id(logger: Any, method: str, event: EventDict) -> EventDict:
    """Name the request that a line is of."""
    if (request_id := REQUEST_ID.get()) is not None:
        event.setdefault("request_id", request_id)
    return event


def _without_queries(logger: Any, method: str, event: EventDict) -> EventDict:
    """Make fields of a request, and leave out what may carry a one-time token: its query, a mailed link."""
    arguments = event.pop("positional_args", ())
    source = event.get("logger")
    if source == "uvicorn.access" and len(arguments) == 5:
        client, verb, path, _, status = arguments
        event.update(event="request", client=client, method=verb, path=_bare(path), status=status)
    elif source == "uvicorn.error":
        event["event"] = _bare(event["event"])  # it tells of WebSockets
    return event


def _bare(text: object) -> str:
    return _LINK.sub(rf"\1{_REDACTED}", _QUERY.sub("", str(text)))


def _without_secrets(logger: Any, method: str, event: EventDict) -> EventDict:
    """Blank every field whose name speaks of a secret, however deep."""
    return {name: _cleaned(name, value) for name, value in event.items()}


def _cleaned(name: str, value: Any) -> Any:  # a log field holds anything
    if _SECRET.search(name) and isinstance(value, (str, bytes)) and value:
        return _REDACTED
    if isinstance(value, dict):
        return {str(key): _cleaned(str(key), each) for key, each in value.items()}
    return value


def _on_one_line(logger: Any, method: str, event: EventDict) -> EventDict:
    """Escape control characters, so that no client can forge a line or colour a terminal."""
    for name, value in event.items():
        if isinstance(value, str) and name != "exception":
            event[name] = _CONTROL.sub(lambda found: ascii(found.group())[1:-1], value)
    return event


def _formatter(form: Literal["json", "console"]) -> logging.Formatter:
    shared: list[structlog.types.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _fields_of_events,
        _with_request_id,
        _without_queries,
    ]
    renderer: structlog.types.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if form == "json"
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        pass_foreign_args=True,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,  # without local variables: they hold passwords
            _without_secrets,
            _on_one_line,
            renderer,
        ],
    )


def configure_logging(settings: Settings) -> None:
    """Send every log record of this process to standard error, in the configured form."""
    handler = logging.StreamHandler()
    handler.setFormatter(_formatter(settings.log_format))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level.upper())
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    logging.getLogger("alembic").setLevel(logging.WARNING)  # it tells of every step of every comparison
    logging.getLogger("uvicorn.access").disabled = not settings.access_log
