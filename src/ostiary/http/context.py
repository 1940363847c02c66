"""What a handler may touch."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ostiary.crypto.signing import encode_uri_component
from ostiary.domain.audit import Ended
from ostiary.domain.circumstances import REQUEST_ID, Circumstances
from ostiary.domain.entities import Account, ActiveSession, Session, User
from ostiary.domain.errors import JsonValue
from ostiary.domain.runtime import Runtime
from ostiary.http.client_address import ClientAddress
from ostiary.http.cookies import CookieJar
from ostiary.http.messages import Request
from ostiary.http.origins import TrustedOrigins
from ostiary.http.rendering import Renderer
from ostiary.http.session_cookies import SessionCookies
from ostiary.http.session_reader import Reading, SessionReader
from ostiary.http.validation import UNDEFINED
from ostiary.options import CookieAttributes, Options
from ostiary.services.accounts import Accounts
from ostiary.services.audit import AuditLog
from ostiary.services.background import Background
from ostiary.services.email_change import EmailChange
from ostiary.services.email_verification import EmailVerification
from ostiary.services.mail_flows import MailFlows
from ostiary.services.mailed_links import Asker
from ostiary.services.oauth.flow import SocialSignIn
from ostiary.services.oauth.provider_tokens import ProviderTokens
from ostiary.services.password_reset import PasswordReset
from ostiary.services.passwords import Passwords
from ostiary.services.registration import Registration
from ostiary.services.sessions import Sessions
from ostiary.services.sign_in_attempts import Attempt
from ostiary.services.signers import Signing
from ostiary.services.users import Users
from ostiary.services.verifications import Verifications
from ostiary.storage.key_value import KeyValue
from ostiary.storage.store import Store
from ostiary.verification.tokens import TokenJudge

if TYPE_CHECKING:
    from ostiary.http.endpoint import Endpoint
    from ostiary.services.courier import Courier
    from ostiary.services.housekeeping import Housekeeper


@dataclass(frozen=True, kw_only=True)
class Services:
    """Everything the composition root put together, shared by all requests."""

    options: Options
    runtime: Runtime
    store: Store
    key_value: KeyValue | None
    audit: AuditLog
    users: Users
    sessions: Sessions
    passwords: Passwords
    registration: Registration
    verifications: Verifications
    mail_flows: MailFlows
    session_cookies: SessionCookies
    session_reader: SessionReader
    origins: TrustedOrigins
    addresses: ClientAddress
    renderer: Renderer
    background: Background
    courier: "Courier | None"
    """Delivers the mails that no function of the application sends, where there is a mailer."""
    housekeeper: "Housekeeper | None"
    """Deletes what is over, where that is wanted."""
    accounts: Accounts
    social: SocialSignIn
    provider_tokens: ProviderTokens
    signing: Signing | None = None
    """The server as an issuer of tokens, where a plugin makes it one."""
    judge: TokenJudge | None = None
    """Judges the tokens it issued."""
    access_judge: TokenJudge | None = None
    """Judges access tokens whose session the store is asked for anyway, without a look at the deny list."""


@dataclass(slots=True)
class Context:
    """One request on its way through the pipeline."""

    request: Request
    services: Services
    endpoint: "Endpoint | None" = None
    body: JsonValue | object = UNDEFINED
    """The body as JSON; hooks that come before the handler may change it."""
    cookies: CookieJar = field(default_factory=CookieJar)
    headers: list[tuple[str, str]] = field(default_factory=list)
    active: ActiveSession | None = None
    """The session the request came with, once somebody asked for it."""
    cached: ActiveSession | None = None
    """The same, if it came from the cookie cache."""
    new_session: ActiveSession | None = None
    """The session this request started or changed; hooks that follow the handler look here."""
    device_attributes: CookieAttributes | None = None
    """How the cookies that a browser is known by differ at this sign-in: for a front end elsewhere."""

    @property
    def options(self) -> Options:
        """The options of the server."""
        return self.services.options

    @property
    def users(self) -> Users:
        """People."""
        return self.services.users

    @property
    def sessions(self) -> Sessions:
        """Sessions."""
        return self.services.sessions

    @property
    def passwords(self) -> Passwords:
        """Proof and change of passwords."""
        return self.services.passwords

    @property
    def registration(self) -> Registration:
        """Sign-up by email and password."""
        return self.services.registration

    @property
    def verifications(self) -> Verifications:
        """One-time values."""
        return self.services.verifications

    @property
    def password_reset(self) -> PasswordReset:
        """New passwords for those who read the account's mail."""
        return self.services.mail_flows.reset

    @property
    def email_change(self) -> EmailChange:
        """Another address for a user."""
        return self.services.mail_flows.change

    @property
    def email_verification(self) -> EmailVerification:
        """Proof of mailboxes."""
        return self.services.mail_flows.verification

    @property
    def social(self) -> SocialSignIn:
        """Sign-in by providers."""
        return self.services.social

    @property
    def provider_tokens(self) -> ProviderTokens:
        """Tokens of linked accounts."""
        return self.services.provider_tokens

    @property
    def is_anonymous_call(self) -> bool:
        """Whether a program in this process asks on nobody's behalf; no request from outside is that."""
        return self.request.in_process and self.active is None and not self.request.headers

    @property
    def accounts(self) -> Accounts:
        """Links to providers."""
        return self.services.accounts

    def address(self, path: str) -> str:
        """Return the address of one of our paths; no header of a request decides it."""
        return f"{self.options.origin or ''}{self.options.mount_path}{path}"

    @property
    def client_address(self) -> str | None:
        """The client's address, as far as it can be believed."""
        return self.services.addresses.of(self.request)

    @property
    def user_agent(self) -> str | None:
        """What the client calls itself."""
        return self.request.headers.get("user-agent")

    def circumstances(self) -> Circumstances:
        """Return what a record of this request says: who, from where, through which door."""
        active, endpoint = self.active or self.new_session, self.endpoint
        return Circumstances(
            endpoint=None if endpoint is None else endpoint.name,
            actor_id=None if active is None else active.user.id,
            ip_address=self.client_address,
            user_agent=self.user_agent,
            request_id=REQUEST_ID.get(),
        )

    @property
    def attempt(self) -> Attempt:
        """Who is trying to sign in."""
        device = self.request.cookies.get(self.services.session_cookies.names.device.name)
        return Attempt(ip_address=self.client_address, device=device)

    @property
    def asker(self) -> Asker:
        """Who makes the server write a mail."""
        return Asker(self.client_address, self.request.headers.get("accept-language"))

    async def start_session(
        self, user: User, account: Account | None = None, *, remember: bool = True
    ) -> Session:
        """Start a session for a user and set its cookies; the one the browser came with ends.

        `account` is the one the user came by. Raises what `Sessions.start` does.
        """
        session = await self.sessions.start(
            user,
            account=account,
            remember=remember,
            ip_address=self.client_address,
            user_agent=self.user_agent,
        )
        await self.end_previous_session()
        self.adopt_session(ActiveSession(session, user), remember=remember)
        return session

    async def end_previous_session(self) -> None:
        """End the session the browser came with, so that no copy of its cookie outlives the new sign-in."""
        token = self.services.session_cookies.token(self.request)
        if token is not None and self.options.session.end_previous:
            await self.sessions.revoke(token, Ended.REPLACED)

    def adopt_session(self, active: ActiveSession, *, remember: bool | None = None) -> None:
        """Set the cookies of a session that was just started or changed."""
        self.services.session_cookies.write(
            self.cookies, self.request, active, remember=remember, cached=self.cached
        )
        self.new_session = active

    def carry_account(self, account: Account) -> None:
        """Let the browser carry an account, where that is configured."""
        if (cookies := self.services.session_cookies.accounts) is not None:
            cookies.write(self.cookies, self.request, account)

    @property
    def carried_account(self) -> Account | None:
        """The account that the browser carries."""
        cookies = self.services.session_cookies.accounts
        return None if cookies is None else cookies.read(self.request)

    async def end_session(self) -> None:
        """Take back the session this request has started, cookies included."""
        if self.new_session is not None:
            await self.sessions.revoke(self.new_session.session.token, Ended.NOT_ADMITTED)
            self.new_session = None
        self.clear_session_cookies()

    def clear_session_cookies(self) -> None:
        """Expire every cookie of the session."""
        self.services.session_cookies.clear(self.cookies, self.request)

    def remember_device(self, email: str, own: CookieAttributes | None = None) -> None:
        """Let this browser keep its own budget of failed sign-ins to the account."""
        self.device_attributes = own
        value = self.passwords.attempts.remember_device(email, self.attempt)
        if value is not None:
            device = self.services.session_cookies.names.device_cookie(own)
            self.cookies.set(device, encode_uri_component(value), device.max_age)

    async def read_session(self, *, from_store: bool = False, may_refresh: bool = False) -> Reading:
        """Judge the session the request came with; cookies that keep it alive go out with the response.

        Where refreshing is deferred, nothing is written unless `may_refresh`.
        """
        reading = await self.services.session_reader.read(
            self.request,
            self.cookies,
            from_store=from_store,
            may_write=may_refresh or not self.options.session.defer_session_refresh,
        )
        self.active = reading.active
        self.cached = None if reading.copy is None else reading.active
        if reading.active is None:
            await self._tell_why()
        return reading

    async def _tell_why(self) -> None:
        """Tell whoever carries the signed cookie of an ended session, and nobody else, why it ended."""
        token = self.services.session_cookies.token(self.request)
        why = None if token is None else await self.services.audit.why_ended(token)
        if why is not None:
            self.headers.append(("x-session-ended", why.value))
