"""Refusals on application routes, in the shape the auth endpoints give them."""

from typing import Any, Final

from fastapi import FastAPI
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.websockets import WebSocket

from ostiary.domain.errors import AuthError, IssuerUnavailable, Overloaded, StorageUnavailable
from ostiary.http import answers
from ostiary.integrations.fastapi.visit import visit_of

_POLICY_VIOLATION: Final = 1008  # RFC 6455 section 7.4.1
_TRY_AGAIN_LATER: Final = 1013  # in the registry that RFC 6455 section 11.7 opens


async def answer(connection: HTTPConnection, error: Exception) -> Response | None:
    """Answer `{message, code}`; a WebSocket is closed, which before its acceptance is a 403."""
    if isinstance(error, AuthError):
        visit_of(connection).log(error)
    if isinstance(connection, WebSocket):
        code = _POLICY_VIOLATION if isinstance(error, AuthError) else _TRY_AGAIN_LATER
        await connection.close(code, getattr(error, "code", None))
        return None
    return _response(error if isinstance(error, AuthError) else answers.unavailable(error))


def _response(error: AuthError) -> Response:
    """Make the answer without cookies, which the middleware adds."""
    answered = answers.refusal(error)
    response = Response(answered.body, answered.status)
    for name, value in answered.headers:
        response.headers.append(name, value)
    return response


def answer_refusals(app: FastAPI) -> None:
    """Register the answers, unless the application has its own."""
    handler: Any = answer  # one function for both kinds of connection, which the type does not foresee
    for kind in (AuthError, IssuerUnavailable, Overloaded, StorageUnavailable):
        app.exception_handlers.setdefault(kind, handler)
