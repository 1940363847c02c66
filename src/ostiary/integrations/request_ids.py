"""One identifier for everything that a request leaves behind: log lines, audit events, its answer."""

import re
from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

from ostiary.domain.circumstances import REQUEST_ID
from ostiary.domain.runtime import Runtime, SystemRuntime
from ostiary.http.asgi import Message, Receive, Scope, Send

HEADER: Final = b"x-request-id"
_WELL_FORMED: Final = re.compile(rb"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")
_LENGTH: Final = 20

ASGIApp: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]


class RequestIds:
    """Takes the identifier that a proxy gave the request, makes one where there is none, and sends it back.

    What could forge a log line is no identifier: then the request gets one of ours.
    """

    def __init__(self, app: ASGIApp, runtime: Runtime | None = None) -> None:
        """Surround an ASGI application."""
        self._app = app
        self._runtime = runtime or SystemRuntime()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection under its identifier."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        request_id = self._request_id(scope)

        async def send_with_id(message: Message) -> None:
            """Add the header to the message that carries headers."""
            if message["type"] in {"http.response.start", "websocket.accept"}:
                headers = [pair for pair in message.get("headers", ()) if pair[0].lower() != HEADER]
                message = {**message, "headers": [*headers, (HEADER, request_id.encode())]}
            await send(message)

        token = REQUEST_ID.set(request_id)
        try:
            await self._app(scope, receive, send_with_id)
        finally:
            REQUEST_ID.reset(token)

    def _request_id(self, scope: Scope) -> str:
        given = [value for name, value in scope["headers"] if name.lower() == HEADER]
        if len(given) == 1 and _WELL_FORMED.fullmatch(given[0]):
            text: str = given[0].decode()
            return text
        return self._runtime.random_string(_LENGTH)
