"""The accounts of people: their password and their links to providers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ostiary.domain.entities import Account
from ostiary.domain.errors import Errors
from ostiary.domain.models import ACCOUNT, ID, AccountFields
from ostiary.domain.oauth import OAuthTokens
from ostiary.domain.runtime import Runtime
from ostiary.domain.schema import Changes, Field, Value
from ostiary.options import AccountOptions
from ostiary.services.oauth.tokens import TokenSeal
from ostiary.services.write_hooks import HookedWrites
from ostiary.storage.store import Store, Tables

MOST_LISTED: Final = 100


@dataclass(frozen=True)
class Accounts:
    """Finds, makes and drops accounts, whose key is the provider's subject, never an address."""

    store: Store
    writes: HookedWrites
    runtime: Runtime
    seal: TokenSeal
    options: AccountOptions

    async def of_user(self, user_id: str, tables: Tables | None = None) -> Sequence[Account]:
        """Return the accounts of a user, the oldest first, at most 100."""
        rows = (tables or self.store).rows(ACCOUNT)
        found = await rows.all(AccountFields.USER_ID.equals(user_id), limit=MOST_LISTED)
        # sorted here, where accounts of one moment keep the order in which they were written
        return sorted(found, key=lambda account: account.created_at)

    async def by_key(self, provider_id: str, subject: str, tables: Tables | None = None) -> Account | None:
        """Return the account that a provider knows by this subject."""
        return (
            await (tables or self.store)
            .rows(ACCOUNT)
            .first(AccountFields.PROVIDER_ID.equals(provider_id), AccountFields.ACCOUNT_ID.equals(subject))
        )

    async def create(
        self, user_id: str, key: tuple[str, str], tokens: OAuthTokens, tables: Tables | None = None
    ) -> Account:
        """Write the account of a provider and its subject, with the tokens that came with it."""
        now = self.runtime.now()
        account = Account(
            id=self.runtime.new_id(),
            provider_id=key[0],
            account_id=key[1],
            user_id=user_id,
            access_token=self.seal.close(tokens.access_token),
            refresh_token=self.seal.close(tokens.refresh_token),
            id_token=tokens.id_token,
            access_token_expires_at=tokens.access_token_expires_at,
            refresh_token_expires_at=tokens.refresh_token_expires_at,
            scope=None if tokens.scopes is None else ",".join(tokens.scopes),
            created_at=now,
            updated_at=now,
            extra=self.store.schema[ACCOUNT].extra_defaults(),
        )
        return await self.writes.create(ACCOUNT, account, tables)

    async def keep_tokens(
        self, account: Account, tokens: OAuthTokens, more: Changes | None = None
    ) -> Account | None:
        """Keep what a provider has just handed out; what it left out stays as it was."""
        changes = {**self.changes(tokens), **(more or {})}
        return await self.writes.update(ACCOUNT, changes, ID.equals(account.id))

    def changes(self, tokens: OAuthTokens) -> Changes:
        """Return the columns that new tokens change."""
        given: dict[Field[str | None], Value] = {
            AccountFields.ACCESS_TOKEN: self.seal.close(tokens.access_token),
            AccountFields.REFRESH_TOKEN: self.seal.close(tokens.refresh_token),
            AccountFields.ID_TOKEN: tokens.id_token,
        }
        texts = {field: value for field, value in given.items() if value}
        times = {
            AccountFields.ACCESS_TOKEN_EXPIRES_AT: tokens.access_token_expires_at,
            AccountFields.REFRESH_TOKEN_EXPIRES_AT: tokens.refresh_token_expires_at,
        }
        moments = {field: moment for field, moment in times.items() if moment is not None}
        return {**texts, **moments, AccountFields.UPDATED_AT: self.runtime.now()}

    async def unlink(self, user_id: str, account_id: str) -> None:
        """Drop an account of a user, by the identifier of its row.

        Raises FAILED_TO_UNLINK_LAST_ACCOUNT and ACCOUNT_NOT_FOUND. Of two requests that drop the last two
        accounts at once, one is refused: whoever has none left cannot sign in any more.
        """
        async with self.store.transaction(lock=f"accounts:{user_id}") as tables:
            accounts = await self.of_user(user_id, tables)
            if len(accounts) == 1 and not self.options.account_linking.allow_unlinking_all:
                raise Errors.FAILED_TO_UNLINK_LAST_ACCOUNT(reason="no other way to sign in would be left")
            if account_id not in [account.id for account in accounts]:
                raise Errors.ACCOUNT_NOT_FOUND(reason="unknown, or somebody else's")
            await self.writes.delete(ACCOUNT, ID.equals(account_id), tables=tables)
