"""Proof of mailboxes, and what may be done with it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from ostiary.domain.entities import User
from ostiary.domain.errors import ConfigurationError
from ostiary.domain.mailed_links import EmailChanged, EmailChangeLink, MailedLink


@dataclass(frozen=True, kw_only=True)
class EmailVerificationOptions:
    """Verification of addresses by a mailed link."""

    send_verification_email: Callable[[MailedLink], Awaitable[None]] | None = None
    """Sends the link; called beside the request, its failure is logged."""
    send_on_sign_up: bool | None = None
    """Send one to everybody who signs up; None: where verification is required."""
    send_on_sign_in: bool = False
    """Send another one when somebody signs in who has to verify the address first."""
    auto_sign_in_after_verification: bool = False
    """Opening the link for the first time starts a session."""
    expires_in: timedelta = timedelta(hours=1)
    """Life of a link."""
    before_email_verification: Callable[[User], Awaitable[None]] | None = None
    """Called before an address counts as verified; an AuthError refuses that."""
    after_email_verification: Callable[[User], Awaitable[None]] | None = None
    """Called once an address counts as verified."""

    def __post_init__(self) -> None:
        """Refuse links that nobody could open in time."""
        if self.expires_in < timedelta(seconds=1):
            raise ConfigurationError("email_verification.expires_in must be at least a second")


@dataclass(frozen=True, kw_only=True)
class ChangeEmail:
    """Whether people may change their address."""

    enabled: bool = False
    """Route POST /change-email to more than a refusal."""
    update_email_without_verification: bool = False
    """Somebody whose address is not verified gets the new one at once."""
    send_change_email_confirmation: Callable[[EmailChangeLink], Awaitable[None]] | None = None
    """Sends a link to the present address first, where that is verified: both mailboxes are proved."""
    on_email_changed: Callable[[EmailChanged], Awaitable[None]] | None = None
    """Called beside the request once the address was changed, to tell the old one."""
