"""The life of a session: start, slide, revoke."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from ostiary.domain.audit import Ended, EventKind
from ostiary.domain.entities import Account, ActiveSession, Session, User, is_over
from ostiary.domain.errors import AuthError, Errors
from ostiary.domain.last_login import LAST_LOGIN_AT
from ostiary.domain.models import ID, SESSION, USER, SessionFields
from ostiary.domain.runtime import Runtime
from ostiary.domain.schema import Changes, Schema
from ostiary.options import SessionOptions
from ostiary.services.audit import Act
from ostiary.services.write_hooks import HookedWrites
from ostiary.storage.sessions import SessionStore
from ostiary.storage.store import Transaction

Admission: TypeAlias = Callable[[User, datetime], None]
FORGETTABLE_LIFE = timedelta(days=1)


class _TooLate(Exception):
    """Somebody lost the right to come in while the sign-in was under way."""


@dataclass(frozen=True)
class Sessions:
    """Sessions by token: the root that every credential stands for."""

    store: SessionStore
    writes: HookedWrites
    schema: Schema
    runtime: Runtime
    options: SessionOptions
    admissions: tuple[Admission, ...] = ()

    def admit(self, user: User) -> None:
        """Raise the refusal of a plugin that bars a user from having a session."""
        for admission in self.admissions:
            admission(user, self.runtime.now())

    async def start(
        self,
        user: User,
        *,
        account: Account | None = None,
        is_new: bool = False,
        remember: bool = True,
        ip_address: str | None = None,
        user_agent: str | None = None,
        tables: Transaction | None = None,
    ) -> Session:
        """Start a session: the idle life of the configuration, or one day where it is not to be remembered.

        `account` is the one somebody came by, as it was when that was judged. `is_new` says that `tables`
        writes the user's row as well. Raises AuthError where a plugin bars the user or a hook refuses, and
        INVALID_EMAIL_OR_PASSWORD or FAILED_TO_CREATE_SESSION for whoever may not come in any more: a
        password that was reset, a ban, a user who was deleted while the sign-in was under way.
        """
        await self.admit_to_sign_in(user)
        now = self.runtime.now()
        session = Session(
            id=self.runtime.new_id(),
            expires_at=now + (self.options.expires_in if remember else FORGETTABLE_LIFE),
            token=self.runtime.new_token(),
            created_at=now,
            updated_at=now,
            ip_address=ip_address or "",  # wire: unknown is the empty text, not null
            user_agent=user_agent or "",
            user_id=user.id,
            extra=self.schema[SESSION].extra_defaults(),
        )
        session = await self.writes.before_create(SESSION, session)
        try:
            return await self._begin(session, user, account, tables, is_new=is_new)
        except _TooLate as late:
            await self._note_late(user, str(late), tables)
            has_password = account is not None and account.password is not None
            refusal = Errors.INVALID_EMAIL_OR_PASSWORD if has_password else Errors.FAILED_TO_CREATE_SESSION
            raise refusal(reason=str(late)) from late

    async def _note_late(self, user: User, reason: str, tables: Transaction | None) -> None:
        """Record a refusal; where the caller's transaction is undone by it, once that is over."""

        async def record() -> None:
            """Do so."""
            await self.writes.audit.refused(EventKind.SIGN_IN_REFUSED, user.id, reason)

        if tables is None:
            await record()
        else:
            tables.after_rollback(record)

    async def _begin(
        self,
        session: Session,
        user: User,
        account: Account | None,
        tables: Transaction | None,
        *,
        is_new: bool,
    ) -> Session:
        """Keep a session of somebody who may still come in, before anybody can change that."""
        async with self._transaction(tables) as transaction, self.writes.audit.act(transaction) as act:
            if not is_new:
                user = await self._held(user, account, transaction)
            stored = await self.store.insert(session, user, transaction, at_once=not is_new)
            await act.record(EventKind.SIGNED_IN, user_id=user.id, session=stored.token)
            if LAST_LOGIN_AT.name in self.schema[USER].by_name:
                transaction.after_commit(lambda: self._note_login(stored))
            effects = [hooks.after_create for hooks in self.writes.of(SESSION)]
            transaction.after_commit(lambda: self.writes.after(effects, stored))
        return stored

    @asynccontextmanager
    async def _transaction(self, given: Transaction | None) -> AsyncGenerator[Transaction]:
        if given is not None:
            yield given
            return
        async with self.writes.audit.store.transaction() as own:
            yield own

    async def _held(self, user: User, account: Account | None, tables: Transaction) -> User:
        """Judge again on rows that now stay as they are; whoever takes the right away waits for this."""
        held = await tables.hold(user.id, None if account is None else account.id)
        if held is None:
            raise _TooLate("the user or the account was deleted meanwhile")
        if account is not None and held.account is not None and _is_replaced(account, held.account):
            raise _TooLate("the password was changed meanwhile")
        if self.is_barred(held.user):
            raise _TooLate("barred meanwhile")
        return held.user

    @staticmethod
    async def _afterwards(act: Act, effect: Callable[[], Awaitable[None]]) -> None:
        """Run an effect once the act is durable."""
        if act.transaction is None:
            await effect()
        else:
            act.transaction.after_commit(effect)

    async def admit_to_sign_in(self, user: User) -> None:
        """Raise the refusal of a plugin, and record that somebody wanted in."""
        try:
            self.admit(user)
        except AuthError as barred:
            await self.writes.audit.refused(EventKind.SIGN_IN_REFUSED, user.id, barred.reason or str(barred))
            raise

    async def _note_login(self, session: Session) -> None:
        """Keep when a user signed in; copies of the user learn of it.

        Not while the session's transaction holds rows: who writes an account and then starts a session would
        wait for a sign-in that wrote the user and waits for the account.
        """
        changes: Changes = {LAST_LOGIN_AT: session.created_at}
        noted = await self.writes.note(USER, changes, ID.equals(session.user_id))
        if noted is not None:
            await self.store.user_changed(noted.id)

    async def by_token(self, token: str) -> ActiveSession | None:
        """Return the live session of a token and its user; None if it is unknown, over or barred."""
        found = await self.store.find(token)
        return None if found is None or self.is_over(found.session) or self.is_barred(found.user) else found

    def is_barred(self, user: User) -> bool:
        """Tell whether a plugin bars a user, as a ban does."""
        try:
            self.admit(user)
        except AuthError:
            return True
        return False

    def is_over(self, session: Session) -> bool:
        """Tell whether a session ended by idling or by age."""
        return is_over(session, self.runtime.now(), self.options.absolute_lifetime)

    def is_due(self, session: Session) -> bool:
        """Tell whether enough of a session's life has passed to extend it."""
        if self.options.disable_session_refresh:
            return False
        begun = session.expires_at - self.options.expires_in
        return begun + self.options.update_age <= self.runtime.now()

    def is_fresh(self, session: Session) -> bool:
        """Tell whether the sign-in is recent enough for sensitive work."""
        if self.options.fresh_age == timedelta(0):
            return True
        return self.runtime.now() - session.created_at < self.options.fresh_age

    async def slide(self, session: Session) -> Session | None:
        """Extend a session, never past its absolute end; None if it was revoked meanwhile."""
        now = self.runtime.now()
        end = now + self.options.expires_in
        if self.options.absolute_lifetime is not None:
            end = min(end, session.created_at + self.options.absolute_lifetime)
        return await self.change(
            session.token, {SessionFields.EXPIRES_AT: end, SessionFields.UPDATED_AT: now}
        )

    async def change(self, token: str, changes: Changes) -> Session | None:
        """Change a session; None if it is gone."""
        changes = await self.writes.before_update(SESSION, changes)
        updated = await self.store.update(token, changes)
        if updated is not None:
            await self.writes.after([hooks.after_update for hooks in self.writes.of(SESSION)], updated)
        return updated

    async def revoke(self, token: str, why: Ended = Ended.REVOKED) -> None:
        """End one session; unknown is a no-op."""
        await self._before_delete([token])
        async with self.writes.audit.act() as act:
            gone = await self.store.delete(token, act.tables)
            if gone is not None:
                await act.record_ends([gone], why)
                await self._afterwards(act, lambda: self._after_delete([gone]))

    async def revoke_all(
        self,
        user_id: str,
        why: Ended = Ended.REVOKED,
        *,
        keep: str | None = None,
        tables: Transaction | None = None,
    ) -> None:
        """End every session of a user, but the one to keep."""
        if any(hooks.before_delete for hooks in self.writes.of(SESSION)):
            of_user = await self.store.of_user(user_id)
            await self._before_delete([each.token for each in of_user if each.token != keep])
        async with self.writes.audit.act(tables) as act:
            gone = await self.store.delete_of_user(user_id, keep=keep, tables=act.tables)
            await act.record_ends(gone, why)
            await self._afterwards(act, lambda: self._after_delete(gone))

    async def _before_delete(self, tokens: Sequence[str]) -> None:
        interested = [hooks.before_delete for hooks in self.writes.of(SESSION) if hooks.before_delete]
        for token in tokens if interested else ():
            if (found := await self.store.find(token)) is not None:
                await self.writes.after(interested, found.session)

    async def _after_delete(self, gone: Sequence[Session]) -> None:
        effects = [hooks.after_delete for hooks in self.writes.of(SESSION)]
        for session in gone:
            await self.writes.after(effects, session)

    async def of_user(self, user_id: str) -> list[Session]:
        """Return the live sessions of a user, the oldest first."""
        return [each for each in await self.store.of_user(user_id) if not self.is_over(each)]


def _is_replaced(seen: Account, now: Account) -> bool:
    """Tell whether an account has another password, not the same one under a newer kind of hash."""
    return now.password != seen.password and now.updated_at != seen.updated_at
