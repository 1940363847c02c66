"""Providers that are known by name and have options of their own."""

from dataclasses import dataclass, field
from typing import Final, Literal

from ostiary.options.social import SocialProvider

MANY_TENANTS: Final = frozenset({"common", "organizations", "consumers"})
"""What Microsoft calls more than one tenant."""


@dataclass(frozen=True, kw_only=True)
class Apple(SocialProvider):
    """Apple; its client secret is a JWT, which is made from the key where there is none."""

    known_as = "apple"
    team_id: str | None = None
    """Ten characters, from the developer account."""
    key_id: str | None = None
    """Which key `private_key` is."""
    private_key: str | None = field(default=None, repr=False)
    """The key of Sign in with Apple, as the `.p8` file has it; makes client secrets that live for minutes."""
    app_bundle_identifier: str | None = None
    """Of the application for Apple's devices: ID tokens that it brings along are for this."""
    audience: tuple[str, ...] = ()
    """Whom ID tokens may be for, where it is neither the bundle identifier nor a client id."""

    def __post_init__(self) -> None:
        """Refuse a client without a secret, and a key that cannot be named."""
        super().__post_init__()
        if not self.has_secret and not (self.team_id and self.key_id and self.private_key):
            raise self._needs("a client_secret, or team_id, key_id and private_key to make one from")


class Cloudflare(SocialProvider):
    """Cloudflare; without a secret it is a public client."""

    known_as = "cloudflare"


@dataclass(frozen=True, kw_only=True)
class Cognito(SocialProvider):
    """A user pool of Amazon Cognito."""

    known_as = "cognito"
    domain: str
    """Of the hosted pages: `app.auth.eu-central-1.amazoncognito.com`."""
    region: str
    """Where the pool is."""
    user_pool_id: str
    """Which pool it is."""
    require_client_secret: bool = False
    """Refuse to start without a `client_secret`."""
    identity_provider: str | None = None
    """Lead straight to one of the pool's own providers."""

    def __post_init__(self) -> None:
        """Refuse a pool that cannot be found."""
        super().__post_init__()
        if not (self.domain and self.region and self.user_pool_id):
            raise self._needs("domain, region and user_pool_id")
        if self.require_client_secret and not self.client_secret:
            raise self._needs("a client_secret")


@dataclass(frozen=True, kw_only=True)
class Discord(SocialProvider):
    """Discord."""

    known_as = "discord"
    permissions: int | None = None
    """What a bot may do, where the scope `bot` is asked for."""


@dataclass(frozen=True, kw_only=True)
class Dropbox(SocialProvider):
    """Dropbox."""

    known_as = "dropbox"
    access_type: Literal["offline", "online", "legacy"] | None = None
    """`offline` asks for a refresh token."""


@dataclass(frozen=True, kw_only=True)
class Facebook(SocialProvider):
    """Facebook, its limited login for phones included."""

    known_as = "facebook"
    needs_secret = True
    fields: tuple[str, ...] = ()
    """Of the profile, besides id, name, email and picture."""
    config_id: str | None = None
    """A configuration of Facebook Login for Business."""


@dataclass(frozen=True, kw_only=True)
class GitLab(SocialProvider):
    """GitLab, by default gitlab.com."""

    known_as = "gitlab"
    issuer: str = "https://gitlab.com"
    """The address of a GitLab of one's own."""


@dataclass(frozen=True, kw_only=True)
class Microsoft(SocialProvider):
    """Microsoft Entra ID, and personal accounts of Microsoft."""

    known_as = "microsoft"
    tenant_id: str = "common"
    """One tenant by its number, or `organizations` for all, `consumers` for personal accounts, `common` for
    both."""
    authority: str = "https://login.microsoftonline.com"
    """Where people sign in; national clouds have others."""
    profile_photo_size: Literal[48, 64, 96, 120, 240, 360, 432, 504, 648] = 48
    """Of the picture, in pixels."""
    disable_profile_photo: bool = False
    """Leave the picture out, which is otherwise kept whole, as a data address."""

    def __post_init__(self) -> None:
        """Refuse a tenant by its domain: ID tokens name tenants by their numbers only."""
        super().__post_init__()
        if "." in self.tenant_id:
            raise self._needs("the tenant_id as its number (a GUID), not as a domain")


@dataclass(frozen=True, kw_only=True)
class Paybin(SocialProvider):
    """Paybin."""

    known_as = "paybin"
    needs_secret = True
    issuer: str = "https://idp.paybin.io"
    """Its address."""


@dataclass(frozen=True, kw_only=True)
class PayPal(SocialProvider):
    """PayPal; what is asked for is decided in its own pages."""

    known_as = "paypal"
    needs_secret = True
    environment: Literal["sandbox", "live"] = "sandbox"
    """Play money, or real people."""


@dataclass(frozen=True, kw_only=True)
class Reddit(SocialProvider):
    """Reddit, which tells no address: people get one that leads nowhere, unless another is mapped."""

    known_as = "reddit"
    needs_secret = True
    duration: str | None = None
    """`permanent` asks for a refresh token."""


class Roblox(SocialProvider):
    """Roblox, which tells no address: people get one that leads nowhere, unless another is mapped."""

    known_as = "roblox"


@dataclass(frozen=True, kw_only=True)
class Salesforce(SocialProvider):
    """Salesforce."""

    known_as = "salesforce"
    needs_secret = True
    environment: Literal["sandbox", "production"] = "production"
    """Where people sign in."""
    login_url: str | None = None
    """The host of a domain of one's own."""


@dataclass(frozen=True, kw_only=True)
class Twitch(SocialProvider):
    """Twitch."""

    known_as = "twitch"
    claims: tuple[str, ...] = ("email", "email_verified", "preferred_username", "picture")
    """What the ID token tells."""


@dataclass(frozen=True, kw_only=True)
class WeChat(SocialProvider):
    """WeChat, which tells no address: people get one that leads nowhere, unless another is mapped."""

    known_as = "wechat"
    needs_secret = True
    lang: Literal["cn", "en"] = "cn"
    """The language of its page."""


@dataclass(frozen=True, kw_only=True)
class Zoom(SocialProvider):
    """Zoom; what is asked for is decided in its own pages."""

    known_as = "zoom"
    pkce: bool = True
    """Send a challenge, so that a stolen code is worth nothing (RFC 7636)."""
