"""Declarations of endpoints: path, input, output, refusals, limit and who may call, beside the handler."""

import inspect
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from types import UnionType
from typing import (
    Annotated,
    Any,
    Final,
    Literal,
    TypeAlias,
    TypedDict,
    TypeVar,
    Unpack,
    get_args,
    get_origin,
    get_type_hints,
)

from pydantic import BaseModel

from ostiary.domain.entities import ActiveSession
from ostiary.domain.errors import AuthError, ConfigurationError, ErrorCode
from ostiary.http.context import Context
from ostiary.http.wire import JsonObject
from ostiary.options import RateLimit

M = TypeVar("M", bound=BaseModel)
F = TypeVar("F", bound=Callable[..., Awaitable[object]])

Handler: TypeAlias = Callable[..., Awaitable[object]]
RewriteRefusal: TypeAlias = Callable[[AuthError], AuthError]


class _QueryMark:
    """Marks the parameter that the query string fills."""


FromQuery: TypeAlias = Annotated[M, _QueryMark]


class _PathMark:
    """Marks the parameter that the path fills."""


FromPath: TypeAlias = Annotated[str, _PathMark]
"""The last segment of a path that is declared as `/callback/{provider}`, as it was sent: never decoded."""


class DefaultLimit:
    """Stands for the limit of the configuration."""


DEFAULT_LIMIT: Final = DefaultLimit()


class CurrentSession(ActiveSession):
    """A session, perhaps from the cookie cache."""

    __slots__ = ()


class SensitiveSession(ActiveSession):
    """A session that was read from the store for this very request."""

    __slots__ = ()


class FreshSession(ActiveSession):
    """A session whose sign-in is younger than `session.fresh_age`."""

    __slots__ = ()


SESSION_LEVELS: Final = (CurrentSession, SensitiveSession, FreshSession)


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """What one parameter of a handler is filled with."""

    name: str
    source: Literal["context", "session", "body", "object", "query", "path"]
    type: type
    optional: bool = False


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """One endpoint of the protocol."""

    name: str
    path: str
    methods: tuple[str, ...]
    handler: Handler
    parameters: tuple[Parameter, ...] = ()
    result: Any = None  # a type expression: an output class, list[...], or a union
    raises: Sequence[ErrorCode] = ()
    rate_limit: RateLimit | DefaultLimit | None = DEFAULT_LIMIT
    accepts_form: bool = False
    checks_form_origin: bool = False
    reads_body: bool = True
    mount: str = ""
    """The prefix it lies under instead of the base path."""
    status: int = 200
    """The status of its success."""
    security: Sequence[str] = ()
    """The security schemes it reads by itself; an endpoint that asks for a session takes them all."""
    rewrite_refusal: RewriteRefusal | None = None
    """What makes of a refusal the one that clients of its protocol understand."""
    refusal_model: type[BaseModel] | None = None
    """The shape of its refusals where they are rewritten."""
    also_returns: tuple[Any, ...] = ()  # type expressions that hooks may answer instead

    @property
    def summary(self) -> str:
        """The first line of the handler's docstring."""
        return (inspect.getdoc(self.handler) or self.name).partition("\n")[0]

    @property
    def description(self) -> str:
        """The handler's docstring."""
        return inspect.getdoc(self.handler) or ""

    @property
    def place(self) -> str:
        """The path with `{}` for what a request fills in."""
        head, brace, _ = self.path.partition("{")
        return head + "{}" if brace else self.path

    @property
    def is_routed(self) -> bool:
        """Tell whether HTTP reaches it; an endpoint without methods is called in process only."""
        return bool(self.methods)

    def parameter(self, source: str) -> Parameter | None:
        """Return the parameter filled from a source."""
        return next((parameter for parameter in self.parameters if parameter.source == source), None)

    def limited(self, limit: RateLimit | None) -> "Endpoint":
        """Return the endpoint with this limit where it declares none of its own."""
        if limit is None or not isinstance(self.rate_limit, DefaultLimit):
            return self
        return replace(self, rate_limit=limit)

    def bound_to(self, owner: object) -> "Endpoint":
        """Return the endpoint with a plugin's method bound to the plugin."""
        return replace(self, handler=self.handler.__get__(owner))


def _parameter(name: str, annotation: Any) -> Parameter | None:  # annotations are type expressions
    if get_origin(annotation) is Annotated:
        return _marked(name, *get_args(annotation))
    if isinstance(annotation, UnionType):
        given = next(kind for kind in get_args(annotation) if kind is not type(None))
        inner = _parameter(name, given)
        return None if inner is None else replace(inner, optional=True)
    if not isinstance(annotation, type):
        return None
    if annotation in SESSION_LEVELS:
        return Parameter(name=name, source="session", type=annotation)
    if issubclass(annotation, JsonObject):
        return Parameter(name=name, source="object", type=annotation)
    if issubclass(annotation, BaseModel):
        return Parameter(name=name, source="body", type=annotation)
    if issubclass(annotation, Context):
        return Parameter(name=name, source="context", type=annotation)
    return None


def _marked(name: str, kind: type, *marks: object) -> Parameter | None:
    if _PathMark in marks:
        return Parameter(name=name, source="path", type=kind)
    return Parameter(name=name, source="query", type=kind) if _QueryMark in marks else None


def compile_parameters(handler: Handler) -> tuple[Parameter, ...]:
    """Read what a handler's parameters are to be filled with; raises ConfigurationError for anything else."""
    hints = get_type_hints(handler, include_extras=True)
    found: list[Parameter] = []
    for name in inspect.signature(handler).parameters:
        if name == "self":
            continue
        parameter = _parameter(name, hints.get(name))
        if parameter is None:
            raise ConfigurationError(
                f"endpoint '{handler.__name__}': nothing can fill the parameter '{name}: {hints.get(name)}'"
            )
        found.append(parameter)
    return tuple(found)


class Declaration(TypedDict, total=False):
    """What a route may say of its endpoint; see the members of Endpoint."""

    raises: Sequence[ErrorCode]
    rate_limit: RateLimit | DefaultLimit | None
    accepts_form: bool
    checks_form_origin: bool
    reads_body: bool
    status: int
    security: Sequence[str]
    rewrite_refusal: RewriteRefusal


@dataclass
class Routes:
    """The endpoints that one module or plugin declares."""

    endpoints: list[Endpoint] = field(default_factory=list)

    def get(self, path: str, **declared: Unpack[Declaration]) -> Callable[[F], F]:
        """Declare a GET endpoint."""
        return self.route(path, ("GET",), **declared)

    def post(self, path: str, **declared: Unpack[Declaration]) -> Callable[[F], F]:
        """Declare a POST endpoint."""
        return self.route(path, ("POST",), **declared)

    def in_process(self, **declared: Unpack[Declaration]) -> Callable[[F], F]:
        """Declare an endpoint that no HTTP request reaches."""
        return self.route("", (), **declared)

    def route(self, path: str, methods: tuple[str, ...], **declared: Unpack[Declaration]) -> Callable[[F], F]:
        """Declare an endpoint: its limit, whether HTML forms may call it, and how it may refuse."""
        declared["reads_body"] = declared.get("reads_body", True) and "POST" in methods

        def declare(handler: F) -> F:
            """Keep the declaration; the function itself stays what it is."""
            endpoint = Endpoint(
                name=handler.__name__,
                path=path,
                methods=methods,
                handler=handler,
                parameters=compile_parameters(handler),
                result=get_type_hints(handler).get("return"),
                **declared,
            )
            self.endpoints.append(endpoint)
            return handler

        return declare
