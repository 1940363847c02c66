"""HTTP requests that leave the server."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from ostiary.outgoing.networks import Network

LARGEST_ANSWER: Final = 1_000_000
"""Bytes of a body."""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """The answer to an outgoing request."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OutgoingRequest:
    """What is sent."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None = None


class HttpClient(Protocol):
    """Makes outgoing requests.

    Raises OSError where there is no whole answer within `timeout` seconds, or one of more than `limit` bytes.
    """

    async def get(
        self,
        url: str,
        *,
        headers: Mapping[str, str],
        timeout: float,  # noqa: ASYNC109  the port's own promise, whatever library keeps it
        limit: int = LARGEST_ANSWER,
    ) -> HttpAnswer:
        """Make a GET request; redirects are not followed."""
        ...

    async def post(
        self,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes,
        timeout: float,  # noqa: ASYNC109  see `get`
        limit: int = LARGEST_ANSWER,
    ) -> HttpAnswer:
        """Make a POST request; redirects are not followed, so that no body reaches another host."""
        ...


@dataclass(frozen=True)
class DefaultHttpClient:
    """Outgoing requests by the httpcore2 library, imported when the first is made.

    Each goes straight to an address that was checked, never through a proxy, which would resolve the name
    anew; and on a connection of its own, for what is asked every few minutes finds none still open.
    """

    network: Network | None = None
    """Where the addresses of hosts must lie; None is anywhere."""

    async def get(
        self,
        url: str,
        *,
        headers: Mapping[str, str],
        timeout: float,  # noqa: ASYNC109  see the port
        limit: int = LARGEST_ANSWER,
    ) -> HttpAnswer:
        """Make a GET request; redirects are not followed."""
        return await self._send(OutgoingRequest("GET", url, headers), timeout, limit)

    async def post(
        self,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes,
        timeout: float,  # noqa: ASYNC109  see the port
        limit: int = LARGEST_ANSWER,
    ) -> HttpAnswer:
        """Make a POST request; redirects are not followed."""
        return await self._send(OutgoingRequest("POST", url, headers, body), timeout, limit)

    async def _send(self, request: OutgoingRequest, seconds: float, limit: int) -> HttpAnswer:
        from ostiary.outgoing.connections import send  # noqa: PLC0415  most servers never need it

        status, body, answered = await send(request, self.network, seconds, limit)
        return HttpAnswer(status, body, answered)
