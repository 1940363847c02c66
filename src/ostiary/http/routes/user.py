"""Change and delete the signed-in user."""

from pydantic import Field

from ostiary.domain.entities import ActiveSession
from ostiary.domain.errors import AuthError, Errors
from ostiary.domain.models import USER
from ostiary.domain.schema import Value
from ostiary.http.context import Context
from ostiary.http.endpoint import CurrentSession, Routes, SensitiveSession
from ostiary.http.events import log_event
from ostiary.http.validation import validate
from ostiary.http.wire import (
    CallbackURL,
    DisplayName,
    JsonObject,
    NullableText,
    OptionalSecret,
    OptionalText,
    Status,
    Success,
    WireModel,
)
from ostiary.services.additional_fields import read_additional_fields

routes = Routes()

DELETED = Success(success=True, message="User deleted")


class ProfileChanges(WireModel):
    """What every user may change of themselves; which of it was sent is known by `model_fields_set`."""

    name: DisplayName = ""
    image: NullableText = None


class UserChanges(JsonObject):
    """Name, image and additional fields."""

    model = USER
    declared = ProfileChanges


class DeleteUser(WireModel):
    """Proof that the person means it."""

    callback_url: CallbackURL = Field(default=None, description="Where a mailed link leads to")
    password: OptionalSecret = Field(
        default=None, description="The password; without it the sign-in must be recent"
    )
    token: OptionalText = Field(default=None, description="The token of a mailed link")


@routes.post(
    "/update-user",
    raises=[
        Errors.UNAUTHORIZED,
        Errors.EMAIL_CAN_NOT_BE_UPDATED,
        Errors.NO_FIELDS_TO_UPDATE,
        Errors.FIELD_NOT_ALLOWED,
    ],
)
async def update_user(body: UserChanges, session: CurrentSession, context: Context) -> Status:
    """Change name, image and additional fields of the signed-in user."""
    if body.get("email"):
        raise Errors.EMAIL_CAN_NOT_BE_UPDATED()
    profile = validate(ProfileChanges, dict(body), "body")
    model = context.services.store.schema[USER]
    values: dict[str, Value] = {name: getattr(profile, name) for name in ("name", "image") if name in body}
    values |= read_additional_fields(model, body, "update")
    if not values:
        raise Errors.NO_FIELDS_TO_UPDATE()
    updated = await context.users.change(
        session.user, {model.by_name[name]: value for name, value in values.items()}
    )
    if updated is None:
        context.clear_session_cookies()
        raise Errors.UNAUTHORIZED(reason="deleted meanwhile")
    context.adopt_session(ActiveSession(session.session, updated))
    return Status(status=True)


@routes.post(
    "/delete-user",
    raises=[
        Errors.UNAUTHORIZED,
        Errors.CREDENTIAL_ACCOUNT_NOT_FOUND,
        Errors.INVALID_PASSWORD,
        Errors.PASSWORD_TOO_LONG,
        Errors.INVALID_TOKEN,
        Errors.SESSION_EXPIRED,
    ],
)
async def delete_user(body: DeleteUser, session: SensitiveSession, context: Context) -> Success:
    """Delete the signed-in user: by password, by a mailed token, or with a recent sign-in."""
    if not context.options.user.delete_user.enabled:
        raise AuthError(404, None, None, reason="deleting users is not enabled")
    if body.password:
        await _check_password(body.password, session, context)
    if body.token:
        owner = await context.verifications.consume(f"delete-account-{body.token}")
        if owner != session.user.id:
            raise Errors.INVALID_TOKEN(status=404, reason="unknown, used or somebody else's token")
    elif not body.password and not context.sessions.is_fresh(session.session):
        raise Errors.SESSION_EXPIRED(reason="signed in too long ago")
    await _delete(session, context)
    return DELETED


async def _check_password(password: str, session: ActiveSession, context: Context) -> None:
    context.passwords.rules.refuse_oversize(password)
    account = await context.users.credential_account(session.user.id)
    if account is None or account.password is None:
        raise Errors.CREDENTIAL_ACCOUNT_NOT_FOUND()
    if not await context.passwords.hasher.verify(password, account.password):
        raise Errors.INVALID_PASSWORD(reason="wrong password")


async def _delete(session: ActiveSession, context: Context) -> None:
    settings = context.options.user.delete_user
    if settings.before_delete:
        await settings.before_delete(session.user)
    await context.users.delete(session.user)
    context.clear_session_cookies()
    log_event(context, "user_deleted")
    if settings.after_delete:
        await settings.after_delete(session.user)
