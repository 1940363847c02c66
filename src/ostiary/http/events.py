"""What an operator should know of: refusals, sign-ins and changes, as structured events without secrets."""

import logging
from typing import Final
from urllib.parse import quote

from ostiary.domain.circumstances import REQUEST_ID
from ostiary.domain.errors import AuthError
from ostiary.http.context import Context
from ostiary.http.wire import is_email
from ostiary.services.oauth.linking import Resolved

_log = logging.getLogger("ostiary.events")

_OF_PATHS: Final = "/%:@!$&'()*+,;=~"  # RFC 3986 section 3.3, and what is quoted already

# A refusal of a shape is a mistake of a program, not of a person; it is nobody's attempt at anything.
_UNREMARKABLE = frozenset({"VALIDATION_ERROR", "BAD_REQUEST"})


def _who(context: Context) -> dict[str, str]:
    active = context.active or context.new_session
    if active is not None:
        return {"user_id": active.user.id}
    body = context.body
    email = body.get("email") if isinstance(body, dict) else None
    # only what is an address: people type passwords into the wrong field
    return {"email": email.lower()} if isinstance(email, str) and is_email(email) else {}


def _endpoint(context: Context) -> str:
    if context.endpoint:
        return context.endpoint.name
    # a route of the application; quoted, so that no path forges a line
    return f"{context.request.method} {quote(context.request.path, safe=_OF_PATHS)}"[:200]


def _where(context: Context, event: str) -> dict[str, str]:
    request_id = REQUEST_ID.get()
    return {
        "event": event,
        "endpoint": _endpoint(context),
        "ip_address": context.client_address or "",
        "user_agent": (context.user_agent or "")[:200],
        **({} if request_id is None else {"request_id": request_id}),
    }


def log_refusal(context: Context, error: AuthError) -> None:
    """Record who was refused what, from where and why."""
    if error.code in _UNREMARKABLE:
        return
    details = {
        "code": error.code or "",
        "status": error.status,
        "reason": error.reason or error.message or "",
    }
    where = _where(context, "refused")
    # an application that configures no logging sees the message alone
    _log.warning(
        "refused: %s at %s",
        error.code or error.status,
        where["endpoint"],
        extra={"auth": {**where, **_who(context), **details}},
    )


def log_event(context: Context, event: str, **details: str) -> None:
    """Record something a person did: signed in, changed the password, deleted the account."""
    _log.info(event, extra={"auth": {**_where(context, event), **_who(context), **details}})


def log_arrival(context: Context, resolved: Resolved) -> None:
    """Record that somebody came by a provider, for the first time or again."""
    if resolved.is_new:
        log_event(context, "signed_up")
    else:
        log_event(context, "signed_in")
