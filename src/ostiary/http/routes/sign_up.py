"""Sign up with email and password."""

from pydantic import Field

from ostiary.domain.entities import ActiveSession, User
from ostiary.domain.errors import AlreadyExists, Errors
from ostiary.domain.models import USER
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
from ostiary.services.additional_fields import read_additional_fields
from ostiary.services.password_policy import Owner
from ostiary.services.users import NewUser, SessionWanted

routes = Routes()


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
    raises=[
        Errors.EMAIL_PASSWORD_SIGN_UP_DISABLED,
        *POLICY_REFUSALS,
        Errors.MISSING_FIELD,
        Errors.FIELD_NOT_ALLOWED,
        Errors.USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL,
    ],
    rate_limit=RateLimit(3, per=10),
    accepts_form=True,
    checks_form_origin=True,
)
async def sign_up_email(body: SignUpEmail, context: Context) -> SignedUp:
    """Sign up with email and password."""
    settings = context.options.email_and_password
    if not settings.enabled or settings.disable_sign_up:
        raise Errors.EMAIL_PASSWORD_SIGN_UP_DISABLED()
    owner = Owner(body.email, body.name)
    await context.passwords.rules.check(body.password, owner)
    schema = context.services.store.schema
    additional = read_additional_fields(schema[USER], body.others, "create")
    new = NewUser(email=body.email, name=body.name, image=body.image, additional=additional)
    hides_duplicates = settings.require_email_verification or not settings.auto_sign_in
    if (owner_of_address := await context.users.by_email(body.email)) is not None:
        return await _duplicate(context, new, body.password, owner_of_address, hidden=hides_duplicates)
    password_hash = await context.passwords.hash(body.password)
    wanted = None if hides_duplicates else _session_wanted(body, context)
    try:
        user, session = await context.users.sign_up(new, password_hash, wanted)
    except AlreadyExists:
        if hides_duplicates:
            return SignedUp(token=None, user=await context.users.imagined(new))
        raise Errors.USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL(reason="the address was taken meanwhile") from None
    if session is not None:
        await context.end_previous_session()
        context.adopt_session(ActiveSession(session, user), remember=body.remember_me is not False)
        context.remember_device(user.email)
    log_event(context, "signed_up")
    return SignedUp(token=session.token if session else None, user=user)


def _session_wanted(body: SignUpEmail, context: Context) -> SessionWanted:
    return SessionWanted(
        remember=body.remember_me is not False,
        ip_address=context.client_address,
        user_agent=context.user_agent,
    )


async def _duplicate(context: Context, new: NewUser, password: str, owner: User, *, hidden: bool) -> SignedUp:
    """Refuse a known address, or answer exactly as for a new one where that must not show."""
    if not hidden:
        raise Errors.USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL(reason="the address is taken")
    await context.passwords.hash(password)  # spend what a real sign-up would
    if notify := context.options.email_and_password.on_existing_user_sign_up:
        # beside the request: neither its time nor its failure may show that the address is known
        context.services.background.start(notify(owner), "on_existing_user_sign_up")
    return SignedUp(token=None, user=await context.users.imagined(new))
