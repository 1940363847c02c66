"""Cross-origin requests with credentials, for the trusted origins word for word."""

from collections.abc import Iterable
from typing import Final

from starlette.datastructures import Headers
from starlette.types import Scope

from ostiary.http.origins import Address
from ostiary.options import Options

_METHODS: Final = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
_EXPOSED: Final = "retry-after, set-auth-jwt, set-auth-token, x-request-id, x-retry-after, x-session-ended"
_REMEMBERED: Final = "600"  # seconds
_GRANTS: Final = frozenset({b"access-control-allow-origin", b"access-control-allow-credentials"})

RawHeaders = list[tuple[bytes, bytes]]


def exact_origins(patterns: Iterable[str]) -> frozenset[str]:
    """Return the origins that are named in full; a pattern with a wildcard names none."""
    named = (pattern for pattern in patterns if "*" not in pattern and "?" not in pattern)
    return frozenset(Address(pattern).origin or pattern for pattern in named) - {"null", ""}


class Cors:
    """Decides which origins may read answers, and what they are told."""

    def __init__(self, options: Options, patterns: Iterable[str]) -> None:
        """`patterns` are the trusted origins that are known in advance."""
        self._origins = exact_origins(patterns)
        self._compute = options.trusted_origins if callable(options.trusted_origins) else None

    async def granted(self, scope: Scope) -> str | None:
        """Return the origin of a request if it may read the answer."""
        headers = Headers(scope=scope)
        origin = headers.get("origin")
        if origin is None:
            return None
        if origin in self._origins:
            return origin
        if self._compute is not None and origin in exact_origins(await self._compute(dict(headers))):
            return origin
        return None

    @staticmethod
    def is_preflight(scope: Scope) -> bool:
        """Tell whether a browser asks before it sends the request itself."""
        return scope["method"] == "OPTIONS" and "access-control-request-method" in Headers(scope=scope)

    @staticmethod
    def preflight_headers(scope: Scope) -> RawHeaders:
        """Return what a preflight of a granted origin is told, besides the grant."""
        wanted = Headers(scope=scope).get("access-control-request-headers", "")
        return [
            (b"access-control-allow-methods", _METHODS.encode()),
            (b"access-control-allow-headers", wanted.encode("latin-1")),
            (b"access-control-max-age", _REMEMBERED.encode()),
            (b"vary", b"access-control-request-headers"),
        ]

    @staticmethod
    def amended(headers: Iterable[tuple[bytes, bytes]], origin: str | None) -> RawHeaders:
        """Return the headers of a response with the grant, if there is one."""
        if origin is None:
            return [*headers, (b"vary", b"origin")]
        return [
            *(header for header in headers if header[0].lower() not in _GRANTS),
            (b"access-control-allow-origin", origin.encode("latin-1")),
            (b"access-control-allow-credentials", b"true"),
            (b"access-control-expose-headers", _EXPOSED.encode()),
            (b"vary", b"origin"),
        ]
