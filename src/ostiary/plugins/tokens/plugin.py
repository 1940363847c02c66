"""The plugin: its options, and what it adds to the server."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, ClassVar
from urllib.parse import urlsplit

from ostiary.crypto.signing import sign
from ostiary.crypto.token_form import ACCESS_TOKEN, TokenRefused, read_header
from ostiary.domain.errors import ConfigurationError
from ostiary.domain.last_login import LAST_LOGIN_AT
from ostiary.domain.refresh_tokens import REFRESH_TOKEN
from ostiary.domain.schema import Field, Model
from ostiary.http.context import Context, Services
from ostiary.http.cookies import CookieJar
from ostiary.http.endpoint import Endpoint
from ostiary.options import CookieAttributes
from ostiary.outgoing.networks import is_loopback_name
from ostiary.plugins.base import Plugin
from ostiary.plugins.tokens.envelope import InEnvelopes
from ostiary.plugins.tokens.errors import Detailed, OAuthRefusal, detailed, in_oauth
from ostiary.plugins.tokens.flat import Flat
from ostiary.plugins.tokens.for_services import ForServices
from ostiary.plugins.tokens.grants import SECURITY, Grants
from ostiary.plugins.tokens.service_clients import hashes_of
from ostiary.services.access_tokens import AccessTokens, ScopesOf
from ostiary.services.refresh_tokens import RefreshTokens
from ostiary.verification.credentials import Form, bearer_token, form_of

_LONGEST_ACCESS = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Tokens(Plugin):
    """Short-lived access tokens and rotating refresh tokens, each pair bound to a row of `session`."""

    id: ClassVar[str] = "tokens"

    expires_in: timedelta = timedelta(minutes=15)
    """How long an access token lives."""
    refresh_expires_in: timedelta = timedelta(days=7)
    """How long an unused refresh token lives; each use begins anew."""
    family_lifetime: timedelta = timedelta(days=90)
    """How long after the sign-in refreshing ends, where `session.absolute_lifetime` is None."""
    grace: timedelta = timedelta(seconds=10)
    """How long a used refresh token still answers, with the token that followed it: for clients that race
    with themselves or lose an answer. Zero: never; the second use ends the session."""
    cookie: bool = False
    """Keep every refresh token in an HTTP-only cookie; without it, those whose request says `use_cookie`."""
    cross_site: bool = False
    """Let the cookies of a sign-in go along from front ends on another site: SameSite=None, Secure and
    Partitioned. Ports of one host and hosts of one domain are one site and need it not. Only with https, or
    on this machine."""
    flat: bool = True
    """Route the flat shape, below the base path."""
    envelope_path: str | None = "/api/v1/auth"
    """Where the envelope shape lies; None leaves it out."""
    scopes: ScopesOf | None = None
    """Returns the scopes of a user's access tokens."""
    services: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Secrets of services that may revoke and introspect tokens, by name: at least 32 characters, or
    `sha256:` and the hash in hexadecimal. Without any, neither route is there."""

    def __post_init__(self) -> None:
        """Refuse life times and paths that cannot be."""
        if not timedelta(seconds=1) <= self.expires_in <= _LONGEST_ACCESS:
            raise ConfigurationError("Tokens.expires_in lies between a second and a day")
        if self.refresh_expires_in < self.expires_in or self.family_lifetime <= timedelta(0):
            raise ConfigurationError("Tokens.refresh_expires_in must not be shorter than expires_in")
        if self.grace < timedelta(0) or self.grace > self.expires_in:
            raise ConfigurationError("Tokens.grace lies between zero and expires_in")
        if self.envelope_path is not None and not self.envelope_path.startswith("/"):
            raise ConfigurationError("Tokens.envelope_path must start with a slash")
        if not self.flat and self.envelope_path is None:
            raise ConfigurationError("Tokens hands out nothing: switch `flat` on, or set `envelope_path`")
        hashes_of(self.services)

    def check(self, services: Services) -> None:
        """Refuse a server that signs no tokens, keeps nothing, or ends sessions before their tokens."""
        options = services.options
        if services.signing is None:
            raise ConfigurationError("Tokens needs something that signs: add `Jwt()` to the plugins of Auth")
        if services.session_reader.stateless:
            raise ConfigurationError("Tokens needs a database: pass its address to Auth")
        if self.refresh_expires_in > options.session.expires_in:
            raise ConfigurationError(
                "a refresh token lives as long as its session at the most: "
                "raise `session.expires_in` or lower `Tokens.refresh_expires_in`"
            )
        if self.cross_site and not _keeps_secure_cookies(options.base_url):
            raise ConfigurationError("Tokens.cross_site needs https: browsers keep no such cookie without")
        if f"{self._mount}/".startswith(f"{options.mount_path}/"):
            raise ConfigurationError("Tokens.envelope_path lies below the base path: choose another, or None")

    @property
    def cookie_attributes(self) -> CookieAttributes:
        """What is special about the cookies of a front end elsewhere."""
        if not self.cross_site:
            return CookieAttributes()
        return CookieAttributes(same_site="none", secure=True, partitioned=True)

    @property
    def _mount(self) -> str:
        return (self.envelope_path or "").rstrip("/")

    def fields(self) -> Mapping[str, Sequence[Field[Any]]]:
        """Add when a user last signed in."""
        return {"user": (LAST_LOGIN_AT,)}

    def models(self) -> Sequence[Model[Any]]:
        """Add the table of refresh tokens."""
        return (REFRESH_TOKEN,)

    def endpoints(self) -> Sequence[Endpoint]:
        """Return the routes of the shapes that are on."""
        found: list[Endpoint] = []
        if self.flat:
            found += [each.bound_to(Flat(self)) for each in Flat.routes.endpoints]
        if self.envelope_path is not None:
            shape = InEnvelopes(self)
            found += [
                replace(each.bound_to(shape), mount=self._mount) for each in InEnvelopes.routes.endpoints
            ]
        found = [replace(each, rewrite_refusal=detailed, refusal_model=Detailed) for each in found]
        return [*found, *self._for_services()]

    def _for_services(self) -> Sequence[Endpoint]:
        shape = ForServices(self, hashes_of(self.services))
        return [
            replace(each.bound_to(shape), rewrite_refusal=in_oauth, refusal_model=OAuthRefusal)
            for each in (ForServices.routes.endpoints if self.services else ())
        ]

    def security_schemes(self, mount_path: str) -> Mapping[str, Mapping[str, Any]]:  # OpenAPI's own shape
        """Describe the password flow, for the Authorize button of Swagger UI."""
        path = f"{mount_path if self.flat else self._mount}/login"
        [scheme] = SECURITY
        return {scheme: {"type": "oauth2", "flows": {"password": {"tokenUrl": path, "scopes": {}}}}}

    async def present(self, context: Context) -> None:
        """Let an access token stand for the cookie of its session; one that fails stands for nobody."""
        token = _access_token(context.request.headers.get("authorization", ""))
        if token is None or self._is_own(context):
            return
        cookies = context.services.session_cookies
        try:
            active, principal = await Grants(self, context).session_of(token)
            # a scope is less than everything, and the session's own routes do not know how much less
            value = "" if principal.scopes else sign(active.session.token, cookies.keyring)
        except TokenRefused:
            value = ""
        context.request.present_cookie(cookies.names.session_token.name, value)
        context.cookies = NoCookies()

    def _is_own(self, context: Context) -> bool:
        """Tell whether the request is for this plugin, whose routes read tokens themselves."""
        endpoint = context.endpoint
        return endpoint is not None and endpoint.rewrite_refusal in {detailed, in_oauth}

    def families(self, services: Services) -> RefreshTokens:
        """Return the refresh tokens of a server."""
        return RefreshTokens(
            store=services.store,
            sessions=services.sessions,
            runtime=services.runtime,
            expires_in=self.refresh_expires_in,
            lifetime=self.family_lifetime,
            grace=self.grace,
        )

    def access(self, services: Services) -> AccessTokens:
        """Return the access tokens of a server; raises ConfigurationError where nothing signs."""
        if services.signing is None:
            raise ConfigurationError("this server signs no tokens: add `Jwt()` to the plugins of Auth")
        return AccessTokens(
            signing=services.signing,
            runtime=services.runtime,
            expires_in=self.expires_in,
            scopes=self.scopes,
        )


class NoCookies(CookieJar):
    """Sets nothing: an access token of minutes must not turn into a session's cookie."""

    def set(self, *_: object) -> None:
        """Leave it."""


def _keeps_secure_cookies(base_url: str | None) -> bool:
    address = urlsplit(base_url or "https:")
    return address.scheme == "https" or is_loopback_name(address.hostname or "")


def _access_token(header: str) -> str | None:
    """Return what says of itself that it is an access token; the rest is for others to judge."""
    try:
        token = bearer_token(header)
        if token is None or form_of(token) is not Form.JWT:
            return None
        return token if read_header(token, parts=3).typ == ACCESS_TOKEN else None
    except TokenRefused:
        return None
