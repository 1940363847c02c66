"""Another address for a user."""

from dataclasses import dataclass

from ostiary.domain.entities import User
from ostiary.domain.errors import AlreadyExists
from ostiary.domain.mailed_links import EmailChanged, EmailChangeLink
from ostiary.domain.models import UserFields
from ostiary.options import ChangeEmail
from ostiary.services.email_verification import CONFIRMATION, EmailVerification
from ostiary.services.users import Users


@dataclass(frozen=True, kw_only=True)
class EmailChange:
    """Asks the present mailbox, and replaces the address once everything is proved."""

    settings: ChangeEmail
    users: Users
    verification: EmailVerification

    def asks_present_mailbox(self, user: User) -> bool:
        """Tell whether the present mailbox has a say: where it is proved, and something mails it."""
        return user.email_verified and self.settings.send_change_email_confirmation is not None

    def confirm(self, user: User, new_email: str, callback_url: str | None) -> None:
        """Mail the present address the link that lets the change go on; a no-op where nothing sends it."""
        sender = self.settings.send_change_email_confirmation
        if sender is None:
            return

        async def link() -> EmailChangeLink:
            """Sign the token beside the request."""
            token = self.verification.token(user, new_email, CONFIRMATION)
            url = self.verification.url(token, callback_url)
            return EmailChangeLink(user=user, new_email=new_email, url=url, token=token)

        self.verification.links.send(sender, user.email, link, "send_change_email_confirmation")

    async def apply(self, user: User, new_email: str) -> User | None:
        """Replace the address and tell the old one; None if it was changed or the new one taken meanwhile."""
        try:
            changed = await self.users.change(
                user, {UserFields.EMAIL: new_email}, UserFields.EMAIL.equals(user.email)
            )
        except AlreadyExists:
            return None
        if changed is not None and (notify := self.settings.on_email_changed):
            news = EmailChanged(user=changed, old_email=user.email)
            self.verification.links.background.start(notify(news), "on_email_changed")
        return changed
