"""What the `users` commands do, through the services that the endpoints use."""

import json
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from ostiary.auth import Auth
from ostiary.cli.exits import Refused
from ostiary.domain.audit import Ended
from ostiary.domain.entities import User
from ostiary.domain.errors import AlreadyExists, ConfigurationError, JsonValue
from ostiary.domain.models import USER, UserFields
from ostiary.domain.roles import BAN_EXPIRES, BAN_REASON, BANNED, ROLE
from ostiary.domain.schema import MISSING, Changes, Field, Model, Value
from ostiary.domain.values import coerce
from ostiary.http.context import Services
from ostiary.http.json import dump
from ostiary.http.wire import is_email
from ostiary.services.password_policy import Owner
from ostiary.services.users import NewUser
from ostiary.storage.store import OrderBy, Transaction

NEWEST_FIRST: Final = OrderBy(UserFields.CREATED_AT, descending=True)


@dataclass(frozen=True, kw_only=True)
class Page:
    """A part of the list of users."""

    search: str | None = None
    number: int = 1
    size: int = 50

    @property
    def first(self) -> int:
        """How many users come before it."""
        return (self.number - 1) * self.size


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody to create."""

    email: str
    name: str | None = None
    role: str | None = None
    verified: bool = False
    fields: Mapping[str, str] = field(default_factory=dict)
    """Additional fields as text."""


@dataclass(frozen=True)
class Listing:
    """Users of one page, and how many there are in all."""

    render: Callable[[User], dict[str, JsonValue]]
    now: datetime
    page: Page
    users: Sequence[User]
    total: int

    def as_json(self) -> str:
        """Return a JSON array of users in the form of the protocol."""
        return dump([self.render(user) for user in self.users]).decode()

    def as_table(self) -> str:
        """Return aligned columns and a line that counts."""
        if not self.users:
            return (
                "No users."
                if not self.total
                else f"Nothing on page {self.page.number} of {self.total} users."
            )
        rows = [("ID", "EMAIL", "NAME", "STATE", "CREATED"), *(self._row(user) for user in self.users)]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
        first = self.page.first
        return "\n".join([*lines, f"{first + 1} to {first + len(self.users)} of {self.total}"])

    def _row(self, user: User) -> tuple[str, ...]:
        columns = (
            user.id,
            user.email,
            user.name,
            ", ".join(self._state(user)),
            f"{user.created_at:%Y-%m-%d}",
        )
        return tuple(map(printable, columns))

    def _state(self, user: User) -> Sequence[str]:
        expires = user[BAN_EXPIRES]
        is_banned = user[BANNED] and (expires is None or expires > self.now)
        marks = (
            "verified" if user.email_verified else "unverified",
            "banned" if is_banned else "",
            user[ROLE] or "",
        )
        return [mark for mark in marks if mark]


def printable(text: str) -> str:
    """Replace what would move the cursor or the direction: people choose their own names."""
    return "".join("\ufffd" if unicodedata.category(each)[0] == "C" else each for each in text)


@dataclass(frozen=True)
class People:
    """The users of one auth server. Whatever an operator may not do raises Refused or ConfigurationError."""

    auth: Auth

    @property
    def _services(self) -> Services:
        return self.auth.services

    @property
    def _model(self) -> Model[User]:
        return self.auth.schema[USER]

    async def page(self, wanted: Page) -> Listing:
        """Return a page of users, the newest first."""
        found, total = await (self._found(wanted, wanted.search) if wanted.search else self._all(wanted))
        return Listing(self._services.renderer.user, self._services.runtime.now(), wanted, found, total)

    async def _all(self, wanted: Page) -> tuple[Sequence[User], int]:
        rows = self._services.store.rows(USER)
        found = await rows.all(order_by=NEWEST_FIRST, limit=wanted.size, offset=wanted.first)
        return found, await rows.count()

    async def _found(self, wanted: Page, text: str) -> tuple[Sequence[User], int]:
        """Merge those found by address with those found by name: conditions of a store are joined by AND."""
        rows, end = self._services.store.rows(USER), wanted.first + wanted.size
        by_address, by_name = UserFields.EMAIL.contains(text.lower()), UserFields.NAME.contains(text)
        found = [
            user
            for condition in (by_address, by_name)
            for user in await rows.all(condition, order_by=NEWEST_FIRST, limit=end)
        ]
        newest = sorted(
            {user.id: user for user in found}.values(), key=lambda user: user.created_at, reverse=True
        )
        total = (
            await rows.count(by_address) + await rows.count(by_name) - await rows.count(by_address, by_name)
        )
        return newest[wanted.first : end], total

    async def find(self, person: str) -> User:
        """Return the user with this address or id."""
        users = self._services.users
        found = await (users.by_email(person) if "@" in person else users.by_id(person))
        if found is None:
            raise Refused(f"there is no user {printable(person)}")
        return found

    def draft(self, person: Person) -> NewUser:
        """Return the person to create, with every field the application asks for."""
        if not is_email(person.email):
            raise ConfigurationError(f"'{printable(person.email)}' is no email address")
        given = {**person.fields, **({ROLE.name: person.role} if person.role is not None else {})}
        self._refuse_unknown(given)
        return NewUser(
            email=person.email,
            name=person.name or person.email.partition("@")[0],
            email_verified=person.verified,
            additional=_additional(self._model, given),
        )

    def _refuse_unknown(self, given: Mapping[str, str]) -> None:
        known = {field.name for field in self._model.extra_fields}
        if ROLE.name in given and ROLE.name not in known:
            raise ConfigurationError("this application knows no roles: add Admin() to its plugins")
        if unknown := set(given) - known:
            fields = ", ".join(sorted(known)) or "none besides email and name"
            raise ConfigurationError(f"users have no field '{min(unknown)}'; they have {fields}")

    async def create(self, new: NewUser, password: str) -> User:
        """Create a user with a password; raises AuthError where the policy refuses it."""
        if await self._services.users.by_email(new.email) is not None:
            raise Refused(f"{new.email} has an account already")
        password_hash = await self._services.passwords.hash_new(password, Owner(new.email, new.name))
        try:
            user, _ = await self._services.users.sign_up(new, password_hash, None)
        except AlreadyExists:
            raise Refused(f"{new.email} has an account already") from None
        return user

    async def set_password(self, person: str, password: str) -> User:
        """Set a password and end every session, or neither; raises AuthError where the policy refuses it."""
        user = await self.find(person)
        users = self._services.users
        password_hash = await self._services.passwords.hash_new(password, Owner(user.email, user.name))
        found = await users.credential_account(user.id)
        async with users.setting_password(user, found) as (tables, account):
            await users.set_password_hash(user, account, password_hash, tables)
            await self._services.sessions.revoke_all(user.id, Ended.PASSWORD_CHANGED, tables=tables)
        await self._services.passwords.attempts.forgive(user.email)
        return user

    async def set_roles(self, person: str, roles: Sequence[str]) -> User:
        """Give a user exactly these roles."""
        if ROLE.name not in self._model.by_name:
            raise ConfigurationError("this application knows no roles: add Admin() to its plugins")
        if wrong := [role for role in roles if not role.strip() or "," in role]:
            raise ConfigurationError(f"'{printable(wrong[0])}' is no role: give them apart from each other")
        user = await self.find(person)
        await self._services.users.change(user, {ROLE: ",".join(roles) or None})
        return user

    def _require_bans(self) -> None:
        if BANNED.name not in self._model.by_name:
            raise ConfigurationError("this application knows no bans: add Admin() to its plugins")

    async def ban(self, person: str, reason: str | None, ends: datetime | None) -> User:
        """Ban a user and end every session, or neither: what is left would come back after the ban."""
        self._require_bans()
        if ends is not None and ends <= self._services.runtime.now():
            raise ConfigurationError("--until must lie in the future")
        user = await self.find(person)

        async def end_sessions(banned: User, tables: Transaction) -> None:
            """After the row: a sign-in under way holds it, and what that starts is there by now."""
            await self._services.sessions.revoke_all(banned.id, Ended.BANNED, tables=tables)

        ban: Changes = {BANNED: True, BAN_REASON: reason, BAN_EXPIRES: ends}
        await self._services.users.change(user, ban, also=end_sessions)
        return user

    async def unban(self, person: str) -> User:
        """Lift a ban."""
        self._require_bans()
        user = await self.find(person)
        await self._services.users.change(user, {BANNED: False, BAN_REASON: None, BAN_EXPIRES: None})
        return user

    async def delete(self, user: User) -> None:
        """Delete a user, sessions and accounts."""
        await self._services.users.delete(user)


def _additional(model: Model[User], given: Mapping[str, str]) -> dict[str, Value]:
    values: dict[str, Value] = {}
    for described in model.extra_fields:
        initial = described.initial()
        if described.name in given:
            values[described.name] = _read(described, given[described.name])
        elif initial is not MISSING:
            values[described.name] = initial
        elif described.required:
            raise ConfigurationError(f"users need a {described.name}: add --field {described.name}=...")
    return values


def _read(described: Field[object], text: str) -> Value:
    try:
        value: JsonValue = text if described.type in {"string", "date"} else json.loads(text)
        return coerce(described, described.validate(value) if described.validate else value)
    except ValueError as error:
        raise ConfigurationError(f"--field {described.name}: {error}") from None
