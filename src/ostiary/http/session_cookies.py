"""The cookies that carry a session: the signed token, its cached copy, and the wish not to be remembered."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ostiary.crypto.session_cache import CachePayload, encode, milliseconds
from ostiary.crypto.signing import Keyring, sign_cookie, unsign
from ostiary.domain.entities import ActiveSession
from ostiary.domain.runtime import Runtime
from ostiary.domain.schema import Schema
from ostiary.http.account_cookies import AccountCookies
from ostiary.http.chunks import expire_chunks, write_chunks
from ostiary.http.cookies import CookieJar, CookieNames, chunked_value
from ostiary.http.messages import Request
from ostiary.http.rendering import Renderer
from ostiary.http.session_copies import Copy, SessionCopies
from ostiary.options import SessionOptions


class _Nothing:
    """Stands for a cached copy that was not there."""

    session = None
    user = None


_NOTHING = _Nothing()


@dataclass(frozen=True)
class SessionCookies:
    """Reads and writes the cookies of a session."""

    names: CookieNames
    keyring: Keyring
    options: SessionOptions
    schema: Schema
    renderer: Renderer
    runtime: Runtime
    accounts: AccountCookies | None = None
    """The cookie of the account somebody came by, where it is kept."""
    stateless: bool = False
    """Whether the copy is the session, since there is no store to ask once the copy is over."""
    copies: SessionCopies = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Be ready for copies."""
        strategy = self.options.cookie_cache.strategy or "compact"
        copies = SessionCopies(strategy, self.keyring, self.schema, self.renderer)
        object.__setattr__(self, "copies", copies)

    def token(self, request: Request) -> str | None:
        """Return the session token of a validly signed cookie."""
        value = request.cookies.get(self.names.session_token.name)
        return unsign(value, self.keyring) if value else None

    def is_forgettable(self, request: Request) -> bool:
        """Tell whether the person asked not to be remembered."""
        value = request.cookies.get(self.names.dont_remember.name)
        return bool(value) and unsign(value or "", self.keyring) is not None

    def write(
        self,
        jar: CookieJar,
        request: Request,
        active: ActiveSession,
        *,
        remember: bool | None = None,
        cached: ActiveSession | None = None,
    ) -> None:
        """Set the session's cookies; without `remember` the browser's earlier wish stands.

        `cached` is what the request's own copy held: parts that come from there keep their order of members.
        """
        was_forgettable = self.is_forgettable(request)
        forgettable = was_forgettable if remember is None else not remember
        token = self.names.session_token
        jar.set(
            token,
            sign_cookie(active.session.token, self.keyring),
            None if forgettable else self._remaining_life(active),
        )
        if forgettable:
            jar.set(
                self.names.dont_remember, sign_cookie("true", self.keyring), self.names.dont_remember.max_age
            )
        elif was_forgettable:
            jar.expire(self.names.dont_remember)
        self.write_cache(jar, request, active, forgettable=forgettable, cached=cached)

    def _remaining_life(self, active: ActiveSession) -> timedelta:
        """Cap the cookie's life at the absolute end of the session."""
        lifetime = self.options.absolute_lifetime
        if lifetime is None:
            return self.options.expires_in
        left = active.session.created_at + lifetime - self.runtime.now()
        return max(timedelta(0), min(self.options.expires_in, left))

    def write_cache(
        self,
        jar: CookieJar,
        request: Request,
        active: ActiveSession,
        *,
        forgettable: bool,
        cached: ActiveSession | None = None,
    ) -> None:
        """Set the cached copy, in chunks where it is large; a copy that is too large even so is left out."""
        cache = self.options.cookie_cache
        if not cache.enabled:
            return
        known, render = cached or _NOTHING, self.renderer
        session = render.cached_session if active.session is known.session else render.session
        user = render.cached_user if active.user is known.user else render.user
        payload = CachePayload(
            session=session(active.session),
            user=user(active.user),
            updated_at=milliseconds(self.runtime.now()),
            version=cache.version_for(active.session, active.user),
        )
        life = self.names.session_data.max_age
        max_age = None if forgettable else life
        believed = life if self.stateless else max_age
        value = encode(payload, cache.strategy or "compact", believed, self.keyring, self.runtime)
        write_chunks(jar, request, self.names.session_data, value, max_age)
        if self.accounts is not None:
            self.accounts.carry_on(jar, request, active.user.id)

    def clean_cache(self, jar: CookieJar, request: Request) -> None:
        """Expire a cached copy that nobody believes any more."""
        expire_chunks(jar, request, self.names.session_data)

    def clear(self, jar: CookieJar, request: Request) -> None:
        """Expire every cookie of the session."""
        jar.expire(self.names.session_token)
        jar.expire(self.names.session_data)
        if self.accounts is not None:
            self.accounts.clear(jar, request)
        if self.names.carries_flows:
            jar.expire(self.names.oauth_state)
        self.clean_cache(jar, request)
        jar.expire(self.names.dont_remember)

    def cached_copy(self, request: Request) -> str | None:
        """Return the cached copy that the browser sent, believable or not."""
        return chunked_value(request.cookies, self.names.session_data.name)

    def believed(self, text: str, token: str, now: datetime) -> Copy | None:
        """Return what a cached copy holds if it is ours, current, and of this very token and user."""
        copy = self.copies.read(text, now)
        if copy is None:
            return None
        session, user = copy.active.session, copy.active.user
        if session.token != token or session.user_id != user.id:
            return None
        return copy if copy.version == self.options.cookie_cache.version_for(session, user) else None
