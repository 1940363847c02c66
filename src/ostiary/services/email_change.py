"""Another address for a user."""

from dataclasses import dataclass

from ostiary.domain.entities import User
from ostiary.domain.errors import AlreadyExists
from ostiary.domain.mailed_links import EmailChanged, EmailChangeLink
from ostiary.domain.models import UserFields
from ostiary.options import ChangeEmail
from ostiary.services.email_verification import CONFIRMATION, EmailVerification
from ostiary.services.mailed_links import Asker, Letter
from ostiary.services.users import AlsoWrite, Users
from ostiary.storage.store import Tables, Transaction


@dataclass(frozen=True, kw_only=True)
class EmailChange:
    """Asks the present mailbox, and replaces the address once everything is proved."""

    settings: ChangeEmail
    users: Users
    verification: EmailVerification

    def asks_present_mailbox(self, user: User) -> bool:
        """Tell whether the present mailbox has a say: where it is proved, and something mails it."""
        sender = self.settings.send_change_email_confirmation
        return user.email_verified and self.verification.links.delivers(sender)

    def confirm(self, user: User, new_email: str, callback_url: str | None, asker: Asker) -> None:
        """Mail the present address the link that lets the change go on; a no-op where nothing sends it."""

        async def link(_: Tables) -> EmailChangeLink:
            """Sign the token beside the request."""
            token = self.verification.token(user, new_email, CONFIRMATION)
            url = self.verification.url(token, callback_url)
            return EmailChangeLink(user=user, new_email=new_email, url=url, token=token)

        letter = Letter(
            kind="confirm-email-change",
            to=user.email,
            user=user,
            make=link,
            sender=self.settings.send_change_email_confirmation,
            name="send_change_email_confirmation",
            expires_in=self.verification.settings.expires_in,
            new_email=new_email,
        )
        self.verification.links.send_unseen(letter, asker)

    async def apply(self, user: User, new_email: str, asker: Asker) -> User | None:
        """Replace the address and tell the old one; None if it was changed or the new one taken meanwhile."""
        try:
            return await self.users.change(
                user,
                {UserFields.EMAIL: new_email},
                UserFields.EMAIL.equals(user.email),
                also=self._notice(user.email, asker),
            )
        except AlreadyExists:
            return None

    def _notice(self, old_email: str, asker: Asker) -> AlsoWrite | None:
        """Return what tells the old address; no share bounds it: whoever spent that could hide a theft."""
        links, sender = self.verification.links, self.settings.on_email_changed
        if not links.delivers(sender):
            return None

        async def enclose(changed: User, tables: Transaction) -> None:
            """Write the notice with the change."""

            async def news(_: Tables) -> EmailChanged:
                """Nothing else is to be written."""
                return EmailChanged(user=changed, old_email=old_email)

            letter = Letter(
                kind="email-changed",
                to=old_email,
                user=changed,
                make=news,
                sender=sender,
                name="on_email_changed",
                new_email=changed.email,
            )
            await links.enclose(letter, asker, tables)

        return enclose
