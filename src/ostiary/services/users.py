"""People: sign-up, change, deletion."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from ostiary.domain.audit import Ended, EventKind
from ostiary.domain.entities import Account, Session, User, build, value_of
from ostiary.domain.models import ACCOUNT, ID, USER, AccountFields, UserFields
from ostiary.domain.runtime import Runtime
from ostiary.domain.schema import Changes, Condition, Schema, Value
from ostiary.services.admission import Admission
from ostiary.services.sessions import Sessions
from ostiary.services.write_hooks import HookedWrites
from ostiary.storage.sessions import SessionStore
from ostiary.storage.store import Store, Tables, Transaction

CREDENTIAL = "credential"

AlsoWrite: TypeAlias = Callable[[User, Transaction], Awaitable[None]]
"""Writes more in the transaction of a user's row, such as the mail about it."""


@dataclass(frozen=True, kw_only=True)
class NewUser:
    """What is known of a person who signs up."""

    email: str
    name: str
    image: str | None = None
    email_verified: bool = False
    additional: Mapping[str, Value] = field(default_factory=dict)

    @property
    def shown(self) -> Mapping[str, Value]:
        """The members of the user by wire name."""
        known = {
            "email": self.email.lower(),
            "name": self.name,
            "image": self.image,
            "emailVerified": self.email_verified,
        }
        return {**self.additional, **known}


@dataclass(frozen=True, kw_only=True)
class SessionWanted:
    """The session that a sign-up starts at once."""

    remember: bool = True
    ip_address: str | None = None
    user_agent: str | None = None


@dataclass(frozen=True)
class Users:
    """The people of this server."""

    store: Store
    writes: HookedWrites
    sessions: Sessions
    session_store: SessionStore
    schema: Schema
    runtime: Runtime
    admission: Admission

    async def by_id(self, user_id: str) -> User | None:
        """Return the user with this identifier."""
        return await self.store.rows(USER).first(ID.equals(user_id))

    async def by_email(self, email: str) -> User | None:
        """Return the user with this address, whatever its case."""
        return await self.store.rows(USER).first(UserFields.EMAIL.equals(email.lower()))

    async def claims_what_is_taken(self, new: NewUser) -> bool:
        """Say whether somebody has a value of an additional field that only one user may have."""
        claims = ((self.schema[USER].by_name[name], value) for name, value in new.additional.items())
        unique = [each.equals(value) for each, value in claims if each.unique and value is not None]
        return any([await self.store.rows(USER).count(each) for each in unique])

    def draft(self, new: NewUser) -> User:
        """Return the user as a sign-up would store it."""
        now = self.runtime.now()
        values: dict[str, Value] = {
            **new.additional,
            "name": new.name,
            "email": new.email.lower(),
            "emailVerified": new.email_verified,
            "image": new.image,
            "createdAt": now,
            "updatedAt": now,
        }
        return build(self.schema[USER], self.runtime.new_id(), values)

    async def imagined(self, new: NewUser) -> User:
        """Return the user that a sign-up would make, hooks included, without making it."""
        user = await self.writes.before_create(USER, self.draft(new))
        return await self._numbered(user) if self.schema.id_type == "serial" else user

    async def _numbered(self, user: User) -> User:
        """Use up the number that a sign-up would: this answer shows it, the next sign-up the one after it."""
        unique = {field.name: self.runtime.new_token() for field in self.schema[USER].fields if field.unique}
        stand_in = {field.name: value_of(user, field) for field in self.schema[USER].fields} | unique
        async with self.store.transaction() as tables:
            drawn = await tables.rows(USER).insert(build(self.schema[USER], user.id, stand_in))
            await tables.rows(USER).delete(ID.equals(drawn.id))
        return replace(user, id=drawn.id)

    async def sign_up(
        self,
        new: NewUser,
        password_hash: str | None,
        wanted: SessionWanted | None,
        also: AlsoWrite | None = None,
    ) -> tuple[User, Session | None]:
        """Write user, credential account, session and what else goes with them in one transaction.

        Raises AlreadyExists where the address or another unique value is taken, by now or in a race; then
        nothing was written.
        """
        async with self.store.transaction() as tables:
            user = await self.writes.create(USER, self.draft(new), tables)
            if password_hash is not None:
                await self.writes.create(ACCOUNT, self._credential(user, password_hash), tables)
            session = await self._start(user, wanted, tables) if wanted else None
            if also is not None:
                await also(user, tables)
        return user, session

    async def _start(self, user: User, wanted: SessionWanted, tables: Transaction) -> Session:
        return await self.sessions.start(
            user,
            is_new=True,
            remember=wanted.remember,
            ip_address=wanted.ip_address,
            user_agent=wanted.user_agent,
            tables=tables,
        )

    def _credential(self, user: User, password_hash: str) -> Account:
        now = self.runtime.now()
        return Account(
            id=self.runtime.new_id(),
            account_id=user.id,
            provider_id=CREDENTIAL,
            user_id=user.id,
            password=password_hash,
            created_at=now,
            updated_at=now,
            extra=self.schema[ACCOUNT].extra_defaults(),
        )

    async def credential_account(self, user_id: str, tables: Tables | None = None) -> Account | None:
        """Return the account that holds the password of a user."""
        return (
            await (tables or self.store)
            .rows(ACCOUNT)
            .first(AccountFields.USER_ID.equals(user_id), AccountFields.PROVIDER_ID.equals(CREDENTIAL))
        )

    async def unlink_providers(self, user: User, tables: Transaction) -> None:
        """Drop every account of a user but the one that holds the password."""
        await self.writes.delete(
            ACCOUNT,
            AccountFields.USER_ID.equals(user.id),
            AccountFields.PROVIDER_ID.differs(CREDENTIAL),
            tables=tables,
        )

    async def void_password(self, user_id: str, tables: Transaction) -> None:
        """Let the password of a user work no longer; the next one comes by a mailed link."""
        await self.writes.update(
            ACCOUNT,
            {AccountFields.PASSWORD: None, AccountFields.UPDATED_AT: self.runtime.now()},
            AccountFields.USER_ID.equals(user_id),
            AccountFields.PROVIDER_ID.equals(CREDENTIAL),
            tables=tables,
            kind=EventKind.PASSWORD_CHANGED,
        )

    async def set_password_hash(
        self,
        user: User,
        account: Account | None,
        password_hash: str,
        tables: Transaction | None = None,
        *,
        kind: EventKind = EventKind.PASSWORD_CHANGED,
        unless_changed: bool = False,
    ) -> bool:
        """Store a new hash, in a new credential account where there is none.

        With `unless_changed` only while the password is the one of `account`; False where it is no more.
        """
        if account is None:
            await self.writes.create(ACCOUNT, self._credential(user, password_hash), tables, kind=kind)
            return True
        seen = (AccountFields.PASSWORD.equals(account.password),) if unless_changed else ()
        updated = await self.writes.update(
            ACCOUNT,
            {AccountFields.PASSWORD: password_hash, AccountFields.UPDATED_AT: self.runtime.now()},
            ID.equals(account.id),
            *seen,
            tables=tables,
            kind=kind,
        )
        return updated is not None

    async def set_first_password(self, user: User, password_hash: str) -> bool:
        """Give a user without a password one; False where there is one, by now or in a race."""
        async with self.setting_password(user, None) as (tables, account):
            if account is not None and account.password is not None:
                return False
            return await self.set_password_hash(user, account, password_hash, tables)

    @asynccontextmanager
    async def setting_password(
        self, user: User, account: Account | None
    ) -> AsyncGenerator[tuple[Transaction, Account | None]]:
        """Open a transaction that sets a password; gives the account that holds it, made meanwhile or not.

        Whoever found none waits for others who did: a second one would be a way in that no reset closes.
        """
        lock = f"first-password:{user.id}" if account is None else None
        async with self.store.transaction(lock=lock) as tables:
            yield tables, account or await self.credential_account(user.id, tables)

    async def change(
        self, user: User, changes: Changes, *where: Condition, also: AlsoWrite | None = None
    ) -> User | None:
        """Change a user and every copy of it in cached sessions; None if there is no such user any more.

        `also` writes more in the same transaction. Raises AlreadyExists where a unique value is taken.
        """
        stamped = {**changes, UserFields.UPDATED_AT: self.runtime.now()}
        try:
            return await self._changed(stamped, (ID.equals(user.id), *where), also)
        finally:
            # whatever a hook raised after the commit: an older role must not live on in a copy
            await self.session_store.user_changed(user.id)

    async def _changed(
        self, changes: Changes, where: Sequence[Condition], also: AlsoWrite | None
    ) -> User | None:
        if also is None:
            return await self.writes.update(USER, changes, *where)
        async with self.store.transaction() as tables:
            updated = await self.writes.update(USER, changes, *where, tables=tables)
            if updated is not None:
                await also(updated, tables)
        return updated

    async def delete(self, user: User, also: AlsoWrite | None = None) -> None:
        """Delete a user with sessions and accounts; what plugins keep goes by its foreign key.

        `also` writes more in the same transaction, before.
        """
        async with self.store.transaction() as tables:
            if also is not None:
                await also(user, tables)
            # a sign-in under way holds the row: what it starts is there once this has passed
            await tables.rows(USER).update({UserFields.UPDATED_AT: self.runtime.now()}, ID.equals(user.id))
            await self.writes.delete(ACCOUNT, AccountFields.USER_ID.equals(user.id), tables=tables)
            await self.sessions.revoke_all(user.id, Ended.USER_DELETED, tables=tables)
            await self.writes.delete(USER, ID.equals(user.id), tables=tables)
