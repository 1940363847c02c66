"""The life of a session: start, slide, revoke."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from ostiary.domain.audit import Ended, EventKind
from ostiary.domain.entities import ActiveSession, Session, User, is_over
from ostiary.domain.errors import AuthError
from ostiary.domain.last_login import LAST_LOGIN_AT
from ostiary.domain.models import ID, SESSION, USER, SessionFields
from ostiary.domain.runtime import Runtime
from ostiary.domain.schema import MISSING, Changes, Schema, Value
from ostiary.options import SessionOptions
from ostiary.services.audit import Act
from ostiary.services.write_hooks import HookedWrites
from ostiary.storage.sessions import SessionStore
from ostiary.storage.store import Transaction

Admission: TypeAlias = Callable[[User, datetime], None]
FORGETTABLE_LIFE = timedelta(days=1)


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
        remember: bool = True,
        ip_address: str | None = None,
        user_agent: str | None = None,
        tables: Transaction | None = None,
    ) -> Session:
        """Start a session: the idle life of the configuration, or one day where it is not to be remembered.

        Raises AuthError where a plugin bars the user or a hook refuses.
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
            extra=self._defaults(),
        )
        session = await self.writes.before_create(SESSION, session)
        async with self.writes.audit.act(tables) as act:
            user = await self._note_login(user, now, act.transaction)
            stored = await self.store.insert(session, user, act.transaction)
            await act.record(EventKind.SIGNED_IN, user_id=user.id, session=stored.token)
            effects = [hooks.after_create for hooks in self.writes.of(SESSION)]
            await self._afterwards(act, lambda: self.writes.after(effects, stored))
        return stored

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

    async def _note_login(self, user: User, now: datetime, tables: Transaction | None) -> User:
        """Keep when the user signed in, where a plugin asks for it; copies of the user learn of it.

        They are made of the row as it is now: a role may have been taken away while the password was checked.
        """
        if LAST_LOGIN_AT.name not in self.schema[USER].by_name:
            return user
        noted = await self.writes.note(USER, {LAST_LOGIN_AT: now}, ID.equals(user.id), tables=tables)
        if noted is None:
            return user
        if tables is None:
            await self.store.user_changed(noted)
        else:
            tables.after_commit(lambda: self.store.user_changed(noted))
        return noted

    def _defaults(self) -> dict[str, Value]:
        extra = self.schema[SESSION].extra_fields
        return {field.name: value for field in extra if (value := field.initial()) is not MISSING}

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
