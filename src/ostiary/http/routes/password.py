"""Check, change and set passwords."""

from pydantic import Field

from ostiary.domain.audit import Ended
from ostiary.domain.entities import ActiveSession
from ostiary.domain.errors import Errors
from ostiary.http.context import Context
from ostiary.http.endpoint import Routes, SensitiveSession
from ostiary.http.events import log_event
from ostiary.http.wire import NewPassword, OptionalFlag, PasswordChanged, Status, WireModel
from ostiary.options import RateLimit
from ostiary.services.password_policy import Owner

routes = Routes()

POLICY_REFUSALS = (
    Errors.PASSWORD_TOO_SHORT,
    Errors.PASSWORD_TOO_LONG,
    Errors.PASSWORD_MISSING_UPPERCASE,
    Errors.PASSWORD_MISSING_LOWERCASE,
    Errors.PASSWORD_MISSING_DIGIT,
    Errors.PASSWORD_MISSING_SPECIAL,
    Errors.PASSWORD_CONTAINS_IDENTITY,
    Errors.PASSWORD_TOO_COMMON,
    Errors.PASSWORD_COMPROMISED,
)


class ChangePassword(WireModel):
    """The old and the new password."""

    new_password: NewPassword = Field(description="The new password")
    current_password: str = Field(description="The current password")
    revoke_other_sessions: OptionalFlag = Field(default=None, description="End every other session")


class VerifyPassword(WireModel):
    """A password to check."""

    password: str


class SetPassword(WireModel):
    """A first password."""

    new_password: NewPassword


@routes.post(
    "/change-password",
    raises=[
        Errors.UNAUTHORIZED,
        *POLICY_REFUSALS,
        Errors.CREDENTIAL_ACCOUNT_NOT_FOUND,
        Errors.INVALID_PASSWORD,
    ],
    rate_limit=RateLimit(3, per=10),
)
async def change_password(
    body: ChangePassword, session: SensitiveSession, context: Context
) -> PasswordChanged:
    """Change the password; on request every other session ends and this one is renewed."""
    user, passwords, users = session.user, context.passwords, context.users
    await passwords.rules.check(body.new_password, Owner(user.email, user.name))
    account = await passwords.require(user, body.current_password, context.attempt)
    new_hash = await passwords.hash(body.new_password)
    if not body.revoke_other_sessions:
        if not await users.set_password_hash(user, account, new_hash, unless_changed=True):
            raise Errors.INVALID_PASSWORD(reason="the password was changed meanwhile")
        log_event(context, "password_changed")
        return PasswordChanged(token=None, user=user)
    async with context.services.store.transaction() as tables:
        await tables.hold(user.id)  # the new session will: before the account, as everybody else
        if not await users.set_password_hash(user, account, new_hash, tables, unless_changed=True):
            raise Errors.INVALID_PASSWORD(reason="the password was changed meanwhile")
        await context.sessions.revoke_all(user.id, Ended.PASSWORD_CHANGED, tables=tables)
        renewed = await context.sessions.start(
            user, ip_address=context.client_address, user_agent=context.user_agent, tables=tables
        )
    log_event(context, "password_changed")
    context.adopt_session(ActiveSession(renewed, user))
    return PasswordChanged(token=renewed.token, user=user)


@routes.post(
    "/verify-password",
    raises=[Errors.UNAUTHORIZED, Errors.INVALID_PASSWORD, Errors.PASSWORD_TOO_LONG],
    rate_limit=RateLimit(10, per=60),
)
async def verify_password(body: VerifyPassword, session: SensitiveSession, context: Context) -> Status:
    """Check the password of the signed-in user."""
    if not await context.passwords.verify(session.user, body.password, context.attempt):
        raise Errors.INVALID_PASSWORD(reason="wrong password")
    return Status(status=True)


@routes.in_process(raises=[Errors.UNAUTHORIZED, *POLICY_REFUSALS, Errors.PASSWORD_ALREADY_SET])
async def set_password(body: SetPassword, session: SensitiveSession, context: Context) -> Status:
    """Give a user who signed up without one a first password. No route leads here."""
    user = session.user
    new_hash = await context.passwords.hash_new(body.new_password, Owner(user.email, user.name))
    if not await context.users.set_first_password(user, new_hash):
        raise Errors.PASSWORD_ALREADY_SET()
    return Status(status=True)
