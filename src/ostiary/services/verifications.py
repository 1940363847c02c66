"""One-time values: issued, found, consumed exactly once."""

import hashlib
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import timedelta

from ostiary.domain.entities import Verification
from ostiary.domain.models import VERIFICATION, VerificationFields
from ostiary.domain.runtime import Runtime
from ostiary.domain.schema import Condition
from ostiary.options import VerificationOptions
from ostiary.services.write_hooks import HookedWrites
from ostiary.storage.store import OrderBy, Store, Tables


@dataclass(frozen=True)
class Verifications:
    """Values that whoever knows the identifier may use once."""

    store: Store
    writes: HookedWrites
    runtime: Runtime
    options: VerificationOptions

    async def issue(
        self, identifier: str, value: str, expires_in: timedelta, tables: Tables | None = None
    ) -> Verification:
        """Keep a value under an identifier for a while."""
        now = self.runtime.now()
        return await self.writes.create(
            VERIFICATION,
            Verification(
                id=self.runtime.new_id(),
                identifier=self._stored(identifier),
                value=value,
                expires_at=now + expires_in,
                created_at=now,
                updated_at=now,
            ),
            tables,
        )

    async def consume(self, identifier: str, tables: Tables | None = None) -> str | None:
        """Return the value and forget it; None if unknown, used or expired. A second call returns None."""
        row = (
            await (tables or self.store)
            .rows(VERIFICATION)
            .consume(self._is(identifier), newest=VerificationFields.CREATED_AT)
        )
        return None if row is None or row.expires_at <= self.runtime.now() else row.value

    async def find(self, identifier: str, *, or_over: bool = False) -> Verification | None:
        """Look without using it up: for what must be refused before; only `consume` says who may use it.

        `or_over` finds one that has expired as well, for what it says of how to refuse.
        """
        row = await self.store.rows(VERIFICATION).first(
            self._is(identifier), order_by=OrderBy(VerificationFields.CREATED_AT, descending=True)
        )
        return None if row is None or (not or_over and row.expires_at <= self.runtime.now()) else row

    async def swap(self, identifier: str, value: str, new_value: str) -> bool:
        """Put a value in the place of the one that was seen; False where there is none or another by now."""
        seen = VerificationFields.VALUE.equals(value)
        changes = {VerificationFields.VALUE: new_value}
        return await self.store.rows(VERIFICATION).update(changes, self._is(identifier), seen) is not None

    async def take(self, identifier: str, value: str) -> bool:
        """Forget a value that was seen; True for one of those who race."""
        seen = VerificationFields.VALUE.equals(value)
        return await self.store.rows(VERIFICATION).consume(self._is(identifier), seen) is not None

    def _is(self, identifier: str) -> Condition:
        return VerificationFields.IDENTIFIER.is_in([self._stored(identifier), identifier])

    def _stored(self, identifier: str) -> str:
        if self.options.store_identifier == "plain":
            return identifier
        digest = hashlib.sha256(identifier.encode()).digest()
        return urlsafe_b64encode(digest).rstrip(b"=").decode()
