"""What a mail to a person carries."""

from dataclasses import dataclass, field
from datetime import datetime

from ostiary.domain.entities import User


@dataclass(frozen=True, slots=True, kw_only=True)
class MailedLink:
    """A link for one mailbox: whoever opens it reads the mail to that address."""

    user: User
    """Whom it is about; `user.email` is the address to write to."""
    url: str = field(repr=False)
    """The link, built from the configured base URL alone."""
    token: str = field(repr=False)
    """The secret part of the link, for clients that open a page of their own."""
    code: str | None = field(default=None, repr=False)
    """What may be typed instead, with the plugin `SafeLinks`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailChangeLink(MailedLink):
    """A link that confirms to the present mailbox that its owner asked for another address."""

    new_email: str
    """The address that is asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDeviceLink(MailedLink):
    """A link for the owner of an account that a browser signed in to for the first time."""

    device: str | None
    """With what: `Firefox, Linux`, of a list of known words."""
    ip_address: str | None
    """From where."""
    signed_in_at: datetime
    """When."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailChanged:
    """An address that was replaced."""

    user: User
    """Whose it was; `user.email` is the new address."""
    old_email: str
    """Where a notice has to go."""
