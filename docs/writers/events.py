"""The page of what is logged: events with their fields, and the lines an operator may meet."""

import ast
from collections.abc import Iterator
from functools import cache

from docs.writers.markdown import code, page, table
from docs.writers.source import calls

INTRODUCTION = """
Everything goes to Python's `logging`. Events of the logger `ostiary.events` carry their fields in the
attribute `auth` of the record; `ostiary serve` writes them as members of a JSON object with `log_format =
"json"`. No event holds a password, a token, a cookie or a hash.

## Fields

| Field | Meaning |
| --- | --- |
| `event` | the event's name; the message of a refusal names code and endpoint as well |
| `endpoint` | the endpoint's name; on a route of the application its method and path |
| `ip_address` | the client's [address](../explanation/client-address.md), empty where none can be believed |
| `user_agent` | what the client calls itself, at most 200 characters |
| `request_id` | the identifier of the request, where [one is given](../how-to/operate.md#logs) |
| `user_id` | the signed-in user |
| `email` | where nobody is signed in: the address that was given, if it is one |
| `session_id` | the session that was ended because a refresh token was used twice |
| `code`, `status`, `reason` | of a refusal: the wire code, the status, and what the answer does not say |
"""

EVENTS = {
    "account_linked": "an account of a provider was linked",
    "account_unlinked": "an account was dropped by its owner",
    "email_changed": "an address was replaced",
    "email_verified": "an address was verified by its link",
    "password_changed": "a password was changed",
    "password_reset": "a password was set through a mailed link",
    "refresh_token_reused": "a used refresh token came again: its family and session were ended",
    "session_revoked": "one session was ended by its owner",
    "sessions_revoked": "all sessions were ended by their owner",
    "other_sessions_revoked": "all sessions but one were ended by their owner",
    "signed_in": "a session was started",
    "signed_out": "a session was ended by signing out",
    "signed_up": "an account was made",
    "token_revoked": "a service ended the session of a token",
    "user_deleted": "a user deleted themselves",
    "refused": "a request was refused; a mistake in the shape of a request is not worth one",
}


def write() -> str:
    """Return the page."""
    rows = [(code(name), "warning" if name == "refused" else "info", EVENTS[name]) for name in event_names()]
    return page(
        "Events and log lines",
        INTRODUCTION,
        "## Events\n\n" + table(("Event", "Level", "When"), rows),
        "## Other lines\n\n`%s` and the like stand for what varies.\n\n" + table(("Level", "Line"), _lines()),
    )


@cache
def event_names() -> tuple[str, ...]:
    """Return the events that the program logs; raises LookupError where this page lacks one."""
    logged = {str(ast.literal_eval(call.args[1])) for call in calls("log_event")} | {"refused"}
    if logged != set(EVENTS):
        raise LookupError(f"docs.writers.events.EVENTS and the program differ in {logged ^ set(EVENTS)}")
    return tuple(sorted(logged))


def _lines() -> Iterator[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    for method in ("warning", "error", "exception"):
        for call in calls(method):
            is_log = isinstance(call.func, ast.Attribute) and ast.unparse(call.func.value) == "_log"
            line = call.args[0] if is_log else None
            if isinstance(line, ast.Constant) and not str(line.value).startswith("refused:"):
                found.add((method.replace("exception", "error"), code(str(line.value))))
    yield from sorted(found)
