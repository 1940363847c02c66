"""The lease under which one node at a time renews the tokens of an account."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from ostiary.domain.entities import Account, Verification
from ostiary.domain.models import ACCOUNT, ID, VERIFICATION, AccountFields, VerificationFields
from ostiary.domain.runtime import Runtime
from ostiary.domain.schema import Changes, Condition
from ostiary.services.write_hooks import HookedWrites
from ostiary.storage.store import Store, Transaction

LIFE: Final = timedelta(seconds=20)
"""Longer than a provider is waited for: after that the node that held it is taken for dead."""
_PAUSE: Final = 0.05  # seconds between two looks at what another node does
_MOST_LOOKS: Final = 500


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to ask the provider, with the row as it was when it was given."""

    account: Account
    name: str
    holder: str

    @property
    def place(self) -> Condition:
        """Where it is kept."""
        return VerificationFields.IDENTIFIER.equals(self.name)


@dataclass
class Renewals:
    """Lets one request at a time renew an account: in this process by waiting together, elsewhere by a lease.

    The lease is a row of `verification`, taken in a short transaction under the store's lock, so that none is
    open while the provider is asked. It ends with the renewal, or by itself where the node died.
    """

    store: Store
    writes: HookedWrites
    runtime: Runtime
    _running: dict[str, asyncio.Task[Account | None]] = field(default_factory=dict, init=False, repr=False)

    async def together(
        self, account_id: str, work: Callable[[], Awaitable[Account | None]]
    ) -> Account | None:
        """Do the work, or wait for what is under way for this account already and share its outcome."""
        task = self._running.get(account_id)
        if task is None or task.get_loop() is not asyncio.get_running_loop():
            task = asyncio.ensure_future(self._alone(account_id, work))
            self._running[account_id] = task
        # shielded: whoever gives up waiting must not take the answer from the others
        return await asyncio.shield(task)

    async def _alone(self, account_id: str, work: Callable[[], Awaitable[Account | None]]) -> Account | None:
        try:
            return await work()
        finally:
            self._running.pop(account_id, None)

    async def take(self, seen: Account) -> Lease | Account | None:
        """Return a lease; or the account as another node has just renewed it; None if it is gone.

        Waits while another node holds the lease.
        """
        for _ in range(_MOST_LOOKS):
            async with self.store.transaction(lock=f"renewal:{seen.id}") as tables:
                is_held, outcome = await self._try(seen, tables)
            if not is_held:
                return outcome
            await asyncio.sleep(_PAUSE)
        raise TimeoutError("another node has been renewing the tokens for too long")

    async def _try(self, seen: Account, tables: Transaction) -> tuple[bool, Lease | Account | None]:
        """Return whether another node holds the lease; if not, what `take` returns."""
        rows, now = tables.rows(VERIFICATION), self.runtime.now()
        name, holder = f"account-renewal:{seen.id}", self.runtime.new_token()
        place = VerificationFields.IDENTIFIER.equals(name)
        held = await rows.first(place)
        if held is not None and held.expires_at > now:
            return True, None
        # read after the lease: whoever held it until now has written the account by then
        account = await tables.rows(ACCOUNT).first(ID.equals(seen.id))
        if account is None or tokens_of(account) != tokens_of(seen):
            return False, account
        await rows.delete(place)
        lease = Lease(account, name, holder)
        row = Verification(
            id=self.runtime.new_id(),
            identifier=lease.name,
            value=lease.holder,
            expires_at=now + LIFE,
            created_at=now,
            updated_at=now,
        )
        await rows.insert(row)
        return False, lease

    async def settle(self, lease: Lease, changes: Changes) -> Account | None:
        """Write what the provider gave and end the lease.

        Where somebody else has written newer tokens meanwhile, those stay and are returned.
        """
        account = lease.account
        async with self.store.transaction() as tables:
            renewed = await self.writes.update(
                ACCOUNT,
                changes,
                ID.equals(account.id),
                AccountFields.REFRESH_TOKEN.equals(account.refresh_token),
                tables=tables,
            )
            await self._end(lease, tables)
        return renewed or await self.store.rows(ACCOUNT).first(ID.equals(account.id))

    async def give_up(self, lease: Lease) -> None:
        """End the lease: the provider did not help."""
        async with self.store.transaction() as tables:
            await self._end(lease, tables)

    @staticmethod
    async def _end(lease: Lease, tables: Transaction) -> None:
        await tables.rows(VERIFICATION).delete(lease.place, VerificationFields.VALUE.equals(lease.holder))


def tokens_of(account: Account) -> tuple[object, ...]:
    """Return what is another after every renewal."""
    return account.access_token, account.refresh_token, account.access_token_expires_at, account.updated_at
