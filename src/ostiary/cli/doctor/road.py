"""The road from a browser through the front end to the server, and what a browser makes of the answers."""

import asyncio
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.cookies import CookieError, Morsel, SimpleCookie
from typing import Final
from urllib.parse import urlsplit

import httpcore2

from ostiary.domain.errors import JsonValue
from ostiary.http import json
from ostiary.outgoing.networks import is_loopback_name

USER_AGENT: Final = "Mozilla/5.0 (ostiary doctor)"
_SECONDS: Final = 10.0
_LARGEST: Final = 200_000
_FAILURES: Final = (
    httpcore2.NetworkError,
    httpcore2.TimeoutException,
    httpcore2.ProtocolError,
    httpcore2.UnsupportedProtocol,
    ssl.SSLError,
    TimeoutError,
)


class Untrusted(OSError):
    """The server has no certificate that this machine trusts for the address."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What came back."""

    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes = field(repr=False)

    def header(self, name: str) -> str | None:
        """Return the first header of a lower-case name."""
        return next((value for key, value in self.headers if key == name), None)

    def json(self) -> JsonValue:
        """Return the body as JSON; None for anything else."""
        try:
            return json.parse(self.body)
        except ValueError:
            return None

    @property
    def code(self) -> str | None:
        """The code of a refusal."""
        body = self.json()
        code = body.get("code") if isinstance(body, dict) else None
        return code if isinstance(code, str) else None


async def ask(method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Seen:
    """Make one request on a connection of its own; redirects are not followed. Raises OSError, or Untrusted.

    Authorities are those of the system, or of SSL_CERT_FILE.
    """
    sent = [(name.encode(), value.encode()) for name, value in {"user-agent": USER_AGENT, **headers}.items()]
    try:
        async with (
            asyncio.timeout(_SECONDS),
            httpcore2.AsyncConnectionPool() as pool,
            pool.stream(method, url, headers=sent, content=body) as answer,
        ):
            received = b""
            async for chunk in answer.aiter_stream():
                received += chunk
                if len(received) > _LARGEST:
                    break
    except _FAILURES as error:
        kind = Untrusted if "CERTIFICATE_VERIFY_FAILED" in str(error) else OSError
        raise kind(str(error) or type(error).__name__) from error
    found = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in answer.headers]
    return Seen(answer.status, found, received)


def cookie_ending_in(name: str, seen: Seen) -> str | None:
    """Return the Set-Cookie line of a cookie by the end of its name."""
    lines = (value for key, value in seen.headers if key == "set-cookie")
    return next((line for line in lines if line.partition("=")[0].endswith(name)), None)


def why_lost(line: str, url: str) -> str | None:
    """Return why a browser at this address would not keep a cookie; None if it would (RFC 6265bis)."""
    morsel = _morsel(line)
    if morsel is None:
        return "it cannot be read"
    parts = urlsplit(url)
    host = parts.hostname or ""
    prefixed = morsel.key.startswith(("__Secure-", "__Host-"))
    if prefixed and not morsel["secure"]:
        return f"its name begins with {morsel.key.partition('-')[0]}-, and it is not Secure"
    if morsel["secure"] and parts.scheme != "https" and not is_loopback_name(host):
        return "it is Secure, and the address is http"
    domain = morsel["domain"].lower().removeprefix(".")
    if domain and host != domain and not host.endswith(f".{domain}"):
        return f"its domain is {domain}, and the address is at {host}"
    if morsel["samesite"].lower() == "none" and not morsel["secure"]:
        return "it is SameSite=None without being Secure"
    return None


def is_secure(line: str) -> bool:
    """Tell whether browsers keep a cookie from plain http."""
    morsel = _morsel(line)
    return morsel is not None and bool(morsel["secure"])


def _morsel(line: str) -> Morsel[str] | None:
    try:
        [morsel] = SimpleCookie(line).values()
    except (CookieError, ValueError):
        return None
    return morsel
