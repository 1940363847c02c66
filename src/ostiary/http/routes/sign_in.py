"""Sign in with email and password."""

from pydantic import Field

from ostiary.domain.errors import Errors
from ostiary.http.context import Context
from ostiary.http.endpoint import Routes
from ostiary.http.events import log_event
from ostiary.http.wire import UNSET, CallbackURL, OptionalFlag, SignedIn, WireModel, is_email
from ostiary.options import RateLimit

routes = Routes()


class SignInEmail(WireModel):
    """Credentials."""

    email: str = Field(description="Email address of the user")
    password: str = Field(description="Password of the user")
    callback_url: CallbackURL = Field(default=None, description="Where to go once signed in")
    remember_me: OptionalFlag = Field(
        default=None, description="Keep the session when the browser closes; true by default"
    )


@routes.post(
    "/sign-in/email",
    raises=[
        Errors.EMAIL_PASSWORD_DISABLED,
        Errors.INVALID_EMAIL,
        Errors.PASSWORD_TOO_LONG,
        Errors.INVALID_EMAIL_OR_PASSWORD,
        Errors.EMAIL_NOT_VERIFIED,
    ],
    rate_limit=RateLimit(3, per=10),
    accepts_form=True,
    checks_form_origin=True,
)
async def sign_in_email(body: SignInEmail, context: Context) -> SignedIn:
    """Sign in with email and password."""
    settings = context.options.email_and_password
    if not settings.enabled:
        raise Errors.EMAIL_PASSWORD_DISABLED()
    if not is_email(body.email):
        raise Errors.INVALID_EMAIL()
    found = await context.passwords.authenticate(body.email, body.password, context.attempt)
    user = found.user
    await context.email_verification.require(user, context.asker, body.callback_url)
    session = await context.start_session(user, found.account, remember=body.remember_me is not False)
    context.remember_device(user.email)
    if body.callback_url:
        context.headers.append(("location", body.callback_url))
    log_event(context, "signed_in")
    # wire: an empty callbackURL is still echoed
    url = UNSET if body.callback_url is None else body.callback_url
    return SignedIn(redirect=bool(body.callback_url), token=session.token, url=url, user=user)
