"""What an operator should know of: refusals, sign-ins and changes, as structured events without secrets."""

import logging

from ostiary.domain.errors import AuthError
from ostiary.http.context import Context
from ostiary.http.wire import is_email

_log = logging.getLogger("ostiary.events")

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


def _where(context: Context) -> dict[str, str]:
    endpoint = context.endpoint.name if context.endpoint else ""
    return {
        "endpoint": endpoint,
        "ip_address": context.client_address or "",
        "user_agent": (context.user_agent or "")[:200],
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
    _log.warning("refused", extra={"auth": {**_where(context), **_who(context), **details}})


def log_event(context: Context, event: str) -> None:
    """Record something a person did: signed in, changed the password, deleted the account."""
    _log.info(event, extra={"auth": {**_where(context), **_who(context)}})
