"""Short-lived JWTs for other services, and the key set that proves them."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, ClassVar, Final, TypeAlias

from ostiary.crypto.json_web_keys import Jwk
from ostiary.crypto.json_web_signatures import SharedKey
from ostiary.crypto.shared_secrets import require_secret
from ostiary.domain.entities import ActiveSession, Session, User
from ostiary.domain.errors import ConfigurationError, Errors, JsonValue
from ostiary.domain.schema import Model
from ostiary.domain.signing_keys import JWKS
from ostiary.http.context import Context, Services
from ostiary.http.endpoint import CurrentSession, Endpoint, Routes
from ostiary.http.hooks import Hooks
from ostiary.http.wire import Output
from ostiary.plugins.base import Plugin
from ostiary.services.signers import KeyOptions, Signing, SigningOptions

DefinePayload: TypeAlias = Callable[[User, Session], Awaitable[Mapping[str, JsonValue]]]
GetSubject: TypeAlias = Callable[[User, Session], Awaitable[str]]

RESERVED: Final = frozenset({"iss", "sub", "aud", "exp", "nbf", "iat", "jti", "sid", "scope"})
"""Claims that decide whether a token is believed (RFC 7519 section 4.1): no column and no hook sets them."""


@dataclass(frozen=True, slots=True)
class Token(Output):
    """A signed token."""

    token: str


@dataclass(frozen=True, slots=True)
class KeySet(Output):
    """The public keys (RFC 7517 section 5)."""

    keys: Sequence[Jwk]


@dataclass(frozen=True, kw_only=True)
class Jwt(Plugin):
    """Signs tokens for the signed-in user, with keys that Better Auth servers on the same database share."""

    id: ClassVar[str] = "jwt"
    routes: ClassVar[Routes] = Routes()
    hooks: ClassVar[Hooks] = Hooks()

    keys: KeyOptions = field(default_factory=KeyOptions)
    """How the keys of the key set are made and kept."""
    shared_secret: str | None = field(default=None, repr=False)
    """Sign HS256 with this secret instead, for services that all know it; then no key is published. Not the
    server's own secret, with which any of them could make sessions."""
    issuer: str | None = None
    """The `iss` of tokens; None is the origin of the base URL."""
    audience: str | None = None
    """The `aud` of tokens; None is the issuer."""
    expires_in: timedelta = timedelta(minutes=15)
    """How long a token lives; nothing revokes it earlier."""
    define_payload: DefinePayload | None = None
    """Returns the claims that tell of the user, in place of all columns; reserved ones are refused."""
    get_subject: GetSubject | None = None
    """Returns the `sub`, in place of the user's identifier."""
    jwks_path: str = "/jwks"
    """Where the key set lies below the base path."""
    jwks_max_age: timedelta = timedelta(minutes=1)
    """How long caches may keep the key set."""
    disable_setting_jwt_header: bool = False
    """Send no token with the answers of `/get-session`."""

    def __post_init__(self) -> None:
        """Refuse a secret that can be guessed or is public, and paths that are none."""
        if self.shared_secret is not None:
            require_secret(self.shared_secret, "Jwt.shared_secret")
        if not self.jwks_path.startswith("/"):
            raise ConfigurationError("Jwt.jwks_path must start with a slash")

    def check(self, services: Services) -> None:
        """Refuse to share what signs sessions."""
        if self.shared_secret in services.session_cookies.keyring.all:
            raise ConfigurationError(
                "Jwt.shared_secret is the server's own secret: whoever verifies tokens with it could sign "
                "anybody in. Make another one with `ostiary secret`"
            )

    def models(self) -> Sequence[Model[Any]]:
        """Add the table of keys, unless a secret signs."""
        return () if self.shared_secret else (JWKS,)

    def signing(self) -> SigningOptions:
        """Sign with the keys or the secret."""
        keys = self.keys if self.shared_secret is None else SharedKey(self.shared_secret)
        return SigningOptions(keys=keys, issuer=self.issuer, audience=self.audience)

    def endpoints(self) -> Sequence[Endpoint]:
        """Put the key set where it is configured to lie."""
        return [
            replace(endpoint, path=self.jwks_path) if endpoint.name == "jwks" else endpoint
            for endpoint in super().endpoints()
        ]

    def security_schemes(self, mount_path: str) -> Mapping[str, Mapping[str, Any]]:  # OpenAPI's own shape
        """Describe the header."""
        del mount_path
        return {"bearer": {"type": "http", "scheme": "bearer"}}

    @routes.get("/jwks")
    async def jwks(self, context: Context) -> KeySet:
        """Return the public keys that prove the server's tokens."""
        context.headers.append(("cache-control", f"public, max-age={int(self.jwks_max_age.total_seconds())}"))
        return KeySet(await _signing(context).signer.published())

    @routes.get("/token", raises=[Errors.UNAUTHORIZED])
    async def get_token(self, session: CurrentSession, context: Context) -> Token:
        """Sign a token for the signed-in user."""
        return Token(await self._sign(session, context))

    @hooks.after("get_session")
    async def send_token(self, context: Context, result: object) -> None:
        """Send a token along with the session."""
        if result is not None and context.active is not None and not self.disable_setting_jwt_header:
            context.headers.append(("set-auth-jwt", await self._sign(context.active, context)))
            context.headers.append(("access-control-expose-headers", "set-auth-jwt"))

    async def _sign(self, active: ActiveSession, context: Context) -> str:
        signing, issued = _signing(context), int(context.services.runtime.now().timestamp())
        user, session = active.user, active.session
        claims = {
            "iat": issued,
            **await self._payload(user, session, context),
            "sub": await self.get_subject(user, session) if self.get_subject else user.id,
            "exp": issued + int(self.expires_in.total_seconds()),
            "iss": signing.issuer,
            "aud": signing.audience,
        }
        return await signing.signer.sign(claims)

    async def _payload(self, user: User, session: Session, context: Context) -> Mapping[str, JsonValue]:
        if self.define_payload is None:
            render, cached = context.services.renderer, context.cached
            # wire: the claims come in the order of the session's copy where they come from there
            columns = render.user(user) if cached is None else render.cached_user(user)
            return {name: value for name, value in columns.items() if name not in RESERVED}
        payload = await self.define_payload(user, session)
        if taken := RESERVED & payload.keys():
            raise ConfigurationError(f"Jwt.define_payload may not set {', '.join(sorted(taken))}")
        return payload


def _signing(context: Context) -> Signing:
    signing = context.services.signing
    if signing is None:
        raise ConfigurationError("this server signs no tokens: add `Jwt()` to the plugins of Auth")
    return signing
