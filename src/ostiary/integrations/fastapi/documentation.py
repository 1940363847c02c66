"""The auth endpoints in the application's OpenAPI document."""

import inspect
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Annotated, Any, TypeAlias

from fastapi import Body, Depends, FastAPI, Path, Query
from fastapi.routing import APIRoute
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Match
from starlette.types import Scope

from ostiary.auth import Auth
from ostiary.http.openapi import BodyOf, Operation, operations_of
from ostiary.integrations.fastapi.dependencies import SCHEME_NAME, current_session
from ostiary.verifier import Verifier

Schemes: TypeAlias = dict[str, Mapping[str, Any]]  # OpenAPI security schemes by name

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
        if operation.path is not None:
            parameters.append(_parameter(operation.path, Annotated[str, Path()]))
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
    routes = [
        route
        for route in auth.pipeline.by_name.values()
        if route.endpoint.mount + route.endpoint.path not in disabled
    ]
    for operation in operations_of(routes, auth.schema, limited=limited):
        yield _route(operation, auth.mount_path)


def _route(operation: Operation, mount_path: str) -> DocumentationRoute:
    endpoint = operation.endpoint
    responses: dict[int | str, dict[str, Any]] = {
        status: {
            "model": operation.refusal_model,
            "content": {"application/json": {"examples": dict(examples)}},
        }
        for status, examples in operation.refusals.items()
    }
    # Hooks of the application refuse with codes of their own. Without this entry, moreover, FastAPI would
    # claim that its own validation answers 422 here.
    responses["4XX"] = {
        "model": operation.refusal_model,
        "description": "A refusal by the application's hooks",
    }
    form = operation.body.form if operation.body else None
    extra: dict[str, Any] = {"requestBody": {"content": {_FORM: {"schema": form}}}} if form else {}
    if endpoint.security:
        extra["security"] = [{name: []} for name in endpoint.security]
    return DocumentationRoute(
        (endpoint.mount or mount_path) + endpoint.path,
        _Shown(operation),
        methods=[operation.method],
        name=endpoint.name,
        operation_id=operation.operation_id,
        tags=["auth"],
        summary=endpoint.summary,
        description=endpoint.description,
        response_model=None if endpoint.status == HTTPStatus.NO_CONTENT else operation.result,
        responses=responses,
        openapi_extra=extra,
        dependencies=[Depends(current_session)] if operation.needs_session else None,
        response_class=_response_class(operation),
        status_code=endpoint.status,
    )


def _response_class(operation: Operation) -> type[Response]:
    if operation.endpoint.status == HTTPStatus.FOUND:
        return Response  # nothing but a header
    return HTMLResponse if operation.writes_page else JSONResponse


def server_schemes(auth: Auth) -> Schemes:
    """Return what this server accepts: its cookie, and tokens where it issues them."""
    cookie = auth.services.session_cookies.names.session_token.name
    schemes: Schemes = {SCHEME_NAME: {"type": "apiKey", "in": "cookie", "name": cookie}}
    for plugin in auth.plugins:
        schemes |= plugin.security_schemes(auth.mount_path)
    return schemes


def verifier_schemes(verifier: Verifier) -> Schemes:
    """Return what this verifier accepts: tokens, and cookies where it reads sessions."""
    cookies = {name: {"type": "apiKey", "in": "cookie", "name": name} for name in verifier.cookie_names}
    return {"bearer": {"type": "http", "scheme": "bearer"}, **cookies}


def show_credentials(app: FastAPI, schemes: Schemes) -> None:
    """Show what is really accepted where a dependency asks for a credential: any one of the schemes."""
    original = app.openapi

    def openapi() -> dict[str, Any]:
        """Return the document with the schemes."""
        document = original()
        known = document.get("components", {}).get("securitySchemes", {})
        if known.pop(SCHEME_NAME, None) is not None:
            known |= schemes
            for operation in _operations(document):
                if {SCHEME_NAME: []} in operation.get("security", ()):
                    operation["security"] = [{name: []} for name in schemes]
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's own way to amend the document


def _operations(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for path in document.get("paths", {}).values():
        yield from (operation for operation in path.values() if isinstance(operation, dict))
