"""Sessions in the key-value store, in the layout of Better Auth's secondary storage."""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from ostiary.domain.entities import ActiveSession, Entity, Session, User, value_of
from ostiary.domain.errors import JsonValue
from ostiary.domain.models import ID, KEY_VALUE_ORDER, SESSION, USER, SessionFields
from ostiary.domain.runtime import Runtime
from ostiary.domain.schema import Changes, Model, Schema
from ostiary.domain.values import changed, entity_from_json
from ostiary.storage.key_value import KeyValue
from ostiary.storage.sessions import MOST_LISTED, TableSessions
from ostiary.storage.store import Store, Tables, as_transaction


class _Entry(NamedTuple):
    """One line of a user's list: a token and when it ends, in milliseconds."""

    token: str
    expires_at: int


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def _text(moment: datetime) -> str:
    return f"{moment.astimezone(UTC).isoformat(timespec='milliseconds')[:23]}Z"


def _as_json(model: Model[Any], entity: Entity, first: Sequence[str] = ()) -> dict[str, JsonValue]:
    # wire: what the database keeps as well ends with its identifier; what it does not, begins with it
    members: dict[str, JsonValue] = {"id": entity.id} if first else {}
    for name in [*first, *(field.name for field in model.fields if field.name not in first)]:
        value = value_of(entity, model.by_name[name])
        members[name] = _text(value) if isinstance(value, datetime) else value
    return {**members, "id": entity.id}


def _parse(text: str | None) -> JsonValue:
    try:
        return json.loads(text) if text else None
    except ValueError:
        return None


class KeyValueSessions:
    """Sessions under their tokens, a list of tokens for each user, and a mark that ends older sessions.

    With `rows` the database keeps every session as well; with `preserves_rows` it keeps them for audits after
    they ended.
    """

    def __init__(
        self,
        key_value: KeyValue,
        schema: Schema,
        runtime: Runtime,
        *,
        users: Store | None = None,
        rows: TableSessions | None,
        preserves_rows: bool,
        longest_life: timedelta,
    ) -> None:
        """`users` has the people, for who writes; `longest_life` is how long a mark outlives what it ends."""
        self._kv = key_value
        self._users = users
        self._schema = schema
        self._runtime = runtime
        self._rows = rows
        self._preserves_rows = preserves_rows
        self._longest_life = longest_life

    async def insert(
        self, session: Session, user: User, tables: Tables | None = None, *, at_once: bool = False
    ) -> Session:
        """Keep a new session; within a transaction, once that has committed, or at once.

        What was kept at once goes with a transaction that fails. A process that dies in between leaves a
        session whose token nobody ever got, until it expires.
        """
        if self._rows is not None:
            session = await self._rows.insert(session, user, tables)
        transaction = as_transaction(tables)
        if transaction is not None and not at_once:
            transaction.after_commit(lambda: self._keep_late(session, user))
            return session
        if transaction is not None:
            transaction.after_rollback(lambda: self._forget(session.user_id, [session.token]))
        await self._keep(session, user)
        return session

    async def _keep(self, session: Session, user: User) -> None:
        ttl = self._seconds_until(_milliseconds(session.expires_at))
        if ttl > timedelta(0):
            await self._kv.set(session.token, self._text(ActiveSession(session, user)), ttl)
        await self._relist(session.user_id, add=_Entry(session.token, _milliseconds(session.expires_at)))

    async def _forget(self, user_id: str, tokens: Sequence[str]) -> None:
        for token in tokens:
            await self._kv.delete(token)
        await self._relist(user_id, drop=tokens)

    async def _keep_late(self, session: Session, user: User) -> None:
        """Keep a session whose user may have been changed since, by a hook for one."""
        await self._keep(session, user)
        await self.user_changed(user.id)

    async def _rewrite(self, token: str, changes: Changes) -> Session | None:
        """Write changes into a session, and its user as the row is now; None where somebody ended it."""
        while (text := await self._kv.get(token)) and (active := self._read(text, token)):
            session = changed(active.session, changes)
            if await self._swapped(text, ActiveSession(session, await self._present(active.user))):
                return session
        return None

    async def _present(self, user: User) -> User:
        """Return a user as the row is now.

        Read after the copy that it is to replace: of two who write, the one with the older row loses.
        """
        found = None if self._users is None else await self._users.rows(USER).first(ID.equals(user.id))
        return found or user

    async def _swapped(self, text: str, active: ActiveSession) -> bool:
        """Put a session in the place of the text it was read from; False where that was changed or ended."""
        ttl = self._seconds_until(_milliseconds(active.session.expires_at))
        return await self._kv.swap(active.session.token, text, self._text(active), ttl)

    def _text(self, active: ActiveSession) -> str:
        schema = self._schema
        first = KEY_VALUE_ORDER if self._rows is None else ()
        members = {
            "session": _as_json(schema[SESSION], active.session, first),
            "user": _as_json(schema[USER], active.user),
        }
        return json.dumps(members, ensure_ascii=False, separators=(",", ":"))

    def _seconds_until(self, moment: int) -> timedelta:
        return timedelta(seconds=(moment - _milliseconds(self._runtime.now())) // 1000)

    async def find(self, token: str) -> ActiveSession | None:
        """Return the session of a token unless a later mark of its user ended it."""
        text = await self._kv.get(token)
        if text is None:
            falls_back = self._rows is not None and not self._preserves_rows
            return await self._rows.find(token) if self._rows is not None and falls_back else None
        active = self._read(text, token)
        if active is None:
            return None
        mark = await self._kv.get(self._mark_key(active.user.id))
        if mark and mark.isdigit() and _milliseconds(active.session.created_at) < int(mark):
            return None
        return active

    def _read(self, text: str, token: str) -> ActiveSession | None:
        members = _parse(text)
        if not isinstance(members, dict):
            return None
        session = entity_from_json(self._schema[SESSION], members.get("session"))
        user = entity_from_json(self._schema[USER], members.get("user"))
        if session is None or user is None or session.token != token or session.user_id != user.id:
            return None
        return ActiveSession(session, user)

    async def update(self, token: str, changes: Changes) -> Session | None:
        """Change a session in place; one that ends meanwhile is not brought back."""
        active = await self.find(token)
        if active is None:
            return None
        row = None if self._rows is None else await self._rows.update(token, changes)
        session = await self._rewrite(token, changes)
        if session is None and row is not None and not self._preserves_rows:
            session = changed(active.session, changes)
        if session is not None:
            await self._relist(session.user_id, add=_Entry(token, _milliseconds(session.expires_at)))
        return session

    async def delete(self, token: str, tables: Tables | None = None) -> Session | None:
        """Forget a session; at once, even where the transaction is rolled back: an end is never undone."""
        text = await self._kv.get_and_delete(token)
        active = self._read(text, token) if text else None
        if active is not None:
            await self._relist(active.user.id, drop={token})
        from_rows = await self._end_row(token, tables)
        return active.session if active else from_rows

    async def _end_row(self, token: str, tables: Tables | None = None) -> Session | None:
        if self._rows is None:
            return None
        if self._preserves_rows:
            return await self._rows.update(token, {SessionFields.EXPIRES_AT: self._runtime.now()}, tables)
        return await self._rows.delete(token, tables)

    async def delete_of_user(
        self, user_id: str, *, keep: str | None = None, tables: Tables | None = None
    ) -> Sequence[Session]:
        """Forget all sessions of a user; without one to keep, a mark ends even those the list has lost."""
        doomed = [session for session in await self._listed(user_id) if session.token != keep]
        ended_at = _milliseconds(self._runtime.now())
        if self._rows is not None and not self._preserves_rows:
            known = {session.token for session in doomed}
            rows = await self._rows.delete_of_user(user_id, keep=keep, tables=tables)
            doomed += [row for row in rows if row.token not in known]  # the list may have lost them
        elif self._rows is not None:
            for session in doomed:
                await self._end_row(session.token, tables)

        async def end() -> None:
            """Take the sessions out of the key-value store."""
            if keep is None:
                await self._kv.set(self._mark_key(user_id), str(ended_at), self._longest_life)
            await self._forget(user_id, [session.token for session in doomed])

        transaction = as_transaction(tables)
        if transaction is None:
            await end()
        else:
            # before: whoever dies after the commit must not leave sessions that a reset has ended
            transaction.before_commit(end)
        return doomed

    async def of_user(self, user_id: str) -> Sequence[Session]:
        """Return the listed sessions that are still there."""
        sessions = await self._listed(user_id, MOST_LISTED)
        # wire: rows come in the order they were written, keys by when they end
        reads_rows = self._rows is not None and not self._preserves_rows
        return sorted(sessions, key=lambda each: each.created_at) if reads_rows else sessions

    async def _listed(self, user_id: str, limit: int | None = None) -> list[Session]:
        found = [await self.find(entry.token) for entry in (await self._entries(user_id))[:limit]]
        return [active.session for active in found if active is not None and active.user.id == user_id]

    async def user_changed(self, user_id: str) -> None:
        """Write the user as the row is now into every listed session."""
        tokens = [entry.token for entry in await self._entries(user_id)]
        while tokens:
            copies = zip(tokens, await self._kv.get_many(tokens), strict=True)
            found = [(text, active) for token, text in copies if text and (active := self._read(text, token))]
            known = [(text, active) for text, active in found if active.user.id == user_id]
            user = await self._present(known[0][1].user) if known else None
            tokens = [
                active.session.token
                for text, active in known
                if user is not None and not await self._swapped(text, ActiveSession(active.session, user))
            ]

    @staticmethod
    def _list_key(user_id: str) -> str:
        return f"active-sessions-{user_id}"

    @staticmethod
    def _mark_key(user_id: str) -> str:
        return f"revoked-sessions-before-{user_id}"

    async def _entries(self, user_id: str) -> list[_Entry]:
        return self._living(await self._kv.get(self._list_key(user_id)))

    def _living(self, text: str | None) -> list[_Entry]:
        """Return the lines of a list whose time has not come, the first to end first."""
        listed, now = _parse(text), _milliseconds(self._runtime.now())
        entries = [
            _Entry(each["token"], each["expiresAt"])
            for each in (listed if isinstance(listed, list) else [])
            if isinstance(each, dict)
            and isinstance(each.get("token"), str)
            and isinstance(each.get("expiresAt"), int)
        ]
        return sorted((each for each in entries if each.expires_at > now), key=lambda each: each.expires_at)

    async def _relist(self, user_id: str, *, add: _Entry | None = None, drop: Iterable[str] = ()) -> None:
        """Change the list; again, where somebody else did meanwhile: a lost line is a session nobody ends."""
        key, gone = self._list_key(user_id), {*drop, *([add.token] if add else [])}
        while True:
            text = await self._kv.get(key)
            entries = [entry for entry in self._living(text) if entry.token not in gone]
            entries = sorted([*entries, *([add] if add else [])], key=lambda each: each.expires_at)
            listed = [{"token": entry.token, "expiresAt": entry.expires_at} for entry in entries]
            ttl = self._seconds_until(entries[-1].expires_at) if entries else timedelta(0)
            if await self._kv.swap(key, text, json.dumps(listed, separators=(",", ":")), ttl):
                return
