"""The options of one auth server."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ostiary.domain.errors import ConfigurationError, JsonValue
from ostiary.domain.secret import VersionedSecret
from ostiary.options.advanced import Advanced, IpAddress
from ostiary.options.audit import AuditOptions
from ostiary.options.email import EmailVerificationOptions
from ostiary.options.password import EmailAndPassword, PasswordPolicy
from ostiary.options.rate_limit import RateLimitOptions
from ostiary.options.session import SessionOptions
from ostiary.options.social import SocialProvider
from ostiary.options.user import AccountOptions, UserOptions, VerificationOptions

if TYPE_CHECKING:
    from typing import Self

REFERENCE_DEFAULT_SECRET = "better-auth-secret-12345678901234567890"  # noqa: S105  refused, never used
SHORTEST_SECRET = 32
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


@dataclass(frozen=True, kw_only=True)
class ErrorPage:
    """Where a browser is sent when a flow fails."""

    error_url: str | None = None
    """A page of the application; by default a plain page of our own."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """Everything that can be decided about an auth server; every default is the safe one."""

    secret: str | None = field(default=None, repr=False)
    """Signs cookies and encrypts at rest; make one with `ostiary secret`."""
    secrets: tuple[VersionedSecret, ...] = ()
    """For rotation: the first signs, all of them verify. `secret` then reads what was written before."""
    base_url: str | None = None
    """The public address, `https://app.example`; a path in it replaces `base_path`."""
    base_path: str = "/api/auth"
    """Where the endpoints live."""
    app_name: str = "Ostiary"
    """Shown to people, in mails and authenticator applications."""
    trusted_origins: Sequence[str] | Callable[[Mapping[str, str]], Awaitable[Sequence[str]]] = ()
    """Origins that may send cookies and be redirected to, wildcards allowed; or a function of the headers."""
    email_and_password: EmailAndPassword = field(default_factory=EmailAndPassword)
    """Sign-up and sign-in by password."""
    email_verification: EmailVerificationOptions = field(default_factory=EmailVerificationOptions)
    """Proof of mailboxes."""
    password_policy: PasswordPolicy = field(default_factory=PasswordPolicy)
    """Which passwords are accepted."""
    session: SessionOptions = field(default_factory=SessionOptions)
    """Life times and cookies of sessions."""
    user: UserOptions = field(default_factory=UserOptions)
    """Users."""
    account: AccountOptions = field(default_factory=AccountOptions)
    """Links to providers."""
    social_providers: tuple[SocialProvider, ...] = ()
    """Providers that people sign in with: those of `ostiary.providers`, and any other as a `GenericOAuth`."""
    verification: VerificationOptions = field(default_factory=VerificationOptions)
    """One-time values."""
    rate_limit: RateLimitOptions = field(default_factory=RateLimitOptions)
    """Limits."""
    audit: AuditOptions = field(default_factory=AuditOptions)
    """The record of security acts."""
    advanced: Advanced = field(default_factory=Advanced)
    """The rest."""
    disabled_paths: tuple[str, ...] = ()
    """Paths below the base path that answer 404."""
    on_api_error: ErrorPage = field(default_factory=ErrorPage)
    """Where a browser is sent when a flow fails."""
    cors: bool = False
    """Answer preflights and allow credentials for the trusted origins, exact matches only."""
    housekeeping: bool = False
    """Delete what ended more than a day ago beside the requests, in one process each hour; else run `ostiary
    clean` from cron. `ostiary serve` does unless told otherwise."""

    def __post_init__(self) -> None:
        """Refuse secrets and addresses that cannot be meant."""
        self._check_secrets()
        if self.base_url is not None:
            parts = urlsplit(self.base_url)
            if parts.scheme not in {"http", "https"} or not parts.hostname:
                raise ConfigurationError(f"base_url must be an http or https address, not '{self.base_url}'")
        elif self.social_providers:
            raise ConfigurationError(
                "sign-in by providers needs a base_url: its callback is registered with them"
            )
        if self.base_path and not self.base_path.startswith("/"):
            raise ConfigurationError("base_path must start with a slash")
        if self.base_url is None and self._sends_links:
            raise ConfigurationError(
                "set base_url: a link in a mail must not follow the request's Host header"
            )

    @property
    def _sends_links(self) -> bool:
        senders = (
            self.email_verification.send_verification_email,
            self.email_and_password.send_reset_password,
            self.user.change_email.send_change_email_confirmation,
            self.user.delete_user.send_delete_account_verification,
        )
        return any(senders)

    def _check_secrets(self) -> None:
        given = [self.secret] if self.secret is not None else []
        given += [secret.value for secret in self.secrets]
        if not given:
            raise ConfigurationError(
                "a secret is required: make one with `ostiary secret`, and set it as BETTER_AUTH_SECRET, in"
                " Python as Options(secret=...)"
            )
        if REFERENCE_DEFAULT_SECRET in given or "" in given:
            raise ConfigurationError(
                "this secret is empty or public knowledge: make one with `ostiary secret`"
            )
        short = [secret for secret in given if len(secret) < SHORTEST_SECRET]
        if short and (self.base_url or "").startswith("https://"):
            raise ConfigurationError(
                f"a secret is shorter than {SHORTEST_SECRET} characters: make one with `ostiary secret`"
            )
        versions = [secret.version for secret in self.secrets]
        if len(set(versions)) != len(versions) or any(version is None or version < 0 for version in versions):
            raise ConfigurationError("secrets need versions, unique and not negative")

    @cached_property
    def origin(self) -> str | None:
        """Scheme, host and port of the base URL, without the scheme's own port."""
        if self.base_url is None:
            return None
        parts = urlsplit(self.base_url.lower())
        host = parts.netloc.rpartition("@")[2]
        return f"{parts.scheme}://{host.removesuffix(_DEFAULT_PORTS[parts.scheme])}"

    @cached_property
    def mount_path(self) -> str:
        """The path of the endpoints, without a trailing slash."""
        path = urlsplit(self.base_url).path if self.base_url else ""
        return path.rstrip("/") or self.base_path.rstrip("/")

    @classmethod
    def reference(cls, secret: str, **options: JsonValue) -> "Self":
        """Return the defaults of Better Auth itself: what a Node server does, a drop-in does."""
        return cls(secret=secret, **options).with_reference_defaults()

    def with_reference_defaults(self) -> "Self":
        """Return these options with every safer default of ours turned back to Better Auth's."""
        ip_address: IpAddress = replace(self.advanced.ip_address, use_connection=False)
        return replace(
            self,
            session=replace(
                self.session,
                absolute_lifetime=None,
                end_previous=False,
                store_in_key_value=True,
                cookie_cache=replace(self.session.cookie_cache, believed_by_writes=True),
            ),
            email_and_password=replace(
                self.email_and_password,
                revoke_sessions_on_password_reset=bool(
                    self.email_and_password.revoke_sessions_on_password_reset
                ),
                newest_reset_link_only=False,
                reset_unlinks_unproved=False,
            ),
            password_policy=replace(self.password_policy, count="utf-16"),
            rate_limit=replace(
                self.rate_limit, sign_in_failures=None, mails=None, mails_by_client=None, shared=False
            ),
            on_api_error=replace(self.on_api_error, error_url=self.on_api_error.error_url or "/"),
            advanced=replace(self.advanced, ip_address=ip_address),
        )

    def without_database(self) -> "Self":
        """Return these options for a server that keeps nothing: the encrypted cookie is the session."""
        cache = self.session.cookie_cache
        cache = replace(
            cache,
            enabled=True,
            believed_by_writes=True,
            strategy=cache.strategy or "jwe",
            max_age=cache.max_age or self.session.expires_in,
        )
        keeps = self.account.store_account_cookie is not False
        account = replace(self.account, store_state_strategy="cookie", store_account_cookie=keeps)
        return replace(self, session=replace(self.session, cookie_cache=cache), account=account)

    @staticmethod
    def from_mapping(mapping: Mapping[str, JsonValue]) -> "Options":
        """Read a Better Auth configuration in its own names; unknown names raise ConfigurationError."""
        from ostiary.options.mapping import read_options  # noqa: PLC0415  it needs this class

        return read_options(Options, mapping)
