"""The envelope shape, under a prefix of its own."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ostiary.http.context import Context
from ostiary.http.endpoint import Routes
from ostiary.http.messages import NO_STORE
from ostiary.plugins.tokens.errors import TokenErrors
from ostiary.plugins.tokens.flat import GUESSES, SIGN_UPS
from ostiary.plugins.tokens.grants import (
    ACCESS_REFUSALS,
    LOGIN_REFUSALS,
    REFRESH_REFUSALS,
    SECURITY,
    SIGN_UP_REFUSALS,
    Grant,
    Grants,
)
from ostiary.plugins.tokens.wire import (
    Envelope,
    EnvelopeTokens,
    EnvelopeUser,
    Login,
    Message,
    OAuthEnvelope,
    RefreshTokenBody,
    RegisterByName,
)

if TYPE_CHECKING:
    from ostiary.plugins.tokens.plugin import Tokens


@dataclass(frozen=True)
class InEnvelopes:
    """Routes whose answers keep the user and the tokens apart."""

    plugin: "Tokens"
    routes = Routes()

    @routes.post(
        "/register", raises=SIGN_UP_REFUSALS, rate_limit=SIGN_UPS, checks_form_origin=True, status=201
    )
    async def envelope_register(self, body: RegisterByName, context: Context) -> Envelope:
        """Make an account and sign in; no tokens where the address has to be verified first."""
        context.headers += NO_STORE
        user, grant = await Grants(self.plugin, context).by_sign_up(body, signs_in=True)
        return Envelope(EnvelopeUser.of(user), None if grant is None else _tokens(grant))

    @routes.post(
        "/login", raises=LOGIN_REFUSALS, rate_limit=GUESSES, accepts_form=True, checks_form_origin=True
    )
    async def envelope_login(self, body: Login, context: Context) -> OAuthEnvelope:
        """Sign in with a form of OAuth 2, as the Authorize button of Swagger UI sends it."""
        context.headers += NO_STORE
        grant = await Grants(self.plugin, context).by_password(body)
        return OAuthEnvelope(EnvelopeUser.of(grant.user), _tokens(grant), grant.access_token)

    @routes.post("/login/json", raises=LOGIN_REFUSALS, rate_limit=GUESSES, checks_form_origin=True)
    async def envelope_login_json(self, body: Login, context: Context) -> Envelope:
        """Sign in with email and password."""
        context.headers += NO_STORE
        grant = await Grants(self.plugin, context).by_password(body)
        return Envelope(EnvelopeUser.of(grant.user), _tokens(grant))

    @routes.post("/refresh", raises=REFRESH_REFUSALS)
    async def envelope_refresh(self, body: RefreshTokenBody, context: Context) -> EnvelopeTokens:
        """Take a refresh token for a new pair; the old one is used up."""
        context.headers += NO_STORE
        if body.refresh_token is None:
            raise TokenErrors.REFRESH_TOKEN_REQUIRED()
        grant = await Grants(self.plugin, context).by_refresh_token(body.refresh_token, body.client_id)
        return _tokens(grant)

    @routes.get("/me", raises=ACCESS_REFUSALS, security=SECURITY)
    async def envelope_me(self, context: Context) -> EnvelopeUser:
        """Return the user of an access token, read from the store."""
        context.headers += NO_STORE
        return EnvelopeUser.of((await Grants(self.plugin, context).current()).user)

    @routes.post("/logout", raises=ACCESS_REFUSALS, reads_body=False, security=SECURITY)
    async def envelope_logout(self, context: Context) -> Message:
        """End the session of an access token."""
        await Grants(self.plugin, context).log_out(None)
        return Message("Successfully logged out")


def _tokens(grant: Grant) -> EnvelopeTokens:
    return EnvelopeTokens(grant.access_token, grant.refresh_token.text)
