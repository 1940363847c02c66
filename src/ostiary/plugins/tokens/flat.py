"""The flat shape, below the base path."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ostiary.domain.entities import User
from ostiary.domain.errors import AuthError
from ostiary.http.context import Context
from ostiary.http.endpoint import Routes
from ostiary.http.messages import NO_STORE
from ostiary.options import RateLimit
from ostiary.plugins.tokens.errors import TokenErrors
from ostiary.plugins.tokens.grants import (
    ACCESS_REFUSALS,
    LOGIN_REFUSALS,
    LOGOUT_REFUSALS,
    REFRESH_REFUSALS,
    SECURITY,
    SIGN_UP_REFUSALS,
    Grant,
    Grants,
)
from ostiary.plugins.tokens.wire import (
    Login,
    RefreshTokenBody,
    Register,
    SignUp,
    TokenPair,
    TokenUser,
    UserRegistered,
)

if TYPE_CHECKING:
    from ostiary.plugins.tokens.plugin import Tokens

GUESSES: Final = RateLimit(5, per=60)
SIGN_UPS: Final = RateLimit(20, per=60)


@dataclass(frozen=True)
class Flat:
    """Routes whose answers have no levels."""

    plugin: "Tokens"
    routes = Routes()

    @routes.post(
        "/register", raises=SIGN_UP_REFUSALS, rate_limit=SIGN_UPS, checks_form_origin=True, status=201
    )
    async def register(self, body: Register, context: Context) -> UserRegistered:
        """Make an account; the client signs in next."""
        user, _ = await Grants(self.plugin, context).by_sign_up(body, signs_in=False)
        return self._registered(user, context)

    @routes.post("/signup", raises=SIGN_UP_REFUSALS, rate_limit=SIGN_UPS, checks_form_origin=True, status=201)
    async def signup(self, body: SignUp, context: Context) -> TokenPair | UserRegistered:
        """Make an account and sign in; no tokens where the address has to be verified first."""
        grants = Grants(self.plugin, context)
        user, grant = await grants.by_sign_up(body, signs_in=True)
        if grant is None:
            return self._registered(user, context)
        return await self._signed_in(grants, grant, use_cookie=body.use_cookie)

    @staticmethod
    def _registered(user: User, context: Context) -> UserRegistered:
        verify = context.options.email_and_password.require_email_verification
        message = "Please verify your email address" if verify else "Registration successful"
        return UserRegistered(user.id, user.email, message)

    @routes.post(
        "/login", raises=LOGIN_REFUSALS, rate_limit=GUESSES, accepts_form=True, checks_form_origin=True
    )
    async def login(self, body: Login, context: Context) -> TokenPair:
        """Sign in with email and password, as JSON or as a form of OAuth 2."""
        grants = Grants(self.plugin, context)
        grant = await grants.by_password(body)
        return await self._signed_in(grants, grant, use_cookie=body.use_cookie, named=True)

    async def _signed_in(
        self, grants: Grants, grant: Grant, *, use_cookie: bool | None, named: bool = False
    ) -> TokenPair:
        in_cookie = self.plugin.cookie if use_cookie is None else use_cookie
        if in_cookie:
            await grants.end_previous()
            grants.context.remember_device(grant.user.email, self.plugin.cookie_attributes)
        return self._pair(grants, grant, in_cookie=in_cookie, named=named)

    @routes.post("/refresh", raises=REFRESH_REFUSALS, accepts_form=True)
    async def refresh(self, body: RefreshTokenBody | None, context: Context) -> TokenPair:
        """Take a refresh token for a new pair; the old one is used up."""
        grants, body = Grants(self.plugin, context), body or RefreshTokenBody()
        token = body.refresh_token or grants.cookie_value
        if token is None:
            raise TokenErrors.REFRESH_TOKEN_REQUIRED()
        grant = await grants.by_refresh_token(token, body.client_id)
        return self._pair(grants, grant, in_cookie=not body.refresh_token, named=True)

    @staticmethod
    def _pair(grants: Grants, grant: Grant, *, in_cookie: bool, named: bool = False) -> TokenPair:
        grants.context.headers += NO_STORE
        if in_cookie:
            grants.set_cookie(grant.refresh_token)
        user = grant.user
        pair = {"refresh_token": grant.refresh_token.text} if not in_cookie else {}
        names = {"user_id": user.id, "email": user.email} if named else {}
        return TokenPair(
            access_token=grant.access_token,
            expires_in=int(grants.plugin.expires_in.total_seconds()),
            user=TokenUser.of(user),
            **pair,
            **names,
        )

    @routes.get("/me", raises=ACCESS_REFUSALS, security=SECURITY)
    async def me(self, context: Context) -> TokenUser:
        """Return the user of an access token, read from the store."""
        context.headers += NO_STORE
        return TokenUser.of((await Grants(self.plugin, context).current()).user)

    @routes.post("/logout", raises=LOGOUT_REFUSALS, status=204, security=SECURITY)
    async def logout(self, body: RefreshTokenBody | None, context: Context) -> None:
        """End the session of a refresh token, of its cookie, or of an access token."""
        grants = Grants(self.plugin, context)
        try:
            await grants.log_out((body and body.refresh_token) or grants.cookie_value)
        except AuthError:
            grants.clear_cookie()  # worth nothing; but where nobody could tell, the browser keeps it
            raise
        grants.clear_cookie()
