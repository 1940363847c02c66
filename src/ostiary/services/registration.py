"""Sign-up by email and password: the same rules, whatever route it comes through."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ostiary.domain.admission import UserCheck
from ostiary.domain.entities import Session, User
from ostiary.domain.errors import AlreadyExists, Errors, JsonValue
from ostiary.domain.models import USER
from ostiary.options import EmailAndPassword
from ostiary.services.additional_fields import read_additional_fields
from ostiary.services.email_verification import EmailVerification
from ostiary.services.mailed_links import Asker, Letter, MailedLinks
from ostiary.services.password_policy import Owner
from ostiary.services.passwords import Passwords
from ostiary.services.users import NewUser, SessionWanted, Users
from ostiary.storage.store import Tables


@dataclass(frozen=True, kw_only=True)
class Applicant:
    """Who signs up."""

    email: str
    name: str
    password: str = field(repr=False)
    asker: Asker
    """Who is at the other end."""
    image: str | None = None
    callback_url: str | None = None
    """Where the link that verifies the address leads to."""
    others: Mapping[str, JsonValue] = field(default_factory=dict)
    """Whatever else was sent; additional fields are among it."""


@dataclass(frozen=True, slots=True)
class Registered:
    """What came of a sign-up."""

    user: User
    session: Session | None = None
    is_new: bool = True
    """False where the address was known, and the answer must not show it."""


@dataclass(frozen=True, kw_only=True)
class Registration:
    """Makes users of people who come with an address and a password."""

    settings: EmailAndPassword
    users: Users
    passwords: Passwords
    email_verification: EmailVerification
    links: MailedLinks

    @property
    def hides_duplicates(self) -> bool:
        """Whether the answer must be the same for a new and a known address; then no session is started."""
        return self.settings.require_email_verification or not self.settings.auto_sign_in

    async def register(self, applicant: Applicant, wanted: SessionWanted | None) -> Registered:
        """Write user, account and, where it is wanted and allowed, session.

        Raises EMAIL_PASSWORD_SIGN_UP_DISABLED, what the password policy and the additional fields refuse,
        FAILED_TO_CREATE_USER where another unique value than the address is taken, and
        USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL where that may show.
        """
        if not self.settings.enabled or self.settings.disable_sign_up:
            raise Errors.EMAIL_PASSWORD_SIGN_UP_DISABLED()
        await self.passwords.rules.check(applicant.password, Owner(applicant.email, applicant.name))
        new = self._new_user(applicant)
        # before anybody is looked up: the application's answer must not tell who is known
        await self.users.admission.check(
            UserCheck(action="create-user", method="email-password", user=new.shown)
        )
        owner = await self.users.by_email(applicant.email)
        # told of a known address as well where that must not show: else a taken value finds out who is known
        if (owner is None or self.hides_duplicates) and await self.users.claims_what_is_taken(new):
            raise Errors.FAILED_TO_CREATE_USER(reason="a unique value is taken")
        if owner is not None:
            return await self._duplicate(new, applicant, owner)
        password_hash = await self.passwords.hash(applicant.password)
        welcome = await self.email_verification.welcome(new.email, applicant.callback_url, applicant.asker)
        try:
            user, session = await self.users.sign_up(
                new, password_hash, None if self.hides_duplicates else wanted, welcome
            )
        except AlreadyExists:
            return await self._overtaken(new)
        return Registered(user, session)

    async def _overtaken(self, new: NewUser) -> Registered:
        if await self.users.by_email(new.email) is None:
            raise Errors.FAILED_TO_CREATE_USER(reason="a unique value was taken meanwhile")
        if self.hides_duplicates:
            return await self._pretended(new)
        raise Errors.USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL(reason="the address was taken meanwhile")

    def _new_user(self, applicant: Applicant) -> NewUser:
        return NewUser(
            email=applicant.email,
            name=applicant.name,
            image=applicant.image,
            additional=read_additional_fields(self.users.schema[USER], applicant.others, "create"),
        )

    async def _duplicate(self, new: NewUser, applicant: Applicant, owner: User) -> Registered:
        """Refuse a known address, or answer exactly as for a new one where that must not show."""
        if not self.hides_duplicates:
            raise Errors.USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL(reason="the address is taken")
        await self.passwords.hash(applicant.password)  # spend what a real sign-up would
        # a function of the application runs beside the request: its failure must not show the owner
        await self.links.send(self._notice(owner), applicant.asker)
        return await self._pretended(new)

    async def _pretended(self, new: NewUser) -> Registered:
        user = await self.users.imagined(new)
        if adapt := self.settings.custom_synthetic_user:
            user = await adapt(user)
        return Registered(user, is_new=False)

    def _notice(self, owner: User) -> Letter[User]:
        async def nothing_else(_: Tables) -> User:
            """A notice carries no link, so there is nothing to write for it."""
            return owner

        return Letter(
            kind="existing-account",
            to=owner.email,
            user=owner,
            make=nothing_else,
            sender=self.settings.on_existing_user_sign_up,
            name="on_existing_user_sign_up",
        )
