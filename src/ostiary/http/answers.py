"""How outcomes become responses."""

import math
from http import HTTPStatus

from ostiary.domain.errors import AuthError, Errors, JsonValue, Overloaded, StorageUnavailable
from ostiary.http import json
from ostiary.http.context import Context
from ostiary.http.messages import GUARDS, JSON_TYPE, Response
from ostiary.http.redirect import Redirect


def _with_context(response: Response, context: Context) -> Response:
    response.headers.extend(context.headers)
    if context.cookies:
        response.headers.extend(("set-cookie", line) for line in context.cookies.lines())
    return response


def success(context: Context, value: object) -> Response:
    """Answer with the JSON form of a result; a handler may also have answered by itself."""
    if isinstance(value, Response):
        return _with_context(value, context)
    status = context.endpoint.status if context.endpoint else 200
    if status == HTTPStatus.NO_CONTENT:
        return _with_context(Response(status), context)
    body = context.services.renderer.text(value)
    return _with_context(Response(status, [JSON_TYPE], body), context)


def refusal(error: AuthError) -> Response:
    """Answer with `{message, code}`, either or both of which a refusal may lack."""
    headers = [*error.headers.items()]
    if error.text is not None:
        headers.append(("content-type", "text/plain;charset=UTF-8"))
        return Response(error.status, headers, error.text.encode())
    members = refusal_members(error)
    headers.insert(0, JSON_TYPE)
    return Response(error.status, headers, json.dump(members) if members else b"")


def refusal_members(error: AuthError) -> dict[str, JsonValue]:
    """Return the members of a refusal's body."""
    members: dict[str, JsonValue] = {}
    if error.message is not None:
        members["message"] = error.message
    if error.code is not None:
        members["code"] = error.code
    return members | error.extra


def refused(context: Context, error: AuthError) -> Response:
    """Answer with a refusal in the words of the endpoint's protocol."""
    endpoint = context.endpoint
    if endpoint is not None and endpoint.rewrite_refusal is not None:
        error = endpoint.rewrite_refusal(error)
    return _with_context(refusal(error), context)


def redirected(context: Context, redirect: Redirect) -> Response:
    """Answer 302."""
    # wire: the reference names a type for the body that a redirect does not have
    return _with_context(Response(302, [("location", redirect.location), JSON_TYPE]), context)


def code_of(error: Exception) -> str | None:
    """Return what measures call an outcome; None for a redirect, which refuses nothing."""
    match error:
        case AuthError():
            return error.code or str(error.status)
        case StorageUnavailable():
            return "STORAGE_UNAVAILABLE"
        case Overloaded():
            return "OVERLOADED"
        case Redirect():
            return None
    return type(error).__name__


def unavailable(error: Exception) -> AuthError:
    """Return the 503 with the seconds after which trying again makes sense (RFC 9110 section 10.2.3)."""
    seconds = math.ceil(error.retry_after) if isinstance(error, Overloaded) else 1
    return Errors.SERVICE_UNAVAILABLE(headers={"retry-after": str(max(1, seconds))})


def postponed(context: Context, error: Exception) -> Response:
    """Answer 503; the browser's cookies stay as they are, so that it can try again as it came."""
    as_it_came = Context(context.request, context.services, context.endpoint)
    return refused(as_it_came, unavailable(error))


def not_found() -> Response:
    """Answer 404 without a body, as the reference does for anything it does not route."""
    return Response(404)


def guarded(response: Response) -> Response:
    """Keep an answer out of caches, and away from whoever would misread it, unless it says more of that."""
    said = dict(response.headers)
    response.headers.extend([guard for guard in GUARDS if guard[0] not in said])
    return response
