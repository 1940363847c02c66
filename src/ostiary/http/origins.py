"""Which origins are trusted, and where a redirect may lead."""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address
from unicodedata import normalize
from urllib.parse import unquote, urlsplit

from ostiary.domain.errors import AuthError, ErrorCode, Errors, JsonValue
from ostiary.http.messages import Request
from ostiary.options import Options

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_SCHEME = re.compile(r"^([A-Za-z][A-Za-z0-9+.\-]*):")
_IPV4_PATTERN = re.compile(r"^(?=.*\d)[\d.*?]+$")
_DEFAULT_PORTS = {"http": 80, "https": 443}
# what follows is run, not visited: the host of `javascript://app.example/%0aalert(1)` is a comment
_SCRIPTS = frozenset({"javascript", "data", "vbscript"})
# RFC 1035 section 2.3.4 ends a host name at 255; encoding what is far longer would take seconds
_LONGEST_AUTHORITY = 300
# Browsers keep these apart (UTS 46); the older rules that we encode by make `ss` of the first, and another
# letter or nothing of the others: `https://busine\u00df.example` is not `https://business.example`
_READ_DIFFERENTLY = re.compile("[\u00df\u1e9e\u03c2\u200c\u200d]")
# of `https://evil.example[v1.app.example]` some readers take what is in the brackets for the host
_AUTHORITY = re.compile(r"\[[0-9A-Fa-f:.]+\](?::[0-9]*)?|[^\s\[\]<>^|\\]*")
_REDIRECTS: Sequence[tuple[str, str, ErrorCode]] = (
    ("callbackURL", "callbackURL", Errors.INVALID_CALLBACK_URL),
    ("redirectTo", "redirectURL", Errors.INVALID_REDIRECT_URL),
    ("errorCallbackURL", "errorCallbackURL", Errors.INVALID_ERROR_CALLBACK_URL),
    ("newUserCallbackURL", "newUserCallbackURL", Errors.INVALID_NEW_USER_CALLBACK_URL),
)


def is_relative_path(value: str) -> bool:
    """Tell whether a value is a path on our own origin that no browser reads as another origin."""
    if not value.startswith("/") or value.startswith("//") or "\\" in value or _CONTROL.search(value):
        return False
    path = re.split(r"[?#]", value, maxsplit=1)[0].lower()
    return "%2f" not in path and "%5c" not in path


def _translated(pattern: str, one: str) -> str:
    """Return a pattern as a regular expression in which `one` stands for any character."""
    translated, escaped = [], False
    for character in pattern:
        if escaped:
            translated.append(re.escape(character))
            escaped = False
        elif character == "\\":
            escaped = True
        elif character == "*":
            translated.append(f"{one}*?")
        elif character == "?":
            translated.append(one)
        else:
            translated.append(re.escape(character))
    return "".join(translated)


@lru_cache(maxsize=1024)
def _glob(pattern: str) -> re.Pattern[str]:
    return re.compile(_translated(pattern, "."), re.DOTALL)


@lru_cache(maxsize=1024)
def _path_glob(pattern: str) -> re.Pattern[str]:
    """`*` stays within a segment, `**` is any number of them."""
    segments = pattern.removeprefix("/").split("/")
    parts = ("(?:/[^/]*)*" if each == "**" else f"/{_translated(each, '[^/]')}" for each in segments)
    return re.compile("".join(parts))


def glob_matches(pattern: str, value: str) -> bool:
    """Match `*` (any run) and `?` (one character) against the whole value."""
    return _glob(pattern).fullmatch(value) is not None


def _has_wildcard(pattern: str) -> bool:
    return "*" in pattern or "?" in pattern


class Address:
    """A URL taken apart the way browsers do it; `None` parts where it cannot be."""

    __slots__ = ("host", "path", "scheme", "userinfo")

    def __init__(self, value: str) -> None:
        """Parse without raising."""
        # Browsers drop tabs and newlines and trim; such a value is never what an honest client sends.
        match = None if _CONTROL.search(value) or value != value.strip() else _SCHEME.match(value)
        self.scheme: str | None = match.group(1).lower() if match else None
        self.host: str | None = None
        self.path = ""
        self.userinfo = False
        if self.scheme in _SCRIPTS:
            self.scheme = None
        if not match or self.scheme is None:
            return
        rest = value[match.end() :]
        if self.scheme in _DEFAULT_PORTS:
            rest = "//" + rest.replace("\\", "/").lstrip("/")
        if rest.startswith("//"):
            authority, self.path = self._split_authority(rest[2:])
            self.userinfo = "@" in authority
            self.host = self._host_of(authority.rpartition("@")[2])
            if self.host is None:
                self.scheme = None  # readers disagree about it, or give up
        else:
            self.path = rest

    @staticmethod
    def _split_authority(rest: str) -> tuple[str, str]:
        cut = re.search(r"[/?#]", rest)
        return (rest, "") if cut is None else (rest[: cut.start()], rest[cut.start() :])

    def _host_of(self, authority: str) -> str | None:
        if len(authority) > _LONGEST_AUTHORITY or not _AUTHORITY.fullmatch(authority):
            return None
        try:
            parts = urlsplit(f"//{authority}")
            host, port = parts.hostname, parts.port
        except ValueError:
            return None
        if self.scheme not in _DEFAULT_PORTS:
            return authority.lower()
        if not host or re.search(r"[\s%<>^`{|}]", host) or _READ_DIFFERENTLY.search(normalize("NFKC", host)):
            return None
        try:
            host = host if host.isascii() else host.encode("idna").decode()
        except UnicodeError:
            return None
        host = f"[{host}]" if ":" in host else host
        return host if port is None or port == _DEFAULT_PORTS[self.scheme or ""] else f"{host}:{port}"

    @property
    def origin(self) -> str | None:
        """Scheme and host of an http or https address; None where there is none."""
        return f"{self.scheme}://{self.host}" if self.host and self.scheme in _DEFAULT_PORTS else None


def _ipv4_guard(pattern_host: str, value_host: str) -> bool:
    """Keep `10.0.*.*` from matching `10.0.evil.com`."""
    bare_pattern = re.sub(r":[\d*?]+$", "", pattern_host)
    if not _IPV4_PATTERN.match(bare_pattern):
        return True
    try:
        IPv4Address(re.sub(r":\d+$", "", value_host))
    except AddressValueError:
        return False
    return True


def _matches_web(address: Address, pattern: str) -> bool:
    origin = address.origin
    if origin is None:
        return False
    if not _has_wildcard(pattern):
        return origin == pattern
    pattern_host = pattern.partition("://")[2].partition("/")[0]
    return glob_matches(pattern, origin) and _ipv4_guard(pattern_host, address.host or "")


def _matches_custom(address: Address, pattern: str) -> bool:
    match = _SCHEME.match(pattern)
    if match is None or match.group(1).lower() != address.scheme:
        return False
    rest = pattern[match.end() :].removeprefix("//")
    authority, slash, path = rest.partition("/")
    host = address.host or ""
    if authority:
        if _has_wildcard(authority):
            if address.userinfo or not glob_matches(authority, host) or not _ipv4_guard(authority, host):
                return False
        elif address.userinfo or authority.lower() != host:
            return False
    bare = re.split(r"[?#]", address.path, maxsplit=1)[0].replace("\\", "/")
    return _matches_path(_walked(bare), _walked(slash + path))


def _walked(path: str) -> str:
    """Return where a path leads in the end, for whoever decodes it and follows its dots."""
    segments: list[str] = []
    for segment in unquote(path).split("/"):
        if segment == "..":
            del segments[-1:]
        elif segment not in {"", "."}:
            segments.append(segment)
    return "".join(f"/{segment}" for segment in segments)


def _matches_path(path: str, pattern: str) -> bool:
    if _has_wildcard(pattern):
        return _path_glob(pattern).fullmatch(path or "/") is not None
    return path == pattern or path.startswith(f"{pattern}/") or not pattern


def origin_matches(value: str, pattern: str, *, allow_relative: bool = False) -> bool:
    """Tell whether a value lies within a trusted origin pattern."""
    if value.startswith("/"):
        return allow_relative and is_relative_path(value)
    address = Address(value)
    if _has_wildcard(pattern) and "://" not in pattern:
        host = address.host or ""
        return bool(host) and glob_matches(pattern, host) and _ipv4_guard(pattern, host)
    if address.scheme is None or address.scheme in _DEFAULT_PORTS:
        return _matches_web(address, pattern)
    return _matches_custom(address, pattern)


class TrustedOrigins:
    """The origin rule and the redirect rule of one configuration."""

    def __init__(self, options: Options, contributed: Iterable[str] = ()) -> None:
        """Collect the base URL's origin, the configured patterns and those of plugins."""
        advanced = options.advanced
        own = [options.origin] if options.origin else []
        configured = () if callable(options.trusted_origins) else options.trusted_origins
        self._compute = options.trusted_origins if callable(options.trusted_origins) else None
        self._own_origin_known = bool(own)
        self.patterns: tuple[str, ...] = (*own, *configured, *contributed)
        self._skipped = advanced.disable_origin_check
        off = advanced.disable_csrf_check
        self._csrf_off = self._skipped is True if off is None else off

    async def _patterns_for(self, request: Request) -> Sequence[str]:
        patterns = self.patterns
        host = request.headers.get("host", "")
        if not self._own_origin_known and host and not _has_wildcard(host):  # a name, never a pattern
            patterns = (request.origin, *patterns)
        if self._compute is not None:
            patterns = (*patterns, *await self._compute(request.headers))
        return patterns

    def _is_skipped(self, request: Request) -> bool:
        if isinstance(self._skipped, bool):
            return self._skipped
        path = request.path
        return not request.mount and any(
            path == skipped or path.startswith(f"{skipped}/")
            for skipped in (prefix.rstrip("/") for prefix in self._skipped)
        )

    async def trusts(self, value: str, request: Request, *, allow_relative: bool = True) -> bool:
        """Tell whether a URL or origin is trusted."""
        patterns = await self._patterns_for(request)
        if not patterns:
            return allow_relative and is_relative_path(value)
        return any(origin_matches(value, pattern, allow_relative=allow_relative) for pattern in patterns)

    async def check_origin(self, request: Request, *, forced: bool = False) -> None:
        """Refuse a request that carries cookies but comes from an origin nobody trusts."""
        if self._csrf_off or self._is_skipped(request):
            return
        headers = request.headers
        if not (forced or "cookie" in headers):
            return
        origin = headers.get("origin")
        candidate = origin or headers.get("referer") or ""
        if origin == "null" and headers.get("sec-fetch-site") == "same-origin":
            candidate = request.origin
        if candidate in {"", "null"}:
            raise Errors.MISSING_OR_NULL_ORIGIN(reason="no origin with cookies")
        if not await self.trusts(candidate, request, allow_relative=False):
            raise Errors.INVALID_ORIGIN(reason=f"untrusted origin {candidate[:200]}")

    async def check_form(self, request: Request) -> None:
        """Refuse a sign-in that another site makes a browser send, with or without cookies."""
        if self._csrf_off:
            return
        headers = request.headers
        if "cookie" in headers:
            await self.check_origin(request)
            return
        metadata = [headers.get(f"sec-fetch-{part}", "").strip() for part in ("site", "mode", "dest")]
        if any(metadata):
            if metadata[:2] == ["cross-site", "navigate"]:
                raise Errors.CROSS_SITE_NAVIGATION_LOGIN_BLOCKED()
            await self.check_origin(request, forced=True)
        elif headers.get("origin") or headers.get("referer"):
            await self.check_origin(request, forced=True)

    async def check_redirects(self, request: Request, body: JsonValue) -> None:
        """Refuse redirect targets in a body (or `callbackURL` in the query) that lead elsewhere."""
        if self._is_skipped(request):
            return
        members: Mapping[str, JsonValue] = body if isinstance(body, dict) else {}
        for name, label, refusal in _REDIRECTS:
            value = members.get(name)
            if not value and name == "callbackURL":
                value = request.query.get(name)
            if value:
                await self._check_redirect(request, value, label, refusal)

    async def _check_redirect(
        self, request: Request, value: JsonValue, label: str, refusal: ErrorCode
    ) -> None:
        if not isinstance(value, str):
            raise AuthError(400, None, f"Invalid {label}: expected a string")
        if not await self.trusts(value, request):
            raise refusal(reason=f"untrusted {label} {value[:200]}")
