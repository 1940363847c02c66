"""What is known of one provider: where it is, what it is asked, and how its word on a person is read."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol, TypeAlias
from urllib.parse import urlsplit

from ostiary.crypto.strict_json import Claims
from ostiary.domain.errors import JsonValue
from ostiary.domain.oauth import CodeGrant, OAuthTokens, UserInfo
from ostiary.options.generic_oauth import GetToken, RefreshParameters
from ostiary.options.social import ClientAuthentication, SocialProvider
from ostiary.outgoing import HttpAnswer
from ostiary.outgoing.networks import Network, is_loopback_name


def anything(claims: Claims) -> bool:
    """Accept a token whatever else it says."""
    del claims
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class IdTokenRules:
    """Who must have issued an ID token, to whom, and where the keys are."""

    issuer: str | Callable[[Claims], str | None]
    """Or what it must be for these claims, where one key set serves many; None refuses them."""
    keys_url: str | None
    """None where keys are not published: such a token is believed only straight from the token endpoint,
    to which TLS vouches for it (OpenID Connect Core section 3.1.3.7, item 6)."""
    keys_headers: Mapping[str, str] = field(default_factory=dict)
    client_ids: tuple[str, ...]
    algorithms: frozenset[str] = frozenset({"RS256"})
    network: Network = Network.PUBLIC
    max_age: timedelta | None = None
    """The longest time since it was issued."""
    hashed_nonce: bool = False
    """The nonce may be there as its SHA-256, as applications on Apple's devices send it."""
    accepts: Callable[[Claims], bool] = anything
    """What else the claims must say."""


class IdTokens(Protocol):
    """Judges the ID tokens of one provider."""

    async def judge(
        self, token: str, now: datetime, *, nonce: str | None, access_token: str | None = None
    ) -> Claims:
        """Return the claims; raises TokenRefused, and IssuerUnavailable where keys are missing."""
        ...

    async def close(self) -> None:
        """Stop fetching keys."""
        ...


class Calls(Protocol):
    """Asks one provider's interface something."""

    async def send(
        self, url: str, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> HttpAnswer:
        """Return the answer to a GET request, or to a POST request where there is a body.

        Raises ProviderFailed where there is none.
        """
        ...

    async def ask(
        self, url: str, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> JsonValue:
        """Return the JSON that is answered; raises ProviderFailed."""
        ...


@dataclass(frozen=True, slots=True)
class Grant:
    """What a provider gave us for one person."""

    tokens: OAuthTokens
    claims: Claims | None
    """Of the ID token, once it was judged."""
    calls: Calls
    posted: Mapping[str, JsonValue] = field(default_factory=dict)
    """What the browser brought of the person, as Apple sends it once: nobody's word but the browser's."""

    @property
    def bearer(self) -> Mapping[str, str]:
        """The header that shows the access token."""
        return {"authorization": f"Bearer {self.tokens.access_token or ''}"}

    async def ask(self, url: str, body: bytes | None = None, **headers: str) -> JsonValue:
        """Return what the interface tells whoever has the access token; raises ProviderFailed."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.calls.ask(url, {**self.bearer, **named}, body)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationRequest:
    """What one request asks of a provider."""

    state: str
    code_verifier: str = field(repr=False)
    redirect_uri: str
    nonce: str | None = None
    scopes: tuple[str, ...] = ()
    login_hint: str | None = None
    additional: Mapping[str, str] = field(default_factory=dict)


ReadUser: TypeAlias = Callable[[Grant], Awaitable[UserInfo | None]]
SubjectOf: TypeAlias = Callable[[UserInfo, Claims | None], Awaitable[JsonValue]]
Exchange: TypeAlias = Callable[[Calls, CodeGrant], Awaitable[Mapping[str, JsonValue]]]
Renew: TypeAlias = Callable[[Calls, str], Awaitable[Mapping[str, JsonValue]]]
Confirm: TypeAlias = Callable[[Calls, str, str | None], Awaitable[Claims]]


@dataclass(frozen=True, kw_only=True)
class Provider:
    """One provider, declared: what differs from the others and nothing else."""

    settings: SocialProvider
    authorization_url: str
    token_url: str
    subject: SubjectOf
    """Who somebody is there: what never changes and is never given to another."""
    read: ReadUser
    """Returns None where the provider does not say who it is."""
    default_scopes: tuple[str, ...] = ()
    takes_scopes: bool = True
    requested_scopes_first: bool = False
    """Scopes of the request come before the configured ones."""
    parameters: Mapping[str, str | None] = field(default_factory=dict)
    """Standard parameters of the authorization request: hd, display, access_type and the like."""
    takes_login_hint: bool = False
    takes_prompt: bool = False
    extra_parameters: Mapping[str, str] = field(default_factory=dict)
    """Parameters of its own, which come last and which a request may replace."""
    fixed_parameters: Mapping[str, str] = field(default_factory=dict)
    """Parameters of its own that no request replaces."""
    takes_parameters: bool = True
    """A request may add parameters."""
    authorize: "Callable[[Provider, AuthorizationRequest], str] | None" = None
    """Makes the address of the authorization request, where it is made otherwise."""
    pkce: bool = True
    """It knows challenges (RFC 7636)."""
    sends_verifier: bool | None = None
    """The token endpoint gets the verifier; None: where there was a challenge."""
    authentication: ClientAuthentication = "post"
    client_id_name: str = "client_id"
    """What it calls the client id."""
    token_headers: Mapping[str, str] = field(default_factory=dict)
    refresh_headers: Mapping[str, str] = field(default_factory=dict)
    token_parameters: Mapping[str, str] = field(default_factory=dict)
    renews_tokens: bool = True
    """It exchanges refresh tokens."""
    refresh_parameters: Mapping[str, str] | RefreshParameters = field(default_factory=dict)
    """Parameters to add when tokens are renewed."""
    refresh_authentication: ClientAuthentication | None = None
    """How we authenticate when tokens are renewed, if not as for a code."""
    secret: Callable[[datetime], str] | None = None
    """Makes the client secret, where there is none that lasts."""
    exchange: Exchange | None = None
    """Asks for the tokens of a code, where that is done otherwise."""
    renew: Renew | None = None
    """Asks for new tokens, where that is done otherwise."""
    get_token: GetToken | None = None
    """The application's own way to exchange a code."""
    token_life: timedelta | None = None
    """How long access tokens live, where it does not say so."""
    end_session_url: str | None = None
    """Where people sign out there."""
    post_logout_redirect_uri: str | None = None
    issuer: str | None = None
    """What `iss` in a callback must be (RFC 9207)."""
    requires_issuer: bool = False
    """A callback must name it."""
    id_token_rules: IdTokenRules | None = None
    id_tokens: IdTokens | None = None
    """Judges by the rules; the directory adds it."""
    confirm: Confirm | None = None
    """Asks the provider about an ID token that a client brings along; raises ProviderFailed."""
    takes_opaque_tokens: bool = False
    """What a client brings along as an ID token may be none: the access token is then checked."""
    requires_id_token: bool = False
    """Its word on a person is the ID token."""
    binds_nonce: bool = False
    """The ID token must repeat the nonce of the request."""
    allows_idp_initiated: bool = False
    """A callback without a state begins a flow."""

    @property
    def id(self) -> str:
        """Its name."""
        return self.settings.provider_id

    @property
    def takes_id_tokens(self) -> bool:
        """Whether a client may bring an ID token along."""
        judged = self.id_token_rules is not None and self.id_token_rules.keys_url is not None
        known = judged or self.confirm is not None or self.settings.verify_id_token is not None
        return known and not self.settings.disable_id_token_sign_in

    @property
    def can_renew(self) -> bool:
        """Whether new tokens can be had for a refresh token."""
        return self.renews_tokens or self.settings.refresh_access_token is not None

    def network_of(self, url: str) -> Network:
        """Return where the host of one of its addresses must lie."""
        return network_of(url, private=self.settings.private_network)

    def scopes(self, requested: tuple[str, ...]) -> list[str]:
        """Return what is asked for in a request, each once."""
        if not self.takes_scopes:
            return []
        defaults = () if self.settings.disable_default_scope else self.default_scopes
        configured = self.settings.scope
        if not self.requested_scopes_first:
            return list(dict.fromkeys([*defaults, *configured, *requested]))
        asked = [*requested, *configured]
        return list(dict.fromkeys([*(each for each in defaults if each not in asked), *asked]))


def network_of(url: str, *, private: bool) -> Network:
    """Return where the host of an address must lie: this machine by name, one's own network, or the world."""
    if is_loopback_name(urlsplit(url).hostname or ""):
        return Network.LOOPBACK
    return Network.PRIVATE if private else Network.PUBLIC
