"""Proof of a password, at the same cost whether or not the account exists."""

from dataclasses import dataclass

from ostiary.crypto.passwords import PasswordHasher, PasswordTooLong
from ostiary.domain.audit import EventKind
from ostiary.domain.entities import Account, User
from ostiary.domain.errors import AuthError, Errors, Overloaded
from ostiary.domain.models import ACCOUNT, ID, AccountFields
from ostiary.services.audit import AuditLog
from ostiary.services.password_policy import Owner, PasswordRules
from ostiary.services.sign_in_attempts import Attempt, SignInAttempts
from ostiary.services.users import Users
from ostiary.storage.store import Credential, Store


@dataclass(frozen=True)
class Passwords:
    """Checks and changes passwords."""

    store: Store
    users: Users
    hasher: PasswordHasher
    rules: PasswordRules
    attempts: SignInAttempts

    async def authenticate(self, email: str, password: str, attempt: Attempt) -> Credential:
        """Return the user who knows the password of this address, and the account that held it.

        A session takes both: until it stands, the password may be reset.

        Raises INVALID_EMAIL_OR_PASSWORD, the same for every cause, PASSWORD_TOO_LONG, and TOO_MANY_REQUESTS
        once an account has seen too many failures.
        """
        self.rules.refuse_oversize(password)
        email = email.lower()
        await self.attempts.reserve(email, attempt)
        found = await self.store.credential(email)
        stored = found.account.password if found and found.account else None
        proved = await self._checked(password, stored, email, attempt)
        if found is None or found.account is None or stored is None or not proved:
            raise await self._refusal(found, email)
        await self.attempts.release(email, attempt)
        if self.hasher.needs_rehash(stored):
            await self._rehash(found.account, stored, password)
        return found

    async def _refusal(self, found: Credential | None, email: str) -> AuthError:
        """Record why, at the same cost for every cause."""
        reason = _why_refused(found)
        user_id = None if found is None else found.user.id
        await self._audit.refused(EventKind.SIGN_IN_REFUSED, user_id, reason, email)
        return Errors.INVALID_EMAIL_OR_PASSWORD(reason=reason)

    @property
    def _audit(self) -> AuditLog:
        return self.users.writes.audit

    async def _spend(self, password: str) -> None:
        """Do the work of a real check where there is nothing to check against."""
        try:
            await self.hasher.hash(password)
        except PasswordTooLong:
            # a stored hash would have been computed all the same; so is this one
            await self.hasher.hash("")

    async def _rehash(self, account: Account, stored: str, password: str) -> None:
        """Move an imported hash to the configured hasher, unless the password was changed meanwhile."""
        try:
            renewed = await self.hasher.hash(password)
        except PasswordTooLong:
            return  # the old hash stays: it may ignore the end of this password, a new one must not
        await self.store.rows(ACCOUNT).update(
            {AccountFields.PASSWORD: renewed},
            ID.equals(account.id),
            AccountFields.PASSWORD.equals(stored),
        )

    async def verify(self, user: User, password: str, attempt: Attempt) -> bool:
        """Tell whether this is the user's password; False for a user without one, at the same cost.

        Raises PASSWORD_TOO_LONG before it is hashed, and TOO_MANY_REQUESTS like a sign-in: whoever stole a
        session must not find out the password with it.
        """
        self.rules.refuse_oversize(password)
        account = await self.users.credential_account(user.id)
        if account is None or account.password is None:
            await self._spend(password)
            return False
        return await self._proves(password, account.password, user, attempt)

    async def require(self, user: User, password: str, attempt: Attempt) -> Account:
        """Return the account that holds this password of the user.

        Raises CREDENTIAL_ACCOUNT_NOT_FOUND, INVALID_PASSWORD, and what `verify` raises.
        """
        self.rules.refuse_oversize(password)
        account = await self.users.credential_account(user.id)
        if account is None or account.password is None:
            raise Errors.CREDENTIAL_ACCOUNT_NOT_FOUND()
        if not await self._proves(password, account.password, user, attempt):
            raise Errors.INVALID_PASSWORD(reason="wrong password")
        return account

    async def _proves(self, password: str, stored: str, user: User, attempt: Attempt) -> bool:
        await self.attempts.reserve(user.email, attempt)
        proved = await self._checked(password, stored, user.email, attempt)
        if proved:
            await self.attempts.release(user.email, attempt)
        else:
            await self._audit.refused(EventKind.PASSWORD_REFUSED, user.id, "wrong password")
        return proved

    async def _checked(self, password: str, stored: str | None, email: str, attempt: Attempt) -> bool:
        try:
            if stored is not None:
                return await self.hasher.verify(password, stored)
            await self._spend(password)
        except Overloaded:
            await self.attempts.withdraw(email, attempt)
            raise
        return False

    async def hash_new(self, password: str, owner: Owner) -> str:
        """Return the hash of a new password; raises the refusal of the first rule it breaks."""
        await self.rules.check(password, owner)
        return await self.hash(password)

    async def hash(self, password: str) -> str:
        """Return the hash to store; raises PASSWORD_TOO_LONG where the algorithm would ignore the end."""
        try:
            return await self.hasher.hash(password)
        except PasswordTooLong as error:
            raise Errors.PASSWORD_TOO_LONG(reason=str(error)) from error


def _why_refused(found: Credential | None) -> str:
    if found is None:
        return "no such account"
    has_password = found.account is not None and found.account.password is not None
    return "wrong password" if has_password else "account without a password"
