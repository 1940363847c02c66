"""Sign up with email and password."""

from pydantic import Field

from ostiary.domain.entities import ActiveSession
from ostiary.domain.errors import Errors
from ostiary.http.context import Context
from ostiary.http.endpoint import Routes
from ostiary.http.events import log_event
from ostiary.http.routes.password import POLICY_REFUSALS
from ostiary.http.wire import (
    CallbackURL,
    DisplayName,
    Email,
    NewPassword,
    OpenWireModel,
    OptionalFlag,
    OptionalText,
    SignedUp,
)
from ostiary.options import RateLimit
from ostiary.services.registration import Applicant
from ostiary.services.users import SessionWanted

routes = Routes()

REGISTRATION_REFUSALS = (
    Errors.EMAIL_PASSWORD_SIGN_UP_DISABLED,
    *POLICY_REFUSALS,
    Errors.MISSING_FIELD,
    Errors.FIELD_NOT_ALLOWED,
    Errors.FAILED_TO_CREATE_USER,
    Errors.USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL,
)


class SignUpEmail(OpenWireModel):
    """A new person, with the additional fields of the configuration."""

    name: DisplayName = Field(description="Name of the user")
    email: Email = Field(description="Email address of the user")
    password: NewPassword = Field(min_length=1, description="Password of the user")
    image: OptionalText = Field(default=None, description="Address of a picture of the user")
    callback_url: CallbackURL = Field(default=None, description="Where the verification link leads to")
    remember_me: OptionalFlag = Field(
        default=None, description="Keep the session when the browser closes; true by default"
    )


@routes.post(
    "/sign-up/email",
    raises=REGISTRATION_REFUSALS,
    rate_limit=RateLimit(3, per=10),
    accepts_form=True,
    checks_form_origin=True,
)
async def sign_up_email(body: SignUpEmail, context: Context) -> SignedUp:
    """Sign up with email and password."""
    applicant = Applicant(
        email=body.email,
        name=body.name,
        password=body.password,
        image=body.image,
        callback_url=body.callback_url,
        others=body.others,
        asker=context.asker,
    )
    remember = body.remember_me is not False
    wanted = SessionWanted(
        remember=remember, ip_address=context.client_address, user_agent=context.user_agent
    )
    registered = await context.registration.register(applicant, wanted)
    user, session = registered.user, registered.session
    if session is not None:
        await context.end_previous_session()
        context.adopt_session(ActiveSession(session, user), remember=remember)
        context.remember_device(user.email)
    if registered.is_new:
        log_event(context, "signed_up")
    return SignedUp(token=session.token if session else None, user=user)
