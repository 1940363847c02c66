"""One request on one connection, to an address that was checked before anything was sent there."""

import asyncio
import socket
import ssl
from collections.abc import Iterable
from functools import cache
from typing import Final

import httpcore2

from ostiary.outgoing.http import OutgoingRequest
from ostiary.outgoing.networks import Network

_OWN_HEADERS: Final = {"accept": "*/*", "user-agent": "ostiary"}
_FAILURES: Final = (
    httpcore2.NetworkError,
    httpcore2.TimeoutException,
    httpcore2.ProtocolError,
    httpcore2.UnsupportedProtocol,
    ssl.SSLError,
    ValueError,  # a URL that is none
)


class AddressRefused(OSError):
    """A name leads to no address of the network it must lie in."""


class _CheckedBackend(httpcore2.AnyIOBackend):
    """Resolves a name once and connects to what it checked, so that a second answer cannot differ."""

    def __init__(self, network: Network | None) -> None:
        self._network = network

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  the signature is httpcore's
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Connect to the first admitted address that answers."""
        failure: Exception = httpcore2.ConnectError(f"{host} has no address")
        for address in await _admitted(host, port, self._network):
            try:
                return await super().connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
        raise failure


async def _admitted(host: str, port: int, network: Network | None) -> list[str]:
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = dict.fromkeys(str(each[4][0]) for each in found)
    admitted = [each for each in addresses if network is None or network.admits(each)]
    if not admitted:
        raise AddressRefused(f"{host} leads to no {network} address")
    return admitted


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


async def send(
    request: OutgoingRequest,
    network: Network | None,
    timeout: float,  # noqa: ASYNC109  it bounds the whole answer, not one step of it
    limit: int,
) -> tuple[int, bytes, dict[str, str]]:
    """Return status, body and headers of the answer. Raises OSError."""
    tls = await asyncio.to_thread(_tls) if request.url.startswith("https:") else None
    pool = httpcore2.AsyncConnectionPool(ssl_context=tls, network_backend=_CheckedBackend(network))
    sent = [(name.encode(), value.encode()) for name, value in {**_OWN_HEADERS, **request.headers}.items()]
    exchange = pool.stream(request.method, request.url, headers=sent, content=request.body)
    try:
        async with asyncio.timeout(timeout), pool, exchange as answer:
            body = await _body(answer, limit)
    except _FAILURES as error:
        raise OSError(str(error) or type(error).__name__) from error
    return answer.status, body, _text(answer.headers)


async def _body(answer: httpcore2.Response, limit: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    async for chunk in answer.aiter_stream():
        size += len(chunk)
        if size > limit:
            raise OSError(f"the answer has more than {limit} bytes")
        chunks.append(chunk)
    return b"".join(chunks)


def _text(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in headers}
