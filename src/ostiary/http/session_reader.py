"""Who is signed in: judges the session cookie of a request, and keeps session and cookies alive."""

from dataclasses import dataclass

from ostiary.domain.audit import Ended
from ostiary.domain.entities import ActiveSession, is_over
from ostiary.domain.errors import Errors
from ostiary.http.cookies import CookieJar
from ostiary.http.messages import Request
from ostiary.http.session_cookies import SessionCookies
from ostiary.http.session_copies import Copy
from ostiary.options import SessionOptions
from ostiary.services.sessions import Sessions


@dataclass(frozen=True, slots=True)
class Reading:
    """What a request's cookies came to."""

    active: ActiveSession | None = None
    copy: Copy | None = None
    """The copy it was read from."""
    needs_refresh: bool | None = None
    """Set where refreshing is deferred to a POST."""


SIGNED_OUT = Reading()


@dataclass(frozen=True)
class SessionReader:
    """Reads the session of a request from the cookie cache or the store, extending it where due."""

    cookies: SessionCookies
    sessions: Sessions
    options: SessionOptions
    stateless: bool = False
    """There is no durable store: the cookie cache is the session."""

    async def read(
        self, request: Request, jar: CookieJar, *, from_store: bool = False, may_write: bool = True
    ) -> Reading:
        """Return the session of a request and put the cookies that keep it alive into the jar.

        `from_store` bypasses the cookie cache; `may_write=False` only looks, where refreshing is deferred.
        Raises FAILED_TO_GET_SESSION where the session vanishes while it is being extended.
        """
        token = self.cookies.token(request)
        copy = self.cookies.cached_copy(request)
        cache_on = self.options.cookie_cache.enabled
        if copy is not None and not cache_on:
            self.cookies.clean_cache(jar, request)
        if token is None:
            return SIGNED_OUT
        wants_store = (from_store and not self.stateless) or bool(request.query.get("disableCookieCache"))
        if copy is not None and cache_on and not wants_store:
            cached = self._from_copy(request, jar, token, copy)
            if cached is not None:
                return cached
        return await self._from_store(request, jar, token, may_write=may_write)

    def _from_copy(self, request: Request, jar: CookieJar, token: str, text: str) -> Reading | None:
        now = self.sessions.runtime.now()
        copy = self.cookies.believed(text, token, now)
        if copy is None or is_over(copy.active.session, now, self.options.absolute_lifetime):
            jar.expire(self.cookies.names.session_data)
            return None
        below = self.options.cookie_cache.refresh_below if self.stateless else None
        if below is not None and copy.remaining(now) < below:
            self.cookies.write(jar, request, copy.active, cached=copy.active)
        return Reading(copy.active, copy)

    async def _from_store(self, request: Request, jar: CookieJar, token: str, *, may_write: bool) -> Reading:
        active = await self.sessions.store.find(token)
        if active is None or self.sessions.is_over(active.session):
            self.cookies.clear(jar, request)
            if active is not None and may_write:
                await self.sessions.revoke(token, Ended.EXPIRED)
            return SIGNED_OUT
        if self.sessions.is_barred(active.user):
            self.cookies.clear(jar, request)
            return SIGNED_OUT
        forgettable = self.cookies.is_forgettable(request)
        if forgettable or request.query.get("disableRefresh"):
            return Reading(active)
        due = self.sessions.is_due(active.session)
        if not may_write:
            self.cookies.write_cache(jar, request, active, forgettable=False)
            return Reading(active, needs_refresh=due)
        if due:
            active = await self._slide(request, jar, active)
        else:
            self.cookies.write_cache(jar, request, active, forgettable=False)
        return Reading(active)

    async def _slide(self, request: Request, jar: CookieJar, active: ActiveSession) -> ActiveSession:
        extended = await self.sessions.slide(active.session)
        if extended is None:
            self.cookies.clear(jar, request)
            raise Errors.FAILED_TO_GET_SESSION(reason="revoked while it was being extended")
        slid = ActiveSession(extended, active.user)
        self.cookies.write(jar, request, slid, remember=True)
        return slid
