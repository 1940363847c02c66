"""The page of every refusal: code, status, sentence, and the routes that give it."""

import ast
from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

import ostiary.plugins
from docs.writers.example import operations, server
from docs.writers.markdown import code, codes, page, table
from docs.writers.source import calls
from ostiary import ErrorCode, Errors
from ostiary.http.openapi import Operation

INTRODUCTION = """
A refusal answers `{"message": ..., "code": ...}`. The code is stable and meant for programs; the sentence
is meant for people and is Better Auth's own wherever Better Auth has the code. `AuthError` carries both in
Python: `error.code`, `error.status`, `error.message`. What an operator needs to know goes to the
[log](events.md), never into the answer. An application raises an entry of the catalogue by calling it:
`raise Errors.FORBIDDEN("Members only")`.

The sentence of `VALIDATION_ERROR` holds one segment for each issue, joined by `; `: `[body.email] Invalid
email address; [body.password] Invalid input: expected string, received number`.

A few answers have no code or no body at all:

- 404 without a body: a path or method that no route has; `POST /delete-user` while deleting is switched
  off.
- 404 with the text `Not Found`: a path in `disabled_paths`.
- 500 without a body: a mistake in the program. The log says which.
- 503 also comes from any route when the database does not answer or too many passwords wait to be hashed;
  it carries `Retry-After`.
"""

NOTES = {
    "FORBIDDEN": "`require_role`, and hooks of the application",
    "INVALID_REDIRECT_URL": "every POST whose body holds a `redirectTo`",
    "INVALID_ERROR_CALLBACK_URL": "every POST whose body holds an `errorCallbackURL`",
    "INVALID_NEW_USER_CALLBACK_URL": "every POST whose body holds a `newUserCallbackURL`",
    "INVALID_CALLBACK_URL": "every POST whose body, or else whose query, holds a `callbackURL`",
}
"""What gives a refusal where the declarations do not tell the whole."""

APPLICATION = """
## On routes of the application

| Dependency | Refuses with |
| --- | --- |
| `CurrentUser`, `CurrentSession` | `UNAUTHORIZED` |
| `FreshSession` | `UNAUTHORIZED`, `SESSION_NOT_FRESH` |
| `require_role(...)` | `UNAUTHORIZED`, `FORBIDDEN` |
| any of them, with a session cookie and another method than GET or HEAD | the refusals of origins |

The refusals of origins are `INVALID_ORIGIN` and `MISSING_OR_NULL_ORIGIN`; WebSockets get them as well. A
WebSocket is closed with 1008 and the code as its reason; before it is accepted, that is a 403.
"""


def write() -> str:
    """Return the page."""
    rows = [_row(name, entry) for name, entry in sorted(entries(Errors).items())]
    parts = [INTRODUCTION, "## The catalogue\n\n" + table(("Code", "Status", "Sentence", "Given by"), rows)]
    for plugin, catalogue in plugin_catalogues().items():
        own = [(code(name), str(entry.status), entry.message) for name, entry in entries(catalogue).items()]
        parts.append(f"## The plugin {plugin}\n\n" + table(("Code", "Status", "Sentence"), own))
    return page("Errors", *parts, APPLICATION)


def entries(catalogue: type) -> dict[str, ErrorCode]:
    """Return a catalogue by code."""
    return {name: entry for name, entry in vars(catalogue).items() if isinstance(entry, ErrorCode)}


def plugin_catalogues() -> dict[str, type]:
    """Return the catalogue of each plugin that has one, by the plugin's module."""
    found: dict[str, type] = {}
    for module in iter_modules(ostiary.plugins.__path__):
        for value in vars(import_module(f"ostiary.plugins.{module.name}")).values():
            if isinstance(value, type) and value is not Errors and entries(value):
                found[module.name] = value
    return found


def _row(name: str, entry: ErrorCode) -> tuple[str, str, str, str]:
    other = sorted(_other_statuses().get(name, set()) - {entry.status})
    status = str(entry.status) + (f", also {codes(map(str, other))}" if other else "")
    label = code(name) if entry.named else f"{code(name)} (the answer has no code)"
    return label, status, entry.message, _givers(name)


def _givers(name: str) -> str:
    if name in NOTES:
        return NOTES[name]
    given = _routes_by_code().get(name, [])
    routed = {each for each in given if each.partition(" ")[1]}
    group = [words for words, routes in _groups().items() if routes == routed][:1]
    rest = [code(each) for each in given if not group or each not in routed]
    return ", ".join([*group, *rest]) or "no route yet"


@cache
def _groups() -> Mapping[str, set[str]]:
    """Return the routes that are better told by what they have in common."""
    every = operations()
    return {
        "every route": {_route(each) for each in every},
        "every POST": {_route(each) for each in every if each.method == "POST"},
        "every route that reads a body": {_route(each) for each in every if each.body is not None},
        "every route that asks for a session": {_route(each) for each in every if each.needs_session},
        "every route with a body or a query": {_route(each) for each in every if each.body or each.query},
    }


def _route(operation: Operation) -> str:
    return f"{operation.method} {operation.endpoint.mount}{operation.endpoint.path}"


@cache
def _routes_by_code() -> Mapping[str, list[str]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for operation in operations():
        for examples in operation.refusals.values():
            for name in examples:
                found[name].append(_route(operation))
    for endpoint in server().endpoints:
        for entry in () if endpoint.is_routed else endpoint.raises:
            found[entry.name].append(f"auth.api.{endpoint.name}")
    return found


@cache
def _other_statuses() -> Mapping[str, set[int]]:
    """Return the statuses that calls of an entry choose themselves."""
    found: defaultdict[str, set[int]] = defaultdict(set)
    for name in entries(Errors):
        for call in calls(name):
            for keyword in call.keywords:
                if keyword.arg == "status" and isinstance(keyword.value, ast.Constant):
                    found[name].add(int(str(keyword.value.value)))
    return found
