"""What is decided about a provider that people sign in with, whichever it is."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal, TypeAlias

from ostiary.domain.errors import ConfigurationError, JsonValue
from ostiary.domain.oauth import OAuthTokens, UserInfo

MapProfile: TypeAlias = Callable[[Mapping[str, JsonValue]], Awaitable[Mapping[str, JsonValue]]]
GetUserInfo: TypeAlias = Callable[[OAuthTokens], Awaitable[UserInfo | None]]
VerifyIdToken: TypeAlias = Callable[[str, str | None], Awaitable[bool]]
RefreshAccessToken: TypeAlias = Callable[[str], Awaitable[OAuthTokens]]
ClientAssertion: TypeAlias = Callable[[str], Awaitable[str]]
ClientAuthentication: TypeAlias = Literal["post", "basic", "none"]


@dataclass(frozen=True, kw_only=True)
class SocialProvider:
    """What every provider has."""

    known_as: ClassVar[str] = ""
    """What it is called where the configuration does not name it."""
    needs_secret: ClassVar[bool] = False
    """It exchanges no code for a client without a secret."""

    provider_id: str = ""
    """Its name in requests, in the path of its callback and in `account.providerId`; by default its own."""
    client_id: str | tuple[str, ...]
    """Ours at the provider. Of several, the first signs in by redirect; ID tokens may be for any of them."""
    client_secret: str | None = field(default=None, repr=False)
    """Ours at the provider; None where it gave us none."""
    client_assertion: ClientAssertion | None = None
    """Returns a signed JWT in the secret's place (RFC 7523); called with the address that it is for."""
    authentication: ClientAuthentication | None = None
    """How we authenticate when a code is exchanged: in the body, by HTTP Basic, or not at all. None is the
    provider's own way."""
    scope: tuple[str, ...] = ()
    """What is asked for besides the provider's defaults."""
    disable_default_scope: bool = False
    """Leave the provider's default scopes out."""
    redirect_uri: str | None = None
    """Where the provider sends people back to; by default our callback."""
    authorization_url: str | None = None
    """Where people grant access, if that is not the provider's usual address."""
    prompt: str | None = None
    """How the provider asks, if it can be told: `select_account`, `consent`, `login` or `none`."""
    response_mode: Literal["query", "form_post"] | None = None
    """How the browser brings the answer back."""
    map_profile_to_user: MapProfile | None = None
    """Returns members of the user by their wire names, additional fields among them, from the profile."""
    get_user_info: GetUserInfo | None = None
    """Finds out who somebody is, in the place of the provider's own way; None is nobody."""
    verify_id_token: VerifyIdToken | None = None
    """Judges an ID token that a client brings along, with the nonce it names; False refuses it."""
    refresh_access_token: RefreshAccessToken | None = None
    """Renews tokens, in the place of the provider's own way."""
    disable_sign_up: bool = False
    """Only people who are known may come this way."""
    disable_implicit_sign_up: bool = False
    """Unknown people need `requestSignUp` in the request."""
    override_user_info_on_sign_in: bool = False
    """Copy name, image and address from the provider at every sign-in by redirect."""
    disable_id_token_sign_in: bool = False
    """Refuse ID tokens that clients bring along; by redirect people still sign in."""
    require_email_verification: bool = False
    """No session for people whose address is not proved: they come back with `email_not_verified`."""
    private_network: bool = False
    """It is reached inside a network of one's own: its hosts have private addresses, and http is admitted."""

    def __post_init__(self) -> None:
        """Take the provider's own name where none is given; refuse a provider that does not know us."""
        if not self.provider_id:
            object.__setattr__(self, "provider_id", self.known_as)
        if not self.provider_id or not self.provider_id.replace("-", "").replace("_", "").isalnum():
            raise ConfigurationError("a provider_id is made of letters, digits, hyphens and underscores")
        if not self.client_ids or not all(self.client_ids):
            raise self._needs("the client_id that it gave to you")
        if self.needs_secret and not self.has_secret:
            raise self._needs("the client_secret that goes with the client_id")
        if self.client_secret and self.client_assertion:
            raise ConfigurationError(
                f"the provider '{self.provider_id}' takes a client_secret or a client_assertion, not both"
            )
        if self.authentication == "basic" and not self.client_secret:
            raise self._needs("a client_secret for HTTP Basic")

    def _needs(self, what: str) -> ConfigurationError:
        return ConfigurationError(f"the provider '{self.provider_id}' needs {what}")

    @property
    def has_secret(self) -> bool:
        """Whether we can prove to the provider who we are."""
        return bool(self.client_secret or self.client_assertion)

    @property
    def client_ids(self) -> tuple[str, ...]:
        """Every id, the one for redirects first."""
        return (self.client_id,) if isinstance(self.client_id, str) else tuple(self.client_id)
