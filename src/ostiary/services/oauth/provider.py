"""What is known of one provider: where it is, what it is asked, and how its word on a person is read."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal, Protocol, TypeAlias
from urllib.parse import urlsplit

from ostiary.crypto.strict_json import Claims
from ostiary.domain.errors import JsonValue
from ostiary.domain.values import has_reordering
from ostiary.options.social import SocialProvider
from ostiary.outgoing.networks import Network, is_loopback_name
from ostiary.services.oauth.tokens import OAuthTokens

_UNUSABLE: Final = frozenset({"", "undefined", "null", "None"})


@dataclass(frozen=True, slots=True, kw_only=True)
class IdTokenRules:
    """Who must have issued an ID token, to whom, and where the keys are."""

    issuer: str
    keys_url: str
    client_ids: tuple[str, ...]
    algorithms: frozenset[str]
    network: Network


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


class Fetch(Protocol):
    """Asks a provider's interface something in the name of a person."""

    async def __call__(self, url: str, access_token: str) -> JsonValue:
        """Return the JSON that is there; raises ProviderFailed."""
        ...


@dataclass(frozen=True, slots=True)
class Grant:
    """What a provider gave us for one person."""

    tokens: OAuthTokens
    claims: Claims | None
    """Of the ID token, once it was judged."""
    fetch: Fetch


@dataclass(frozen=True, slots=True)
class Profile:
    """What a provider says of a person."""

    subject: str
    """Who it is there: the key of the account, never the address."""
    user: Mapping[str, JsonValue]
    """Members of the user, by wire name, in the provider's order; what it does not say is left out."""
    data: Mapping[str, JsonValue]
    """Everything it said."""

    @property
    def email(self) -> str | None:
        """The address, where there is one that can be shown."""
        return _shown(self.user.get("email")) or None

    @property
    def name(self) -> str:
        """The name; empty where it is not told."""
        return _shown(self.user.get("name"))

    @property
    def image(self) -> str | None:
        """The address of a picture."""
        return _shown(self.user.get("image")) or None

    @property
    def email_verified(self) -> bool:
        """Whether the provider has proof of the address; anything but a clear yes is a no."""
        return is_true(self.user.get("emailVerified"))

    @property
    def others(self) -> Mapping[str, JsonValue]:
        """Members that may be additional fields."""
        return {
            name: value
            for name, value in self.user.items()
            if name not in {"id", "email", "name", "image", "emailVerified"}
        }


def _shown(value: JsonValue) -> str:
    """Return a text unless it would be read as another one than it is."""
    return value if isinstance(value, str) and not has_reordering(value) else ""


def is_true(value: JsonValue) -> bool:
    """Read a boolean that some providers write as text."""
    return value is True or value == "true"


def subject_of(value: JsonValue) -> str | None:
    """Return the identifier of a person as text; None for what identifies nobody."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return None
    text = str(value)
    return None if text.strip() in _UNUSABLE else text


ReadProfile: TypeAlias = Callable[[Grant], Awaitable[Profile | None]]


@dataclass(frozen=True, kw_only=True)
class Provider:
    """One provider, declared: what differs from the others and nothing else."""

    settings: SocialProvider
    authorization_url: str
    token_url: str
    read_profile: ReadProfile
    """Returns None where the provider does not say who it is."""
    default_scopes: tuple[str, ...] = ()
    requested_scopes_first: bool = False
    """Scopes of the request come before the configured ones."""
    parameters: Mapping[str, str | None] = field(default_factory=dict)
    """Standard parameters of the authorization request: prompt, hd, display, access_type."""
    extra_parameters: Mapping[str, str] = field(default_factory=dict)
    """Parameters of its own, which come last and which a request may replace."""
    token_parameters: Mapping[str, str] = field(default_factory=dict)
    authentication: Literal["post", "basic"] = "post"
    issuer: str | None = None
    """What `iss` in a callback must be (RFC 9207)."""
    id_tokens: IdTokens | None = None
    requires_id_token: bool = False
    """Its word on a person is the ID token."""
    binds_nonce: bool = False
    """The ID token must repeat the nonce of the request."""
    private_network: bool = False

    @property
    def id(self) -> str:
        """Its name."""
        return self.settings.provider_id

    def network_of(self, url: str) -> Network:
        """Return where the host of one of its addresses must lie."""
        return network_of(url, private=self.private_network)

    def scopes(self, requested: tuple[str, ...]) -> list[str]:
        """Return what is asked for in a request."""
        defaults = () if self.settings.disable_default_scope else self.default_scopes
        configured = self.settings.scope
        if self.requested_scopes_first:
            asked = [*requested, *configured]
            return [*(each for each in defaults if each not in asked), *asked]
        return [*defaults, *configured, *requested]


def network_of(url: str, *, private: bool) -> Network:
    """Return where the host of an address must lie: this machine by name, one's own network, or the world."""
    if is_loopback_name(urlsplit(url).hostname or ""):
        return Network.LOOPBACK
    return Network.PRIVATE if private else Network.PUBLIC
