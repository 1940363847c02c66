"""Outgoing requests that stop waiting for a server which kept others waiting in vain."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from urllib.parse import urlsplit

from ostiary.domain.breaker import Breaker
from ostiary.outgoing.http import LARGEST_ANSWER, HttpAnswer, HttpClient

Breakers = defaultdict[str, Breaker]
"""One for each host and port."""


def no_breakers() -> Breakers:
    """Return what makes a breaker when a server is asked first."""
    return defaultdict(partial(Breaker, TimeoutError))


@dataclass(frozen=True)
class BreakingHttpClient:
    """A client that lets one request at a time wait for a silent server; the others fail at once.

    Its servers are those of the configuration, so that there are few.
    """

    client: HttpClient
    breakers: Breakers = field(default_factory=no_breakers)

    async def get(
        self,
        url: str,
        *,
        headers: Mapping[str, str],
        timeout: float,  # noqa: ASYNC109  see the port
        limit: int = LARGEST_ANSWER,
    ) -> HttpAnswer:
        """Make a GET request; raises StillSilent, an OSError, while another waits for the server."""
        with self._breaker(url).asking():
            return await self.client.get(url, headers=headers, timeout=timeout, limit=limit)

    async def post(
        self,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes,
        timeout: float,  # noqa: ASYNC109  see the port
        limit: int = LARGEST_ANSWER,
    ) -> HttpAnswer:
        """Make a POST request; raises StillSilent, an OSError, while another waits for the server."""
        with self._breaker(url).asking():
            return await self.client.post(url, headers=headers, body=body, timeout=timeout, limit=limit)

    def _breaker(self, url: str) -> Breaker:
        return self.breakers[urlsplit(url).netloc]
