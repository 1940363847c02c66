"""Every endpoint as a typed call in this process: no limit, no origin rule, all hooks."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar, cast

from ostiary.domain.entities import Account, ActiveSession, Session
from ostiary.domain.errors import JsonValue
from ostiary.http.account_wire import AccessToken, AccountInfo, AccountSelection, RenewedTokens
from ostiary.http.pipeline import Pipeline
from ostiary.http.routes import (
    accounts,
    change_email,
    email_verification,
    password,
    password_reset,
    provider_tokens,
    session,
    sign_in,
    sign_out,
    sign_up,
    social,
    status,
    user,
)
from ostiary.http.social_wire import LinkSocial, SignInSocial
from ostiary.http.validation import UNDEFINED
from ostiary.http.wire import (
    Cached,
    CurrentSessionOutput,
    JsonObject,
    Linked,
    Ok,
    PasswordChanged,
    Sent,
    SignedIn,
    SignedOut,
    SignedUp,
    SocialRedirect,
    Status,
    Success,
    UpdatedSession,
    Verified,
)

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Caller:
    """On whose behalf a call is made: with the headers of a request, or a session judged already."""

    headers: Mapping[str, str] | None = None
    session: ActiveSession | None = None


NOBODY = Caller()


class Api:
    """The endpoints of the core. Refusals are raised as AuthError."""

    def __init__(self, pipeline: Pipeline) -> None:
        """Call through the pipeline that HTTP requests take."""
        self._pipeline = pipeline

    async def exchange(
        self, name: str, body: object = UNDEFINED, caller: Caller = NOBODY
    ) -> tuple[object, list[tuple[str, str]]]:
        """Call any endpoint by name, plugins' included; return its result and the headers it would send."""
        result, context = await self._pipeline.call(name, body, caller.headers or {}, caller.session)
        cookies = [("set-cookie", line) for line in context.cookies.lines()]
        return result, [*context.headers, *cookies]

    async def _call(self, handler: Callable[..., Awaitable[R]], body: object, caller: Caller) -> R:
        result, _ = await self.exchange(handler.__name__, body, caller)
        return cast("R", result)  # the handler's own return type, unless a hook declared another

    async def ok(self) -> Ok:
        """Check that the server is up."""
        return await self._call(status.ok, UNDEFINED, NOBODY)

    async def sign_up_email(self, body: sign_up.SignUpEmail, caller: Caller = NOBODY) -> SignedUp:
        """Sign up with email and password."""
        return await self._call(sign_up.sign_up_email, body, caller)

    async def sign_in_email(self, body: sign_in.SignInEmail, caller: Caller = NOBODY) -> SignedIn:
        """Sign in with email and password."""
        return await self._call(sign_in.sign_in_email, body, caller)

    async def sign_in_social(self, body: SignInSocial, caller: Caller = NOBODY) -> SocialRedirect | SignedIn:
        """Begin to sign in by a provider, or sign in by its ID token."""
        return await self._call(social.sign_in_social, body, caller)

    async def link_social(self, body: LinkSocial, caller: Caller) -> SocialRedirect | Linked:
        """Begin to link an account of a provider to the caller, or link it by its ID token."""
        return await self._call(social.link_social, body, caller)

    async def list_accounts(self, caller: Caller) -> list[Account]:
        """List the accounts of the caller."""
        return await self._call(accounts.list_accounts, UNDEFINED, caller)

    async def unlink_account(self, body: accounts.UnlinkAccount, caller: Caller) -> Status:
        """Drop an account of the caller."""
        return await self._call(accounts.unlink_account, body, caller)

    async def get_access_token(self, body: AccountSelection, caller: Caller = NOBODY) -> AccessToken:
        """Return an access token of an account of the caller, or of the user that `body` names."""
        return await self._call(provider_tokens.get_access_token, body, caller)

    async def refresh_token(self, body: AccountSelection, caller: Caller = NOBODY) -> RenewedTokens:
        """Renew the tokens of an account of the caller, or of the user that `body` names."""
        return await self._call(provider_tokens.refresh_token, body, caller)

    async def account_info(self, query: AccountSelection, caller: Caller = NOBODY) -> AccountInfo:
        """Return what a provider says of the caller, or of the user that `query` names."""
        return await self._call(provider_tokens.account_info, query, caller)

    async def sign_out(self, caller: Caller) -> SignedOut:
        """End the session of the caller."""
        return await self._call(sign_out.sign_out, UNDEFINED, caller)

    async def get_session(self, caller: Caller) -> CurrentSessionOutput | Cached | None:
        """Return the session of the caller and its user."""
        return await self._call(session.get_session, UNDEFINED, caller)

    async def list_sessions(self, caller: Caller) -> list[Session]:
        """List the live sessions of the caller."""
        return await self._call(session.list_sessions, UNDEFINED, caller)

    async def revoke_session(self, body: session.RevokeSession, caller: Caller) -> Status:
        """End one session of the caller."""
        return await self._call(session.revoke_session, body, caller)

    async def revoke_sessions(self, caller: Caller) -> Status:
        """End every session of the caller."""
        return await self._call(session.revoke_sessions, UNDEFINED, caller)

    async def revoke_other_sessions(self, caller: Caller) -> Status:
        """End every session of the caller but this one."""
        return await self._call(session.revoke_other_sessions, UNDEFINED, caller)

    async def update_session(self, body: Mapping[str, JsonValue], caller: Caller) -> UpdatedSession:
        """Change additional fields of the caller's session."""
        return await self._call(session.update_session, JsonObject(body), caller)

    async def update_user(self, body: Mapping[str, JsonValue], caller: Caller) -> Status:
        """Change name, image and additional fields of the caller."""
        return await self._call(user.update_user, JsonObject(body), caller)

    async def delete_user(self, body: user.DeleteUser, caller: Caller) -> Success:
        """Delete the caller."""
        return await self._call(user.delete_user, body, caller)

    async def delete_user_callback(self, link: user.DeletionLink, caller: Caller) -> Success:
        """Delete the caller, with the token of a mailed link."""
        return await self._call(user.delete_user_callback, link, caller)

    async def change_email(self, body: change_email.ChangeEmail, caller: Caller) -> Status:
        """Begin to change the caller's address."""
        return await self._call(change_email.change_email, body, caller)

    async def send_verification_email(
        self, body: email_verification.SendVerificationEmail, caller: Caller = NOBODY
    ) -> Status:
        """Mail the link that verifies an address."""
        return await self._call(email_verification.send_verification_email, body, caller)

    async def verify_email(self, link: email_verification.VerifyEmail, caller: Caller = NOBODY) -> Verified:
        """Verify or change an address; with a `callback_url` it raises the Redirect."""
        return await self._call(email_verification.verify_email, link, caller)

    async def request_password_reset(
        self, body: password_reset.RequestPasswordReset, caller: Caller = NOBODY
    ) -> Sent:
        """Mail the link that sets a new password."""
        return await self._call(password_reset.request_password_reset, body, caller)

    async def reset_password(self, body: password_reset.ResetPassword, caller: Caller = NOBODY) -> Status:
        """Set a new password with the token of a mailed link."""
        return await self._call(password_reset.reset_password, body, caller)

    async def change_password(self, body: password.ChangePassword, caller: Caller) -> PasswordChanged:
        """Change the caller's password."""
        return await self._call(password.change_password, body, caller)

    async def verify_password(self, body: password.VerifyPassword, caller: Caller) -> Status:
        """Check the caller's password."""
        return await self._call(password.verify_password, body, caller)

    async def set_password(self, body: password.SetPassword, caller: Caller) -> Status:
        """Give a caller without a password a first one."""
        return await self._call(password.set_password, body, caller)
