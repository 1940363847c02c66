"""How an auth server sends its mail."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from ostiary.domain.errors import ConfigurationError
from ostiary.domain.mail import Mail
from ostiary.outgoing.mail.message import MailTransport, address_of


@dataclass(frozen=True, kw_only=True)
class Mailer:
    """Writes and delivers every mail that no function of the application sends."""

    sender: str
    """Who it is from: `Tasks <accounts@app.example>`."""
    transport: MailTransport | None = None
    """Takes messages away, such as `Smtp`. None: nothing leaves, and the mail page shows what would have."""
    reply_to: str | None = None
    """Where answers go, if not to the sender."""
    templates: Path | None = None
    """A folder whose templates come before our own: `de/reset-password.html`, `layout.html`."""
    locale: Callable[[Mail], Awaitable[str | None]] | None = None
    """Returns the locale of a mail, such as `de`; None, or without a function: by `Accept-Language`."""
    default_locale: str = "en"
    """The locale where no other fits."""
    first_pause: timedelta = timedelta(seconds=15)
    """Between the first two attempts; each further pause is twice as long."""
    longest_pause: timedelta = timedelta(minutes=30)
    """No pause is longer."""
    give_up_after: timedelta = timedelta(days=2)
    """How long delivery is tried; a link that stops working earlier ends it earlier."""
    lease: timedelta = timedelta(minutes=2)
    """How long a process that delivers keeps a message to itself; it stops trying after half of that, and
    when it is killed another takes over at the end. Clocks may differ by less than the other half."""
    at_once: int = 4
    """How many messages one process delivers at a time."""
    poll: timedelta = timedelta(seconds=5)
    """How often a process looks for what is due: retries, and what killed processes left."""
    keep_sent: timedelta = timedelta(days=7)
    """How long the outbox tells that a message was sent; what it said is forgotten at once."""
    keep_dead: timedelta = timedelta(days=30)
    """How long messages are kept that could not be delivered, for `ostiary mail retry`."""

    def __post_init__(self) -> None:
        """Refuse a sender that is none, and times that cannot be meant."""
        address_of(self.sender)
        if self.reply_to is not None:
            address_of(self.reply_to)
        if min(self.first_pause, self.longest_pause, self.lease, self.poll) <= timedelta(0):
            raise ConfigurationError("the pauses, the lease and the polling of a mailer must not be zero")
        if self.at_once < 1:
            raise ConfigurationError("a mailer delivers at least one message at a time")
        if self.templates is not None and not self.templates.is_dir():
            raise ConfigurationError(f"there is no folder of mail templates at {self.templates}")

    def pause_after(self, attempts: int) -> timedelta:
        """Return how long to wait after so many attempts."""
        doubled: timedelta = self.first_pause * (1 << min(attempts - 1, 32))  # more outgrow a timedelta
        return min(doubled, self.longest_pause)
