"""Which person an account of a provider belongs to: known, linked by a proved address, or new."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ostiary.domain.admission import Act, UserCheck
from ostiary.domain.entities import Account, User
from ostiary.domain.errors import AlreadyExists, Errors, InvalidValue
from ostiary.domain.models import USER, AccountFields, UserFields
from ostiary.domain.oauth import OAuthTokens
from ostiary.domain.schema import Changes, Field, Value
from ostiary.options import AccountOptions
from ostiary.services.accounts import Accounts
from ostiary.services.additional_fields import read_additional_fields
from ostiary.services.oauth.failure import FlowFailed
from ostiary.services.oauth.profiles import Profile
from ostiary.services.oauth.provider import Provider
from ostiary.services.oauth.state import LinkIntent
from ostiary.services.oauth.tokens import merged_scopes
from ostiary.services.users import NewUser, Users
from ostiary.services.write_hooks import HookedWrites
from ostiary.storage.store import Store, Tables, Transaction

_UNTRUSTED: Final = "the provider has no proof of the address, or nothing may be linked"


@dataclass(frozen=True, slots=True)
class Arrival:
    """Somebody whom a provider has just vouched for."""

    provider: Provider
    profile: Profile
    tokens: OAuthTokens
    is_trusted: bool = False
    """The provider's word on an address is taken without proof."""
    is_brought: bool = False
    """By an ID token of the client's, which may be older than what the provider would say now."""

    @property
    def key(self) -> tuple[str, str]:
        """The provider, and who it is there: never an address."""
        return self.provider.id, self.profile.subject


@dataclass(frozen=True, slots=True)
class Resolved:
    """Whose account it is."""

    user: User
    account: Account
    is_new: bool = False


@dataclass(frozen=True)
class Linking:
    """Finds, links and makes the users of accounts, whose key is the subject, never the address."""

    store: Store
    writes: HookedWrites
    users: Users
    accounts: Accounts
    options: AccountOptions

    async def account_of(self, arrival: Arrival, tables: Tables | None = None) -> Account | None:
        """Return the account that the provider spoke of."""
        return await self.accounts.by_key(*arrival.key, tables)

    async def trusts(self, provider_id: str, headers: Mapping[str, str]) -> bool:
        """Tell whether a provider's word is taken without proof, in a request with these headers."""
        trusted = self.options.account_linking.trusted_providers
        return provider_id in (await trusted(headers) if callable(trusted) else trusted)

    async def resolve(self, arrival: Arrival, *, request_sign_up: bool) -> Resolved:
        """Return the user to sign in; raises FlowFailed, and AuthError where a hook or a field refuses."""
        try:
            account = await self.account_of(arrival)
            if account is not None:
                return await self._known(account, arrival)
            await self._admit_unknown(arrival, request_sign_up=request_sign_up)
            async with self.store.transaction(lock=self._lock(arrival)) as tables:
                resolved = await self._unknown(arrival, tables, request_sign_up=request_sign_up)
        except (AlreadyExists, InvalidValue) as error:
            raise FlowFailed("unable_to_create_user", reason=type(error).__name__) from error
        if resolved is None:
            return await self.resolve(arrival, request_sign_up=request_sign_up)
        if resolved.is_new:
            return resolved
        user = await self._with_proved_address(resolved.user, arrival.profile)
        user = await self._overridden(await self._informed(user, arrival.profile), arrival)
        return Resolved(user, resolved.account)

    @staticmethod
    def _lock(arrival: Arrival) -> str:
        return ":".join(("account", *arrival.key))

    async def _known(self, account: Account, arrival: Arrival) -> Resolved:
        user = await self.users.by_id(account.user_id)
        if user is None:
            raise FlowFailed("unable_to_link_account", reason="the account's user is gone")
        await self._admit(arrival, "sign-in", user.id)
        if self.options.update_account_on_sign_in:
            kept = await self.accounts.keep_tokens(account, arrival.tokens)
            if kept is None:
                raise FlowFailed("unable_to_link_account", reason="the account was unlinked meanwhile")
            account = kept
        user = await self._with_proved_address(user, arrival.profile)
        return Resolved(await self._overridden(user, arrival), account)

    async def _unknown(
        self, arrival: Arrival, tables: Transaction, *, request_sign_up: bool
    ) -> Resolved | None:
        """Link or make a user; None where another request has just done so for the same account."""
        if await self.account_of(arrival, tables) is not None:
            return None
        email = (arrival.profile.email or "").lower()
        user = await tables.rows(USER).first(UserFields.EMAIL.equals(email))
        if user is not None:
            self._require_linkable(user, arrival)
            return Resolved(user, await self._created(user, arrival, tables))
        self._require_sign_up(arrival, request_sign_up=request_sign_up)
        user = await self.writes.create(USER, self.users.draft(self._new_user(arrival.profile)), tables)
        return Resolved(user, await self._created(user, arrival, tables), is_new=True)

    async def _created(self, user: User, arrival: Arrival, tables: Tables) -> Account:
        return await self.accounts.create(user.id, arrival.key, arrival.tokens, tables)

    async def _admit_unknown(self, arrival: Arrival, *, request_sign_up: bool) -> None:
        """Ask the application about somebody whom the server's own rules let in."""
        if self.users.admission.validate is None:
            return
        user = await self.users.by_email(arrival.profile.email or "")
        if user is None:
            self._require_sign_up(arrival, request_sign_up=request_sign_up)
            await self._admit(arrival, "create-user")
        else:
            self._require_linkable(user, arrival)
            await self._admit(arrival, "link-account", user.id)

    async def _admit(self, arrival: Arrival, action: Act, user_id: str | None = None) -> None:
        profile = arrival.profile
        proved = {"emailVerified": profile.email_verified, "email": (profile.email or "").lower()}
        known = {} if user_id is None else {"id": user_id}
        await self.users.admission.check(
            UserCheck(
                action=action,
                method="oauth",
                user={**profile.user, **proved, **known},
                provider_id=arrival.provider.id,
                profile=profile.data,
            )
        )

    @staticmethod
    def _require_sign_up(arrival: Arrival, *, request_sign_up: bool) -> None:
        settings = arrival.provider.settings
        if settings.disable_sign_up or (settings.disable_implicit_sign_up and not request_sign_up):
            raise FlowFailed("signup_disabled", reason="nobody is known by this account or address")

    def _require_linkable(self, user: User, arrival: Arrival) -> None:
        """Link without asking only where both sides have proof of the address.

        Whoever signed up with another's address waits for its owner to arrive by a provider: an address that
        nobody proved here must not be enough to be joined with that account.
        """
        linking = self.options.account_linking
        proved = arrival.profile.email_verified or arrival.is_trusted
        owned = user.email_verified or not linking.require_local_email_verified
        if not (proved and owned and linking.enabled) or linking.disable_implicit_linking:
            raise FlowFailed("account_not_linked", reason="the address is not proved on both sides")

    async def link(self, arrival: Arrival, intent: LinkIntent) -> None:
        """Give an account to the user who asked for it and has come back; raises FlowFailed."""
        await self._admit(arrival, "link-account", intent.user_id)
        if not self._may_be_linked(arrival):
            raise FlowFailed("unable_to_link_account", reason=_UNTRUSTED)
        if self._differs(arrival, intent.email):
            raise FlowFailed("email_does_not_match", reason="the account has another address")
        user = await self.users.by_id(intent.user_id)
        if user is None:
            raise FlowFailed("unable_to_link_account", reason="the user is gone")
        try:
            account = await self._attached(arrival, user)
        except (AlreadyExists, InvalidValue) as error:
            raise FlowFailed("unable_to_link_account", reason=type(error).__name__) from error
        if account is not None and account.user_id != user.id:
            raise FlowFailed("account_already_linked_to_different_user")
        if account is not None:
            scope = merged_scopes(account.scope, arrival.tokens.scopes)
            more = {AccountFields.SCOPE: scope} if scope else {}
            await self.accounts.keep_tokens(account, arrival.tokens, more)
        await self._informed(user, arrival.profile)

    async def link_brought(self, arrival: Arrival, user: User) -> None:
        """Give an account to the user who brought its ID token.

        Raises SOCIAL_ACCOUNT_ALREADY_LINKED, LINKING_NOT_ALLOWED, LINKING_DIFFERENT_EMAILS_NOT_ALLOWED and
        LINKING_FAILED.
        """
        try:
            account = await self.account_of(arrival)
            if account is None:
                await self._admit(arrival, "link-account", user.id)
                self._require_linkable_on_request(user, arrival)
                account = await self._attached(arrival, user)
        except (AlreadyExists, InvalidValue) as error:
            raise Errors.LINKING_FAILED(reason=type(error).__name__) from error
        if account is not None and account.user_id != user.id:
            raise Errors.SOCIAL_ACCOUNT_ALREADY_LINKED(reason="the account is another user's")
        if account is not None:
            await self.accounts.keep_tokens(account, arrival.tokens)
        await self._informed(user, arrival.profile)

    def _require_linkable_on_request(self, user: User, arrival: Arrival) -> None:
        if not self._may_be_linked(arrival):
            raise Errors.LINKING_NOT_ALLOWED(reason=_UNTRUSTED)
        if self._differs(arrival, user.email):
            raise Errors.LINKING_DIFFERENT_EMAILS_NOT_ALLOWED(reason="the account has another address")

    def _may_be_linked(self, arrival: Arrival) -> bool:
        proved = arrival.profile.email_verified or arrival.is_trusted
        return proved and self.options.account_linking.enabled

    def _differs(self, arrival: Arrival, email: str) -> bool:
        same = (arrival.profile.email or "").lower() == email.lower()
        return not same and not self.options.account_linking.allow_different_emails

    async def _attached(self, arrival: Arrival, user: User) -> Account | None:
        """Give an account that nobody has to a user; return the row if somebody has it."""
        async with self.store.transaction(lock=self._lock(arrival)) as tables:
            account = await self.account_of(arrival, tables)
            if account is None:
                await self._created(user, arrival, tables)
        return account

    def _new_user(self, profile: Profile) -> NewUser:
        return NewUser(
            email=profile.email or "",
            name=profile.name,
            image=profile.image,
            email_verified=profile.email_verified,
            additional=read_additional_fields(self.users.schema[USER], self._permitted(profile), "create"),
        )

    def _permitted(self, profile: Profile) -> dict[str, Value]:
        """Leave out what nobody may set: a provider is no more than a client there."""
        fields = self.users.schema[USER].by_name
        return {
            name: value for name, value in profile.others.items() if name in fields and fields[name].input
        }

    async def _with_proved_address(self, user: User, profile: Profile) -> User:
        """Take over the provider's proof of the very address that the user has."""
        same = (profile.email or "").lower() == user.email
        if user.email_verified or not (same and profile.email_verified):
            return user
        # of this address: the one that the user asked for meanwhile is proved by nobody
        seen = UserFields.EMAIL.equals(user.email)
        return await self.users.change(user, {UserFields.EMAIL_VERIFIED: True}, seen) or user

    async def _informed(self, user: User, profile: Profile) -> User:
        """Copy the profile after a link where the configuration wants it; never the address."""
        if not self.options.account_linking.update_user_info_on_link:
            return user
        return await self.users.change(user, self._details(profile)) or user

    async def _overridden(self, user: User, arrival: Arrival) -> User:
        """Copy everything, the address included, where the provider's word counts more than the user's."""
        if arrival.is_brought or not arrival.provider.settings.override_user_info_on_sign_in:
            return user
        profile = arrival.profile
        email = (profile.email or user.email).lower()
        verified = profile.email_verified or (email == user.email and user.email_verified)
        changes = {
            **self._details(profile),
            UserFields.EMAIL: email,
            UserFields.EMAIL_VERIFIED: verified,
        }
        seen = (
            UserFields.EMAIL.equals(user.email),
            UserFields.EMAIL_VERIFIED.equals(user.email_verified),
        )
        try:
            return await self.users.change(user, changes, *seen) or user
        except AlreadyExists:
            return await self.users.change(user, self._details(profile)) or user

    def _details(self, profile: Profile) -> Changes:
        model = self.users.schema[USER]
        others = read_additional_fields(model, self._permitted(profile), "update")
        known: dict[Field[Any], Value] = {UserFields.NAME: profile.name, UserFields.IMAGE: profile.image}
        said = {field: value for field, value in known.items() if value}
        return {**said, **{model.by_name[name]: value for name, value in others.items()}}


def as_sentence(code: str) -> str:
    """Return what an answer in JSON calls the failure of a flow."""
    return code.replace("_", " ")
