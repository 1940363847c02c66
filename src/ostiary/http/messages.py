"""A request and a response, free of any framework."""

from collections.abc import Awaitable, Callable, Mapping, MutableSequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Final, TypeAlias
from urllib.parse import parse_qsl

from ostiary.domain.errors import Errors
from ostiary.http.cookies import parse_cookie_header

ReadBody: TypeAlias = Callable[[], Awaitable[bytes]]

JSON_TYPE: Final = ("content-type", "application/json")
NO_STORE: Final = (("cache-control", "no-store"), ("pragma", "no-cache"))
"""Nobody keeps an answer that holds a token (RFC 6749 section 5.1)."""
GUARDS: Final = (
    ("cache-control", "no-store"),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
)
"""What every answer says that says nothing else of the same."""
MOST_PARAMETERS: Final = 200
"""In one query; a provider's answer has a dozen."""


async def no_body() -> bytes:
    """Return the body of a request that has none."""
    return b""


def _parse_query(query_string: str) -> Mapping[str, str | list[str]]:
    found: dict[str, str | list[str]] = {}
    if not query_string:
        return found
    try:
        pairs = parse_qsl(query_string, keep_blank_values=True, max_num_fields=MOST_PARAMETERS)
    except ValueError:
        raise Errors.VALIDATION_ERROR("[query] Invalid input: too many parameters") from None
    for name, value in pairs:
        if name not in found:
            found[name] = value
        elif isinstance(earlier := found[name], list):
            earlier.append(value)
        else:
            found[name] = [earlier, value]
    return found


@dataclass(slots=True)
class Request:
    """One HTTP request, as much of it as an endpoint may see."""

    method: str
    path: str
    """The raw path below the base path; never decoded, so that policy and router agree."""
    headers: Mapping[str, str]
    """By lower-case name; repeated headers joined with a comma, cookies with a semicolon."""
    query_string: str = ""
    read_body: ReadBody = no_body
    scheme: str = "http"
    mount: str = ""
    """The prefix of `path` where that is not the base path."""
    peer: str | None = None
    """The address of whoever holds the other end of the connection."""
    in_process: bool = False
    """Called from Python: there is no browser to defend against, and no limit."""

    is_presented: bool = field(default=False, init=False)
    """A header stood for the session's cookie."""
    # not `cached_property`, which takes a lock that costs more than most cookie headers
    _cookies: Mapping[str, str] | None = field(default=None, init=False, repr=False, compare=False)
    _query: Mapping[str, str | list[str]] | None = field(default=None, init=False, repr=False, compare=False)

    @property
    def cookies(self) -> Mapping[str, str]:
        """The cookies by name, the first of each name."""
        if self._cookies is None:
            self._cookies = parse_cookie_header(self.headers.get("cookie", ""))
        return self._cookies

    def present_cookie(self, name: str, value: str) -> None:
        """Put a cookie in the place of the client's own of this name; the header stays as it was."""
        self.is_presented = True
        self._cookies = {**self.cookies, name: value}

    @property
    def query(self) -> Mapping[str, str | list[str]]:
        """The query parameters; a repeated one is a list. Raises VALIDATION_ERROR for too many."""
        if self._query is None:
            self._query = _parse_query(self.query_string)
        return self._query

    @property
    def origin(self) -> str:
        """Scheme and host the request was sent to, as the client named them."""
        return f"{self.scheme}://{self.headers.get('host', '')}"


_current: Final[ContextVar[Request | None]] = ContextVar("request", default=None)


def current_request() -> Request | None:
    """Return the request that is being answered, for functions among the options and what they start.

    None outside of one, and for the mailer, which works when nobody asks it to any more.
    """
    return _current.get()


class Answering:
    """Makes a request the current one for the time of a block."""

    __slots__ = ("_request", "_token")

    def __init__(self, request: Request) -> None:
        """Begin with nothing."""
        self._request = request

    def __enter__(self) -> None:
        """Let it be the current one."""
        self._token = _current.set(self._request)

    def __exit__(self, *_: object) -> None:
        """Let the one before be it again: calls in process nest."""
        _current.reset(self._token)


@dataclass(slots=True)
class Response:
    """One HTTP response."""

    status: int = 200
    headers: MutableSequence[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""

    def header(self, name: str) -> str | None:
        """Return the first header of this (lower-case) name."""
        return next((value for key, value in self.headers if key == name), None)
