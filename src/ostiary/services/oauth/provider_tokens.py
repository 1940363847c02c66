"""The tokens of linked accounts: handed out while they are good, renewed at the provider when they end."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from ostiary.domain.entities import Account, stored_scopes
from ostiary.domain.errors import ErrorCode, Errors
from ostiary.domain.oauth import OAuthTokens
from ostiary.domain.values import changed
from ostiary.services.accounts import Accounts
from ostiary.services.oauth.client import ProviderClient
from ostiary.services.oauth.directory import Directory
from ostiary.services.oauth.failure import ProviderFailed
from ostiary.services.oauth.profiles import Profile
from ostiary.services.oauth.provider import Provider
from ostiary.services.oauth.renewals import Lease, Renewals

_EARLY: Final = timedelta(seconds=5)
"""A token that ends sooner would be dead on arrival."""


@dataclass(frozen=True)
class ProviderTokens:
    """Reads, renews and uses what providers handed out."""

    accounts: Accounts
    directory: Directory
    client: ProviderClient
    renewals: Renewals
    stateless: bool = False
    """Accounts are in cookies: there is no row to keep new tokens in."""

    async def require(self, user_id: str, account_id: str) -> Account:
        """Return an account of a user by the identifier of its row; raises ACCOUNT_NOT_FOUND."""
        found = [each for each in await self.accounts.of_user(user_id) if each.id == account_id]
        if not found:
            raise Errors.ACCOUNT_NOT_FOUND(reason="unknown, or somebody else's")
        return found[0]

    async def current(self, account: Account) -> Account:
        """Return the account with an access token that is good for now, if the provider gives one.

        Raises PROVIDER_NOT_SUPPORTED and FAILED_TO_GET_ACCESS_TOKEN. However many ask at once, the provider
        is asked once.
        """
        provider = await self._provider(account)
        if not self._is_due(account) or not account.refresh_token or not provider.can_renew:
            return account
        return await self._renewed(account, provider, Errors.FAILED_TO_GET_ACCESS_TOKEN)

    async def renew(self, account: Account) -> Account:
        """Return the account with new tokens, due or not.

        Raises PROVIDER_NOT_SUPPORTED, TOKEN_REFRESH_NOT_SUPPORTED, REFRESH_TOKEN_NOT_FOUND and
        FAILED_TO_REFRESH_ACCESS_TOKEN.
        """
        provider = await self._provider(account)
        if not provider.can_renew:
            message = f"Provider {provider.id} does not support token refreshing."
            raise Errors.TOKEN_REFRESH_NOT_SUPPORTED(message)
        if not account.refresh_token:
            raise Errors.REFRESH_TOKEN_NOT_FOUND()
        return await self._renewed(account, provider, Errors.FAILED_TO_REFRESH_ACCESS_TOKEN)

    async def profile(self, account: Account) -> Profile:
        """Ask the provider who somebody is.

        Raises PROVIDER_NOT_CONFIGURED, ACCESS_TOKEN_NOT_FOUND, FAILED_TO_GET_ACCESS_TOKEN and
        FAILED_TO_GET_USER_INFO.
        """
        provider = await self.directory.find(account.provider_id)
        if provider is None:
            raise Errors.PROVIDER_NOT_CONFIGURED(reason=f"of the provider {account.provider_id!r}")
        tokens = self.opened(await self.current(account))
        if not tokens.access_token:
            raise Errors.ACCESS_TOKEN_NOT_FOUND()
        try:
            profile = await self.client.profile_again(provider, tokens)
        except ProviderFailed as failure:
            raise Errors.FAILED_TO_GET_USER_INFO(reason=str(failure)) from failure
        if profile is None:
            raise Errors.FAILED_TO_GET_USER_INFO(reason="the provider does not say who it is")
        return profile

    def opened(self, account: Account, failure: ErrorCode = Errors.FAILED_TO_GET_ACCESS_TOKEN) -> OAuthTokens:
        """Return the tokens as the provider handed them out; raises `failure` where no secret opens them.

        Without the refresh token: who hands out or uses an access token has no need of it, and one that
        nothing opens any more is no reason to refuse an access token that is good.
        """
        return OAuthTokens(
            access_token=self._open(account.access_token, failure),
            id_token=account.id_token,
            access_token_expires_at=account.access_token_expires_at,
            refresh_token_expires_at=account.refresh_token_expires_at,
            scopes=tuple(stored_scopes(account.scope)),
        )

    def refresh_token(self, account: Account, failure: ErrorCode) -> str:
        """Return the refresh token, or nothing; raises `failure` where no secret opens it."""
        return self._open(account.refresh_token, failure) or ""

    def _open(self, kept: str | None, failure: ErrorCode) -> str | None:
        token = self.accounts.seal.open(kept)
        if token is None and kept is not None:
            raise failure(reason="no secret opens the token that is kept")
        return token

    async def _provider(self, account: Account) -> Provider:
        provider = await self.directory.find(account.provider_id)
        if provider is None:
            raise Errors.PROVIDER_NOT_SUPPORTED(f"Provider {account.provider_id} is not supported.")
        return provider

    def _is_due(self, account: Account) -> bool:
        ends = account.access_token_expires_at
        return ends is not None and ends - self.accounts.runtime.now() < _EARLY

    async def _renewed(self, account: Account, provider: Provider, failure: ErrorCode) -> Account:
        try:
            renewed = await self.renewals.together(
                account.id, lambda: self._renew(account, provider, failure)
            )
        except (ProviderFailed, TimeoutError) as error:
            raise failure(reason=str(error)) from error
        if renewed is None:
            raise Errors.ACCOUNT_NOT_FOUND(reason="dropped meanwhile")
        return renewed

    async def _renew(self, account: Account, provider: Provider, failure: ErrorCode) -> Account | None:
        if self.stateless:
            tokens = await self._asked(account, provider, failure)
            return changed(account, self.accounts.changes(tokens))
        lease = await self.renewals.take(account)
        if not isinstance(lease, Lease):
            return lease
        try:
            tokens = await self._asked(lease.account, provider, failure)
        except Exception:
            await self.renewals.give_up(lease)
            raise
        return await self.renewals.settle(lease, self.accounts.changes(tokens))

    async def _asked(self, account: Account, provider: Provider, failure: ErrorCode) -> OAuthTokens:
        return await self.client.renew(provider, self.refresh_token(account, failure))
