"""The providers that people sign in with: who we are there, and what is asked of them."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from ostiary.domain.errors import ConfigurationError, JsonValue

MapProfile: TypeAlias = Callable[[Mapping[str, JsonValue]], Awaitable[Mapping[str, JsonValue]]]


@dataclass(frozen=True, kw_only=True)
class SocialProvider:
    """What every provider has."""

    provider_id: str
    """Its name in requests, in the path of its callback and in `account.providerId`."""
    client_id: str | tuple[str, ...]
    """Ours at the provider. Of several, the first signs in by redirect; ID tokens may be for any of them."""
    client_secret: str | None = field(default=None, repr=False)
    """Ours at the provider; None where it gave us none."""
    scope: tuple[str, ...] = ()
    """What is asked for besides the provider's defaults."""
    disable_default_scope: bool = False
    """Leave the provider's default scopes out."""
    redirect_uri: str | None = None
    """Where the provider sends people back to; by default our callback."""
    prompt: str | None = None
    """How the provider asks: `select_account`, `consent`, `login` or `none`."""
    map_profile_to_user: MapProfile | None = None
    """Returns members of the user by their wire names, additional fields among them, from the profile."""
    disable_sign_up: bool = False
    """Only people who are known may come this way."""
    disable_implicit_sign_up: bool = False
    """Unknown people need `requestSignUp` in the request."""
    override_user_info_on_sign_in: bool = False
    """Copy name, image and address from the provider at every sign-in."""
    disable_id_token_sign_in: bool = False
    """Refuse ID tokens that clients bring along; by redirect people still sign in."""

    def __post_init__(self) -> None:
        """Refuse a provider that does not know us."""
        if not self.client_ids or not all(self.client_ids):
            raise ConfigurationError(
                f"the provider '{self.provider_id}' needs the client_id that it gave to you"
            )
        if not self.provider_id or not self.provider_id.replace("-", "").replace("_", "").isalnum():
            raise ConfigurationError("a provider_id is made of letters, digits, hyphens and underscores")

    @property
    def client_ids(self) -> tuple[str, ...]:
        """Every id, the one for redirects first."""
        return (self.client_id,) if isinstance(self.client_id, str) else tuple(self.client_id)


@dataclass(frozen=True, kw_only=True)
class Google(SocialProvider):
    """Google; its callback is `<base>/callback/google`."""

    provider_id: str = "google"
    """Its name in requests, in the path of its callback and in `account.providerId`."""
    access_type: Literal["online", "offline"] | None = None
    """`offline` asks for a refresh token."""
    display: str | None = None
    """How the page is shown: `page`, `popup`, `touch` or `wap`."""
    hd: str | None = None
    """Only people of this Google Workspace domain; `*` is any Workspace domain."""
    include_granted_scopes: bool = True
    """Tokens are for everything a person has ever granted to this application."""

    def __post_init__(self) -> None:
        """Refuse a client without a secret: Google exchanges no code for it."""
        super().__post_init__()
        if not self.client_secret:
            raise ConfigurationError("Google needs the client_secret that goes with the client_id")


@dataclass(frozen=True, kw_only=True)
class GitHub(SocialProvider):
    """GitHub; its callback is `<base>/callback/github`."""

    provider_id: str = "github"
    """Its name in requests, in the path of its callback and in `account.providerId`."""

    def __post_init__(self) -> None:
        """Refuse a client without a secret: GitHub exchanges no code for it."""
        super().__post_init__()
        if not self.client_secret:
            raise ConfigurationError("GitHub needs the client_secret that goes with the client_id")


@dataclass(frozen=True, kw_only=True)
class GenericOAuth(SocialProvider):
    """Any provider of OpenID Connect, by `discovery_url`, or of plain OAuth 2, by its three addresses."""

    discovery_url: str | None = None
    """Where it describes itself: `<issuer>/.well-known/openid-configuration`."""
    issuer: str | None = None
    """The issuer that must be found there, where it is not the beginning of `discovery_url`."""
    authorization_url: str | None = None
    """Where people grant access."""
    token_url: str | None = None
    """Where codes are exchanged."""
    user_info_url: str | None = None
    """Where a bearer of an access token learns whose it is."""
    authentication: Literal["post", "basic"] = "post"
    """How we authenticate when a code is exchanged: in the body, or by HTTP Basic."""
    authorization_url_params: Mapping[str, str] = field(default_factory=dict)
    """Parameters to add to `authorization_url`."""
    token_url_params: Mapping[str, str] = field(default_factory=dict)
    """Parameters to add when a code is exchanged."""
    access_type: str | None = None
    """The parameter `access_type`."""
    private_network: bool = False
    """It is reached inside a network of one's own: its hosts have private addresses, and http is admitted."""

    def __post_init__(self) -> None:
        """Refuse a provider that cannot be reached."""
        super().__post_init__()
        if self.discovery_url is None and not (self.authorization_url and self.token_url):
            raise ConfigurationError(
                f"the provider '{self.provider_id}' needs a discovery_url, or authorization_url and token_url"
            )
        if self.authentication == "basic" and not self.client_secret:
            raise ConfigurationError(
                f"the provider '{self.provider_id}' needs a client_secret for HTTP Basic"
            )
