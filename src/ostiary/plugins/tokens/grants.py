"""How a client comes to its tokens, and how it gives them back, whatever shape it speaks."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from ostiary.crypto.refresh_tokens import RefreshToken
from ostiary.crypto.token_form import Cause, TokenRefused
from ostiary.domain.audit import Ended
from ostiary.domain.entities import ActiveSession, Session, User
from ostiary.domain.errors import AuthError, Errors
from ostiary.http.context import Context
from ostiary.http.cookies import Cookie
from ostiary.http.events import log_event
from ostiary.http.routes.sign_up import REGISTRATION_REFUSALS
from ostiary.plugins.tokens.errors import INVALID_TOKEN, TokenErrors, disabled
from ostiary.plugins.tokens.wire import Login, Register
from ostiary.services.access_tokens import AccessTokens
from ostiary.services.refresh_tokens import Claim, RefreshRefused, RefreshTokens
from ostiary.services.registration import Applicant
from ostiary.services.users import SessionWanted
from ostiary.storage.store import Credential
from ostiary.verification.credentials import bearer_token
from ostiary.verification.errors import CredentialErrors, credential_required, token_refused
from ostiary.verification.principal import Principal

if TYPE_CHECKING:
    from ostiary.plugins.tokens.plugin import Tokens

LOGIN_REFUSALS: Final = (
    Errors.EMAIL_PASSWORD_DISABLED,
    Errors.PASSWORD_TOO_LONG,
    Errors.INVALID_EMAIL_OR_PASSWORD,
    Errors.EMAIL_NOT_VERIFIED,
    Errors.TOO_MANY_REQUESTS,
    CredentialErrors.ACCOUNT_DISABLED,
)
SIGN_UP_REFUSALS: Final = REGISTRATION_REFUSALS
REFRESH_REFUSALS: Final = (
    TokenErrors.REFRESH_TOKEN_REQUIRED,
    TokenErrors.INVALID_REFRESH_TOKEN,
    CredentialErrors.ACCOUNT_DISABLED,
)
ACCESS_REFUSALS: Final = (
    CredentialErrors.AUTHORIZATION_REQUIRED,
    CredentialErrors.INVALID_AUTHORIZATION_FORMAT,
    CredentialErrors.EXPIRED_TOKEN,
    CredentialErrors.INVALID_SIGNATURE,
    CredentialErrors.MALFORMED_TOKEN,
    CredentialErrors.INVALID_TOKEN,
    CredentialErrors.ACCOUNT_DISABLED,
)
SECURITY: Final = ("oauth2",)
LOGOUT_REFUSALS: Final = (*ACCESS_REFUSALS, TokenErrors.INVALID_REFRESH_TOKEN)


@dataclass(frozen=True, slots=True)
class Grant:
    """A pair of tokens and the session they belong to."""

    active: ActiveSession
    access_token: str
    refresh_token: RefreshToken

    @property
    def user(self) -> User:
        """Whose they are."""
        return self.active.user


@dataclass(frozen=True)
class Grants:
    """The grants of one request."""

    plugin: "Tokens"
    context: Context

    @property
    def _families(self) -> RefreshTokens:
        return self.plugin.families(self.context.services)

    @property
    def _access(self) -> AccessTokens:
        return self.plugin.access(self.context.services)

    async def by_password(self, body: Login) -> Grant:
        """Sign in."""
        context, options = self.context, self.context.options.email_and_password
        if not options.enabled:
            raise Errors.EMAIL_PASSWORD_DISABLED()
        found = await context.passwords.authenticate(body.address, body.password, context.attempt)
        user = found.user
        await context.email_verification.require(user, context.asker)
        try:
            await context.sessions.admit_to_sign_in(user)
        except AuthError as barred:
            raise disabled(barred) from barred
        grant = await self._granted(*await self._begin(found, body.client_id))
        context.services.background.start(self._families.forget_old(user.id), "forgetting refresh tokens")
        log_event(context, "signed_in")
        return grant

    async def _begin(self, found: Credential, client_id: str | None) -> tuple[Session, RefreshToken]:
        """Start a session and its family, both or none."""
        context = self.context
        async with context.services.store.transaction() as tables:
            session = await context.sessions.start(
                found.user,
                account=found.account,
                ip_address=context.client_address,
                user_agent=context.user_agent,
                tables=tables,
            )
            return session, await self._families.issue(session, client_id, tables)

    async def by_sign_up(self, body: Register, *, signs_in: bool) -> tuple[User, Grant | None]:
        """Make an account; no tokens where the server starts no session at sign-up, or none is wanted."""
        context = self.context
        applicant = Applicant(
            email=body.email,
            name=body.name or "",
            password=body.password,
            others=body.others,
            asker=context.asker,
        )
        wanted = SessionWanted(ip_address=context.client_address, user_agent=context.user_agent)
        registered = await context.registration.register(applicant, wanted if signs_in else None)
        user, session = registered.user, registered.session
        grant = None
        if session is not None:
            grant = await self._granted(session, await self._families.issue(session))
        if registered.is_new:
            log_event(context, "signed_up")
        return user, grant

    async def _granted(self, session: Session, token: RefreshToken) -> Grant:
        """Sign for the user as the row is now: a role may have gone while the password was checked."""
        active = await self.context.sessions.store.find(session.token)
        if active is None:
            raise Errors.INVALID_EMAIL_OR_PASSWORD(reason="revoked meanwhile")
        self.context.new_session = active
        return Grant(active, await self._access.issue(active), token)

    async def by_refresh_token(self, text: str, client_id: str | None) -> Grant:
        """Rotate a refresh token. Everything that may fail comes before the rotation."""
        try:
            claim = await self._claim(text, client_id)
            access_token = await self._access.issue(claim.active)
            return Grant(claim.active, access_token, await self._families.rotate(claim))
        except RefreshRefused as refused:
            raise self._refused(refused) from refused

    async def _claim(self, text: str, client_id: str | None) -> Claim:
        try:
            return await self._families.claim(text, client_id)
        except AuthError as barred:
            raise disabled(barred) from barred

    def _refused(self, refused: RefreshRefused) -> AuthError:
        if (reused := refused.reused) is not None:
            log_event(
                self.context,
                "refresh_token_reused",
                user_id=reused.user_id,
                session_id=reused.session_id,
                reason="a used token came again: the session was ended",
            )
        return TokenErrors.INVALID_REFRESH_TOKEN(reason=str(refused), headers=INVALID_TOKEN)

    async def current(self) -> ActiveSession:
        """Return the living session that the access token of the request speaks for, read from the store."""
        header = self.context.request.headers.get("authorization")
        if header is None:
            raise credential_required()
        try:
            token = bearer_token(header)
            if token is None:
                raise credential_required(wrong_format=True)
            active, _ = await self.session_of(token)
        except TokenRefused as refused:
            raise token_refused(refused.cause, str(refused)) from refused
        self.context.active = active
        self._admit(active.user)
        return active

    async def session_of(self, access_token: str) -> tuple[ActiveSession, Principal]:
        """Return the living session of an access token, and what the token says; raises TokenRefused."""
        services = self.context.services
        if services.access_judge is None:
            raise TokenRefused("this server issues no tokens")
        principal = await services.access_judge.judge(access_token, services.runtime.now())
        if principal.session_id is None:
            raise TokenRefused("it belongs to no session")
        active = await self._families.session_of(principal.session_id)
        if active is None or active.user.id != principal.user.id:
            raise TokenRefused("its session has ended", Cause.INVALID_TOKEN)
        return active, principal

    async def log_out(self, refresh_token: str | None) -> None:
        """End the session of the refresh token, else of the access token; a stale one hides not the other."""
        if refresh_token is None or not await self._ends_family(refresh_token):
            active = await self.current()
            await self.context.sessions.revoke(active.session.token, Ended.SIGNED_OUT)
        log_event(self.context, "signed_out")

    async def _ends_family(self, text: str) -> bool:
        try:
            _, family = await self._families.find(text)
        except RefreshRefused as refused:
            if "authorization" in self.context.request.headers:
                return False
            raise self._refused(refused) from refused
        self.context.active = await self._families.session_of(family.session_id)
        await self._families.revoke(family, Ended.SIGNED_OUT)
        return True

    async def end_previous(self) -> None:
        """End the session whose refresh token the browser came with: the cookie is about to be another's."""
        if self.cookie_value is None or not self.context.options.session.end_previous:
            return
        try:
            _, family = await self._families.find(self.cookie_value)
        except RefreshRefused:
            return
        await self._families.revoke(family, Ended.REPLACED)

    def _admit(self, user: User) -> None:
        try:
            self.context.sessions.admit(user)
        except AuthError as barred:
            raise disabled(barred) from barred

    @property
    def cookie(self) -> Cookie:
        """The cookie of a refresh token: it goes to the auth routes and nowhere else."""
        names = self.context.services.session_cookies.names
        own = replace(self.plugin.cookie_attributes, path=self.context.options.mount_path)
        return names.cookie("refresh_token", self.plugin.refresh_expires_in, own)

    @property
    def cookie_value(self) -> str | None:
        """The refresh token that came in the cookie."""
        return self.context.request.cookies.get(self.cookie.name) or None

    def set_cookie(self, token: RefreshToken) -> None:
        """Keep the refresh token where no script can read it."""
        self.context.cookies.set(self.cookie, token.text, self.cookie.max_age)

    def clear_cookie(self) -> None:
        """Expire the cookie of a refresh token, if there is one."""
        if self.cookie_value is not None:
            self.context.cookies.expire(self.cookie)
