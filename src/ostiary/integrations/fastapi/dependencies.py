"""Who calls: dependencies for HTTP and WebSocket routes alike."""

from dataclasses import fields, replace
from typing import Annotated, Any, Final, Generic, TypeVar
from weakref import WeakKeyDictionary

from fastapi import Depends
from fastapi.openapi.models import APIKey
from fastapi.security.base import SecurityBase
from starlette.requests import HTTPConnection

from ostiary.auth import Auth
from ostiary.domain.entities import ActiveSession, User, build, value_of
from ostiary.domain.errors import ConfigurationError, Errors
from ostiary.domain.models import USER
from ostiary.domain.schema import Model, Schema
from ostiary.integrations.fastapi.visit import Visit, visit_of
from ostiary.plugins.admin import ROLE, roles_of

M = TypeVar("M", bound=User)

SCHEME_NAME: Final = "session"


class SessionCookie(SecurityBase):
    """Describes the session cookie in OpenAPI.

    Each dependency is one of these and asks the visit, which reads the session once. Dependencies of
    dependencies would read better, and each of them would cost FastAPI as much again.
    """

    def __init__(self) -> None:
        """Carry the default name of the cookie; the installed document shows the configured one."""
        self.model = APIKey.model_validate({"in": "cookie", "name": "better-auth.session_token"})
        self.scheme_name = SCHEME_NAME


async def _require_session(visit: Visit) -> ActiveSession:
    active = await visit.session()
    if active is None:
        raise Errors.UNAUTHORIZED(reason="no valid session")
    return active


class _CurrentSession(SessionCookie):
    """Asks for a session."""

    async def __call__(self, connection: HTTPConnection) -> ActiveSession:
        """Return session and user; raises UNAUTHORIZED."""
        return await _require_session(visit_of(connection))


class _CurrentUser(SessionCookie):
    """Asks for a user."""

    async def __call__(self, connection: HTTPConnection) -> User:
        """Return the user; raises UNAUTHORIZED."""
        return (await _require_session(visit_of(connection))).user


class _OptionalUser(SessionCookie):
    """Asks who calls, if anybody we know."""

    async def __call__(self, connection: HTTPConnection) -> User | None:
        """Return the user, or None where nobody is signed in."""
        active = await visit_of(connection).session()
        return None if active is None else active.user


class _FreshSession(SessionCookie):
    """Asks for a recent sign-in."""

    async def __call__(self, connection: HTTPConnection) -> ActiveSession:
        """Return session and user; raises UNAUTHORIZED or SESSION_NOT_FRESH."""
        visit = visit_of(connection)
        active = await _require_session(visit)
        if not visit.auth.services.sessions.is_fresh(active.session):
            raise Errors.SESSION_NOT_FRESH(reason="signed in too long ago")
        return active


current_session: Final = _CurrentSession()
current_user: Final = _CurrentUser()

CurrentSession = Annotated[ActiveSession, Depends(current_session)]
"""The session and its user; 401 where nobody is signed in."""
CurrentUser = Annotated[User, Depends(current_user)]
"""The user who is signed in; 401 where nobody is."""
OptionalUser = Annotated[User | None, Depends(_OptionalUser())]
"""The user who is signed in, or None."""
FreshSession = Annotated[ActiveSession, Depends(_FreshSession())]
"""The session and its user, signed in within `session.fresh_age`; 401 or 403 otherwise."""


class _Role(SessionCookie):
    """Asks for a user with any of some roles."""

    def __init__(self, roles: frozenset[str]) -> None:
        super().__init__()
        self._roles = roles

    async def __call__(self, connection: HTTPConnection) -> User:
        """Return the user; raises UNAUTHORIZED or FORBIDDEN."""
        visit = visit_of(connection)
        if ROLE.name not in visit.auth.schema[USER].by_name:
            raise ConfigurationError("require_role needs roles: add `Admin()` to the plugins of Auth")
        user = (await _require_session(visit)).user
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


class _UserAs(SessionCookie, Generic[M]):
    """Asks for a user as a class with more attributes."""

    def __init__(self, kind: type[M]) -> None:
        super().__init__()
        self._kind = kind
        self._models: WeakKeyDictionary[Auth, Model[M]] = WeakKeyDictionary()

    async def __call__(self, connection: HTTPConnection) -> M:
        """Return the user with its additional fields as attributes; raises UNAUTHORIZED."""
        visit = visit_of(connection)
        model = self._models.get(visit.auth)
        if model is None:
            model = self._models[visit.auth] = _model_of(visit.auth.schema, self._kind)
        user = (await _require_session(visit)).user
        return build(model, user.id, {field.name: value_of(user, field) for field in model.fields})


def current(kind: type[M]) -> Any:  # what Depends returns: a marker, whatever it is annotated with
    """Ask for the signed-in user as a subclass of User whose attributes are additional fields.

    `Annotated[Member, current(Member)]`, where `Member` is a frozen, keyword-only dataclass. Raises
    ConfigurationError at its first use where no field of the configuration fills an attribute.
    """
    return Depends(_UserAs(kind))


def _model_of(schema: Schema, kind: type[M]) -> Model[M]:
    model: Model[Any] = replace(schema[USER], entity=kind)  # the user's model, holding another entity
    supplied = {field.attribute for field in model.fields} | {"id", "extra"}
    if unknown := [field.name for field in fields(kind) if field.name not in supplied]:
        raise ConfigurationError(
            f"no field fills '{kind.__name__}.{unknown[0]}': add it to `UserOptions.additional_fields`"
        )
    return model


async def is_still_signed_in(connection: HTTPConnection) -> bool:
    """Ask the store whether the session of a connection lives.

    A WebSocket outlives the handshake that its dependencies judged: ask again before whatever a revoked
    session must not do.
    """
    visit = visit_of(connection)
    active = await visit.session()
    if active is None:
        return False
    return await visit.auth.services.sessions.by_token(active.session.token) is not None
