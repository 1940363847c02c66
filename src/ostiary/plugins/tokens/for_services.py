"""Routes for services that do not verify tokens themselves: revocation and introspection."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pydantic import Field

from ostiary.crypto.token_form import TokenRefused
from ostiary.domain.roles import role_of
from ostiary.http.context import Context
from ostiary.http.endpoint import Routes
from ostiary.http.events import log_event
from ostiary.http.messages import NO_STORE
from ostiary.http.oauth_wire import OAuthModel, OAuthOutput
from ostiary.http.wire import UNSET, OptionalSecret, OptionalText, Unset
from ostiary.plugins.tokens.errors import TokenErrors
from ostiary.plugins.tokens.grants import Grants
from ostiary.plugins.tokens.service_clients import require_service
from ostiary.services.refresh_tokens import RefreshRefused
from ostiary.verification.principal import Principal

if TYPE_CHECKING:
    from ostiary.plugins.tokens.plugin import Tokens

REFRESH_HINT = "refresh_token"
REFUSALS = (TokenErrors.INVALID_CLIENT, TokenErrors.INVALID_REQUEST)


class AskedToken(OAuthModel):
    """A token, and who asks."""

    token: str = Field(description="An access or refresh token")
    token_type_hint: OptionalText = Field(default=None, description="`access_token` or `refresh_token`")
    client_id: OptionalText = Field(default=None, description="The service, unless HTTP Basic names it")
    client_secret: OptionalSecret = Field(default=None, description="Its secret")


@dataclass(frozen=True, slots=True)
class Revoked(OAuthOutput):
    """Nothing to say: whatever it was, it is worth nothing now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Introspection(OAuthOutput):
    """What is known of a token that is alive (RFC 7662 section 2.2); of any other that it is not."""

    active: bool
    scope: str | Unset = UNSET
    client_id: str | Unset = UNSET
    username: str | Unset = UNSET
    token_type: str | Unset = UNSET
    exp: int | Unset = UNSET
    iat: int | Unset = UNSET
    sub: str | Unset = UNSET
    aud: str | Unset = UNSET
    iss: str | Unset = UNSET
    jti: str | Unset = UNSET
    sid: str | Unset = UNSET
    role: str | Unset = UNSET


INACTIVE = Introspection(active=False)


@dataclass(frozen=True)
class ForServices:
    """Routes that only configured services may call."""

    plugin: "Tokens"
    hashes: Mapping[str, str] = field(repr=False)
    routes = Routes()

    @routes.post("/revoke", raises=REFUSALS, rate_limit=None, accepts_form=True)
    async def revoke_token(self, body: AskedToken, context: Context) -> Revoked:
        """End the session of a token (RFC 7009); the answer is the same for one that nobody knows."""
        service = require_service(self.hashes, context, body.client_id, body.client_secret)
        grants = Grants(self.plugin, context)
        families = self.plugin.families(context.services)
        try:
            if body.token.startswith("rt_"):
                _, family = await families.find(body.token)
                await families.revoke(family)
            else:
                active, _ = await grants.session_of(body.token)
                await context.sessions.revoke(active.session.token)
        except (TokenRefused, RefreshRefused):
            return Revoked()
        log_event(context, "token_revoked", reason=f"revoked by the service {service}")
        return Revoked()

    @routes.post("/introspect", raises=REFUSALS, rate_limit=None, accepts_form=True)
    async def introspect_token(self, body: AskedToken, context: Context) -> Introspection:
        """Tell whether a token is alive now: its session, its user and its role are read from the store.

        A refresh token is told of only to who names it by its hint: a service that takes whatever is active
        for an access token must not take that one (RFC 7662).
        """
        context.headers += NO_STORE
        require_service(self.hashes, context, body.client_id, body.client_secret)
        grants = Grants(self.plugin, context)
        try:
            if body.token_type_hint == REFRESH_HINT:
                return await self._refresh_token(grants, body.token)
            return await self._access_token(grants, body.token)
        except (TokenRefused, RefreshRefused):
            return INACTIVE

    async def _access_token(self, grants: Grants, token: str) -> Introspection:
        active, principal = await grants.session_of(token)
        if grants.context.sessions.is_barred(active.user) or role_of(active.user) != role_of(principal.user):
            return INACTIVE
        return _of_access_token(principal)

    async def _refresh_token(self, grants: Grants, text: str) -> Introspection:
        families = self.plugin.families(grants.context.services)
        token, family = await families.find(text)
        active = await families.session_of(family.session_id)
        if active is None or not families.is_live(token, family):
            return INACTIVE
        if grants.context.sessions.is_barred(active.user):
            return INACTIVE
        return Introspection(
            active=True,
            client_id=family.client_id or UNSET,
            username=active.user.email,
            token_type=REFRESH_HINT,
            exp=int(family.expires_at.timestamp()),
            sub=family.user_id,
            sid=family.session_id,
        )


def _of_access_token(principal: Principal) -> Introspection:
    claims = principal.claims
    return Introspection(
        active=True,
        scope=claims.get("scope", UNSET),
        username=principal.user.email,
        token_type="Bearer",  # noqa: S106  not a secret
        exp=claims["exp"],
        iat=claims["iat"],
        sub=principal.user.id,
        aud=claims["aud"],
        iss=claims["iss"],
        jti=claims["jti"],
        sid=claims["sid"],
        role=claims["role"],
    )
