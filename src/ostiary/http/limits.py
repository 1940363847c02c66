"""Which limit an endpoint has, and counting against it."""

import math
from dataclasses import dataclass

from ostiary.domain.errors import Errors
from ostiary.http.context import Context
from ostiary.http.endpoint import DefaultLimit, Endpoint
from ostiary.http.origins import glob_matches
from ostiary.options import RateLimit, RateLimitOptions
from ostiary.storage.rate_limits import RateLimiter

NO_ADDRESS = "no-trusted-ip"


@dataclass(frozen=True)
class Limits:
    """Counts requests by client address and endpoint."""

    limiter: RateLimiter
    """Counts the limits that endpoints declare."""
    general: RateLimiter
    """Counts the default limit."""
    options: RateLimitOptions
    tracks_addresses: bool

    def limit_of(self, endpoint: Endpoint) -> RateLimit | None:
        """Return the limit of an endpoint: the configuration's, else its own, else the default."""
        if not self.options.enabled:
            return None
        for pattern, rule in self.options.custom_rules.items():
            if pattern == endpoint.path or ("*" in pattern and glob_matches(pattern, endpoint.path)):
                return rule
        declared = endpoint.rate_limit
        return self.options.default if isinstance(declared, DefaultLimit) else declared

    async def check(self, context: Context, endpoint: Endpoint, limit: RateLimit) -> None:
        """Count one request; raises TOO_MANY_REQUESTS with whole seconds until the next may succeed."""
        if context.request.in_process:
            return
        address = context.client_address
        if address is None and not self.tracks_addresses:
            return
        limiter = self.general if limit is self.options.default else self.limiter
        hit = await limiter.hit(
            f"{address or NO_ADDRESS}|{endpoint.mount}{endpoint.path}", limit.max, limit.window
        )
        if not hit.allowed:
            seconds = str(math.ceil(hit.retry_after.total_seconds()))
            raise Errors.TOO_MANY_REQUESTS(
                reason="too many requests from this address",
                headers={"x-retry-after": seconds, "retry-after": seconds},
            )
