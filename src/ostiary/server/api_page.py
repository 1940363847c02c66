"""The page under /docs: every route with what it takes, answers and refuses; no script, no other host."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from fastapi import FastAPI
from fastapi.responses import HTMLResponse

if TYPE_CHECKING:
    from jinja2 import Template

_HEADERS: Final = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
}

Json: TypeAlias = Mapping[str, Any]  # the OpenAPI document, which FastAPI made


@dataclass(frozen=True)
class Row:
    """A value that goes in or comes out."""

    name: str
    kind: str
    about: str


@dataclass(frozen=True)
class Operation:
    """A route as the page shows it."""

    group: str
    id: str
    method: str
    path: str
    summary: str
    inputs: Sequence[Row]
    outputs: Sequence[Row]
    refusals: Sequence[tuple[str, str, str]]


def add_api_page(app: FastAPI) -> None:
    """Answer /docs; Swagger UI would be loaded from a CDN, which fails offline and under a strict policy."""

    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        """Show the page."""
        operations = sorted(operations_of(app.openapi()), key=lambda each: each.group)
        groups = [(name, list(found)) for name, found in groupby(operations, lambda each: each.group)]
        page = _template().render(title=app.title, about=app.description, groups=groups)
        return HTMLResponse(page, headers=_HEADERS)


def operations_of(document: Json) -> Iterator[Operation]:
    """Yield the routes of an OpenAPI document."""
    for path, methods in document["paths"].items():
        for method, told in methods.items():
            yield Operation(
                group=next(iter(told.get("tags", ())), ""),
                id=told["operationId"],
                method=method.upper(),
                path=path,
                summary=told.get("description") or told.get("summary", ""),
                inputs=[*_parameters(told), *_members(document, told.get("requestBody", {}))],
                outputs=list(_members(document, told["responses"].get("200", {}))),
                refusals=list(_refusals(told["responses"])),
            )


def _parameters(told: Json) -> Iterator[Row]:
    for each in told.get("parameters", ()):
        yield _row(each["name"], each["schema"], each["in"], required=each.get("required", False))


def _members(document: Json, holder: Json) -> Iterator[Row]:
    """Yield the members of a JSON body."""
    schema = _resolved(document, holder.get("content", {}).get("application/json", {}).get("schema", {}))
    required = schema.get("required", ())
    for name, each in schema.get("properties", {}).items():
        yield _row(name, each, "", required=name in required)


def _row(name: str, schema: Json, place: str, *, required: bool) -> Row:
    parts = (place, _kind(schema), "" if required else "optional")
    return Row(name, ", ".join(filter(None, parts)), schema.get("description", ""))


def _kind(schema: Json) -> str:
    if name := schema.get("$ref"):
        return str(name).rpartition("/")[2]
    if choices := schema.get("anyOf") or schema.get("oneOf"):
        return " or ".join(dict.fromkeys(map(_kind, choices)))
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    return str(schema.get("format") or schema.get("type", "anything"))


def _resolved(document: Json, schema: Json) -> Json:
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    return document["components"]["schemas"][name] if name else schema


def _refusals(responses: Json) -> Iterator[tuple[str, str, str]]:
    for status, response in responses.items():
        for code, each in response.get("content", {}).get("application/json", {}).get("examples", {}).items():
            yield status, code, each.get("summary", "")


@cache
def _template() -> "Template":
    from jinja2 import Environment  # noqa: PLC0415  few look at the page

    source = Path(__file__).with_name("api_page.html").read_text("utf-8")
    return Environment(autoescape=True, trim_blocks=True).from_string(source)
