"""Failed sign-ins per account: guessing is stopped, the owner is not locked out."""

import hashlib
from dataclasses import dataclass

from ostiary.crypto.signing import Keyring, sign, unsign
from ostiary.domain.errors import Errors
from ostiary.domain.runtime import Runtime
from ostiary.options import RateLimit
from ostiary.storage.rate_limits import RateLimiter

_PURPOSE = "device"


@dataclass(frozen=True, slots=True)
class Attempt:
    """Who tries: the address they come from and the device cookie they show."""

    ip_address: str | None = None
    device: str | None = None


@dataclass(frozen=True)
class SignInAttempts:
    """A budget of failures for each account, and another for each device that signed in to it before.

    A device that proved the password once carries a signed cookie; somebody else who burns the account's
    budget does not touch the device's.
    """

    limiter: RateLimiter
    limit: RateLimit | None
    keyring: Keyring
    runtime: Runtime

    async def reserve(self, email: str, attempt: Attempt) -> None:
        """Count an attempt before it is checked, so that attempts in parallel cannot slip through.

        Raises TOO_MANY_REQUESTS once the budget is spent.
        """
        if self.limit is None:
            return
        hit = await self.limiter.hit(self._key(email, attempt), self.limit.max, self.limit.window)
        if not hit.allowed:
            seconds = str(max(1, round(hit.retry_after.total_seconds())))
            raise Errors.TOO_MANY_REQUESTS(
                reason="too many failures for this account",
                headers={"x-retry-after": seconds, "retry-after": seconds},
            )

    async def release(self, email: str, attempt: Attempt) -> None:
        """Give back what a successful attempt reserved; failures of others stay counted."""
        if self.limit is not None:
            await self.limiter.refund(self._key(email, attempt))

    def remember_device(self, email: str, attempt: Attempt) -> str | None:
        """Return the signed device cookie to set after a success; None if the device is known already."""
        if self.limit is None or self._device_of(email, attempt):
            return None
        return sign(f"{_PURPOSE}:{self._hash(email)}:{self.runtime.new_token()}", self.keyring)

    def _key(self, email: str, attempt: Attempt) -> str:
        device = self._device_of(email, attempt)
        return f"sign-in|{self._hash(email)}" + (f"|{device}" if device else "")

    def _device_of(self, email: str, attempt: Attempt) -> str | None:
        value = unsign(attempt.device, self.keyring) if attempt.device else None
        purpose, _, rest = (value or "").partition(":")
        account, _, device = rest.partition(":")
        return device if purpose == _PURPOSE and account == self._hash(email) else None

    @staticmethod
    def _hash(email: str) -> str:
        return hashlib.sha256(email.lower().encode()).hexdigest()[:32]
