"""The ASGI edge: scopes become requests, responses become messages."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, MutableMapping, Sequence
from string import punctuation
from typing import Any, Final, TypeAlias
from urllib.parse import quote

from ostiary.domain.errors import Errors
from ostiary.http.messages import GUARDS, JSON_TYPE, NO_STORE, Request, Response
from ostiary.options import Advanced

Scope: TypeAlias = MutableMapping[str, Any]  # ASGI's own shape
Message: TypeAlias = MutableMapping[str, Any]  # ASGI's own shape
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]


_MOST_DIGITS: Final = 18
# Of these a second one is dropped, as HTTP servers for browsers do; any other is appended.
_SINGLE = frozenset({"authorization", "content-length", "content-type", "host", "referer", "user-agent"})


def read_headers(scope: Scope) -> dict[str, str]:
    """Return the headers by lower-case name, repeated ones joined or dropped."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        if name in headers:
            if name in _SINGLE:
                continue
            value = f"{headers[name]}{'; ' if name == 'cookie' else ', '}{value}"
        headers[name] = value
    return headers


def raw_path(scope: Scope) -> str:
    """Return the path as it was sent, without the query; decoded if the server kept nothing else."""
    raw: bytes | None = scope.get("raw_path")
    return raw.partition(b"?")[0].decode("latin-1") if raw is not None else scope["path"]


def place_below(scope: Scope, mounts: Sequence[str]) -> tuple[str, str] | None:
    """Return the mount that a request lies below and the path below it, wherever we are mounted ourselves.

    The first mount that fits; None if the request lies elsewhere.
    """
    path, root = raw_path(scope), scope.get("root_path", "")
    candidates = (path, path.removeprefix(root), root + path) if root else (path,)
    for mount in mounts:
        for candidate in candidates:
            if candidate.startswith(mount):
                below = candidate[len(mount) :] or "/"
                if below[0] == "/":
                    return mount, below
    return None


class BodyReader:
    """Reads a body once, within its size and its time."""

    __slots__ = ("_headers", "_limits", "_receive")

    def __init__(self, receive: Receive, headers: dict[str, str], limits: Advanced) -> None:
        """Remember where the body comes from."""
        self._receive = receive
        self._headers = headers
        self._limits = limits

    async def __call__(self) -> bytes:
        """Return the whole body; raises PAYLOAD_TOO_LARGE before reading more than is allowed."""
        declared, limit = self._headers.get("content-length", "0"), self._limits.max_body_size
        # more digits than any size has are not even read: Python refuses to, by an exception
        if not declared.isdecimal() or len(declared) > _MOST_DIGITS or int(declared) > limit:
            raise Errors.PAYLOAD_TOO_LARGE(headers={"connection": "close"})
        try:
            async with asyncio.timeout(self._limits.body_timeout):
                return await self._read()
        except TimeoutError:
            raise Errors.REQUEST_TIMEOUT(headers={"connection": "close"}) from None

    async def _read(self) -> bytes:
        chunks: list[bytes] = []
        size = 0
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise Errors.BAD_REQUEST(reason="the client went away")
            chunks.append(message.get("body", b""))
            size += len(chunks[-1])
            if size > self._limits.max_body_size:
                raise Errors.PAYLOAD_TOO_LARGE(headers={"connection": "close"})
            if not message.get("more_body", False):
                return b"".join(chunks)


def request_from(scope: Scope, receive: Receive, path: str, limits: Advanced, mount: str = "") -> Request:
    """Return the request of an HTTP scope."""
    headers = read_headers(scope)
    client = scope.get("client")
    return Request(
        method=scope["method"],
        mount=mount,
        path=path,
        headers=headers,
        query_string=scope.get("query_string", b"").decode("latin-1"),
        read_body=BodyReader(receive, headers, limits),
        scheme=scope.get("scheme", "http"),
        peer=client[0] if client else None,
    )


def _encode_header(name: str, value: str) -> tuple[bytes, bytes]:
    """Encode a header; what Latin-1 lacks in its value is percent-encoded, and line breaks cannot pass."""
    try:
        encoded = value.encode("latin-1")
    except UnicodeEncodeError:
        encoded = quote(value, safe=punctuation).encode()
    return name.encode("latin-1"), encoded.translate(None, b"\r\n\0")


_CONSTANT: Final = {header: _encode_header(*header) for header in (JSON_TYPE, *NO_STORE, *GUARDS)}


def encode_headers(headers: Iterable[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
    """Return headers as ASGI sends them."""
    return [_CONSTANT.get(header) or _encode_header(*header) for header in headers]


async def send_response(response: Response, send: Send) -> None:
    """Send a whole response."""
    headers = encode_headers(response.headers)
    headers.append((b"content-length", b"%d" % len(response.body)))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})
