"""Another address for a user."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from ostiary.domain.entities import User
from ostiary.domain.errors import AlreadyExists, AuthError
from ostiary.domain.mail import Mail
from ostiary.domain.mailed_links import EmailChanged, EmailChangeLink, MailedLink
from ostiary.domain.models import UserFields
from ostiary.options import ChangeEmail
from ostiary.services.email_verification import CHANGE, CONFIRMATION, EmailVerification
from ostiary.services.mailed_links import Asker, Letter
from ostiary.services.users import AlsoWrite, Users
from ostiary.storage.store import Tables, Transaction

Change: TypeAlias = Literal["confirm-email-change", "verify-new-email"]


@dataclass(frozen=True, kw_only=True)
class EmailChange:
    """Asks the present mailbox, and replaces the address once everything is proved."""

    settings: ChangeEmail
    users: Users
    verification: EmailVerification

    def _asks_present_mailbox(self, user: User) -> bool:
        """Tell whether the present mailbox has a say: where it is proved, and something mails it."""
        sender = self.settings.send_change_email_confirmation
        return user.email_verified and self.verification.links.delivers(sender)

    async def ask(self, user: User, new_email: str, callback_url: str | None, asker: Asker) -> None:
        """Mail the link that lets the change go on, or to the new address the one that makes it.

        Nobody is written to where somebody has that address, and neither the answer nor its time tells.
        """
        if self._asks_present_mailbox(user):
            if self.settings.send_change_email_confirmation is None:
                await self._wish("confirm-email-change", user, new_email, callback_url, asker)
            elif await self.users.by_email(new_email) is None:
                self._confirm(user, new_email, callback_url, asker)
        elif self.verification.settings.send_verification_email is None:
            await self._wish("verify-new-email", user, new_email, callback_url, asker)
        elif await self.users.by_email(new_email) is None:
            self.verification.ask_unseen(user, callback_url, asker, new_email)

    async def _wish(
        self, kind: Change, user: User, new_email: str, callback_url: str | None, asker: Asker
    ) -> None:
        """Let the link wait in the outbox, signed now: what voids it from now on keeps it back."""
        confirms = kind == "confirm-email-change"
        verification = self.verification
        mail = Mail(
            kind=kind,
            to=user.email if confirms else new_email,
            user_id=user.id,
            new_email=new_email if confirms else None,
            callback_url=callback_url,
            token=verification.token(user, new_email, CONFIRMATION if confirms else CHANGE),
            expires_at=verification.runtime.now() + verification.settings.expires_in,
        )
        await verification.links.wish(mail, asker, "change_email")

    async def letter_for(self, mail: Mail) -> Letter[MailedLink] | None:
        """Return what was asked for; None where that was voided since, or somebody has the address."""
        token, ends = mail.token or "", mail.expires_at
        try:
            proof = await self.verification.judge(token)
        except AuthError:
            return None
        if ends is None or await self.users.by_email(proof.new_email or "") is not None:
            return None

        async def link(_: Tables) -> MailedLink:
            """It was signed before."""
            url = self.verification.url(token, mail.callback_url)
            return MailedLink(user=proof.user, url=url, token=token)

        return Letter(
            kind=mail.kind,
            to=mail.to,
            user=proof.user,
            make=link,
            sender=None,
            name="change_email",
            expires_in=ends - self.verification.runtime.now(),
            new_email=mail.new_email,
        )

    def _confirm(self, user: User, new_email: str, callback_url: str | None, asker: Asker) -> None:
        """Mail the present address by the application's own function, beside the request."""

        async def link(_: Tables) -> EmailChangeLink:
            """Sign the token there, too."""
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

    async def apply(
        self, user: User, new_email: str, asker: Asker, also: AlsoWrite | None = None
    ) -> User | None:
        """Replace the address and tell the old one; None if it was changed or the new one taken meanwhile.

        `also` writes more in the same transaction.
        """
        notes = [each for each in (self._notice(user.email, asker), also) if each is not None]

        async def write(changed: User, tables: Transaction) -> None:
            """Write what goes with the change."""
            for note in notes:
                await note(changed, tables)

        try:
            return await self.users.change(
                user,
                {UserFields.EMAIL: new_email},
                UserFields.EMAIL.equals(user.email),
                also=write if notes else None,
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
