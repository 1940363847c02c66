"""Proof of mailboxes: a signed link goes out, and whoever opens it reads the mail to that address."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from ostiary.crypto.signed_jwt import sign_jwt, verify_jwt
from ostiary.crypto.signing import Keyring
from ostiary.crypto.strict_json import Claims
from ostiary.crypto.token_form import Cause, TokenRefused
from ostiary.domain.audit import EventKind
from ostiary.domain.entities import User
from ostiary.domain.errors import Errors
from ostiary.domain.mail import Mail
from ostiary.domain.mailed_links import MailedLink
from ostiary.domain.models import UserFields
from ostiary.domain.runtime import Runtime
from ostiary.options import EmailVerificationOptions
from ostiary.services.mailed_links import Asker, Letter, MailedLinks
from ostiary.services.users import AlsoWrite, Users
from ostiary.storage.store import Tables, Transaction

CONFIRMATION: Final = "change-email-confirmation"
CHANGE: Final = "change-email-verification"

INVALID_TOKEN: Final = Errors.INVALID_TOKEN.at(401)
USER_NOT_FOUND: Final = Errors.USER_NOT_FOUND.at(401)

_WITH_SIGN_UP: Final = timedelta(seconds=2)  # the password of a sign-up is written a moment after the user
_CLAIMS: Final = frozenset({"email", "updateTo", "requestType", "userId", "iat", "exp"})


@dataclass(frozen=True, slots=True)
class MailboxProof:
    """What the bearer of a mailed token may do: verify an address, or go on with changing it."""

    user: User
    new_email: str | None
    purpose: str | None


@dataclass(frozen=True, kw_only=True)
class EmailVerification:
    """Issues the tokens of mailed links, judges them, and marks addresses as verified."""

    settings: EmailVerificationOptions
    requires: bool
    """Nobody gets a session before the address is verified."""
    keyring: Keyring
    runtime: Runtime
    users: Users
    links: MailedLinks

    def token(self, user: User, new_email: str | None = None, purpose: str | None = None) -> str:
        """Return a token for the mailbox of a user, bound to the user and the present address."""
        claims: Claims = {"email": user.email.lower()}
        if new_email is not None:
            claims |= {"updateTo": new_email, "requestType": purpose}
        claims["userId"] = user.id
        return sign_jwt(claims, self.keyring, self.settings.expires_in, self.runtime)

    def url(self, token: str, callback_url: str | None) -> str:
        """Return the link that a token travels in."""
        return self.links.url("/verify-email", token=token, callbackURL=callback_url or "/")

    @property
    def is_available(self) -> bool:
        """Whether anything sends these links."""
        return self.links.delivers(self.settings.send_verification_email)

    async def ask(
        self, user: User, callback_url: str | None, asker: Asker, new_email: str | None = None
    ) -> None:
        """Mail the link that verifies the address of a user, or makes another address the user's.

        A no-op where nothing sends mail.
        """
        await self.links.send(self._letter(user, callback_url, new_email), asker)

    def ask_unseen(
        self, user: User, callback_url: str | None, asker: Asker, new_email: str | None = None
    ) -> None:
        """Do the same where the answer must not show, by its time either, whether anybody is written to."""
        self.links.send_unseen(self._letter(user, callback_url, new_email), asker)

    async def ask_owner(self, email: str, callback_url: str | None, asker: Asker) -> None:
        """Mail the link to the owner of an address, if there is one who has to prove it; nothing tells."""
        if self.settings.send_verification_email is None:
            wish = Mail(kind="verify-email", to=email, user_id="", callback_url=callback_url)
            await self.links.wish(wish, asker, "send_verification_email")
            return
        user = await self.users.by_email(email)
        if user is not None and not user.email_verified:
            self.ask_unseen(user, callback_url, asker)

    async def letter_for(self, mail: Mail) -> Letter[MailedLink] | None:
        """Return the letter to the owner of an address; None where nobody has to prove it."""
        user = await self.users.by_email(mail.to)
        if user is None or user.email_verified:
            return None
        return self._letter(user, mail.callback_url, None)

    def _letter(self, user: User, callback_url: str | None, new_email: str | None) -> Letter[MailedLink]:
        recipient = user if new_email is None else replace(user, email=new_email)

        async def link(_: Tables) -> MailedLink:
            """Sign the token beside the request, too."""
            token = self.token(user, new_email, CHANGE)
            return MailedLink(user=recipient, url=self.url(token, callback_url), token=token)

        return Letter(
            kind="verify-email" if new_email is None else "verify-new-email",
            to=recipient.email,
            user=recipient,
            make=link,
            sender=self.settings.send_verification_email,
            name="send_verification_email",
            expires_in=self.settings.expires_in,
        )

    async def require(self, user: User, asker: Asker, callback_url: str | None = None) -> None:
        """Raise EMAIL_NOT_VERIFIED where that is required, and mail another link where that is wanted."""
        if not self.requires or user.email_verified:
            return
        if self.settings.send_on_sign_in:
            await self.ask(user, callback_url, asker)
        audit = self.users.writes.audit
        await audit.refused(EventKind.SIGN_IN_REFUSED, user.id, "address not verified", user.email)
        raise Errors.EMAIL_NOT_VERIFIED()

    async def require_after_arrival(
        self, user: User, asker: Asker, callback_url: str | None, *, requires: bool, is_new: bool
    ) -> None:
        """Do as `welcome` and `require` for somebody who came by a provider, whose people may need proof."""
        if user.email_verified:
            return
        on_sign_up, on_sign_in = self.settings.send_on_sign_up, self.settings.send_on_sign_in and requires
        if (requires if on_sign_up is None else on_sign_up) if is_new else on_sign_in:
            await self.ask(user, callback_url, asker)
        if requires:
            audit = self.users.writes.audit
            await audit.refused(EventKind.SIGN_IN_REFUSED, user.id, "address not verified", user.email)
            raise Errors.EMAIL_NOT_VERIFIED()

    async def welcome(self, email: str, callback_url: str | None, asker: Asker) -> AlsoWrite | None:
        """Return what mails the first link within the transaction of a sign-up; None where none is wanted."""
        on_sign_up = self.settings.send_on_sign_up
        wanted = self.requires if on_sign_up is None else on_sign_up
        return await self.enclosed(email, callback_url, asker) if wanted else None

    async def enclosed(self, email: str, callback_url: str | None, asker: Asker) -> AlsoWrite | None:
        """Return what mails the link in the transaction that writes the address; None where nothing may."""
        if not self.is_available or not await self.links.admits(email, asker, "send_verification_email"):
            return None

        async def enclose(user: User, tables: Transaction) -> None:
            """Write the mail with its cause."""
            await self.links.enclose(self._letter(user, callback_url, None), asker, tables)

        return enclose

    async def judge(self, token: str) -> MailboxProof:
        """Return what a token proves; raises TOKEN_EXPIRED, INVALID_TOKEN and USER_NOT_FOUND, all 401.

        It must be about the address that the user has now, so that it changes an address once.
        """
        claims = self._claims(token)
        email, user_id = claims["email"], claims.get("userId")
        new_email, purpose = claims.get("updateTo"), claims.get("requestType")
        if new_email and (not user_id or purpose not in {CONFIRMATION, CHANGE}):
            raise INVALID_TOKEN(reason="a change of address for nobody, or without a purpose")
        user = await (self.users.by_id(str(user_id)) if new_email else self.users.by_email(email))
        if user is None:
            raise USER_NOT_FOUND(reason="nobody has the token's address")
        # wire: older servers bind no user; then the address alone tells whose it is
        if user.email.lower() != email or user_id not in {None, user.id}:
            raise INVALID_TOKEN(reason="the address was changed since, or is somebody else's now")
        if new_email and await self._is_outdated(user, claims["iat"]):
            raise INVALID_TOKEN(reason="the password was set since")
        return MailboxProof(user, new_email or None, purpose)

    async def _is_outdated(self, user: User, issued: int) -> bool:
        """Tell whether a change was asked for before the password was set, by whoever was in then."""
        account = await self.users.credential_account(user.id)
        if account is None or account.updated_at - user.created_at < _WITH_SIGN_UP:
            return False
        return issued <= int(account.updated_at.timestamp())

    def _claims(self, token: str) -> Claims:
        try:
            claims = verify_jwt(token, self.keyring, self.runtime.now())
        except TokenRefused as refused:
            refusal = Errors.TOKEN_EXPIRED if refused.cause is Cause.EXPIRED else INVALID_TOKEN
            raise refusal(reason=str(refused)) from refused
        texts = [value for name, value in claims.items() if name not in {"iat", "exp"}]
        # other tokens are signed by the same secret: what says more than ours is another kind
        if (
            "email" not in claims
            or not claims.keys() <= _CLAIMS
            or not all(isinstance(text, str) for text in texts)
        ):
            raise INVALID_TOKEN(reason="another kind of token")
        return claims

    async def mark_verified(self, user: User) -> User | None:
        """Let the present address count as verified, once; None if it does already or was changed."""
        if user.email_verified:
            return None
        if before := self.settings.before_email_verification:
            await before(user)
        verified = await self.users.change(
            user,
            {UserFields.EMAIL_VERIFIED: True},
            UserFields.EMAIL.equals(user.email),
            UserFields.EMAIL_VERIFIED.equals(False),
        )
        if verified is not None and (after := self.settings.after_email_verification):
            await after(verified)
        return verified
