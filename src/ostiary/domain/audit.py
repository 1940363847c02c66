"""The audit log: what is worth a record, and the table that keeps it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from ostiary.domain.entities import Entity
from ostiary.domain.schema import Field, Model, fields_of


class EventKind(StrEnum):
    """Everything that is recorded."""

    SIGNED_UP = "signed_up"
    """A user was made, by whatever door."""
    SIGNED_IN = "signed_in"
    """A session began."""
    SIGN_IN_REFUSED = "sign_in_refused"
    """Somebody tried to sign in and was not let in."""
    PASSWORD_REFUSED = "password_refused"  # noqa: S105  an event
    """Somebody who is signed in gave a wrong password."""
    SIGNED_OUT = "signed_out"
    """A session was ended by signing out."""
    SESSION_REVOKED = "session_revoked"
    """A session was ended otherwise; the reason tells how."""
    REFRESH_TOKEN_REUSED = "refresh_token_reused"  # noqa: S105  an event
    """A used refresh token came again, so its session was ended."""
    PASSWORD_CHANGED = "password_changed"  # noqa: S105  an event
    """A password was set or changed by its owner or by an operator."""
    PASSWORD_RESET = "password_reset"  # noqa: S105  an event
    """A password was set through a mailed link."""
    EMAIL_CHANGED = "email_changed"
    """A user has another address; the detail is the new one."""
    EMAIL_VERIFIED = "email_verified"
    """The address of a user counts as proved."""
    ACCOUNT_LINKED = "account_linked"
    """An account of a provider, which the detail names, was linked to a user."""
    ACCOUNT_UNLINKED = "account_unlinked"
    """An account of a provider, which the detail names, was taken from a user."""
    ROLE_CHANGED = "role_changed"
    """A user has another role, which the detail names."""
    BANNED = "banned"
    """A user was banned; the reason is the operator's."""
    UNBANNED = "unbanned"
    """A ban was lifted."""
    USER_DELETED = "user_deleted"
    """A user was deleted."""
    KEYS_ROTATED = "keys_rotated"
    """A new key signs tokens; the detail is its identifier."""
    AUDIT_PRUNED = "audit_pruned"
    """The oldest events were removed; the detail is the place and the hash of the last of them."""


class Ended(StrEnum):
    """Why a session ended."""

    SIGNED_OUT = "signed_out"
    """Its owner signed out with it."""
    EXPIRED = "expired"
    """It was not used for too long, or it was too old."""
    REVOKED = "revoked"
    """Its owner ended it from another one, or a service did."""
    REPLACED = "replaced"
    """The same browser signed in again."""
    PASSWORD_CHANGED = "password_changed"  # noqa: S105  a reason
    """The password was changed."""
    PASSWORD_RESET = "password_reset"  # noqa: S105  a reason
    """The password was set through a mailed link."""
    REFRESH_TOKEN_REUSED = "refresh_token_reused"  # noqa: S105  a reason
    """A used refresh token came again: somebody else may have had it."""
    BANNED = "banned"
    """Its owner was banned."""
    USER_DELETED = "user_deleted"
    """Its owner was deleted."""
    DISOWNED = "disowned"
    """Its owner said that somebody else signed in."""
    NOT_ADMITTED = "not_admitted"
    """It was taken back in the moment it began: something more was asked for."""


_KINDS: Final[Mapping[Ended, EventKind]] = MappingProxyType(
    {
        Ended.SIGNED_OUT: EventKind.SIGNED_OUT,
        Ended.REFRESH_TOKEN_REUSED: EventKind.REFRESH_TOKEN_REUSED,
    }
)


def kind_of_end(why: Ended) -> EventKind:
    """Return what the end of a session is recorded as."""
    return _KINDS.get(why, EventKind.SESSION_REVOKED)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEvent(Entity):
    """One act. It is never changed, but that its place in the chain is filled in once."""

    kind: str
    user_id: str | None = None
    actor_id: str | None = None
    session: str | None = None
    reason: str | None = None
    detail: str | None = None
    endpoint: str | None = None
    ip_address: str | None = None
    user_agent: str | None = None
    request_id: str | None = None
    created_at: datetime
    position: int | None = None
    hash: str | None = None


class AuditFields:
    """The columns of `auditEvent`. It refers to no other table: a record outlives what it is about."""

    KIND = Field[str](name="kind", sortable=True)
    USER_ID = Field[str | None](name="userId", required=False, index=True, sortable=True)
    ACTOR_ID = Field[str | None](name="actorId", required=False)
    SESSION = Field[str | None](name="session", required=False, index=True, sortable=True)
    """SHA-256 of the session's token, which finds the end of a session and opens none."""
    REASON = Field[str | None](name="reason", required=False)
    DETAIL = Field[str | None](name="detail", required=False)
    ENDPOINT = Field[str | None](name="endpoint", required=False)
    IP_ADDRESS = Field[str | None](name="ipAddress", required=False)
    USER_AGENT = Field[str | None](name="userAgent", required=False)
    REQUEST_ID = Field[str | None](name="requestId", required=False)
    CREATED_AT = Field[datetime](name="createdAt", type="date", index=True)
    POSITION = Field[int | None](name="position", type="number", bigint=True, required=False, unique=True)
    """The place in the chain; empty until the event is linked."""
    HASH = Field[str | None](name="hash", required=False)
    """SHA-256 over the event and the hash at the place before."""


AUDIT_EVENT: Final = Model[AuditEvent]("auditEvent", AuditEvent, fields_of(AuditFields))
