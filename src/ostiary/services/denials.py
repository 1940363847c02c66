"""Keeps the deny list true of what happens to sessions and users, and judges by it."""

import logging
from collections.abc import Awaitable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from ostiary.domain.entities import Session, User
from ostiary.domain.errors import AuthError, StorageUnavailable
from ostiary.domain.models import ID, USER
from ostiary.domain.refresh_tokens import REFRESH_TOKEN, RefreshFamilyFields
from ostiary.domain.roles import BAN_EXPIRES, BANNED, ROLE, is_banned, role_of
from ostiary.domain.runtime import Runtime
from ostiary.domain.schema import Changes
from ostiary.services.deny_list import Bearer, DenyList
from ostiary.services.sessions import Admission
from ostiary.services.write_hooks import DatabaseHooks, ModelHooks
from ostiary.storage.store import Store

_log: Final = logging.getLogger("ostiary")
_JUDGED_BY: Final = frozenset({ROLE.name, BANNED.name, BAN_EXPIRES.name})
_decides: Final[ContextVar[bool]] = ContextVar("decides", default=False)
"""Whether this request changed what tokens are judged by; once it did, no later write takes that back."""


@dataclass(frozen=True, kw_only=True)
class Denials:
    """The deny list of a server that issues tokens. Where it does not answer, the store does."""

    deny_list: DenyList
    store: Store
    runtime: Runtime
    admissions: Sequence[Admission] = ()
    ends_families: bool = False
    """Sessions are not rows that refresh tokens hang on: those of a session that ended are deleted here."""

    def hooks(self) -> DatabaseHooks:
        """Return the hooks that note every end of a session, every change and every end of a user."""
        return DatabaseHooks(
            user=ModelHooks(
                before_update=self._weigh, after_update=self._describe, after_delete=self._forget
            ),
            session=ModelHooks(after_delete=self._deny),
        )

    @property
    def asks(self) -> bool:
        """Whether the notes are with another process."""
        return self.deny_list.asks

    def clears(self, principal: Bearer) -> bool:
        """Tell whether certainly nothing is known against a token, without asking anybody."""
        return self.deny_list.clears(principal)

    async def refuses(self, principal: Bearer) -> str | None:
        """Return why a token is dead, None while it lives. Raises StorageUnavailable where none can tell."""
        try:
            return await self.deny_list.refuses(principal)
        except StorageUnavailable as error:
            _log.warning("the deny list does not answer; the database is asked: %s", error)
            return await self._refused_by_store(principal)

    async def _refused_by_store(self, principal: Bearer) -> str | None:
        if principal.session_id is not None and self._has_families:
            of_session = RefreshFamilyFields.SESSION_ID.equals(principal.session_id)
            if await self.store.rows(REFRESH_TOKEN).first(of_session) is None:
                return "its session has ended"
        user = await self.store.rows(USER).first(ID.equals(principal.user.id))
        if user is None or self._is_barred(user):
            return "its bearer is barred"
        if ROLE.name in principal.claims and role_of(principal.user) != role_of(user):
            return "its bearer has another role now"
        return None

    @property
    def _has_families(self) -> bool:
        return REFRESH_TOKEN.name in self.store.schema.by_name

    async def _deny(self, session: Session) -> None:
        if not self._has_families:
            return  # no token names a session
        if self.ends_families:
            of_session = RefreshFamilyFields.SESSION_ID.equals(session.id)
            await self.store.rows(REFRESH_TOKEN).delete(of_session)
        await self._noted(self.deny_list.deny_session(session.id))

    async def _forget(self, user: User) -> None:
        now = self.runtime.now()
        await self._noted(self.deny_list.describe_user(user.id, None, barred=True, at=now))

    @staticmethod
    async def _noted(note: Awaitable[None]) -> None:
        """Write a note of something that is gone for good: to fail now would bring nothing back."""
        try:
            await note
        except StorageUnavailable:
            _log.exception("the deny list does not answer: access tokens may live until they expire")

    @staticmethod
    async def _weigh(changes: Changes) -> Changes:
        if not _JUDGED_BY.isdisjoint(field.name for field in changes):
            _decides.set(True)
        return changes

    async def _describe(self, user: User) -> None:
        try:
            await self._note(user)
        except StorageUnavailable as error:
            if _decides.get() or self._is_barred(user):
                raise  # a ban must be tried again, until every service hears of it
            _log.warning("the deny list does not answer, and needs no news of this change: %s", error)

    async def _note(self, user: User) -> None:
        """Write what is true of a user, until that is what the row says: of two who race, the newer stays."""
        while True:
            now, ends = self.runtime.now(), user[BAN_EXPIRES]
            until = ends - now if ends is not None and is_banned(user, now) else None
            await self.deny_list.describe_user(
                user.id, role_of(user), barred=self._is_barred(user), at=now, at_most=_whole_seconds(until)
            )
            present = await self.store.rows(USER).first(ID.equals(user.id))
            if present is None:
                return await self._forget(user)
            if present == user:
                return None
            user = present

    def _is_barred(self, user: User) -> bool:
        try:
            for admission in self.admissions:
                admission(user, self.runtime.now())
        except AuthError:
            return True
        return False


def _whole_seconds(span: timedelta | None) -> timedelta | None:
    """Round up: life times of notes are whole seconds, and a ban must not end early."""
    return None if span is None else timedelta(seconds=-(-span // timedelta(seconds=1)))
