"""The end of a session at a provider as well (OpenID Connect RP-Initiated Logout section 2)."""

from dataclasses import dataclass
from urllib.parse import urljoin

from ostiary.domain.entities import Account
from ostiary.services.accounts import Accounts
from ostiary.services.oauth.authorization import joined
from ostiary.services.oauth.directory import Directory
from ostiary.services.oauth.provider import Provider


@dataclass(frozen=True)
class ProviderLogout:
    """Finds where a browser goes to be signed out at the provider, too."""

    directory: Directory
    accounts: Accounts
    base: str
    """What relative addresses are relative to."""

    async def address(self, user_id: str, callback_url: str | None, state: str | None) -> str | None:
        """Return the address at the provider that was used last; None where none has one."""
        if not self.directory.ends_sessions:
            return None
        accounts = await self.accounts.of_user(user_id)
        for account in sorted(accounts, key=lambda each: each.updated_at, reverse=True):
            provider = await self.directory.find(account.provider_id)
            if provider is not None and provider.end_session_url:
                return self._address(provider, account, callback_url, state)
        return None

    def _address(
        self, provider: Provider, account: Account, callback_url: str | None, state: str | None
    ) -> str:
        wanted = callback_url or provider.post_logout_redirect_uri
        client_id = provider.settings.client_ids[0]
        back = (
            {"post_logout_redirect_uri": urljoin(self.base, wanted), "client_id": client_id} if wanted else {}
        )
        given = {
            "id_token_hint": account.id_token,
            **back,
            "state": state if wanted else None,
            "client_id": client_id if wanted or not account.id_token else None,
        }
        return joined(provider.end_session_url or "", {name: value for name, value in given.items() if value})
