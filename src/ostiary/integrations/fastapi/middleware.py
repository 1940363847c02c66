"""What surrounds every request of an application: its visit, the session's headers, cross-origin rules."""

from collections.abc import Awaitable, Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ostiary.http.asgi import encode_headers
from ostiary.integrations.fastapi.cors import Cors, RawHeaders
from ostiary.integrations.fastapi.visit import SCOPE_KEY, Visit

_WITH_HEADERS = frozenset({"http.response.start", "websocket.accept"})
_SET_COOKIE = b"set-cookie"


class VisitMiddleware:
    """Gives every connection its visit."""

    def __init__(self, app: ASGIApp, visit: Callable[[Scope], Visit]) -> None:
        """Surround an application; `visit` begins the visit of a connection."""
        self._app = app
        self._visit = visit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "lifespan":
            scope[SCOPE_KEY] = self._visit(scope)
        try:
            await self._app(scope, receive, send)
        finally:
            # a visit and its scope that held each other would wait, with the whole request, for the collector
            scope.pop(SCOPE_KEY, None)


class AuthMiddleware:
    """Gives every connection its visit, and its response whatever the session's reading has to set."""

    def __init__(self, app: ASGIApp, visit: Callable[[Scope], Visit], cors: Cors | None = None) -> None:
        """Surround an application; `visit` begins the visit of a connection."""
        self._app = app
        self._visit = visit
        self._cors = cors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        visit = scope[SCOPE_KEY] = self._visit(scope)

        def send_with_owed(message: Message) -> Awaitable[None]:
            """Add what the visit owes to the message that carries headers."""
            if message["type"] in _WITH_HEADERS and (owed := visit.owed_headers()):
                message = {**message, "headers": _with_owed(message.get("headers", ()), owed)}
            return send(message)

        try:
            if self._cors is None or scope["type"] != "http":
                await self._app(scope, receive, send_with_owed)
            else:
                await self._serve_across_origins(self._cors, scope, receive, send_with_owed)
        finally:
            scope.pop(SCOPE_KEY, None)  # as above

    async def _serve_across_origins(self, cors: Cors, scope: Scope, receive: Receive, send: Send) -> None:
        origin = await cors.granted(scope)

        def send_with_grant(message: Message) -> Awaitable[None]:
            """Add the grant, or the warning to caches that it depends on the origin."""
            if message["type"] == "http.response.start":
                message = {**message, "headers": cors.amended(message.get("headers", ()), origin)}
            return send(message)

        if origin is not None and cors.is_preflight(scope):
            headers = cors.preflight_headers(scope)
            await send_with_grant({"type": "http.response.start", "status": 204, "headers": headers})
            await send_with_grant({"type": "http.response.body"})
        else:
            await self._app(scope, receive, send_with_grant)


def _with_owed(headers: RawHeaders, owed: list[tuple[str, str]]) -> RawHeaders:
    """Append what the response does not set itself: a handler that signs somebody out has the last word."""
    own = {_cookie_name(value) for name, value in headers if name.lower() == _SET_COOKIE}
    missing = [
        (name, value)
        for name, value in encode_headers(owed)
        if name != _SET_COOKIE or _cookie_name(value) not in own
    ]
    if not missing:
        return [*headers]
    # a cache that kept this answer would hand one person's session to the next
    kept = (header for header in headers if header[0].lower() != b"cache-control")
    return [*kept, *missing, (b"cache-control", b"no-store")]


def _cookie_name(line: bytes) -> bytes:
    return line.partition(b"=")[0].strip()
