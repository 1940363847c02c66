"""Who calls: dependencies for HTTP and WebSocket routes alike, whoever issued the credential."""

from dataclasses import fields, replace
from typing import Annotated, Any, Final, Generic, TypeVar
from weakref import WeakKeyDictionary

from fastapi import Depends
from fastapi.openapi.models import APIKey
from fastapi.security.base import SecurityBase
from starlette.requests import HTTPConnection

from ostiary.domain.entities import ActiveSession, User, build, value_of
from ostiary.domain.errors import ConfigurationError, Errors
from ostiary.domain.roles import roles_of
from ostiary.domain.schema import Model
from ostiary.integrations.fastapi.visit import Visit, visit_of
from ostiary.verification.errors import scope_required
from ostiary.verification.principal import Principal

M = TypeVar("M", bound=User)

SCHEME_NAME: Final = "session"


class Credential(SecurityBase):
    """Describes the credential in OpenAPI.

    Each dependency is one of these and asks the visit, which judges the credential once. Dependencies of
    dependencies would read better, and each of them would cost FastAPI as much again.
    """

    def __init__(self) -> None:
        """Carry the default name of the cookie; the installed document shows what is really accepted."""
        self.model = APIKey.model_validate({"in": "cookie", "name": "better-auth.session_token"})
        self.scheme_name = SCHEME_NAME


async def _require_principal(visit: Visit) -> Principal:
    principal = await visit.principal()
    if principal is None:
        raise visit.required()
    return principal


async def _require_session(visit: Visit) -> ActiveSession:
    principal = await _require_principal(visit)
    if principal.session is None:
        raise Errors.UNAUTHORIZED(reason="a token is not a session")
    return ActiveSession(principal.session, principal.user)


class _CurrentPrincipal(Credential):
    """Asks for a user and what proved it."""

    async def __call__(self, connection: HTTPConnection) -> Principal:
        """Return the principal; raises the 401 that names the cause."""
        visit = visit_of(connection)
        return visit.at_once() or await _require_principal(visit)


class _CurrentSession(Credential):
    """Asks for a session."""

    async def __call__(self, connection: HTTPConnection) -> ActiveSession:
        """Return session and user; raises UNAUTHORIZED."""
        return await _require_session(visit_of(connection))


class _CurrentUser(Credential):
    """Asks for a user."""

    async def __call__(self, connection: HTTPConnection) -> User:
        """Return the user; raises the 401 that names the cause."""
        visit = visit_of(connection)
        principal = visit.at_once() or await _require_principal(visit)
        return principal.user


class _OptionalUser(Credential):
    """Asks who calls, if anybody we know."""

    async def __call__(self, connection: HTTPConnection) -> User | None:
        """Return the user, or None where no credential came; one that fails is refused."""
        principal = await visit_of(connection).principal()
        return None if principal is None else principal.user


class _FreshSession(Credential):
    """Asks for a recent sign-in."""

    async def __call__(self, connection: HTTPConnection) -> ActiveSession:
        """Return session and user; raises UNAUTHORIZED or SESSION_NOT_FRESH."""
        visit = visit_of(connection)
        active, principal = await _require_session(visit), await _require_principal(visit)
        if not await visit.is_alive(principal):  # what was judged may have been a copy
            raise visit.required()
        if not visit.is_fresh(principal):
            raise Errors.SESSION_NOT_FRESH(reason="signed in too long ago")
        return active


current_session: Final = _CurrentSession()
current_user: Final = _CurrentUser()

CurrentPrincipal = Annotated[Principal, Depends(_CurrentPrincipal())]
"""The user with what was presented: claims and scopes of a token, or the session; 401 without any."""
CurrentSession = Annotated[ActiveSession, Depends(current_session)]
"""The session and its user; 401 where nobody is signed in, or by a token that stands for itself."""
CurrentUser = Annotated[User, Depends(current_user)]
"""The user who calls, by cookie or by token; 401 where nobody does."""
OptionalUser = Annotated[User | None, Depends(_OptionalUser())]
"""The user who calls, or None; a token that fails is 401."""
FreshSession = Annotated[ActiveSession, Depends(_FreshSession())]
"""The session and its user, signed in within `session.fresh_age`; 401 or 403 otherwise."""


class _Role(Credential):
    """Asks for a user with any of some roles."""

    def __init__(self, roles: frozenset[str]) -> None:
        super().__init__()
        self._roles = roles

    async def __call__(self, connection: HTTPConnection) -> User:
        """Return the user; raises the 401 that names the cause, or FORBIDDEN."""
        visit = visit_of(connection)
        if not visit.knows_roles:
            raise ConfigurationError("require_role needs roles: add `Admin()` to the plugins of Auth")
        user = (await _require_principal(visit)).user
        if roles_of(user).isdisjoint(self._roles):
            raise Errors.FORBIDDEN(reason=f"has none of the roles {', '.join(sorted(self._roles))}")
        return user


def require_role(*roles: str) -> Any:  # what Depends returns: a marker, whatever it is annotated with
    """Ask for a user with any of these roles: `Annotated[User, require_role("admin")]` or in `dependencies`.

    401 where nobody is signed in, 403 where the role is missing. Raises ConfigurationError without any role,
    and at its first use on a server without the Admin plugin.
    """
    if not roles:
        raise ConfigurationError("require_role needs at least one role; use CurrentUser to ask for any user")
    return Depends(_Role(frozenset(roles)))


class _Scope(Credential):
    """Asks for a token with all of some scopes."""

    def __init__(self, scopes: frozenset[str]) -> None:
        super().__init__()
        self._scopes = scopes

    async def __call__(self, connection: HTTPConnection) -> User:
        """Return the user; raises the 401 that names the cause, or INSUFFICIENT_SCOPE."""
        principal = await _require_principal(visit_of(connection))
        if principal.session is None and not self._scopes <= principal.scopes:
            raise scope_required(" ".join(sorted(self._scopes)))
        return principal.user


def require_scope(*scopes: str) -> Any:  # what Depends returns: a marker, whatever it is annotated with
    """Ask for a token whose `scope` names all of these; a session speaks for its user without limits.

    401 where no credential is valid, 403 INSUFFICIENT_SCOPE where a scope is missing (RFC 6750 section 3.1).
    Raises ConfigurationError without any scope.
    """
    if not scopes:
        raise ConfigurationError("require_scope needs at least one scope")
    return Depends(_Scope(frozenset(scopes)))


class _UserAs(Credential, Generic[M]):
    """Asks for a user as a class with more attributes."""

    def __init__(self, kind: type[M]) -> None:
        super().__init__()
        self._kind = kind
        self._models: WeakKeyDictionary[Model[User], Model[M]] = WeakKeyDictionary()

    async def __call__(self, connection: HTTPConnection) -> M:
        """Return the user with its additional fields as attributes; raises the 401 that names the cause."""
        visit = visit_of(connection)
        known = visit.user_model
        model = self._models.get(known)
        if model is None:
            model = self._models[known] = _model_of(known, self._kind)
        user = (await _require_principal(visit)).user
        return build(model, user.id, {field.name: value_of(user, field) for field in model.fields})


def current(kind: type[M]) -> Any:  # what Depends returns: a marker, whatever it is annotated with
    """Ask for the signed-in user as a subclass of User whose attributes are additional fields.

    `Annotated[Member, current(Member)]`, where `Member` is a frozen, keyword-only dataclass. Raises
    ConfigurationError at its first use where no field of the configuration fills an attribute.
    """
    return Depends(_UserAs(kind))


def _model_of(known: Model[User], kind: type[M]) -> Model[M]:
    model: Model[Any] = replace(known, entity=kind)  # the user's model, holding another entity
    supplied = {field.attribute for field in model.fields} | {"id", "extra"}
    if unknown := [field.name for field in fields(kind) if field.name not in supplied]:
        raise ConfigurationError(
            f"no field fills '{kind.__name__}.{unknown[0]}': add it to `UserOptions.additional_fields`"
        )
    return model


async def is_still_signed_in(connection: HTTPConnection) -> bool:
    """Judge the credential of a connection anew, a session by the store.

    A WebSocket outlives the handshake that its dependencies judged: ask again before whatever a revoked
    session must not do.
    """
    visit = visit_of(connection)
    principal = await visit.principal()
    return principal is not None and await visit.is_alive(principal)
