"""Change the address of the signed-in user."""

from pydantic import Field

from ostiary.domain.entities import ActiveSession
from ostiary.domain.errors import Errors
from ostiary.http.context import Context
from ostiary.http.endpoint import Routes, SensitiveSession
from ostiary.http.events import log_event
from ostiary.http.wire import CallbackURL, Email, Status, WireModel
from ostiary.options import RateLimit

routes = Routes()


class ChangeEmail(WireModel):
    """The address that is wanted."""

    new_email: Email = Field(description="The new address")
    callback_url: CallbackURL = Field(default=None, description="Where mailed links lead to in the end")


@routes.post(
    "/change-email",
    raises=[
        Errors.UNAUTHORIZED,
        Errors.CHANGE_EMAIL_DISABLED,
        Errors.EMAIL_IS_THE_SAME,
        Errors.EMAIL_CHANGE_UNAVAILABLE,
    ],
    rate_limit=RateLimit(3, per=10),
)
async def change_email(body: ChangeEmail, session: SensitiveSession, context: Context) -> Status:
    """Begin to change the address: links go to the old or the new one; the answer never tells who has it."""
    settings, user, new_email = context.options.user.change_email, session.user, body.new_email.lower()
    if not settings.enabled:
        raise Errors.CHANGE_EMAIL_DISABLED()
    if new_email == user.email:
        raise Errors.EMAIL_IS_THE_SAME()
    at_once = settings.update_email_without_verification and not user.email_verified
    if not at_once and not context.email_verification.is_available:
        raise Errors.EMAIL_CHANGE_UNAVAILABLE()
    if not at_once:
        await context.email_change.ask(user, new_email, body.callback_url, context.asker)
    elif await context.users.by_email(new_email) is None:
        await _change(session, new_email, body.callback_url, context)
    return Status(status=True)


async def _change(session: ActiveSession, new_email: str, callback_url: str | None, context: Context) -> None:
    also = await context.email_verification.enclosed(new_email, callback_url, context.asker)
    changed = await context.email_change.apply(session.user, new_email, context.asker, also)
    if changed is not None:  # else it was taken meanwhile: the answer is that of a known address
        log_event(context, "email_changed")
        context.adopt_session(ActiveSession(session.session, changed))
