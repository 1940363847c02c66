"""A visit to an application that hosts the auth server."""

from typing import Final

from starlette.types import Scope

from ostiary.auth import Auth
from ostiary.crypto.token_form import Cause, TokenRefused
from ostiary.domain.circumstances import under
from ostiary.domain.entities import User
from ostiary.domain.errors import AuthError, Errors
from ostiary.domain.models import USER
from ostiary.domain.roles import ROLE
from ostiary.domain.schema import Model
from ostiary.http.context import Context
from ostiary.http.events import log_refusal
from ostiary.integrations.fastapi.visit import authorization_of, jwt_of, request_of
from ostiary.verification.credentials import Form, bearer_token, form_of
from ostiary.verification.errors import credential_required, token_refused
from ostiary.verification.principal import Principal

_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


class ServerVisit:
    """A visit to an application that hosts the auth server."""

    __slots__ = ("_context", "_judged", "_principal", "_scope", "auth")

    def __init__(self, auth: Auth, scope: Scope) -> None:
        """Read nothing yet: most requests of an application may never ask who calls."""
        self.auth: Final = auth
        self._scope = scope
        self._context: Context | None = None
        self._judged = False
        self._principal: Principal | None = None

    @property
    def context(self) -> Context:
        """The connection as the auth server sees it."""
        if self._context is None:
            self._context = self.auth.context(request_of(self._scope))
        return self._context

    @property
    def user_model(self) -> Model[User]:
        """The configured users."""
        return self.auth.schema[USER]

    @property
    def knows_roles(self) -> bool:
        """Whether users have the column."""
        return ROLE.name in self.user_model.by_name

    def at_once(self) -> Principal | None:
        """Return who calls, by a JWT."""
        services = self.auth.services
        judge = services.judge
        if self._principal is None and judge is not None and (token := jwt_of(self._scope)) is not None:
            try:
                self._principal = judge.at_once(token, services.runtime.now())
            except TokenRefused as error:
                raise token_refused(error.cause, str(error)) from error
        return self._principal

    async def principal(self) -> Principal | None:
        """Return who calls, by a token or by a session, which is extended where that is due."""
        if self._principal is None and not self._judged:
            self._principal = await self._judge()
            self._judged = True
        return self._principal

    async def _judge(self) -> Principal | None:
        header, services = authorization_of(self._scope), self.auth.services
        if header is None:
            return await self._by_session()
        judge = services.judge
        try:
            token = bearer_token(header)
            if judge is not None and token is not None and form_of(token) is Form.JWT:
                return await judge.judge(token, services.runtime.now())
        except TokenRefused as error:
            raise token_refused(error.cause, str(error)) from error
        if token is None:
            return await self._by_session()
        await self.auth.pipeline.present(self.context)
        if judge is not None and not self.context.request.is_presented:
            raise token_refused(Cause.MALFORMED, "neither a JWT nor a session token that is accepted here")
        return await self._by_session()

    async def _by_session(self) -> Principal | None:
        context, services = self.context, self.auth.services
        by_cookie = not context.request.is_presented
        if by_cookie and self._changes and services.session_cookies.token(context.request) is not None:
            await services.origins.check_origin(context.request)
        try:
            with under(context.circumstances):
                active = (await context.read_session(from_store=self._asks_store)).active
        except AuthError:
            return None  # revoked while it was being extended
        if active is None:
            return None
        return Principal(
            user=active.user,
            proof="cookie" if by_cookie else "session-token",
            session=active.session,
            session_id=active.session.id,
        )

    @property
    def _changes(self) -> bool:
        """Tell whether it may change something, or open what outlives every copy of a session.

        No same-origin policy protects a WebSocket: its handshake carries cookies from anywhere.
        """
        return self._scope["type"] == "websocket" or self._scope["method"] not in _SAFE_METHODS

    @property
    def _asks_store(self) -> bool:
        """Tell whether a copy is not good enough: a revoked session must not act on its strength."""
        return self._changes and not self.auth.options.session.cookie_cache.believed_by_writes

    async def is_alive(self, principal: Principal) -> bool:
        """Ask the store for a session, and judge a token again."""
        if principal.session is not None:
            return await self.auth.services.sessions.by_token(principal.session.token) is not None
        try:
            await self._judge()
        except AuthError:
            return False
        return True

    def is_fresh(self, principal: Principal) -> bool:
        """Tell whether the session began recently; a token does not tell."""
        session = principal.session
        return session is not None and self.auth.services.sessions.is_fresh(session)

    def required(self) -> AuthError:
        """Say how to authenticate where tokens are accepted, too."""
        if self.auth.services.judge is None:
            return Errors.UNAUTHORIZED(reason="no valid session")
        request = self.context.request
        if request.is_presented:
            return token_refused(Cause.INVALID_TOKEN, "the session is over")
        if "authorization" in request.headers:
            return credential_required(wrong_format=True)
        needed = credential_required()
        # front ends that live on cookies know this code
        return Errors.UNAUTHORIZED(reason="no valid session", headers=needed.headers, **needed.extra)

    def log(self, error: AuthError) -> None:
        """Record a refusal."""
        log_refusal(self.context, error)

    def owed_headers(self) -> list[tuple[str, str]]:
        """Return what the reading of the session has to set and to tell."""
        if self._context is None:
            return []
        cookies = (("set-cookie", line) for line in self._context.cookies.lines())
        return [*self._context.headers, *cookies]
