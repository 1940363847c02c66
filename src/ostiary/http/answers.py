"""How outcomes become responses."""

import math

from ostiary.domain.errors import AuthError, Errors, JsonValue
from ostiary.http import json
from ostiary.http.context import Context
from ostiary.http.messages import Response
from ostiary.http.redirect import Redirect

JSON_TYPE = ("content-type", "application/json")


def _with_context(response: Response, context: Context) -> Response:
    response.headers.extend(context.headers)
    if context.cookies:
        response.headers.extend(("set-cookie", line) for line in context.cookies.lines())
    return response


def success(context: Context, value: object) -> Response:
    """Answer with the JSON form of a result; a handler may also have answered by itself."""
    if isinstance(value, Response):
        return _with_context(value, context)
    body = json.dump(context.services.renderer.render(value))
    return _with_context(Response(200, [JSON_TYPE], body), context)


def refused(context: Context, error: AuthError) -> Response:
    """Answer with `{message, code}`, either or both of which a refusal may lack."""
    headers = [*error.headers.items()]
    if error.text is not None:
        headers.append(("content-type", "text/plain;charset=UTF-8"))
        return _with_context(Response(error.status, headers, error.text.encode()), context)
    members: dict[str, JsonValue] = {}
    if error.message is not None:
        members["message"] = error.message
    if error.code is not None:
        members["code"] = error.code
    members |= error.extra
    headers.insert(0, JSON_TYPE)
    return _with_context(Response(error.status, headers, json.dump(members) if members else b""), context)


def redirected(context: Context, redirect: Redirect) -> Response:
    """Answer 302."""
    return _with_context(Response(302, [("location", redirect.location)]), context)


def overloaded(context: Context, retry_after: float) -> Response:
    """Answer 503 with the seconds after which trying again makes sense (RFC 9110 section 10.2.3)."""
    seconds = str(max(1, math.ceil(retry_after)))
    return refused(context, Errors.SERVICE_UNAVAILABLE(headers={"retry-after": seconds}))


def not_found() -> Response:
    """Answer 404 without a body, as the reference does for anything it does not route."""
    return Response(404)
