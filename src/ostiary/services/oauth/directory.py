"""The providers of the configuration, by name."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from ostiary.domain.errors import ConfigurationError
from ostiary.options.generic_oauth import GenericOAuth
from ostiary.options.social import SocialProvider
from ostiary.services.oauth.client import ClientFor
from ostiary.services.oauth.failure import ProviderFailed
from ostiary.services.oauth.provider import IdTokenRules, IdTokens, Provider

_log: Final = logging.getLogger(__name__)


class Directory:
    """Finds providers; one that describes itself is asked when it is needed first, and kept."""

    def __init__(
        self,
        settings: Sequence[SocialProvider],
        client_for: ClientFor,
        judge_of: Callable[[IdTokenRules], IdTokens],
    ) -> None:
        """Take the configured providers; raises ConfigurationError where two have one name."""
        self._settings = {each.provider_id: each for each in settings}
        if len(self._settings) != len(settings):
            raise ConfigurationError("two social providers have the same provider_id: give one another")
        self._client_for = client_for
        self._judge_of = judge_of
        self._known: dict[str, Provider] = {}
        self._asking: dict[str, asyncio.Task[None]] = {}
        """One for each that is being asked: all who want it share its answer, or its silence."""

    @property
    def ends_sessions(self) -> bool:
        """Whether there may be a provider where people sign out as well."""
        described = (each for each in self._settings.values() if isinstance(each, GenericOAuth))
        return any(not each.disable_provider_logout for each in described)

    async def find(self, provider_id: str) -> Provider | None:
        """Return a provider; None if it is not configured, or does not tell where it is."""
        if provider_id in self._known or provider_id not in self._settings:
            return self._known.get(provider_id)
        asking = self._asking.get(provider_id)
        if asking is None:
            asking = self._asking[provider_id] = asyncio.create_task(self._ask(provider_id))
        await asyncio.shield(asking)  # whoever gives up waiting must not take the answer from the others
        return self._known.get(provider_id)

    async def _ask(self, provider_id: str) -> None:
        try:
            self._known[provider_id] = await self._declared(self._settings[provider_id])
        except ProviderFailed as failure:
            _log.warning("the provider '%s' cannot be used: %s", provider_id, failure)
        finally:
            del self._asking[provider_id]

    async def _declared(self, settings: SocialProvider) -> Provider:
        if isinstance(settings, GenericOAuth):
            from ostiary.services.oauth.providers.generic import generic  # noqa: PLC0415  JOSE is slow to import

            provider = await generic(settings, self._client_for)
        else:
            from ostiary.services.oauth.providers.declarations import declared  # noqa: PLC0415  a file for each

            provider = declared(settings)
        rules = provider.id_token_rules
        return provider if rules is None else replace(provider, id_tokens=self._judge_of(rules))

    async def close(self) -> None:
        """Stop asking, and fetching keys."""
        asking = [*self._asking.values()]
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)
        for provider in self._known.values():
            if provider.id_tokens is not None:
                await provider.id_tokens.close()
