"""Sign-in by a provider from end to end: off to the provider, and back with a person."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ostiary.domain.errors import Errors, JsonValue
from ostiary.domain.oauth import CodeGrant, OAuthTokens
from ostiary.services.oauth.authorization import authorization_url
from ostiary.services.oauth.client import ProviderClient
from ostiary.services.oauth.directory import Directory
from ostiary.services.oauth.failure import FlowFailed, IdTokenRefused, ProviderFailed
from ostiary.services.oauth.linking import Arrival, Linking
from ostiary.services.oauth.logout import ProviderLogout
from ostiary.services.oauth.provider import AuthorizationRequest, Provider
from ostiary.services.oauth.state import Flow, LinkIntent, States, Ticket


@dataclass(frozen=True, kw_only=True)
class Departure:
    """What somebody wants who is sent to a provider."""

    callback_url: str
    redirect_uri: str
    """Our callback, where the provider's own setting does not name another."""
    error_url: str | None = None
    new_user_url: str | None = None
    request_sign_up: bool | None = None
    scopes: tuple[str, ...] = ()
    login_hint: str | None = None
    additional_parameters: Mapping[str, str] = field(default_factory=dict)
    additional_data: Mapping[str, JsonValue] = field(default_factory=dict)
    link: LinkIntent | None = None


@dataclass(frozen=True, kw_only=True)
class Callback:
    """What a browser brings back from a provider."""

    provider_id: str
    redirect_uri: str
    code: str | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Of the request, for what the configuration decides by them."""
    issuer: str | None = None
    """The parameter `iss` (RFC 9207)."""
    device_id: str | None = None
    """The device, as some providers have it."""
    posted: Mapping[str, JsonValue] = field(default_factory=dict)
    """What it tells of the person, as Apple's pages have it do."""


@dataclass(frozen=True)
class SocialSignIn:
    """Sends people to providers, and finds out who came back."""

    directory: Directory
    client: ProviderClient
    states: States
    linking: Linking
    logout: ProviderLogout

    async def require_provider(self, provider_id: str) -> Provider:
        """Return a provider; raises PROVIDER_NOT_FOUND."""
        provider = await self.directory.find(provider_id)
        if provider is None:
            raise Errors.PROVIDER_NOT_FOUND(reason=f"no provider is called {provider_id[:100]!r}")
        return provider

    async def depart(self, provider: Provider, departure: Departure) -> tuple[str, Ticket]:
        """Return the address to send the browser to, and the state to give it."""
        flow = Flow(
            provider_id=provider.id,
            callback_url=departure.callback_url,
            code_verifier=self.states.random(128),
            error_url=departure.error_url,
            new_user_url=departure.new_user_url,
            request_sign_up=departure.request_sign_up,
            nonce=self.states.random(32) if provider.binds_nonce else None,
            link=departure.link,
            additional=departure.additional_data,
        )
        ticket = await self.states.begin(flow)
        request = AuthorizationRequest(
            state=ticket.state,
            code_verifier=flow.code_verifier,
            redirect_uri=provider.settings.redirect_uri or departure.redirect_uri,
            nonce=flow.nonce,
            scopes=departure.scopes,
            login_hint=departure.login_hint,
            additional=departure.additional_parameters,
        )
        return authorization_url(provider, request), ticket

    async def arrive(self, flow: Flow, callback: Callback) -> Arrival:
        """Exchange the code and return whom the provider vouches for; raises FlowFailed."""
        if not callback.code:
            raise FlowFailed("no_code")
        provider = await self.directory.find(callback.provider_id)
        if provider is None:
            raise FlowFailed("oauth_provider_not_found")
        if flow.provider_id not in {None, provider.id}:
            raise FlowFailed("state_mismatch", reason="another provider answers than was asked")
        if not _is_from(provider, callback.issuer):
            raise FlowFailed("issuer_mismatch", reason="the answer is another issuer's (RFC 9207)")
        if provider.binds_nonce and flow.nonce is None:
            raise FlowFailed("nonce_binding_missing")
        return await self._arrival(provider, flow, callback)

    async def _arrival(self, provider: Provider, flow: Flow, callback: Callback) -> Arrival:
        try:
            tokens = await self.client.exchange_code(
                provider,
                CodeGrant(
                    code=callback.code or "",
                    code_verifier=flow.code_verifier,
                    redirect_uri=provider.settings.redirect_uri or callback.redirect_uri,
                    device_id=callback.device_id,
                ),
            )
        except ProviderFailed as failure:
            raise FlowFailed("invalid_code", reason=str(failure)) from failure
        try:
            profile = await self.client.profile(provider, tokens, nonce=flow.nonce, posted=callback.posted)
        except ProviderFailed as failure:
            raise FlowFailed("unable_to_get_user_info", reason=str(failure)) from failure
        if profile is None:
            raise FlowFailed("unable_to_get_user_info", reason="the provider does not say who it is")
        return Arrival(provider, profile, tokens, await self.linking.trusts(provider.id, callback.headers))

    async def identify(
        self, provider: Provider, tokens: OAuthTokens, nonce: str | None, headers: Mapping[str, str]
    ) -> Arrival:
        """Return whom an ID token vouches for that a client brought along.

        Raises ID_TOKEN_NOT_SUPPORTED, INVALID_TOKEN, FAILED_TO_GET_USER_INFO and USER_EMAIL_NOT_FOUND.
        """
        if not provider.takes_id_tokens:
            raise Errors.ID_TOKEN_NOT_SUPPORTED()
        try:
            profile = await self.client.profile(provider, tokens, nonce=nonce, brought=True)
        except IdTokenRefused as refusal:
            raise Errors.INVALID_TOKEN.at(401)(reason=str(refusal)) from refusal
        except ProviderFailed as failure:
            raise Errors.FAILED_TO_GET_USER_INFO(reason=str(failure)) from failure
        if profile is None:
            raise Errors.FAILED_TO_GET_USER_INFO(reason="the ID token names nobody")
        if not profile.email:
            raise Errors.USER_EMAIL_NOT_FOUND(reason="the ID token names no address")
        is_trusted = await self.linking.trusts(provider.id, headers)
        return Arrival(provider, profile, tokens, is_trusted, is_brought=True)


def _is_from(provider: Provider, issuer: str | None) -> bool:
    """Tell whether a callback may be this provider's: one that names itself always must not be silent."""
    if issuer is None:
        return not provider.requires_issuer
    return provider.issuer is None or issuer == provider.issuer
