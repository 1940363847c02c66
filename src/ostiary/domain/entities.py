"""The rows of the core tables as values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar, cast

from ostiary.domain.schema import MISSING, Field, Model, Value

T = TypeVar("T")
E = TypeVar("E", bound="Entity")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """A row with its identifier and the fields that plugins or the application added."""

    id: str
    extra: Mapping[str, Value] = field(default_factory=dict)

    def __getitem__(self, wanted: Field[T]) -> T:
        """Read an added field by its typed description; absent means its default, else None."""
        if wanted.name in self.extra:
            return cast("T", self.extra[wanted.name])  # the column's type is the field's
        initial = wanted.initial()
        return cast("T", None if initial is MISSING else initial)


@dataclass(frozen=True, slots=True, kw_only=True)
class User(Entity):
    """A person."""

    name: str
    email: str
    email_verified: bool
    image: str | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Session(Entity):
    """One sign-in of one person on one device; its token is what every credential stands for."""

    expires_at: datetime
    token: str = field(repr=False)
    created_at: datetime
    updated_at: datetime
    ip_address: str | None
    user_agent: str | None
    user_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Account(Entity):
    """A link from a person to a provider; `credential` is the provider of passwords."""

    account_id: str
    provider_id: str
    user_id: str
    access_token: str | None = field(default=None, repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    id_token: str | None = field(default=None, repr=False)
    access_token_expires_at: datetime | None = None
    refresh_token_expires_at: datetime | None = None
    scope: str | None = None
    password: str | None = field(default=None, repr=False)
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification(Entity):
    """A one-time value: whoever knows the identifier may consume it once."""

    identifier: str = field(repr=False)
    value: str = field(repr=False)
    expires_at: datetime
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimitCounter(Entity):
    """How often a key was used, and when last (milliseconds since the epoch)."""

    key: str
    count: int
    last_request: int


def stored_scopes(scope: str | None) -> list[str]:
    """Return the scopes of an account as a list."""
    return [each.strip() for each in (scope or "").split(",") if each.strip()]


def is_over(session: Session, now: datetime, lifetime: timedelta | None) -> bool:
    """Tell whether a session ended by idling, or by age where sessions have a lifetime."""
    if session.expires_at < now:
        return True
    return lifetime is not None and session.created_at + lifetime <= now


@dataclass(frozen=True, slots=True)
class ActiveSession:
    """A session that was judged valid, together with its user."""

    session: Session
    user: User


def value_of(entity: Entity, described: Field[Any]) -> Value:
    """Read a field of an entity, declared or added."""
    if described.name in entity.extra:
        return entity.extra[described.name]
    return getattr(entity, described.attribute, None)


def build(model: Model[E], row_id: str, values: Mapping[str, Value]) -> E:
    """Make an entity from values by wire name; whatever the class does not declare goes to `extra`."""
    declared = {attribute: values.get(name) for attribute, name in model.declared_names}
    added = model.extra_names
    extra = {name: values.get(name) for name in added} if added else {}
    return model.entity(id=row_id, extra=extra, **declared)
