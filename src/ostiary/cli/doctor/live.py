"""The round trip of a real request: browser, front end, server, and back."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from ostiary.cli.doctor.encryption import of_https, untrusted
from ostiary.cli.doctor.finding import Finding, Findings, Subject
from ostiary.cli.doctor.names import Setting, spelled
from ostiary.cli.doctor.road import USER_AGENT, Seen, Untrusted, ask, cookie_ending_in, is_secure, why_lost
from ostiary.crypto.signing import Keyring
from ostiary.domain.errors import JsonValue
from ostiary.http.origins import Address
from ostiary.http.routes.probe import COOKIE, HEADER, question
from ostiary.outgoing.networks import is_loopback_name

if TYPE_CHECKING:
    from ostiary.server.application import Application

_way = Subject("live: way")
_base_url = Subject("live: base URL")
_origins = Subject("live: origins")
_cookies = Subject("live: cookies")
_headers = Subject("live: headers")
_client = Subject("live: clients")
_clock = Subject("live: clock")
_caches = Subject("live: caches")

_STRANGER: Final = "https://stranger.invalid"
_CHOSEN: Final = "203.0.113.77"  # RFC 5737: nobody's address
_LEEWAY: Final = timedelta(seconds=30)  # what tokens of other issuers are granted
_NOTICED: Final = timedelta(seconds=5)
_FORWARDED: Final = "let the front end hand it on unchanged"


@dataclass(frozen=True)
class Arrival:
    """What the server says of a request, and the answer that brought it."""

    told: dict[str, JsonValue]
    seen: Seen

    @property
    def headers(self) -> dict[str, str]:
        """The headers that arrived, of those that matter."""
        headers: dict[str, str] = self.told["headers"]
        return headers

    @property
    def client(self) -> str | None:
        """Whom the server takes the client to be."""
        address: str | None = self.told["clientAddress"]
        return address


@dataclass(frozen=True)
class Trip:
    """The address that browsers use, and the configuration that should answer there."""

    application: "Application"
    address: str
    pages: Sequence[str]
    """Origins of pages that call the server."""

    @property
    def origin(self) -> str:
        """The origin of the address."""
        return Address(self.address).origin or self.address

    @property
    def base(self) -> str:
        """The address of the endpoints: what was given, or the configured path at that origin."""
        path = urlsplit(self.address).path.rstrip("/")
        return f"{self.origin}{path or self.application.auth.mount_path}"

    @property
    def _keyring(self) -> Keyring:
        return self.application.auth.services.session_cookies.keyring

    async def get(self, path: str, **headers: str) -> Seen:
        """Ask as a page at the address would."""
        return await ask("GET", f"{self.base}{path}", {"origin": self.origin, **headers})

    async def probe(self, **headers: str) -> Arrival | None:
        """Ask how a request arrives; None where nobody there holds this secret."""
        runtime = self.application.auth.services.runtime
        asked = question(self._keyring, runtime.now(), runtime.random_string(12))
        seen = await self.get("/probe", **{HEADER: asked, "authorization": "Bearer doctor", **headers})
        told = seen.json()
        if seen.status != 200 or not isinstance(told, dict) or "question" not in told:
            return None
        return Arrival({**told, "asked": asked}, seen)


async def travel(application: "Application", address: str, pages: Sequence[str]) -> Sequence[Finding]:
    """Go the whole way; where it is blocked, say where."""
    trip = Trip(application, address, pages or [Address(address).origin or address])
    try:
        return spelled(application, [finding async for finding in _found(trip)])
    except Untrusted as error:
        return [untrusted(trip.origin, error)]
    except OSError as error:
        return [
            _way.failure(f"{trip.base} does not answer: {error}", "see that the address is right and served")
        ]


async def _found(trip: Trip) -> AsyncIterator[Finding]:
    blocked = _blocked(trip, await trip.get("/ok"))
    if blocked is not None:
        yield blocked
        return
    first = await trip.probe()
    if first is None:
        yield _way.failure(
            "the server there holds another secret, or the front end drops unknown headers",
            "run the doctor with the server's own configuration, and let X-Ostiary-Probe through",
        )
        return
    yield _way.ok(f"{trip.base} leads to this server")
    for finding in (*_of_base_url(trip), *_of_headers(trip, first), *_of_clock(trip, first)):
        yield finding
    line = cookie_ending_in(COOKIE, first.seen)
    second = await trip.probe(cookie=(line or "").partition(";")[0] or "a=b", **{"x-forwarded-for": _CHOSEN})
    for finding in (*_of_cookies(trip, line, second), *_of_clients(trip, first, second)):
        yield finding
    for finding in _of_caches(first, second):
        yield finding
    async for finding in _of_origins(trip):
        yield finding
    async for finding in of_https(trip.origin, first.seen):
        yield finding


def _blocked(trip: Trip, seen: Seen) -> Finding | None:
    if seen.status == 200 and seen.json() == {"ok": True}:
        return None
    if 300 <= seen.status < 400:
        where = seen.header("location") or "nowhere"
        return _way.failure(f"{trip.base}/ok leads on to {where}", "give the address that it leads to")
    path = urlsplit(trip.base).path
    return _way.failure(
        f"{trip.base}/ok answers {seen.status}, and not as an auth server does",
        f"let the front end hand {path}/* on to the server, path unchanged (Next.js: `rewrites`)",
    )


def _of_base_url(trip: Trip) -> Findings:
    configured = trip.application.auth.options.origin
    if configured == trip.origin:
        yield _base_url.ok(f"{configured}, where browsers are")
    elif configured is None:
        yield _base_url.warning(
            "none: the server believes the Host header of each request",
            f"set {Setting.BASE_URL} to {trip.origin}",
        )
    else:
        yield _base_url.failure(
            f"the server takes {configured} for its address, and browsers are at {trip.origin}: mailed links"
            " lead elsewhere, and pages are refused",
            f"set {Setting.BASE_URL} to {trip.origin}",
        )


def _of_headers(trip: Trip, arrival: Arrival) -> Findings:
    sent = {"origin": trip.origin, "authorization": "Bearer doctor", "user-agent": USER_AGENT}
    lost = [name for name, value in sent.items() if arrival.headers.get(name) != value]
    for name in lost:
        became = "changed" if name in arrival.headers else "lost"
        yield _headers.failure(f"{name.title()} is {became} on the way", _FORWARDED)
    host = arrival.headers.get("host", "")
    if (
        trip.application.auth.options.base_url is None
        and Address(f"http://{host}").host != Address(f"http://{urlsplit(trip.origin).netloc}").host
    ):
        yield _headers.failure(f"Host arrives as {host}", f"set {Setting.BASE_URL} to {trip.origin}")
    elif not lost:
        yield _headers.ok("Origin, Authorization and User-Agent arrive as they were sent")


def _of_clock(trip: Trip, arrival: Arrival) -> Findings:
    there = datetime.fromisoformat(arrival.told["now"])
    apart = abs(there - trip.application.auth.services.runtime.now())
    seconds = f"{apart.total_seconds():.0f} s apart from this machine's"
    if apart > _LEEWAY:
        yield _clock.failure(
            f"{seconds}: tokens seem expired, or not valid yet", "keep both on time with NTP"
        )
    elif apart > _NOTICED:
        yield _clock.warning(seconds, "keep both on time with NTP")
    else:
        yield _clock.ok("agrees with this machine's")


def _of_cookies(trip: Trip, line: str | None, again: Arrival | None) -> Findings:
    if line is None:
        yield _cookies.failure("Set-Cookie is lost on the way back", _FORWARDED)
    elif why := why_lost(line, trip.base):
        yield _cookies.failure(
            f"browsers keep none: {why}",
            f"set {Setting.BASE_URL} to the address of browsers; look at {Setting.SHARED_COOKIES} and"
            f" {Setting.SECURE_COOKIES}",
        )
    elif again is None or not again.told["cookie"]:
        yield _cookies.failure("Cookie is lost on the way to the server", _FORWARDED)
    elif trip.origin.startswith("https:") and not is_secure(line):
        yield _cookies.failure(
            "not Secure: browsers show them to whoever answers for the name over http",
            f"set {Setting.BASE_URL} to {trip.origin}, and do not turn {Setting.SECURE_COOKIES} off",
        )
    else:
        yield _cookies.ok("kept by browsers, and returned")


def _of_clients(trip: Trip, plain: Arrival, spoofed: Arrival | None) -> Findings:
    if spoofed is not None and spoofed.client == _CHOSEN:
        yield _client.failure(
            "anybody may choose the address that limits and records go by: X-Forwarded-For is believed as it"
            " was sent",
            "let the proxy that faces the world write X-Forwarded-For itself, and name only your own proxies"
            f" in {Setting.TRUSTED_PROXIES}",
        )
        return
    peer = plain.told["peer"]
    forwarded = plain.headers.get("x-forwarded-for")
    behind = is_loopback_name(peer or "") and not is_loopback_name(urlsplit(trip.origin).hostname or "")
    if forwarded is not None and plain.client == peer:
        yield _client.warning(
            f"all clients share the address of the front end, {peer}, and one rate limit",
            f"set {Setting.TRUSTED_PROXIES} to {peer}",
        )
    elif forwarded is None and behind:
        yield _client.warning(
            "the front end does not say whom it speaks for", "let it write X-Forwarded-For, and trust it"
        )
    else:
        yield _client.ok(f"told apart; this one is {plain.client or 'not known, as configured'}")


def _of_caches(first: Arrival, second: Arrival | None) -> Findings:
    answers = [each for each in (first, second) if each is not None]
    if any(each.told["question"] != each.told["asked"] or each.seen.header("age") for each in answers):
        yield _caches.failure(
            "an answer of the server came from a cache: people get the sessions of others",
            "let no cache keep anything below the auth path, whatever its headers",
        )
    elif any("no-store" not in (each.seen.header("cache-control") or "") for each in answers):
        yield _caches.warning("Cache-Control: no-store is lost on the way back", _FORWARDED)
    else:
        yield _caches.ok("keep nothing")


async def _of_origins(trip: Trip) -> AsyncIterator[Finding]:
    for page in trip.pages:
        seen = await _post(trip, page)
        if seen.status == 403:
            yield _origins.failure(
                f"pages of {page} are refused: {seen.code or seen.status}",
                f"set {Setting.TRUSTED_ORIGINS} to {page}, or {Setting.BASE_URL} to it",
            )
        else:
            yield _origins.ok(f"pages of {page} may call")
    if (await _post(trip, _STRANGER)).status != 403:
        yield _origins.failure(
            "pages of strangers may call with cookies",
            f"remove {Setting.CSRF_CHECK} and {Setting.ORIGIN_CHECK}; let the front end hand on Origin",
        )


async def _post(trip: Trip, origin: str) -> Seen:
    """Sign out of nothing: harmless, and refused like any change where the origin is not trusted."""
    headers = {"origin": origin, "cookie": "ostiary-doctor=1", "content-type": "application/json"}
    return await ask("POST", f"{trip.base}/sign-out", headers, b"{}")
