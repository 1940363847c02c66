"""How long a session lives, and how it is remembered."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal

from ostiary.domain.entities import Session, User
from ostiary.domain.errors import ConfigurationError
from ostiary.domain.schema import Field

CookieCacheStrategy = Literal["compact", "jwt", "jwe"]


@dataclass(frozen=True, kw_only=True)
class CookieCache:
    """A short-lived copy of session and user in a cookie, so that most reads need no database."""

    enabled: bool = False
    """Write and believe the cookie. A revoked session stays readable until `max_age` has passed."""
    max_age: timedelta | None = None
    """How long a copy is believed; None: five minutes, and without a database as long as a session lives."""
    strategy: CookieCacheStrategy | None = None
    """`compact` and `jwt` are signed and readable by their holder; `jwe` is encrypted. None: `compact`, and
    without a database `jwe`."""
    version: str | Callable[[Session, User], str] = "1"
    """Copies of another version are ignored: raise it to invalidate all of them at once."""
    believed_by_writes: bool = False
    """Let endpoints and routes of the application that change something, and WebSockets, believe a copy, too;
    by default only GET does."""
    refresh_cache: bool | timedelta = True
    """Without a database: renew the copy when less than this is left (True: a fifth of `max_age`)."""

    def __post_init__(self) -> None:
        """Refuse a cache that could never be read."""
        if self.life <= timedelta(0):
            raise ConfigurationError("session.cookie_cache.max_age must be longer than zero")

    def version_for(self, session: Session, user: User) -> str:
        """Return the version a copy of this session must carry."""
        return self.version if isinstance(self.version, str) else self.version(session, user)

    @property
    def life(self) -> timedelta:
        """How long a copy is believed where a database is behind it."""
        return timedelta(minutes=5) if self.max_age is None else self.max_age

    @property
    def refresh_below(self) -> timedelta | None:
        """The remaining life below which a copy is renewed; None if it never is."""
        if isinstance(self.refresh_cache, timedelta):
            return self.refresh_cache
        return self.life * 0.2 if self.refresh_cache else None


@dataclass(frozen=True, kw_only=True)
class SessionOptions:
    """Life times of sessions and the shape of their table."""

    expires_in: timedelta = timedelta(days=7)
    """Idle life: an unused session ends after this; using it moves the end."""
    update_age: timedelta = timedelta(days=1)
    """A session is extended once this much of its life has passed."""
    absolute_lifetime: timedelta | None = timedelta(days=90)
    """However often it is used, a session ends this long after the sign-in; None: never."""
    fresh_age: timedelta = timedelta(days=1)
    """Sensitive endpoints ask for a sign-in younger than this; zero turns the check off."""
    end_previous: bool = True
    """Signing in again ends the session that the browser came with."""
    disable_session_refresh: bool = False
    """Never extend a session."""
    defer_session_refresh: bool = False
    """GET /get-session never writes; the client extends with POST when told `needsRefresh`."""
    cookie_cache: CookieCache = field(default_factory=CookieCache)
    """The copy of the session in a cookie."""
    store_in_key_value: bool = False
    """Given a key-value store, keep sessions there in Better Auth's layout, instead of in the database."""
    store_session_in_database: bool = False
    """With a key-value store for sessions: keep the rows in the database as well."""
    preserve_session_in_database: bool = False
    """With both: a revoked session's row stays in the database, for audits."""
    model_name: str | None = None
    """The table's name, where it is not `session`."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """Column names by field name, where they differ."""
    additional_fields: tuple[Field[Any], ...] = ()
    """Columns the application adds to every session."""

    def __post_init__(self) -> None:
        """Refuse life times that contradict one another."""
        if self.expires_in <= timedelta(0):
            raise ConfigurationError("session.expires_in must be longer than zero")
        if self.expires_in > timedelta(days=400):
            raise ConfigurationError("session.expires_in is over 400 days, the most a browser keeps a cookie")
