"""Refusals on application routes, in the shape the auth endpoints give them."""

from typing import Any

from fastapi import FastAPI
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.websockets import WebSocket

from ostiary.domain.errors import AuthError, Overloaded, StorageUnavailable
from ostiary.http import answers, messages
from ostiary.http.context import Context
from ostiary.http.events import log_refusal
from ostiary.integrations.fastapi.visit import visit_of

_POLICY_VIOLATION = 1008  # RFC 6455 section 7.4.1
_TRY_AGAIN_LATER = 1013  # in the registry that RFC 6455 section 11.7 opens


async def answer(connection: HTTPConnection, error: Exception) -> Response | None:
    """Answer `{message, code}`; a WebSocket is closed, which before its acceptance is a 403."""
    context = visit_of(connection).context
    if isinstance(error, AuthError):
        log_refusal(context, error)
    if isinstance(connection, WebSocket):
        code = _POLICY_VIOLATION if isinstance(error, AuthError) else _TRY_AGAIN_LATER
        await connection.close(code, getattr(error, "code", None))
        return None
    # The middleware adds the visit's cookies, so the answer is made without them.
    return _response(_answer(Context(context.request, context.services), error))


def _answer(context: Context, error: Exception) -> messages.Response:
    if isinstance(error, AuthError):
        return answers.refused(context, error)
    return answers.overloaded(context, error.retry_after if isinstance(error, Overloaded) else 1)


def _response(answered: messages.Response) -> Response:
    response = Response(answered.body, answered.status)
    for name, value in answered.headers:
        response.headers.append(name, value)
    return response


def answer_refusals(app: FastAPI) -> None:
    """Register the answers, unless the application has its own."""
    handler: Any = answer  # one function for both kinds of connection, which the type does not foresee
    for kind in (AuthError, Overloaded, StorageUnavailable):
        app.exception_handlers.setdefault(kind, handler)
