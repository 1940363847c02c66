"""Mail to people: what is said to whom, and the table it waits in until it is delivered."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal, TypeAlias

from ostiary.domain.entities import Entity
from ostiary.domain.schema import Field, Index, Model, fields_of

MailKind: TypeAlias = Literal[
    "verify-email",
    "verify-new-email",
    "reset-password",
    "confirm-email-change",
    "email-changed",
    "delete-account",
    "existing-account",
    "new-device",
]
"""What a mail is about; each kind has its templates."""

MailState: TypeAlias = Literal["waiting", "sent", "dead"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """What is to be said to one mailbox; templates turn it into a message."""

    kind: MailKind
    """What it is about."""
    to: str
    """The address to write to."""
    user_id: str
    """Whom it is about."""
    url: str | None = field(default=None, repr=False)
    """The link, where there is one."""
    code: str | None = field(default=None, repr=False)
    """What may be typed instead, where mails carry codes."""
    new_email: str | None = None
    """The other address, where it is about a change."""
    device: str | None = None
    """With what somebody signed in, where it is about that."""
    ip_address: str | None = None
    """From where."""
    signed_in_at: datetime | None = None
    """When."""
    languages: str | None = None
    """What the request that caused it said in `Accept-Language`."""
    expires_at: datetime | None = None
    """When the link stops working: there is no sense in delivering it after that."""
    is_wish: bool = False
    """Somebody asked for it by an address; whether it is for anybody is found out before the delivery."""
    callback_url: str | None = None
    """Where the link of a wish is to lead in the end."""
    token: str | None = field(default=None, repr=False)
    """What the link of a wish is to prove, where that was settled when it was made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedMail(Entity):
    """A row of the outbox."""

    kind: str
    recipient: str
    body: str = field(repr=False)
    """The mail, encrypted: it carries a link that opens an account. Empty once it is delivered."""
    state: MailState
    attempts: int
    """How often delivery was begun; whoever knows the number holds the claim."""
    due_at: datetime
    """When it may be claimed: a retry's time, or the end of the lease of whoever is at it."""
    created_at: datetime
    ended_at: datetime | None = None
    """When it was delivered or given up."""
    last_error: str | None = None


class ClaimLost(Exception):
    """A mail is delivered by somebody else by now."""


class QueuedMailFields:
    """The columns of `mail`."""

    KIND = Field[str](name="kind")
    RECIPIENT = Field[str](name="recipient")
    BODY = Field[str](name="body", returned=False)
    STATE = Field[str](name="state", sortable=True)
    ATTEMPTS = Field[int](name="attempts", type="number")
    DUE_AT = Field[datetime](name="dueAt", type="date")
    CREATED_AT = Field[datetime](name="createdAt", type="date")
    ENDED_AT = Field[datetime | None](name="endedAt", type="date", required=False)
    LAST_ERROR = Field[str | None](name="lastError", required=False)


MAIL: Final = Model[QueuedMail](
    "mail",
    QueuedMail,
    fields_of(QueuedMailFields),
    indexes=(Index(fields=("state", "dueAt")),),
)
