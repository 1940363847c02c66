"""Cookies: reading a header that anybody may have written, and writing one exactly as the reference does."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from ostiary.crypto.signing import decode_cookie_value
from ostiary.domain.errors import ConfigurationError
from ostiary.options import Advanced, CookieAttributes, CookieOverride, Options

LONGEST_LIFE = timedelta(days=400)
DEFAULT_PREFIX = "better-auth"


def parse_cookie_header(header: str) -> dict[str, str]:
    """Return name and value of each pair; the first of a name wins, whatever is no pair is skipped."""
    cookies: dict[str, str] = {}
    for pair in header.split(";"):
        name, equals, value = pair.partition("=")
        name = name.strip()
        if not equals or name in cookies:
            continue
        value = value.strip()
        if value.startswith('"'):
            value = value[1:-1]
        cookies[name] = _decode(value) if "%" in value else value
    return cookies


def _decode(value: str) -> str:
    """Decode the three escapes of base64, which are all that our own values hold, without taking it apart."""
    decoded = value.replace("%2B", "+").replace("%2F", "/").replace("%3D", "=")
    return decode_cookie_value(value) if "%" in decoded else decoded


@dataclass(frozen=True, slots=True)
class Cookie:
    """A cookie the server writes: its name and the attributes that never change."""

    name: str
    attributes: CookieAttributes
    max_age: timedelta | None = None

    def line(self, value: str, max_age: timedelta | None) -> str:
        """Return the Set-Cookie line; without `max_age` the cookie ends with the browser."""
        a = self.attributes
        parts = [f"{self.name}={value}"]
        if max_age is not None:
            parts.append(f"Max-Age={int(max_age.total_seconds())}")
        if a.domain:
            parts.append(f"Domain={a.domain}")
        if a.path:
            parts.append(f"Path={a.path}")
        if a.http_only:
            parts.append("HttpOnly")
        if a.secure:
            parts.append("Secure")
        if a.same_site:
            parts.append(f"SameSite={a.same_site.capitalize()}")
        if a.partitioned:
            parts.append("Partitioned")
        return "; ".join(parts)

    def numbered(self, index: int) -> "Cookie":
        """Return the cookie of one chunk."""
        return Cookie(f"{self.name}.{index}", self.attributes, self.max_age)


class CookieNames:
    """The cookies of one configuration."""

    def __init__(self, options: Options) -> None:
        """Work out names and attributes once."""
        self._advanced: Advanced = options.advanced
        self._secure = self._is_secure(options)
        self._domain = self._shared_domain(options)
        self.session_token = self.cookie("session_token", options.session.expires_in)
        self.session_data = self.cookie("session_data", options.session.cookie_cache.life)
        self.dont_remember = self.cookie("dont_remember", None)
        self.state = self.cookie("state", timedelta(minutes=5))
        self.oauth_state = self.cookie("oauth_state", timedelta(minutes=10))
        self.carries_flows = options.account.store_state_strategy == "cookie"
        self.account_data = self.cookie("account_data", options.session.cookie_cache.life)
        self.device = self.device_cookie()

    def cookie(self, key: str, max_age: timedelta | None, own: CookieAttributes | None = None) -> Cookie:
        """Return the cookie of a key under the configured prefix, name and attributes.

        `own` attributes are this cookie's; only what the configuration says of this very cookie outdoes them.
        """
        override = self._advanced.cookies.get(key, CookieOverride())
        name = override.name or f"{self._advanced.cookie_prefix or DEFAULT_PREFIX}.{key}"
        base = CookieAttributes(
            domain=self._domain,
            path="/",
            http_only=True,
            secure=self._secure,
            same_site="lax",
        )
        common = self._advanced.default_cookie_attributes.over(base)
        attributes = override.attributes.over(own.over(common) if own else common)
        return Cookie(f"__Secure-{name}" if self._secure else name, attributes, attributes.max_age or max_age)

    def device_cookie(self, own: CookieAttributes | None = None) -> Cookie:
        """Return the cookie of a known device; `own` are the attributes of the sign-in that made it known."""
        return self.cookie("device", LONGEST_LIFE, own)

    @staticmethod
    def _is_secure(options: Options) -> bool:
        configured = options.advanced.use_secure_cookies
        return configured if configured is not None else (options.base_url or "").startswith("https://")

    @staticmethod
    def _shared_domain(options: Options) -> str | None:
        shared = options.advanced.cross_sub_domain_cookies
        if not shared.enabled:
            return None
        domain = shared.domain or urlsplit(options.base_url or "").hostname
        if not domain:
            raise ConfigurationError("cross_sub_domain_cookies needs a domain, or a base_url to take it from")
        return domain


class CookieJar:
    """The Set-Cookie lines of one response; a later word about a cookie replaces the earlier one."""

    __slots__ = ("_lines",)

    def __init__(self) -> None:
        """Start empty."""
        self._lines: list[tuple[str, str]] = []

    def set(self, cookie: Cookie, value: str, max_age: timedelta | None = None) -> None:
        """Write a cookie; the value is already encoded."""
        self._lines.append((cookie.name, cookie.line(value, max_age)))

    def expire(self, cookie: Cookie) -> None:
        """Delete a cookie, and take back what this response was about to say of it or of its chunks."""
        self.forget(cookie)
        self.set(cookie, "", timedelta(0))

    def mentions(self, cookie: Cookie) -> bool:
        """Tell whether this response says anything of a cookie or of its chunks."""
        return any(name == cookie.name or name.startswith(f"{cookie.name}.") for name, _ in self._lines)

    def forget(self, cookie: Cookie) -> None:
        """Take back what this response was about to say of a cookie or of its chunks."""
        chunk = f"{cookie.name}."
        self._lines = [
            (name, line) for name, line in self._lines if name != cookie.name and not name.startswith(chunk)
        ]

    def lines(self) -> list[str]:
        """Return the lines in the order they were written."""
        return [line for _, line in self._lines]

    def __bool__(self) -> bool:
        """Tell whether anything was written."""
        return bool(self._lines)


def chunk_index(base: str, name: str) -> int | None:
    """Return the number of a chunk `base.N`; None for any other name."""
    prefix, dot, suffix = name.rpartition(".")
    if prefix != base or not dot or not suffix.isascii() or not suffix.isdigit() or len(suffix) > 15:
        return None
    return int(suffix) if str(int(suffix)) == suffix else None


def chunked_value(cookies: Mapping[str, str], base: str) -> str | None:
    """Return a value that may be spread over `base.0`, `base.1`, ...; None if there is none."""
    if whole := cookies.get(base):
        return whole
    chunks = [
        (index, value)
        for name, value in cookies.items()
        if name.startswith(base) and (index := chunk_index(base, name)) is not None
    ]
    return "".join(value for _, value in sorted(chunks)) if chunks else None
