"""Whose credentials a service accepts: what an operator writes."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, TypeAlias
from urllib.parse import SplitResult, urlsplit

from ostiary.crypto.json_web_keys import VERIFYING_ALGORITHMS
from ostiary.crypto.shared_secrets import require_secret
from ostiary.domain.errors import ConfigurationError
from ostiary.options import Options
from ostiary.outgoing.networks import Network, is_address, is_loopback_name
from ostiary.storage.key_value import KeyValue
from ostiary.storage.store import Store
from ostiary.verification.tokens import PLAIN_TYPES, TokenRules

JWKS_PATH: Final = "/api/auth/jwks"
"""Where Better Auth's servers publish their keys."""
_LONGEST_MEMORY: Final = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class _TokenIssuer:
    """What is common to issuers of JWTs."""

    issuer: str
    """The `iss` of its tokens, word for word; of Better Auth's servers the base URL."""
    audience: str | Collection[str]
    """The `aud` that a token must have, or several of which it must have one; of Better Auth's servers the
    base URL, too."""
    types: frozenset[str | None] = PLAIN_TYPES
    """The `typ` headers of its access tokens; None stands for tokens without one."""
    leeway: timedelta = timedelta(seconds=30)
    """How far the clocks may differ: at most 60 seconds."""
    longest_life: timedelta | None = timedelta(days=1)
    """The longest time between issue and end of a token; None is any."""

    def __post_init__(self) -> None:
        """Refuse rules that protect nothing."""
        self.rules()

    def rules(self) -> TokenRules:
        """Return what the claims must be. Raises ConfigurationError."""
        audience = self.audience
        return TokenRules(
            issuer=self.issuer,
            audience=frozenset([audience] if isinstance(audience, str) else audience),
            types=self.types,
            leeway=self.leeway,
            longest_life=self.longest_life,
        )


@dataclass(frozen=True, kw_only=True)
class JwksIssuer(_TokenIssuer):
    """A server that signs JWTs with keys which it publishes: EdDSA, ES256, RS256 and their kin."""

    jwks_url: str | None = None
    """Where the keys are: https, or http to this machine or a private network; None is the issuer's
    `/api/auth/jwks`."""
    algorithms: Collection[str] = VERIFYING_ALGORITHMS
    """What its keys may be for. A set without `alg` belongs to RS256, or to the only one named here."""
    max_age: timedelta = timedelta(minutes=5)
    """How long its keys are believed; a key it took back is refused after this time at the latest."""
    stale_for: timedelta = timedelta(days=1)
    """How long its keys are kept while it does not answer; after that its tokens are answered with 503."""
    private_network: bool = False
    """It is reached inside a network of one's own: the host must have a private address, and http is
    admitted. Otherwise it must have a public one, or be this machine by name."""

    def __post_init__(self) -> None:
        """Refuse addresses, algorithms and times that protect nothing."""
        super().__post_init__()
        unknown = sorted(set(self.algorithms) - VERIFYING_ALGORITHMS)
        if unknown or not self.algorithms:
            raise ConfigurationError(
                f"JwksIssuer.algorithms: a key set proves some of {', '.join(sorted(VERIFYING_ALGORITHMS))}"
                + (f", not {', '.join(unknown)}" if unknown else "")
            )
        if not timedelta(0) < self.max_age <= min(self.stale_for, _LONGEST_MEMORY):
            raise ConfigurationError("JwksIssuer.max_age lies between zero and one day, and within stale_for")
        self._check_address()

    @property
    def keys_at(self) -> str:
        """The address of the key set."""
        return self.jwks_url or self.issuer.rstrip("/") + JWKS_PATH

    @property
    def network(self) -> Network:
        """Where that address must lie."""
        if is_loopback_name(_parts(self.keys_at).hostname or ""):
            return Network.LOOPBACK
        return Network.PRIVATE if self.private_network else Network.PUBLIC

    def _check_address(self) -> None:
        parts = _parts(self.keys_at)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username is not None:
            raise ConfigurationError(f"JwksIssuer: '{self.keys_at}' is no address of a key set: set jwks_url")
        if parts.scheme == "http" and self.network is Network.PUBLIC:
            raise ConfigurationError(
                f"JwksIssuer: whoever is on the way could change the keys at {self.keys_at}: use https, or "
                "say private_network=True where it lies in a network of your own"
            )
        if is_address(parts.hostname) and not self.network.admits(parts.hostname):
            raise ConfigurationError(
                f"JwksIssuer: {parts.hostname} is no {self.network} address"
                + ("" if self.private_network else ": say private_network=True where it is one of your own")
            )


@dataclass(frozen=True, kw_only=True)
class SharedSecretIssuer(_TokenIssuer):
    """A server that signs JWTs with a secret that this service knows, too: HS256."""

    secret: str = field(repr=False)
    """The secret: at least 32 bytes, and no key of any public form."""
    kid: str | None = None
    """The `kid` of its tokens, where they have one."""

    def __post_init__(self) -> None:
        """Refuse secrets that are none."""
        super().__post_init__()
        require_secret(self.secret, "SharedSecretIssuer.secret")


@dataclass(frozen=True, kw_only=True)
class SessionIssuer:
    """A server, Better Auth or Ostiary, whose session tokens are looked up where it keeps its sessions."""

    options: Options
    """Its options, as far as they decide about sessions: `secret` or `secrets`, `base_url` and `advanced` for
    the cookie's name, `trusted_origins`, names of tables and columns, `session.absolute_lifetime`."""
    database: str | Store | None = field(default=None, repr=False)
    """Its database, an address or a Store; only read."""
    key_value: str | KeyValue | None = field(default=None, repr=False)
    """Its Redis, an address or a KeyValue, where sessions live there; with a database as well, what is not
    there is looked up in the database."""
    allow_unsigned: bool = False
    """Take a bare session token, too: then whoever reads the `session` table can act as anybody in it."""

    def __post_init__(self) -> None:
        """Refuse an issuer without sessions."""
        if self.database is None and self.key_value is None:
            raise ConfigurationError(
                "SessionIssuer needs the database or the key_value that holds the sessions"
            )


Issuer: TypeAlias = JwksIssuer | SharedSecretIssuer | SessionIssuer


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise ConfigurationError(f"JwksIssuer: '{url}' is no address of a key set: set jwks_url") from error
    return parts
