"""One message, and the port through which it leaves."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from ostiary.domain.errors import ConfigurationError

if TYPE_CHECKING:
    from email.headerregistry import Address
    from email.message import EmailMessage


class MailRefused(Exception):
    """The message will never be taken: there is no sense in trying again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Email:
    """One message to one address."""

    sender: str
    """`Tasks <accounts@app.example>`."""
    to: str
    subject: str
    text: str = field(repr=False)
    html: str = field(repr=False)
    message_id: str
    """The same at every attempt, so that whoever gets it twice can tell."""
    sent_at: datetime
    reply_to: str | None = None

    @property
    def domain(self) -> str:
        """The sender's domain."""
        return address_of(self.sender).domain

    @property
    def envelope_from(self) -> str:
        """The bare address that bounces go to."""
        return address_of(self.sender).addr_spec

    def mime(self) -> "EmailMessage":
        """Return the message with both parts; raises MailRefused for an address that is none.

        The policy refuses line breaks in headers, so nothing that people wrote becomes a header.
        """
        from email.message import EmailMessage  # noqa: PLC0415  not every server sends mail by itself
        from email.policy import SMTP  # noqa: PLC0415  see above
        from email.utils import format_datetime  # noqa: PLC0415  see above

        message = EmailMessage(policy=SMTP)
        message["From"] = address_of(self.sender)
        message["To"] = recipient_of(self.to)
        if self.reply_to is not None:
            message["Reply-To"] = address_of(self.reply_to)
        message["Subject"] = " ".join(self.subject.split())
        message["Date"] = format_datetime(self.sent_at)
        message["Message-ID"] = self.message_id
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office notes in return
        message.set_content(self.text, cte="quoted-printable")
        message.add_alternative(self.html, subtype="html", cte="quoted-printable")
        return message


class MailTransport(Protocol):
    """Takes messages away. Called outside the request, by one process for each message."""

    async def deliver(self, email: Email) -> None:
        """Hand one message on.

        Raises MailRefused where trying again is of no use; after any other exception it is tried again.
        """
        ...


def address_of(text: str) -> "Address":
    """Read `Name <address>` or a bare address of the configuration; raises ConfigurationError."""
    from email.headerregistry import Address  # noqa: PLC0415  see `mime`
    from email.utils import parseaddr  # noqa: PLC0415  see `mime`

    name, address = parseaddr(text if text.isprintable() else "")
    try:
        return Address(name, addr_spec=_with_ascii_domain(address))
    except (ValueError, IndexError):
        raise ConfigurationError(f"'{text}' is no address to send mail from") from None


def recipient_of(address: str) -> "Address":
    """Return the one address that a message goes to; raises MailRefused for several or none."""
    from email.headerregistry import Address  # noqa: PLC0415  see `mime`

    try:
        return Address(addr_spec=_with_ascii_domain(address))
    except (ValueError, IndexError):
        raise MailRefused("the address is none that mail can be sent to") from None


def _with_ascii_domain(address: str) -> str:
    local, at, domain = address.rpartition("@")
    if not local or not domain:
        raise ValueError(address)
    return address if domain.isascii() else f"{local}{at}{domain.encode('idna').decode('ascii')}"
