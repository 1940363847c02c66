"""Links that leave by mail: built from configuration alone, sent beside the request, counted by recipient."""

import hashlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from ostiary.crypto.signing import encode_uri_component
from ostiary.domain.errors import ConfigurationError
from ostiary.domain.mailed_links import MailedLink
from ostiary.options import RateLimit
from ostiary.services.background import Background
from ostiary.storage.rate_limits import RateLimiter

L = TypeVar("L", bound=MailedLink)

_log = logging.getLogger("ostiary")


@dataclass(frozen=True, kw_only=True)
class MailedLinks:
    """Hands links to the application's senders; no answer waits for one, or shows that one failed."""

    address: str | None
    """The address that the endpoints have for the world."""
    background: Background
    limiter: RateLimiter
    limit: RateLimit | None
    """How many mails one address gets."""

    def url(self, path: str, **query: str) -> str:
        """Return the address of an endpoint; raises ConfigurationError where the server has no base URL."""
        if self.address is None:
            raise ConfigurationError("set base_url: links in mails are built from it")
        pairs = (f"{name}={encode_uri_component(value)}" for name, value in query.items())
        return f"{self.address}{path}?{'&'.join(pairs)}"

    def send(
        self, sender: Callable[[L], Awaitable[None]], to: str, make: Callable[[], Awaitable[L]], name: str
    ) -> None:
        """Make a link and send it to an address, beside the request; unless that address had its share."""

        async def deliver() -> None:
            """Count before the link is made, so that no token is written that nobody gets."""
            if await self._is_spared(to):
                _log.warning("%s: the recipient had enough mails for now", name)
            else:
                await sender(await make())

        self.background.start(deliver(), name)

    async def _is_spared(self, address: str) -> bool:
        if self.limit is None:
            return False
        recipient = hashlib.sha256(address.lower().encode()).hexdigest()[:32]
        hit = await self.limiter.hit(f"mail|{recipient}", self.limit.max, self.limit.window)
        return not hit.allowed
