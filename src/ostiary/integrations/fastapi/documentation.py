"""The auth endpoints in the application's OpenAPI document."""

import inspect
from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import Body, Depends, FastAPI, Query
from fastapi.routing import APIRoute
from starlette.responses import HTMLResponse, JSONResponse
from starlette.routing import Match
from starlette.types import Scope

from ostiary.auth import Auth
from ostiary.http.documented_models import Refusal
from ostiary.http.openapi import BodyOf, Operation, operations_of
from ostiary.integrations.fastapi.dependencies import SCHEME_NAME, current_session

_FORM = "application/x-www-form-urlencoded"


class DocumentationRoute(APIRoute):
    """A route that is shown and never taken: requests go to the auth server as they are."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match nothing, however the path is spelled."""
        return Match.NONE, {}


class _Shown:
    """Stands for an endpoint whose parameters FastAPI reads."""

    def __init__(self, operation: Operation) -> None:
        parameters: list[inspect.Parameter] = []
        if operation.body is not None:
            parameters.append(_body_parameter(operation.body))
        if operation.query is not None:
            parameters.append(_parameter("query", Annotated[operation.query, Query()]))
        self.__signature__ = inspect.Signature(parameters)

    async def __call__(self) -> None:
        """Do nothing: no request comes here."""


def _parameter(name: str, annotation: Any, default: Any = inspect.Parameter.empty) -> inspect.Parameter:
    # Any: a type expression, and whatever a parameter's default may be
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default)


def _body_parameter(body: BodyOf) -> inspect.Parameter:
    if body.required:
        return _parameter("body", Annotated[body.model, Body()])
    return _parameter("body", Annotated[body.model | None, Body()], None)


def documentation_routes(auth: Auth) -> Iterator[DocumentationRoute]:
    """Show every routed endpoint that is not disabled."""
    limited = auth.options.rate_limit.enabled
    disabled = {path.rstrip("/") for path in auth.options.disabled_paths}
    routes = [route for route in auth.pipeline.by_name.values() if route.endpoint.path not in disabled]
    for operation in operations_of(routes, auth.schema, limited=limited):
        yield _route(operation, auth.mount_path)


def _route(operation: Operation, mount_path: str) -> DocumentationRoute:
    endpoint = operation.endpoint
    responses: dict[int | str, dict[str, Any]] = {
        status: {"model": Refusal, "content": {"application/json": {"examples": dict(examples)}}}
        for status, examples in operation.refusals.items()
    }
    # Hooks of the application refuse with codes of their own. Without this entry, moreover, FastAPI would
    # claim that its own validation answers 422 here.
    responses["4XX"] = {"model": Refusal, "description": "A refusal by the application's hooks"}
    form = operation.body.form if operation.body else None
    extra = {"requestBody": {"content": {_FORM: {"schema": form}}}} if form else None
    return DocumentationRoute(
        mount_path + endpoint.path,
        _Shown(operation),
        methods=[operation.method],
        name=endpoint.name,
        operation_id=operation.operation_id,
        tags=["auth"],
        summary=endpoint.summary,
        description=endpoint.description,
        response_model=operation.result,
        responses=responses,
        openapi_extra=extra,
        dependencies=[Depends(current_session)] if operation.needs_session else None,
        response_class=HTMLResponse if operation.writes_page else JSONResponse,
    )


def name_session_cookie(app: FastAPI, cookie_name: str) -> None:
    """Show the session cookie under its configured name; the dependencies are the same for every server."""
    original = app.openapi

    def openapi() -> dict[str, Any]:
        """Return the document with the cookie's name."""
        document = original()
        schemes = document.get("components", {}).get("securitySchemes", {})
        if SCHEME_NAME in schemes:
            schemes[SCHEME_NAME]["name"] = cookie_name
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's own way to amend the document
