"""Writes people in batches, each of which stands or falls as one."""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from ostiary.auth import Auth
from ostiary.cli.importing.newcomers import Newcomer, People, SocialAccount, Unreadable
from ostiary.crypto.passwords import KNOWN_ALGORITHMS
from ostiary.domain.entities import Account, User
from ostiary.domain.errors import AlreadyExists, AuthError, ConfigurationError, InvalidValue, JsonValue
from ostiary.domain.models import ACCOUNT, USER, AccountFields, UserFields
from ostiary.domain.roles import BAN_EXPIRES, BAN_REASON, BANNED, ROLE
from ostiary.domain.schema import MISSING
from ostiary.http.wire import is_email
from ostiary.services.users import CREDENTIAL, NewUser
from ostiary.storage.store import Transaction

DISABLED: Final = "disabled before the import"
_EXAMPLES: Final = 20


@dataclass
class Report:
    """What became of everybody."""

    read: int = 0
    added: int = 0
    known: int = 0
    without_password: int = 0
    links_left_out: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    examples: list[tuple[str, str]] = field(default_factory=list)

    def refuse(self, place: str, reason: str) -> None:
        """Note somebody who is not taken over."""
        self.refused[reason] += 1
        if len(self.examples) < _EXAMPLES:
            self.examples.append((place, reason))

    def as_json(self) -> dict[str, JsonValue]:
        """Return the counts and the first refusals."""
        return {
            "read": self.read,
            "added": self.added,
            "known": self.known,
            "withoutPassword": self.without_password,
            "linksLeftOut": self.links_left_out,
            "refused": dict(self.refused),
            "examples": [{"place": place, "reason": reason} for place, reason in self.examples],
        }

    def lines(self, *, dry: bool) -> Iterator[str]:
        """Yield sentences for a person."""
        if not self.read:
            yield "The export holds nobody: there was nothing to add."
            return
        yield f"{'Would add' if dry else 'Added'} {self.added:,} of {self.read:,} people."
        if self.known:
            yield f"{self.known:,} have an account already; nothing of theirs was changed."
        if self.without_password:
            yield f"{self.without_password:,} without a password that can be kept: they sign in by a reset."
        if self.links_left_out:
            yield f"{self.links_left_out:,} links to providers left out: they belong to somebody else."
        for reason, count in self.refused.most_common():
            yield f"{count:,} refused: {reason}"
        yield from (f"  {place}: {reason}" for place, reason in self.examples)
        if more := self.refused.total() - len(self.examples):
            yield f"  and {more:,} more"


@dataclass(frozen=True, kw_only=True)
class Manner:
    """How people are taken over."""

    batch: int = 500
    dry: bool = False
    keep_ids: bool = False
    admins: bool = False


@dataclass(frozen=True)
class Writer:
    """Takes people over into one auth server."""

    auth: Auth
    manner: Manner
    report: Report = field(default_factory=Report)

    def __post_init__(self) -> None:
        """Refuse what could fail for everybody; raises ConfigurationError."""
        lacking = [
            each.name
            for each in self.auth.schema[USER].extra_fields
            if each.required and each.initial() is MISSING
        ]
        if lacking:
            raise ConfigurationError(
                f"users need a {lacking[0]}, which no export has: give the field a default"
            )
        if self.manner.keep_ids and self.auth.schema.id_type == "serial":
            raise ConfigurationError("--keep-ids: the ids of this server are numbers of its own")
        if self.manner.admins and not self._has(ROLE.name):
            raise ConfigurationError("--admins: this server knows no roles: add Admin() to its plugins")

    def _has(self, name: str) -> bool:
        return name in self.auth.schema[USER].by_name

    async def take(self, people: People, tell: Callable[[Report], None]) -> Report:
        """Take everybody over who is not known; `tell` is called after each batch."""
        async for batch in _batches(people, self.manner.batch):
            self.report.read += len(batch)
            await self._take(list(self._sound(batch)))
            tell(self.report)
        return self.report

    def _sound(self, batch: Sequence[Newcomer | Unreadable]) -> Iterator[Newcomer]:
        for each in batch:
            reason = self._reason_against(each)
            if isinstance(each, Newcomer) and reason is None:
                yield replace(each, email=each.email.lower())
            else:
                self.report.refuse(each.place, reason or "unreadable")

    def _reason_against(self, each: Newcomer | Unreadable) -> str | None:
        if isinstance(each, Unreadable):
            return each.reason
        if not each.email:
            return "no email address"
        if not is_email(each.email):
            return "an email address that is none"
        if self._is_barred(each) and not self._has(BANNED.name):
            return "disabled, and this server knows no bans: add Admin() to its plugins"
        return None

    def _is_barred(self, each: Newcomer) -> bool:
        end = each.disabled_until
        return each.is_disabled and (end is None or end > self.auth.services.runtime.now())

    async def _take(self, people: Sequence[Newcomer]) -> None:
        """Write a batch; where it cannot be written whole, one person at a time."""
        fresh = await self._fresh(people)
        if self.manner.dry:
            self._count(fresh)
            return
        try:
            await self._write(fresh)
        except (AlreadyExists, InvalidValue, AuthError):
            for each in fresh:
                await self._write_one(each)
        else:
            self._count(fresh)

    async def _write_one(self, each: Newcomer) -> None:
        try:
            await self._write([each])
        except AlreadyExists:
            self.report.refuse(each.place, "the id or another unique value is taken")
        except InvalidValue:
            self.report.refuse(each.place, "a value that the database cannot hold")
        except AuthError as error:
            self.report.refuse(each.place, error.message or error.code or "refused by a hook")
        else:
            self._count([each])

    def _count(self, written: Sequence[Newcomer]) -> None:
        self.report.added += len(written)
        self.report.without_password += sum(1 for each in written if each.password_hash is None)

    async def _fresh(self, people: Sequence[Newcomer]) -> list[Newcomer]:
        """Return those who have no account yet, with the hashes and links that can be kept."""
        rows = self.auth.services.store.rows(USER)
        emails = list({each.email for each in people})
        found = await rows.all(UserFields.EMAIL.is_in(emails), limit=len(emails)) if emails else ()
        known, seen = {user.email for user in found}, set[str]()
        taken = await self._taken([link for each in people for link in each.accounts])
        fresh: list[Newcomer] = []
        for each in people:
            if each.email in known:
                self.report.known += 1
            elif each.email in seen:
                self.report.refuse(each.place, "the address stands in the export twice")
            else:
                seen.add(each.email)
                fresh.append(self._kept(each, taken))
        return fresh

    async def _taken(self, links: Sequence[SocialAccount]) -> set[SocialAccount]:
        rows, names = self.auth.services.store.rows(ACCOUNT), list({link.account_id for link in links})
        found = (
            await rows.all(AccountFields.ACCOUNT_ID.is_in(names), limit=2 * len(names) + 100) if names else ()
        )
        return {SocialAccount(account.provider_id, account.account_id) for account in found}

    def _kept(self, each: Newcomer, taken: set[SocialAccount]) -> Newcomer:
        links = tuple(link for link in dict.fromkeys(each.accounts) if link not in taken)
        self.report.links_left_out += len(set(each.accounts)) - len(links)
        taken.update(links)
        stored = each.password_hash
        is_known = stored is not None and any(one.recognises(stored) for one in KNOWN_ALGORITHMS)
        return replace(each, accounts=links, password_hash=stored if is_known else None)

    async def _write(self, people: Sequence[Newcomer]) -> None:
        async with self.auth.services.store.transaction() as tables:
            for each in people:
                await self._insert(each, tables)

    async def _insert(self, each: Newcomer, tables: Transaction) -> None:
        writes, runtime = self.auth.services.users.writes, self.auth.services.runtime
        user = await writes.create(USER, self._user(each), tables)
        begun = user.created_at

        def account(provider: str, name: str, stored: str | None = None) -> Account:
            """Return a row that links the person to a provider."""
            return Account(
                id=runtime.new_id(),
                account_id=name,
                provider_id=provider,
                user_id=user.id,
                password=stored,
                created_at=begun,
                updated_at=begun,
                extra=self.auth.schema[ACCOUNT].extra_defaults(),
            )

        if each.password_hash is not None:
            await writes.create(ACCOUNT, account(CREDENTIAL, user.id, each.password_hash), tables)
        for link in each.accounts:
            await writes.create(ACCOUNT, account(link.provider_id, link.account_id), tables)

    def _user(self, each: Newcomer) -> User:
        model = self.auth.schema[USER]
        extra = model.extra_defaults()
        if self._is_barred(each):
            extra |= {BANNED.name: True, BAN_REASON.name: DISABLED, BAN_EXPIRES.name: each.disabled_until}
        if each.is_admin and self.manner.admins:
            extra[ROLE.name] = "admin"
        draft = self.auth.services.users.draft(
            NewUser(
                email=each.email,
                name=each.name or each.email.partition("@")[0],
                image=each.image,
                email_verified=each.email_verified,
                additional=extra,
            )
        )
        begun = each.created_at or draft.created_at
        user_id = each.old_id if self.manner.keep_ids and each.old_id else draft.id
        return replace(draft, id=user_id, created_at=begun)


async def _batches(people: People, size: int) -> AsyncIterator[list[Newcomer | Unreadable]]:
    batch: list[Newcomer | Unreadable] = []
    async for each in people:
        batch.append(each)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
