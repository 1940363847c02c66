"""Read, list, change and revoke sessions."""

from ostiary.domain.entities import ActiveSession, Session
from ostiary.domain.errors import AlreadyExists, Errors
from ostiary.domain.models import SESSION, SessionFields
from ostiary.http.context import Context
from ostiary.http.endpoint import CurrentSession, FreshSession, FromQuery, Routes, SensitiveSession
from ostiary.http.events import log_event
from ostiary.http.messages import NO_STORE
from ostiary.http.wire import (
    UNSET,
    Cached,
    CurrentSessionOutput,
    JsonObject,
    PlainText,
    Status,
    UpdatedSession,
    WireModel,
)
from ostiary.services.additional_fields import read_additional_fields

routes = Routes()


class GetSessionQuery(WireModel):
    """Flags; any non-empty text is true."""

    disable_cookie_cache: str | list[str] = ""
    disable_refresh: str | list[str] = ""


class SessionChanges(JsonObject):
    """Additional fields of the session."""

    model = SESSION


class RevokeSession(WireModel):
    """Which session to end."""

    token: PlainText


@routes.route(
    "/get-session",
    ("GET", "POST"),
    raises=[Errors.METHOD_NOT_ALLOWED_DEFER_SESSION_REQUIRED, Errors.FAILED_TO_GET_SESSION],
    reads_body=False,
)
async def get_session(
    query: FromQuery[GetSessionQuery],
    context: Context,
) -> CurrentSessionOutput | Cached | None:
    """Return the session and its user, or null."""
    context.headers += NO_STORE
    if context.request.method == "POST" and not context.options.session.defer_session_refresh:
        raise Errors.METHOD_NOT_ALLOWED_DEFER_SESSION_REQUIRED()
    reading = await context.read_session(may_refresh=context.request.method == "POST")
    if reading.copy is not None:
        return reading.copy.output
    active = reading.active
    if active is None:
        return None
    needs_refresh = UNSET if reading.needs_refresh is None else reading.needs_refresh
    return CurrentSessionOutput(session=active.session, user=active.user, needs_refresh=needs_refresh)


@routes.get("/list-sessions", raises=[Errors.UNAUTHORIZED, Errors.SESSION_NOT_FRESH])
async def list_sessions(session: FreshSession, context: Context) -> list[Session]:
    """List the live sessions of the signed-in user."""
    return await context.sessions.of_user(session.user.id)


@routes.post("/revoke-session", raises=[Errors.UNAUTHORIZED])
async def revoke_session(body: RevokeSession, session: SensitiveSession, context: Context) -> Status:
    """End one of one's own sessions; the answer is the same for tokens of others."""
    found = await context.sessions.store.find(body.token)
    if found is not None and found.session.user_id == session.user.id:
        await context.sessions.revoke(body.token)
        log_event(context, "session_revoked")
    if body.token == session.session.token:
        context.clear_session_cookies()
    return Status(status=True)


@routes.post("/revoke-sessions", raises=[Errors.UNAUTHORIZED])
async def revoke_sessions(session: SensitiveSession, context: Context) -> Status:
    """End every session of the signed-in user, this one included."""
    await context.sessions.revoke_all(session.user.id)
    context.clear_session_cookies()
    log_event(context, "sessions_revoked")
    return Status(status=True)


@routes.post("/revoke-other-sessions", raises=[Errors.UNAUTHORIZED])
async def revoke_other_sessions(session: SensitiveSession, context: Context) -> Status:
    """End every session of the signed-in user but this one."""
    await context.sessions.revoke_all(session.user.id, keep=session.session.token)
    log_event(context, "other_sessions_revoked")
    return Status(status=True)


@routes.post(
    "/update-session",
    raises=[
        Errors.UNAUTHORIZED,
        Errors.NO_FIELDS_TO_UPDATE,
        Errors.FIELD_NOT_ALLOWED,
        Errors.FAILED_TO_GET_SESSION,
        Errors.FAILED_TO_UPDATE_SESSION,
    ],
)
async def update_session(body: SessionChanges, session: CurrentSession, context: Context) -> UpdatedSession:
    """Change the additional fields of the current session."""
    model = context.services.store.schema[SESSION]
    values = read_additional_fields(model, body, "update")
    if not values:
        raise Errors.NO_FIELDS_TO_UPDATE()
    changes = {model.by_name[name]: value for name, value in values.items()}
    changes[SessionFields.UPDATED_AT] = context.services.runtime.now()
    try:
        updated = await context.sessions.change(session.session.token, changes)
    except AlreadyExists as taken:
        raise Errors.FAILED_TO_UPDATE_SESSION(reason="a unique value is taken") from taken
    if updated is None:
        context.clear_session_cookies()
        raise Errors.FAILED_TO_GET_SESSION(reason="revoked meanwhile")
    context.adopt_session(ActiveSession(updated, session.user))
    return UpdatedSession(session=updated)
