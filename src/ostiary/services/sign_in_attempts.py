"""Failed passwords per account: guessing is stopped, the owner is not locked out."""

import hashlib
import math
from dataclasses import dataclass
from typing import Final

from ostiary.crypto.signing import Keyring, sign, unsign
from ostiary.domain.errors import AuthError, Errors
from ostiary.domain.runtime import Runtime
from ostiary.options import RateLimit
from ostiary.storage.rate_limits import RateLimiter
from ostiary.storage.store import Hit

_PURPOSE = "device"
_HOUR: Final = 3600
_SLOWLY: Final = RateLimit(1, per=_HOUR)
"""What is left of a budget after too many failures in a row: nobody is shut out for good."""
_IN_A_ROW: Final = RateLimit(100, per=100 * _HOUR)
"""Failures without a success between them (NIST SP 800-63B-4 section 3.2.2). They are forgotten after a pause
in which `_SLOWLY` lets as many through, so that invented addresses do not fill the store for ever."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """Who tries: the address they come from and the device cookie they show."""

    ip_address: str | None = None
    device: str | None = None


@dataclass(frozen=True)
class SignInAttempts:
    """A budget of failures for each account, and another for each device that signed in to it before.

    A device that proved the password once carries a signed cookie; somebody else who burns the account's
    budget does not touch the device's. Each budget knows two bounds: failures in a while, and in a row.
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
        budget = self._budget(email, attempt)
        refused = await self._refused(budget, self.limit)
        if refused is None and await self._refused(f"{budget}|row", _IN_A_ROW):
            refused = await self._refused(f"{budget}|slow", _SLOWLY)
        if refused is not None:
            raise _refusal(refused)

    async def _refused(self, key: str, limit: RateLimit) -> Hit | None:
        hit = await self.limiter.hit(key, limit.max, limit.window)
        return None if hit.allowed else hit

    async def withdraw(self, email: str, attempt: Attempt) -> None:
        """Take back an attempt that was counted and never checked."""
        if self.limit is not None:
            budget = self._budget(email, attempt)
            await self.limiter.refund(budget)
            await self.limiter.refund(f"{budget}|row")

    async def release(self, email: str, attempt: Attempt) -> None:
        """End the row of failures; of those counted for a while only this attempt is given back."""
        if self.limit is not None:
            budget = self._budget(email, attempt)
            await self.limiter.refund(budget)
            await self.limiter.forget(f"{budget}|row")

    async def forgive(self, email: str) -> None:
        """Forget the failures that everybody shares: the password they were guesses at is no more."""
        if self.limit is not None:
            budget = self._budget(email, Attempt())
            for count in (budget, f"{budget}|row", f"{budget}|slow"):
                await self.limiter.forget(count)

    def remember_device(self, email: str, attempt: Attempt) -> str | None:
        """Return the signed device cookie to set after a success; None if the device is known already."""
        if self.limit is None or self._device_of(email, attempt):
            return None
        return sign(f"{_PURPOSE}:{self._hash(email)}:{self.runtime.new_token()}", self.keyring)

    def _budget(self, email: str, attempt: Attempt) -> str:
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


def _refusal(hit: Hit) -> AuthError:
    seconds = str(max(1, math.ceil(hit.retry_after.total_seconds())))
    return Errors.TOO_MANY_REQUESTS(
        reason="too many failures for this account",
        headers={"x-retry-after": seconds, "retry-after": seconds},
    )
