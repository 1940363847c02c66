"""A provider that nobody declared: described by itself, or by its addresses."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeAlias

from ostiary.domain.errors import ConfigurationError
from ostiary.domain.oauth import CodeGrant, OAuthTokens, UserInfo
from ostiary.options.social import SocialProvider

GetToken: TypeAlias = Callable[[CodeGrant], Awaitable[OAuthTokens]]
AccountSubject: TypeAlias = Callable[[UserInfo], Awaitable[str | int]]
RefreshParameters: TypeAlias = Callable[[], Awaitable[Mapping[str, str]]]


@dataclass(frozen=True, kw_only=True)
class GenericOAuth(SocialProvider):
    """Any provider of OpenID Connect, by `discovery_url`, or of plain OAuth 2, by its three addresses."""

    provider_id: str = field()
    """Its name in requests, in the path of its callback and in `account.providerId`."""
    discovery_url: str | None = None
    """Where it describes itself: `<issuer>/.well-known/openid-configuration`."""
    discovery_headers: Mapping[str, str] = field(default_factory=dict)
    """Headers of the request for the description, and for the keys where they are on the same site."""
    issuer: str | None = None
    """The issuer that must be found there, where it is not the beginning of `discovery_url`."""
    require_issuer_validation: bool = False
    """A callback must name the issuer (RFC 9207). One that names another is refused in any case."""
    require_id_token_verification: bool = False
    """Without keys in its description the provider is not used at all."""
    disable_id_token_nonce_binding: bool = False
    """For a provider that does not repeat the nonce: its ID tokens may then be replayed."""
    token_url: str | None = None
    """Where codes are exchanged."""
    user_info_url: str | None = None
    """Where a bearer of an access token learns whose it is."""
    end_session_url: str | None = None
    """Where people sign out there, if its description does not say so."""
    post_logout_redirect_uri: str | None = None
    """Where it sends people back to after that, if the request does not say so."""
    disable_provider_logout: bool = False
    """Sign people out here alone."""
    authorization_url_params: Mapping[str, str] = field(default_factory=dict)
    """Parameters to add to `authorization_url`."""
    token_url_params: Mapping[str, str] = field(default_factory=dict)
    """Parameters to add when a code is exchanged."""
    refresh_token_params: Mapping[str, str] | RefreshParameters = field(default_factory=dict)
    """Parameters to add when tokens are renewed, or an async function that returns them."""
    authorization_headers: Mapping[str, str] = field(default_factory=dict)
    """Headers to add when a code is exchanged and when tokens are renewed."""
    response_type: str | None = None
    """The parameter `response_type`; by default `code`."""
    access_type: str | None = None
    """The parameter `access_type`; `offline` asks for a refresh token."""
    pkce: bool = True
    """Send a challenge, so that a stolen code is worth nothing (RFC 7636). False only where it is refused."""
    get_token: GetToken | None = None
    """Exchanges the code, in the place of the usual request."""
    account_subject: AccountSubject | None = None
    """Returns who somebody is there, where it is neither `sub` nor `id`: what never changes and is never
    given to another."""
    access_token_expires_in: timedelta | None = None
    """How long access tokens live, where the provider does not say so."""
    allow_idp_initiated: bool = False
    """People may start at the provider: a callback without a state begins a flow of its own."""

    def __post_init__(self) -> None:
        """Refuse a provider that cannot be reached."""
        super().__post_init__()
        can_exchange = self.token_url or self.get_token
        if self.discovery_url is None and not (self.authorization_url and can_exchange):
            raise self._needs("a discovery_url, or authorization_url and token_url")
        if self.require_id_token_verification and self.discovery_url is None:
            raise ConfigurationError(
                f"the provider '{self.provider_id}' needs a discovery_url to verify ID tokens by"
            )
