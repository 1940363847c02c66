"""The page of every route: who may call it how often, what goes in, what comes out, how it refuses."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields
from http import HTTPStatus
from itertools import groupby
from types import UnionType
from typing import Any, NoReturn, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel

from docs.writers.example import operations, server
from docs.writers.markdown import code, codes, page, table
from ostiary.domain.models import ACCOUNT, SESSION, USER
from ostiary.http.endpoint import CurrentSession, DefaultLimit, Endpoint, FreshSession, SensitiveSession
from ostiary.http.messages import Response
from ostiary.http.openapi import Operation
from ostiary.http.wire import Cached, Output, Unset, listed_columns
from ostiary.options import RateLimit, RateLimitOptions

LEVELS: Mapping[type, tuple[str, str]] = {
    CurrentSession: ("session", "a session; while the cookie cache is on, a cached copy will do for GET"),
    SensitiveSession: ("sensitive", "a session that was read from the store for this very request"),
    FreshSession: (
        "fresh",
        "a session whose sign-in is younger than `session.fresh_age`, read from the store for POST",
    ),
}

INTRODUCTION = """
Paths are below the base path, `/api/auth` by default; those of the plugin `Tokens` that begin with
`/api/v1/auth` are whole. Bodies are JSON; where forms are accepted, HTML forms
may send them as well. `OpenAPI` under `/docs` says the same with schemas. Every route can be called in
Python without HTTP, with neither limit nor origin rule: `await auth.api.<name>(body, caller)`;
`Caller(headers=...)` or `Caller(session=...)` says on whose behalf.

Limits are counted per client address and path; `rate_limit.custom_rules` changes them by path. Sign-in
counts failures per account besides ([how](../explanation/rate-limits.md)). Any route also refuses with
`TOO_MANY_REQUESTS` and `SERVICE_UNAVAILABLE`, any POST with `INVALID_ORIGIN` and `MISSING_OR_NULL_ORIGIN`,
and any POST with a body with the refusals of [bodies](errors.md); they are not repeated below.
"""


def write() -> str:
    """Return the page."""
    by_endpoint = [list(group) for _, group in groupby(operations(), key=lambda each: each.endpoint.name)]
    in_process = [endpoint for endpoint in server().endpoints if not endpoint.is_routed]
    return page(
        "Routes",
        INTRODUCTION,
        _levels(),
        _overview(),
        *(_section(group) for group in by_endpoint),
        "## In process only\n\n" + "\n\n".join(_in_process(endpoint) for endpoint in in_process),
        _shapes(),
    )


def _levels() -> str:
    rows = [("none", "anybody"), *LEVELS.values()]
    return "## Who may call\n\n" + table(("Level", "Asks for"), rows)


def level_of(endpoint: Endpoint) -> str:
    """Return who may call an endpoint."""
    parameter = endpoint.parameter("session")
    return "none" if parameter is None else LEVELS[parameter.type][0]


def limit_of(endpoint: Endpoint) -> str:
    """Return how often one address may call an endpoint."""
    limit = endpoint.rate_limit
    if isinstance(limit, DefaultLimit):
        return _words(RateLimitOptions().default)
    return "none" if limit is None else _words(limit)


def _words(limit: RateLimit) -> str:
    return f"{limit.max} in {limit.per:g} s"


def _overview() -> str:
    rows = [
        (
            f"{each.method} [`{path_of(each.endpoint)}`](#{_anchor(each.endpoint)})",
            level_of(each.endpoint),
            limit_of(each.endpoint),
            each.endpoint.summary,
        )
        for each in operations()
    ]
    return "## All of them\n\n" + table(("Route", "Level", "Limit", ""), rows)


def _anchor(endpoint: Endpoint) -> str:
    return re.sub(r"[/{}]", "", path_of(endpoint).lower())


def path_of(endpoint: Endpoint) -> str:
    """Return the path below the base path, or all of it where an endpoint lies elsewhere."""
    return endpoint.mount + endpoint.path


def _section(group: list[Operation]) -> str:
    first = group[0]
    endpoint = first.endpoint
    name = endpoint.name
    in_process = f"`auth.api.{name}`" if hasattr(server().api, name) else f'`auth.api.exchange("{name}")`'
    facts = [
        f"- {_methods(group)}; level {level_of(endpoint)}; limit {limit_of(endpoint)}",
        f"- In Python: {in_process}; for hooks: `{name}`",
    ]
    if endpoint.accepts_form:
        facts.append("- Accepts HTML forms; a form that another site sends is refused")
    if endpoint.refusal_model is not None:
        statuses = codes(map(str, first.refusals))
        shape = ", ".join(field.alias or name for name, field in endpoint.refusal_model.model_fields.items())
        facts.append(f"- Refusals have the shape `{{{shape}}}` and these statuses: {statuses}")
    parts = [f"## {path_of(endpoint)}\n\n{endpoint.description}", "\n".join(facts)]
    if first.body is not None:
        parts.append(_input("Body" if first.body.required else "Body, which may be absent", first.body.model))
    elif first.query is not None:
        parts.append(_input("Query", first.query))
    answer = "a redirect" if endpoint.status == HTTPStatus.FOUND else _shown(endpoint.result)
    parts.append(f"Answers {answer}.")
    if endpoint.raises:
        parts.append(f"Refuses with {codes(dict.fromkeys(each.name for each in endpoint.raises))}.")
    return "\n\n".join(parts)


def _methods(group: list[Operation]) -> str:
    return ", ".join(each.method for each in group)


def _input(title: str, model: type[BaseModel]) -> str:
    schema = model.model_json_schema(by_alias=True)
    required = schema.get("required", ())
    rows = [
        (
            code(name),
            _type(member),
            "required" if name in required else "optional",
            member.get("description", ""),
        )
        for name, member in schema.get("properties", {}).items()
    ]
    open_ended = _additional(model.__name__)
    listed = table((title, "Type", "", ""), rows) if rows else ""
    return "\n\n".join(part for part in (listed, open_ended) if part)


def _additional(name: str) -> str:
    words = {
        "SignUpEmail": "Additional fields of the user that have `input` on are members of the body, too.",
        "UserChanges": "Additional fields of the user that have `input` on are members of the body, too.",
        "SessionChanges": "The body's members are the additional fields of the session that have `input` on.",
    }
    return words.get(name, "")


def _type(member: Mapping[str, Any]) -> str:  # a JSON schema
    if "anyOf" in member:
        return " or ".join(dict.fromkeys(_type(each) for each in member["anyOf"]))
    if member.get("type") == "array":
        return f"array of {_type(member['items'])}"
    bounds = [f"at least {member['minLength']} long"] if "minLength" in member else []
    return ", ".join([member.get("format", member.get("type", "anything")), *bounds])


def _shown(expression: Any) -> str:  # a type expression
    origin: object = get_origin(expression)
    if origin in {Union, UnionType}:
        members = [each for each in get_args(expression) if each not in {Unset, Cached}]
        return " or ".join(_shown(each) for each in members)
    if expression is NoReturn:
        return "a redirect, always"
    if origin is list:
        return f"an array of {_shown(get_args(expression)[0])}"
    if expression in {None, type(None)}:
        return "`null`"
    if expression is Response:
        return "as the description says"
    if isinstance(expression, type) and issubclass(expression, Output):
        return "`{" + ", ".join(_members(expression)) + "}`"
    return f"[{expression.__name__}](#{expression.__name__.lower()})"


def _members(output: type[Output]) -> Iterator[str]:
    hints = get_type_hints(output)
    kind: Any = output  # every output class is a dataclass
    for member in fields(kind):
        optional = "?" if member.default is not MISSING else ""
        yield f"{output.wire_name(member.name)}{optional}: {_member(hints[member.name])}"


def _member(expression: Any) -> str:  # a type expression
    names: Mapping[Any, str] = {str: "string", bool: "boolean", type(None): "null", int: "number"}
    if get_origin(expression) in {Union, UnionType}:
        return " or ".join(_member(each) for each in get_args(expression) if each is not Unset)
    return names.get(expression, getattr(expression, "__name__", str(expression)))


def _in_process(endpoint: Endpoint) -> str:
    raises = codes(each.name for each in endpoint.raises)
    return (
        f"### auth.api.{endpoint.name}\n\n{endpoint.description}\n\n- Level {level_of(endpoint)}\n\n"
        f"Answers {_shown(endpoint.result)}. Refuses with {raises}."
    )


def _shapes() -> str:
    parts = [
        "## Shapes\n\nMembers come in this order; moments are ISO 8601 in UTC with three fractional digits."
    ]
    shapes = ((USER, USER.returned, "`id`"), (SESSION, SESSION.returned, "`id`"))
    for model, columns, last in (*shapes, (ACCOUNT, listed_columns(ACCOUNT), "`id` and the list `scopes`")):
        rows = [(code(field.name), field.type, "" if field.required else "may be null") for field in columns]
        title = model.entity.__name__
        parts.append(
            f"### {title}\n\n"
            + table(("Member", "Type", ""), rows)
            + f"\n\nThen additional fields with `returned` on, then {last}."
        )
    return "\n\n".join(parts)
