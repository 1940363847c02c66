"""A new password for whoever reads the account's mail."""

import hashlib
from dataclasses import dataclass
from typing import Final

from ostiary.domain.audit import Ended, EventKind
from ostiary.domain.entities import Account, User, Verification
from ostiary.domain.errors import Errors
from ostiary.domain.mail import Mail
from ostiary.domain.mailed_links import MailedLink
from ostiary.options import EmailAndPassword
from ostiary.services.mailed_links import Asker, Letter, MailedLinks
from ostiary.services.password_policy import Owner
from ostiary.services.passwords import Passwords
from ostiary.services.users import Users
from ostiary.services.verifications import Verifications
from ostiary.storage.store import Tables, Transaction

_TOKEN_LENGTH: Final = 24


@dataclass(frozen=True, kw_only=True)
class PasswordReset:
    """Mails one-time links, and sets the password of whoever comes back with one."""

    settings: EmailAndPassword
    users: Users
    passwords: Passwords
    verifications: Verifications
    links: MailedLinks

    async def request(self, email: str, redirect_to: str | None, asker: Asker) -> None:
        """Mail a link to the owner of an address, if there is one; nothing tells the caller.

        Raises RESET_PASSWORD_DISABLED where nothing sends mail.
        """
        sender, name = self.settings.send_reset_password, "send_reset_password"
        if not self.is_available:
            raise Errors.RESET_PASSWORD_DISABLED()
        if sender is None:
            wish = Mail(kind="reset-password", to=email, user_id="", callback_url=redirect_to)
            await self.links.wish(wish, asker, name)
        elif (user := await self.users.by_email(email)) is not None:
            self.links.send_unseen(self._letter(user, redirect_to), asker)

    @property
    def is_available(self) -> bool:
        """Whether anything mails the links."""
        return self.links.delivers(self.settings.send_reset_password)

    async def enclose(self, user: User, redirect_to: str | None, asker: Asker, tables: Transaction) -> None:
        """Mail a link with what else a transaction writes, however many mails there were before."""
        await self.links.enclose(self._letter(user, redirect_to), asker, tables)

    async def letter_for(self, mail: Mail) -> Letter[MailedLink] | None:
        """Return the letter to the owner of an address; None where it has none."""
        user = await self.users.by_email(mail.to)
        return None if user is None else self._letter(user, mail.callback_url)

    def _letter(self, user: User, redirect_to: str | None) -> Letter[MailedLink]:
        async def link(tables: Tables) -> MailedLink:
            """Write the token's row beside the request, too: for an unknown address there is none."""
            return await self._link(user, redirect_to, tables)

        return Letter(
            kind="reset-password",
            to=user.email,
            user=user,
            make=link,
            sender=self.settings.send_reset_password,
            name="send_reset_password",
            expires_in=self.settings.reset_password_token_expires_in,
        )

    async def _link(self, user: User, redirect_to: str | None, tables: Tables) -> MailedLink:
        token = self.verifications.runtime.new_token(_TOKEN_LENGTH)
        lifetime = self.settings.reset_password_token_expires_in
        await self.verifications.issue(_identifier(token), user.id, lifetime, tables)
        if self.settings.newest_reset_link_only:
            await self.verifications.consume(_newest(user.id), tables)
            await self.verifications.issue(_newest(user.id), _fingerprint(token), lifetime, tables)
        url = self.links.url(f"/reset-password/{token}", callbackURL=redirect_to or "")
        return MailedLink(user=user, url=url, token=token)

    async def is_usable(self, token: str) -> bool:
        """Tell whether a token would be accepted now; it is not used up."""
        row = await self.verifications.find(_identifier(token))
        return row is not None and not await self._is_replaced(row, token)

    async def _is_replaced(self, row: Verification, token: str) -> bool:
        """Tell whether a later mail brought another link: whoever reads an old one must not get in by it."""
        if not self.settings.newest_reset_link_only:
            return False
        newest = await self.verifications.find(_newest(row.value))
        if newest is None or newest.created_at < row.created_at:
            return False  # a Node server on the same database notes none
        return newest.value != _fingerprint(token)

    async def reset(self, token: str, new_password: str) -> User:
        """Set the password of the token's user, and end every session where that is configured.

        Raises INVALID_TOKEN, USER_NOT_FOUND and what the password policy refuses; a refusal does not use the
        token up, and of those who race with one token only the first succeeds.
        """
        self.passwords.rules.check_length(new_password)
        row = await self.verifications.find(_identifier(token))
        if row is None:
            raise Errors.INVALID_TOKEN(reason="unknown, used or expired")
        if await self._is_replaced(row, token):
            raise Errors.INVALID_TOKEN(reason="a later mail brought another")
        user = await self.users.by_id(row.value)
        if user is None:
            raise Errors.USER_NOT_FOUND(reason="deleted since")
        account = await self.users.credential_account(user.id)
        if _is_outdated(row, account):
            raise Errors.INVALID_TOKEN(reason="the password was changed since")
        new_hash = await self.passwords.hash_new(new_password, Owner(user.email, user.name))
        await self._set(token, user, account, new_hash)
        # the failures were guesses at a password that is no more
        await self.passwords.attempts.forgive(user.email)
        return user

    async def _set(self, token: str, user: User, account: Account | None, new_hash: str) -> None:
        async with self.users.setting_password(user, account) as (tables, present):
            if await self.verifications.consume(_identifier(token), tables) is None:
                raise Errors.INVALID_TOKEN(reason="used meanwhile")
            if self.settings.newest_reset_link_only:
                await self.verifications.consume(_newest(user.id), tables)
            await self.users.set_password_hash(user, present, new_hash, tables, kind=EventKind.PASSWORD_RESET)
            if self.settings.reset_unlinks_unproved and not user.email_verified:
                await self.users.unlink_providers(user, tables)
            # last: a sign-in that held what was written above has ended, and what it started is there
            if self.settings.revoke_sessions_on_password_reset is not False:
                await self.users.sessions.revoke_all(user.id, Ended.PASSWORD_RESET, tables=tables)


def _is_outdated(row: Verification, account: Account | None) -> bool:
    """A link from before the last change of the password: an older mail must not undo it."""
    return account is not None and row.created_at < account.updated_at


def _newest(user_id: str) -> str:
    return f"reset-password-newest:{user_id}"


def _fingerprint(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _identifier(token: str) -> str:
    return f"reset-password:{token}"
