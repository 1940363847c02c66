"""Sessions without a sign-in, and the cookies a browser would hold: for tests, never for a request."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from ostiary.domain.entities import ActiveSession, Session, User
from ostiary.http.context import Services
from ostiary.http.cookies import CookieJar
from ostiary.http.messages import Request


@dataclass(frozen=True)
class BrowserCookie:
    """A cookie as a browser keeps it."""

    name: str
    value: str
    domain: str | None
    """None: of the host alone that sets it."""
    path: str
    expires_at: datetime | None
    """None: gone with the browser."""
    http_only: bool
    secure: bool
    same_site: str


@dataclass(frozen=True)
class Minted:
    """A session, and the cookies that carry it."""

    session: Session
    cookies: tuple[BrowserCookie, ...]


async def mint_session(
    services: Services, user: User, *, remember: bool = True, user_agent: str = "minted"
) -> Minted:
    """Start a session as a sign-in would, without one; raises AuthError where a plugin bars the user."""
    session = await services.sessions.start(user, remember=remember, user_agent=user_agent)
    jar = CookieJar()
    nothing = Request(method="GET", path="/", headers={})
    services.session_cookies.write(jar, nothing, ActiveSession(session, user), remember=remember)
    return Minted(session, tuple(_read(line, services.runtime.now()) for line in jar.lines()))


def _read(line: str, now: datetime) -> BrowserCookie:
    """Take apart a line that we wrote."""
    pair, *rest = line.split("; ")
    name, _, value = pair.partition("=")
    given = {key.lower(): text for key, _, text in (each.partition("=") for each in rest)}
    max_age = given.get("max-age")
    return BrowserCookie(
        name=name,
        value=value,
        domain=given.get("domain"),
        path=given.get("path", "/"),
        expires_at=None if max_age is None else now + timedelta(seconds=int(max_age)),
        http_only="httponly" in given,
        secure="secure" in given,
        same_site=given.get("samesite", "Lax"),
    )
