"""The endpoints as a document shows them: models of what travels, and every refusal by name."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NoReturn

from pydantic import BaseModel

from ostiary.domain.errors import ErrorCode, Errors, JsonValue
from ostiary.domain.schema import Schema
from ostiary.http.answers import refusal_members
from ostiary.http.documented_models import DocumentedModels, Refusal, TypeExpression, form_schema
from ostiary.http.endpoint import Endpoint, FreshSession, RewriteRefusal
from ostiary.http.messages import Response
from ostiary.http.pipeline import Route
from ostiary.http.wire import camel

Examples = Mapping[str, Mapping[str, JsonValue]]

_OF_BODIES = (
    Errors.VALIDATION_ERROR,
    Errors.BAD_REQUEST,
    Errors.REQUEST_TIMEOUT,
    Errors.PAYLOAD_TOO_LARGE,
    Errors.UNSUPPORTED_MEDIA_TYPE,
)
_OF_ORIGINS = (Errors.INVALID_ORIGIN, Errors.MISSING_OR_NULL_ORIGIN)
_OF_REDIRECTS = {
    "callbackURL": Errors.INVALID_CALLBACK_URL,
    "redirectTo": Errors.INVALID_REDIRECT_URL,
    "errorCallbackURL": Errors.INVALID_ERROR_CALLBACK_URL,
    "newUserCallbackURL": Errors.INVALID_NEW_USER_CALLBACK_URL,
}


@dataclass(frozen=True, kw_only=True)
class BodyOf:
    """What a request carries."""

    model: type[BaseModel]
    required: bool
    form: dict[str, JsonValue] | None = None
    """The schema of the same body as an HTML form, where forms are accepted."""


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One method of one endpoint."""

    endpoint: Endpoint
    method: str
    operation_id: str
    body: BodyOf | None
    query: type[BaseModel] | None
    path: str | None
    """The name of the parameter in the path."""
    result: TypeExpression
    """What a success answers, in models; None where the handler writes a page."""
    writes_page: bool
    refusals: Mapping[int, Examples]
    """One example for each error code, by status."""
    refusal_model: type[BaseModel]
    needs_session: bool


def operations_of(routes: Iterable[Route], schema: Schema, *, limited: bool) -> Iterator[Operation]:
    """Describe every routed endpoint under a schema; `limited` tells whether requests are counted at all."""
    models = DocumentedModels(schema)
    for route in routes:
        for method in route.endpoint.methods:
            yield _operation(route, method, models, limited=limited)


def _operation(route: Route, method: str, models: DocumentedModels, *, limited: bool) -> Operation:
    endpoint = route.endpoint
    # A second method of an endpoint is another operation and needs a name of its own.
    suffix = "" if method == endpoint.methods[0] else method.capitalize()
    body = _body(endpoint, models) if endpoint.reads_body and method != "GET" else None
    writes_page = endpoint.result in {Response, NoReturn}
    return Operation(
        endpoint=endpoint,
        method=method,
        operation_id=camel(endpoint.name) + suffix,
        body=body,
        query=models.input(route.query.type) if route.query else None,
        path=route.path.name if route.path else None,
        result=None if writes_page else models.result(endpoint.result, *endpoint.also_returns),
        writes_page=writes_page,
        refusals=grouped(_refusals(route, method, body, limited=limited), endpoint.rewrite_refusal),
        refusal_model=endpoint.refusal_model or Refusal,
        needs_session=route.session is not None,
    )


def _body(endpoint: Endpoint, models: DocumentedModels) -> BodyOf | None:
    parameter = endpoint.parameter("body") or endpoint.parameter("object")
    if parameter is None:
        return None
    model = models.record(parameter.type) if parameter.source == "object" else models.input(parameter.type)
    form = form_schema(model) if endpoint.accepts_form else None
    return BodyOf(model=model, required=not parameter.optional, form=form)


def _refusals(route: Route, method: str, body: BodyOf | None, *, limited: bool) -> Iterator[ErrorCode]:
    endpoint = route.endpoint
    yield from endpoint.raises
    yield from _refusals_of_input(route, body)
    if route.session is not None:
        yield Errors.UNAUTHORIZED
        if issubclass(route.session.type, FreshSession):
            yield Errors.SESSION_NOT_FRESH
    if method != "GET":
        yield from _OF_ORIGINS
    if endpoint.checks_form_origin:
        yield Errors.CROSS_SITE_NAVIGATION_LOGIN_BLOCKED
    if limited and route.limit is not None:
        yield Errors.TOO_MANY_REQUESTS
    yield Errors.SERVICE_UNAVAILABLE


def _refusals_of_input(route: Route, body: BodyOf | None) -> Iterator[ErrorCode]:
    if route.endpoint.reads_body:
        yield from _OF_BODIES
    if body is not None:
        members = {field.alias for field in body.model.model_fields.values()}
        yield from (refusal for member, refusal in _OF_REDIRECTS.items() if member in members)
    elif route.query is not None:
        yield Errors.VALIDATION_ERROR


def grouped(refusals: Iterable[ErrorCode], rewrite: RewriteRefusal | None = None) -> Mapping[int, Examples]:
    """Return one example for each error code by status; one without a code goes by its catalogue name."""
    by_status: dict[int, dict[str, Mapping[str, JsonValue]]] = {}
    for refusal in refusals:
        error = refusal() if rewrite is None else rewrite(refusal())
        example = {"summary": refusal.message, "value": refusal_members(error)}
        by_status.setdefault(error.status, {}).setdefault(refusal.name, example)
    return dict(sorted(by_status.items()))
