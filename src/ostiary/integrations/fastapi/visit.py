"""One connection to the application, and the session it comes with."""

from typing import Final

from starlette.requests import HTTPConnection
from starlette.types import Scope

from ostiary.auth import Auth
from ostiary.domain.entities import ActiveSession
from ostiary.domain.errors import AuthError, ConfigurationError
from ostiary.http.asgi import raw_path, read_headers
from ostiary.http.context import Context
from ostiary.http.messages import Request
from ostiary.http.session_reader import SIGNED_OUT, Reading

SCOPE_KEY: Final = "ostiary"
_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_WEB_SCHEMES: Final = {"ws": "http", "wss": "https"}


class Visit:
    """Reads the session once, however many ask, and keeps the cookies that go out with the response."""

    __slots__ = ("_context", "_reading", "_scope", "auth")

    def __init__(self, auth: Auth, scope: Scope) -> None:
        """Read nothing yet: most requests of an application may never ask who calls."""
        self.auth: Final = auth
        self._scope = scope
        self._context: Context | None = None
        self._reading: Reading | None = None

    @property
    def context(self) -> Context:
        """The connection as the auth server sees it."""
        if self._context is None:
            self._context = self.auth.context(_request_of(self._scope))
        return self._context

    async def session(self) -> ActiveSession | None:
        """Return the session of the connection, extended where that is due; None if nobody is signed in.

        Raises INVALID_ORIGIN or MISSING_OR_NULL_ORIGIN where another site may have made the browser send the
        cookie.
        """
        if self._reading is None:
            self._reading = await self._judge()
        return self._reading.active

    async def _judge(self) -> Reading:
        context, services = self.context, self.auth.services
        if self._needs_origin and services.session_cookies.token(context.request) is not None:
            await services.origins.check_origin(context.request)
        try:
            return await context.read_session()
        except AuthError:
            return SIGNED_OUT  # revoked while it was being extended

    @property
    def _needs_origin(self) -> bool:
        # No same-origin policy protects a WebSocket: its handshake carries cookies from anywhere.
        return self._scope["type"] == "websocket" or self._scope["method"] not in _SAFE_METHODS

    def cookie_lines(self) -> list[str]:
        """Return what the response has to set; empty unless the session was read and touched."""
        return [] if self._context is None else self._context.cookies.lines()


def _request_of(scope: Scope) -> Request:
    client = scope.get("client")
    scheme: str = scope.get("scheme", "http")
    return Request(
        method=scope.get("method", "GET"),
        path=raw_path(scope),
        headers=read_headers(scope),
        # The query belongs to the application: it must not switch the cookie cache off.
        scheme=_WEB_SCHEMES.get(scheme, scheme),
        peer=client[0] if client else None,
    )


def visit_of(connection: HTTPConnection) -> Visit:
    """Return the visit of a connection; raises ConfigurationError where no auth server is installed."""
    visit = connection.scope.get(SCOPE_KEY)
    if not isinstance(visit, Visit):
        raise ConfigurationError("this application knows no auth server: call `auth.install(app)` on it")
    return visit
