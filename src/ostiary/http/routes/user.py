"""Change and delete the signed-in user."""

from pydantic import Field

from ostiary.domain.entities import ActiveSession, User
from ostiary.domain.errors import AlreadyExists, AuthError, Errors
from ostiary.domain.mailed_links import MailedLink
from ostiary.domain.models import USER
from ostiary.domain.schema import Value
from ostiary.http.context import Context
from ostiary.http.endpoint import CurrentSession, FromQuery, Routes, SensitiveSession
from ostiary.http.events import log_event
from ostiary.http.redirect import Redirect
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
from ostiary.services.mailed_links import Letter
from ostiary.storage.store import Tables, Transaction

routes = Routes()

NOBODY = Errors.FAILED_TO_GET_USER_INFO.at(404)
UNKNOWN_TOKEN = Errors.INVALID_TOKEN.at(404)
TAKEN = Errors.FAILED_TO_UPDATE_USER.at(422)
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


class DeletionLink(WireModel):
    """What the mailed link carries."""

    token: str = Field(description="The token of the link")
    callback_url: CallbackURL = Field(
        default=None, description="Where to go on; without it the answer is JSON"
    )


@routes.post(
    "/update-user",
    raises=[
        Errors.UNAUTHORIZED,
        Errors.EMAIL_CAN_NOT_BE_UPDATED,
        Errors.NO_FIELDS_TO_UPDATE,
        Errors.FIELD_NOT_ALLOWED,
        TAKEN,
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
    changes = {model.by_name[name]: value for name, value in values.items()}
    try:
        updated = await context.users.change(session.user, changes)
    except AlreadyExists as taken:
        raise TAKEN(reason="a unique value is taken") from taken
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
        UNKNOWN_TOKEN,
        Errors.SESSION_EXPIRED,
    ],
)
async def delete_user(body: DeleteUser, session: SensitiveSession, context: Context) -> Success:
    """Delete the signed-in user: by password, by a mailed token, or with a recent sign-in."""
    if not context.options.user.delete_user.enabled:
        raise AuthError(404, None, None, reason="deleting users is not enabled")
    if body.password:
        await context.passwords.require(session.user, body.password, context.attempt)
    if body.token:
        await _check(body.token, session.user, context)
    elif _asks_mailbox(context):
        await _mail_link(session.user, body.callback_url, context)
        return Success(success=True, message="Verification email sent")
    elif not body.password and not context.sessions.is_fresh(session.session):
        raise Errors.SESSION_EXPIRED(reason="signed in too long ago")
    await _delete(session, body.token, context)
    return DELETED


@routes.get("/delete-user/callback", raises=[Errors.NOT_FOUND, NOBODY, UNKNOWN_TOKEN])
async def delete_user_callback(query: FromQuery[DeletionLink], context: Context) -> Success:
    """Delete the signed-in user who opens the mailed link; redirects to its `callbackURL`."""
    if not context.options.user.delete_user.enabled:
        raise Errors.NOT_FOUND(reason="deleting users is not enabled")
    active = (await context.read_session(from_store=True)).active
    if active is None:
        raise NOBODY(reason="no valid session")
    await _check(query.token, active.user, context)
    await _delete(active, query.token, context)
    if query.callback_url:
        raise Redirect(query.callback_url)
    return DELETED


def _asks_mailbox(context: Context) -> bool:
    settings = context.options.user.delete_user
    return settings.verify_by_mail or settings.send_delete_account_verification is not None


async def _check(token: str, user: User, context: Context) -> None:
    """Judge a token before anything is asked of the application; its owner's deletion will spend it."""
    row = await context.verifications.find(_identifier(token))
    if row is None or row.value != user.id:
        await context.verifications.consume(_identifier(token))  # it was stolen
        raise UNKNOWN_TOKEN(reason="unknown, used or somebody else's token")


def _identifier(token: str) -> str:
    return f"delete-account-{token}"


async def _mail_link(user: User, callback_url: str | None, context: Context) -> None:
    settings, links = context.options.user.delete_user, context.services.mail_flows.links
    lifetime = settings.delete_token_expires_in

    async def link(tables: Tables) -> MailedLink:
        """Write the token's row beside the request."""
        token = context.services.runtime.new_token()
        await context.verifications.issue(_identifier(token), user.id, lifetime, tables)
        url = links.url("/delete-user/callback", token=token, callbackURL=callback_url or "/")
        return MailedLink(user=user, url=url, token=token)

    letter = Letter(
        kind="delete-account",
        to=user.email,
        user=user,
        make=link,
        sender=settings.send_delete_account_verification,
        name="send_delete_account_verification",
        expires_in=lifetime,
    )
    await links.send(letter, context.asker)


async def _delete(session: ActiveSession, token: str | None, context: Context) -> None:
    settings = context.options.user.delete_user

    async def spend(user: User, tables: Transaction) -> None:
        """Use the token up with the deletion: one that fails leaves it."""
        if token and await context.verifications.consume(_identifier(token), tables) != user.id:
            raise UNKNOWN_TOKEN(reason="used meanwhile")

    if settings.before_delete:
        await settings.before_delete(session.user)
    await context.users.delete(session.user, also=spend)
    context.clear_session_cookies()
    log_event(context, "user_deleted")
    if settings.after_delete:
        await settings.after_delete(session.user)
