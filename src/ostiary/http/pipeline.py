"""The one path every request takes."""

import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from ostiary.crypto.passwords import PasswordTooLong
from ostiary.domain.circumstances import under
from ostiary.domain.entities import ActiveSession
from ostiary.domain.errors import (
    AuthError,
    ConfigurationError,
    Errors,
    InvalidValue,
    IssuerUnavailable,
    Overloaded,
    StorageUnavailable,
)
from ostiary.domain.observation import Observers, Served
from ostiary.http import answers
from ostiary.http.body import read_body
from ostiary.http.context import Context, Services
from ostiary.http.endpoint import Endpoint, FreshSession, Parameter, SensitiveSession
from ostiary.http.events import log_refusal
from ostiary.http.hooks import After, Before, Hooks, after_hooks_of, before_hooks_of, replacements_of
from ostiary.http.limits import Limits
from ostiary.http.messages import Answering, Request, Response
from ostiary.http.redirect import Redirect
from ostiary.http.validation import UNDEFINED, validate, validate_object
from ostiary.options import RateLimit

OnRequest: TypeAlias = Callable[[Context], Awaitable[Response | None]]
OnResponse: TypeAlias = Callable[[Context, Response], Awaitable[None]]
Present: TypeAlias = Callable[[Context], Awaitable[None]]
_log = logging.getLogger("ostiary")


@dataclass(frozen=True, slots=True)
class Route:
    """An endpoint with everything that was decided when the server was put together."""

    endpoint: Endpoint
    limit: RateLimit | None
    before: tuple[Before, ...]
    after: tuple[After, ...]
    body: Parameter | None
    query: Parameter | None
    path: Parameter | None
    session: Parameter | None
    context: Parameter | None
    redirects: bool
    """The query may say where to go on."""
    no_query: object | None
    """What an empty query string comes to; None where it is refused."""


NOBODY: Final = Observers()


def _without_query(query: Parameter | None) -> object | None:
    try:
        return None if query is None else validate(query.type, {}, "query")
    except AuthError:
        return None


class Pipeline:
    """Takes requests through limit, origin rule, validation, session, hooks and handler, in this order."""

    def __init__(
        self,
        services: Services,
        endpoints: Iterable[Endpoint],
        limits: Limits,
        hooks: Sequence[Hooks] = (),
        *,
        observers: Observers = NOBODY,
        on_request: Sequence[OnRequest] = (),
        on_response: Sequence[OnResponse] = (),
        present: Sequence[Present] = (),
    ) -> None:
        """Compile every endpoint; raises ConfigurationError where two claim one path or name."""
        self.services = services
        self._limits = limits
        self._observers = observers
        self._on_request = tuple(on_request)
        self._on_response = tuple(on_response)
        self._present = tuple(present)
        self._routes: dict[tuple[str, str, str], Route] = {}
        self.by_name: dict[str, Route] = {}
        for endpoint in endpoints:
            self._add(endpoint, hooks)
        self.mounts: Final = frozenset(mount for mount, _, _ in self._routes if mount)
        """The prefixes besides the base path under which endpoints lie."""
        self._disabled = frozenset(path.rstrip("/") for path in services.options.disabled_paths)
        self._skip_slashes = services.options.advanced.skip_trailing_slashes
        self._cache_believed_by_writes = services.options.session.cookie_cache.believed_by_writes

    def _add(self, endpoint: Endpoint, hooks: Sequence[Hooks]) -> None:
        query = endpoint.parameter("query")
        route = Route(
            endpoint=replace(endpoint, also_returns=replacements_of(hooks, endpoint.name)),
            limit=self._limits.limit_of(endpoint),
            before=before_hooks_of(hooks, endpoint.name),
            after=after_hooks_of(hooks, endpoint.name),
            body=endpoint.parameter("body") or endpoint.parameter("object"),
            query=query,
            path=endpoint.parameter("path"),
            session=endpoint.parameter("session"),
            context=endpoint.parameter("context"),
            redirects="callback_url" in getattr(query.type, "model_fields", ()) if query else False,
            no_query=_without_query(query),
        )
        if endpoint.name in self.by_name:
            raise ConfigurationError(f"two endpoints are called '{endpoint.name}'")
        self.by_name[endpoint.name] = route
        for method in endpoint.methods:
            place = endpoint.mount, method, endpoint.place
            if place in self._routes:
                raise ConfigurationError(f"two endpoints claim {method} {endpoint.mount}{endpoint.path}")
            self._routes[place] = route

    async def handle(self, request: Request) -> Response:
        """Answer a request; whatever goes wrong inside is an answer too."""
        return answers.guarded(await self._handled(request))

    async def _handled(self, request: Request) -> Response:
        if self._disabled and request.mount + request.path.rstrip("/") in self._disabled:
            return Response(404, [("content-type", "text/plain;charset=UTF-8")], b"Not Found")
        path = request.path.removesuffix("/") if self._skip_slashes else request.path
        route = self._routes.get((request.mount, request.method, path)) or self._with_parameter(request, path)
        if route is None:
            return answers.not_found()
        context = Context(request, self.services, route.endpoint)
        with under(context.circumstances), Answering(request):
            if self._observers:
                return await self._observed(context, route)
            response, _ = await self._served(context, route)
            return response

    async def _observed(self, context: Context, route: Route) -> Response:
        endpoint, request = route.endpoint, context.request
        mount = endpoint.mount or self.services.options.mount_path
        served = Served(
            endpoint=endpoint.name,
            method=request.method,
            route=f"{mount}{endpoint.path}",
            headers=request.headers,
        )
        with self._observers.serving(served):
            response, served.refusal = await self._served(context, route)
            served.status = response.status
        return response

    async def _served(self, context: Context, route: Route) -> tuple[Response, str | None]:
        """Return the answer, and the code of the refusal if it is one."""
        refusal = None
        try:
            response = await self._answer(context, route)
        except Exception as error:  # noqa: BLE001  the last line of defence: a stack trace never leaves
            response, refusal = self._failure(context, error), answers.code_of(error)
        try:
            for on_response in self._on_response:
                await on_response(context, response)
        except Exception as error:  # noqa: BLE001  see above
            return self._failure(context, error), answers.code_of(error)
        return response, refusal

    def _with_parameter(self, request: Request, path: str) -> Route | None:
        """Find the route whose path ends in a parameter, which is never empty."""
        head, _, last = path.rpartition("/")
        return self._routes.get((request.mount, request.method, f"{head}/{{}}")) if last else None

    async def present(self, context: Context) -> None:
        """Let every plugin present what it knows as a session's cookie."""
        for present in self._present:
            await present(context)

    @staticmethod
    def _failure(context: Context, error: Exception) -> Response:
        match error:
            case AuthError():
                log_refusal(context, error)
                return answers.refused(context, error)
            case Redirect():
                return answers.redirected(context, error)
            case PasswordTooLong():
                return answers.refused(context, Errors.PASSWORD_TOO_LONG())
            case InvalidValue():
                return answers.refused(context, Errors.VALIDATION_ERROR("[body] Invalid input"))
            case Overloaded():
                _log.warning("overloaded: retry after %.0f s", error.retry_after)
                return answers.postponed(context, error)
            case StorageUnavailable() | IssuerUnavailable():
                _log.error("unavailable", exc_info=error)
                return answers.postponed(context, error)
        _log.error("unhandled error", exc_info=error)
        return Response(500)

    async def _answer(self, context: Context, route: Route) -> Response:
        if route.limit is not None:
            await self._limits.check(context, route.endpoint, route.limit)
        if self._present:
            await self.present(context)
        for on_request in self._on_request:
            if (answer := await on_request(context)) is not None:
                return answer
        return answers.success(context, await self.run(context, route))

    async def run(self, context: Context, route: Route) -> object:
        """Take a request from its body to its result; raises the refusals."""
        endpoint = route.endpoint
        if endpoint.reads_body and context.body is UNDEFINED:
            context.body = await read_body(context.request, accepts_form=endpoint.accepts_form)
        if not context.request.in_process and context.request.method != "GET":
            await self.services.origins.check_origin(context.request)
            await self.services.origins.check_redirects(context.request, context.body)
        for before in route.before:
            await before(context)
        arguments = self._validated(context, route)
        if route.redirects or route.session is not None:
            await self._admit(context, route, arguments)
        if endpoint.checks_form_origin and not context.request.in_process:
            await self.services.origins.check_form(context.request)
        if route.context is not None:
            arguments[route.context.name] = context
        result = await endpoint.handler(**arguments)
        for after in route.after:
            replacement = await after(context, result)
            result = result if replacement is None else replacement
        return result

    async def _admit(self, context: Context, route: Route, arguments: dict[str, object]) -> None:
        if route.redirects and not context.request.in_process:
            await self.services.origins.check_redirects(context.request, None)
        if (session := route.session) is not None:
            anonymous = session.optional and context.is_anonymous_call
            arguments[session.name] = (
                None if anonymous else await self._require_session(context, session.type)
            )

    @staticmethod
    def _validated(context: Context, route: Route) -> dict[str, object]:
        arguments: dict[str, object] = {}
        if (body := route.body) is not None:
            if body.optional and context.body is UNDEFINED:
                arguments[body.name] = None
            elif body.source == "object":
                arguments[body.name] = body.type(validate_object(context.body, "body"))
            elif isinstance(context.body, body.type):
                arguments[body.name] = context.body  # called in process with a typed input
            else:
                arguments[body.name] = validate(body.type, context.body, "body")
        if (query := route.query) is not None:
            if context.body is not UNDEFINED and isinstance(context.body, query.type):
                arguments[query.name] = context.body  # called in process with a typed query
            else:
                given = context.request.query
                known = None if given else route.no_query
                arguments[query.name] = known or validate(query.type, dict(given), "query")
        if route.path is not None:
            arguments[route.path.name] = context.request.path.rstrip("/").rpartition("/")[2]
        return arguments

    def _asks_store(self, context: Context, level: type[ActiveSession]) -> bool:
        """Tell whether a cached copy is not good enough: a revoked session must not act on its strength."""
        writes = context.request.method != "GET" and not self._cache_believed_by_writes
        return writes or issubclass(level, SensitiveSession)

    async def _require_session(self, context: Context, level: type[ActiveSession]) -> ActiveSession:
        """Return the session an endpoint asks for; raises UNAUTHORIZED or SESSION_NOT_FRESH."""
        active, sensitive = context.active, self._asks_store(context, level)
        if active is None or (sensitive and not context.request.in_process):
            try:
                active = (await context.read_session(from_store=sensitive)).active
            except AuthError:
                active = None
        if active is None:
            raise Errors.UNAUTHORIZED(reason="no valid session")
        if issubclass(level, FreshSession) and not context.sessions.is_fresh(active.session):
            raise Errors.SESSION_NOT_FRESH(reason="signed in too long ago")
        return level(active.session, active.user)

    async def call(
        self, name: str, body: object, headers: Mapping[str, str], session: ActiveSession | None = None
    ) -> tuple[object, Context]:
        """Call an endpoint in process: no limit, no origin rule, the rest as over HTTP; raises refusals."""
        route = self.by_name.get(name)
        if route is None:
            raise ConfigurationError(f"no endpoint is called '{name}'")
        request = Request(
            method=route.endpoint.methods[0] if route.endpoint.methods else "POST",
            path=route.endpoint.path,
            headers={header.lower(): value for header, value in headers.items()},
            in_process=True,
        )
        context = Context(request, self.services, route.endpoint, body=body, active=session)
        with under(context.circumstances), Answering(request):
            await self.present(context)
            return await self.run(context, route), context
