"""Set a new password through a mailed link."""

from pydantic import Field

from ostiary.domain.errors import Errors
from ostiary.http.context import Context
from ostiary.http.endpoint import FromPath, FromQuery, Routes
from ostiary.http.events import log_event
from ostiary.http.redirect import Redirect, resolved
from ostiary.http.routes.password import POLICY_REFUSALS
from ostiary.http.wire import Email, NewPassword, OptionalText, Sent, Status, WireModel
from ostiary.options import RateLimit

routes = Routes()


class RequestPasswordReset(WireModel):
    """Who forgot the password."""

    email: Email = Field(description="The address of the account")
    redirect_to: OptionalText = Field(default=None, description="The page that asks for the new password")


class ResetLink(WireModel):
    """What a mailed link carries beside its token."""

    callback_url: str = Field(description="The page that asks for the new password")


class ResetToken(WireModel):
    """A token in the query, where the body has none."""

    token: OptionalText = None


class ResetPassword(WireModel):
    """The new password, and the proof that the account's mailbox was read."""

    new_password: NewPassword = Field(description="The new password")
    token: OptionalText = Field(
        default=None, description="The token of the link; the query may carry it, too"
    )


@routes.post(
    "/request-password-reset",
    raises=[Errors.RESET_PASSWORD_DISABLED],
    rate_limit=RateLimit(3, per=60),
)
async def request_password_reset(body: RequestPasswordReset, context: Context) -> Sent:
    """Mail the link that sets a new password; the answer is the same for every address."""
    await context.password_reset.request(body.email, body.redirect_to, context.asker)
    return Sent(
        status=True, message="If this email exists in our system, check your email for the reset link"
    )


@routes.get("/reset-password/{token}", status=302)
async def reset_password_callback(token: FromPath, query: FromQuery[ResetLink], context: Context) -> None:
    """Lead from the mailed link to the page that asks for the new password; the token stays good."""
    place = context.services.mail_flows.links.address or context.options.mount_path
    target = Redirect(resolved(query.callback_url, place) if query.callback_url else f"{place}/error")
    if query.callback_url and await context.password_reset.is_usable(token):
        raise target.with_parameter("token", token)
    raise target.with_parameter("error", "INVALID_TOKEN")


@routes.post(
    "/reset-password",
    raises=[Errors.INVALID_TOKEN, Errors.USER_NOT_FOUND, *POLICY_REFUSALS],
)
async def reset_password(body: ResetPassword, query: FromQuery[ResetToken], context: Context) -> Status:
    """Set a new password with the token of a mailed link; nobody is signed in by that."""
    token = body.token or query.token
    if not token:
        raise Errors.INVALID_TOKEN(reason="none given")
    user = await context.password_reset.reset(token, body.new_password)
    log_event(context, "password_reset", user_id=user.id)
    if notify := context.options.email_and_password.on_password_reset:
        await notify(user)
    return Status(status=True)
