"""Mail that leaves the server."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Email:
    """One message to one address."""

    to: str
    subject: str
    text: str


class MailSender(Protocol):
    """Delivers mail. Called outside the request; raises whatever it likes when delivery fails."""

    async def __call__(self, email: Email) -> None:
        """Deliver one message."""
        ...
