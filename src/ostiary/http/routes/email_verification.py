"""Verify addresses by mailed links."""

from pydantic import Field

from ostiary.domain.entities import ActiveSession, User
from ostiary.domain.errors import AuthError, Errors
from ostiary.http.context import Context
from ostiary.http.endpoint import FromQuery, Routes
from ostiary.http.events import log_event
from ostiary.http.redirect import Redirect
from ostiary.http.wire import CallbackURL, Email, Status, Verified, WireModel
from ostiary.options import RateLimit
from ostiary.services.email_verification import (
    CHANGE,
    INVALID_TOKEN,
    USER_NOT_FOUND,
)

routes = Routes()

INVALID_USER = Errors.INVALID_USER.at(401)
LINK_REFUSALS = (Errors.TOKEN_EXPIRED, INVALID_TOKEN, USER_NOT_FOUND, INVALID_USER)
_SHOWN_BY_THE_PAGE = {refusal.name for refusal in LINK_REFUSALS}


class SendVerificationEmail(WireModel):
    """Whose address is to be verified."""

    email: Email = Field(description="The address to verify")
    callback_url: CallbackURL = Field(default=None, description="Where the link leads to in the end")


class VerifyEmail(WireModel):
    """What a mailed link carries."""

    token: str = Field(description="The token of the link")
    callback_url: CallbackURL = Field(
        default=None, description="Where to go on; without it the answer is JSON"
    )


@routes.post(
    "/send-verification-email",
    raises=[
        Errors.VERIFICATION_EMAIL_NOT_ENABLED,
        Errors.EMAIL_MISMATCH,
        Errors.EMAIL_ALREADY_VERIFIED,
    ],
    rate_limit=RateLimit(3, per=60),
)
async def send_verification_email(body: SendVerificationEmail, context: Context) -> Status:
    """Mail the link that verifies an address; without a session the answer is the same for every address."""
    if not context.email_verification.is_available:
        raise Errors.VERIFICATION_EMAIL_NOT_ENABLED()
    active = (await context.read_session()).active
    if active is None:
        await context.email_verification.ask_owner(body.email, body.callback_url, context.asker)
        return Status(status=True)
    if active.user.email.lower() != body.email.lower():
        raise Errors.EMAIL_MISMATCH()
    if active.user.email_verified:
        raise Errors.EMAIL_ALREADY_VERIFIED()
    await context.email_verification.ask(active.user, body.callback_url, context.asker)
    return Status(status=True)


@routes.get("/verify-email", raises=[*LINK_REFUSALS, Errors.FAILED_TO_CREATE_SESSION])
async def verify_email(query: FromQuery[VerifyEmail], context: Context) -> Verified:
    """Verify or change an address for whoever opens the mailed link; redirects to its `callbackURL`."""
    try:
        answer = await _follow(query, context)
    except AuthError as refusal:
        if query.callback_url and refusal.code in _SHOWN_BY_THE_PAGE:
            raise Redirect(query.callback_url).because(refusal.code) from refusal
        raise
    if query.callback_url:
        raise Redirect(query.callback_url)
    return answer


async def _follow(query: VerifyEmail, context: Context) -> Verified:
    proof = await context.email_verification.judge(query.token)
    if proof.new_email is None:
        return await _verify(proof.user, context)
    active = await _session_of(proof.user, context)
    if proof.purpose == CHANGE:
        return await _change(proof.user, proof.new_email, active, context)
    await context.email_verification.ask(proof.user, query.callback_url, context.asker, proof.new_email)
    return Verified(status=True)


async def _session_of(user: User, context: Context) -> ActiveSession | None:
    """Return the session of the user, if there is one; raises INVALID_USER for somebody else's."""
    active = (await context.read_session()).active
    if active is not None and active.user.id != user.id:
        raise INVALID_USER(reason="somebody else is signed in")
    return active


async def _verify(user: User, context: Context) -> Verified:
    verified = await context.email_verification.mark_verified(user)
    if verified is not None:
        log_event(context, "email_verified")
        if context.options.email_verification.auto_sign_in_after_verification:
            await _sign_in(verified, context)
    return Verified(status=True, user=None)


async def _sign_in(user: User, context: Context) -> None:
    active = (await context.read_session()).active
    if active is not None and active.user.id == user.id:
        context.adopt_session(ActiveSession(active.session, user))
    else:
        await context.start_session(user)


async def _change(user: User, new_email: str, active: ActiveSession | None, context: Context) -> Verified:
    changed = await context.email_change.apply(user, new_email, context.asker)
    if changed is None:
        raise INVALID_TOKEN(reason="the address was changed or taken meanwhile")
    log_event(context, "email_changed")
    if active is not None:
        context.adopt_session(ActiveSession(active.session, changed))
    after = context.options.email_verification.after_email_verification
    if changed.email_verified and after:
        await after(changed)
    return Verified(status=True, user=changed)
