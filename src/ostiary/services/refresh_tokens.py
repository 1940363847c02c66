"""Refresh tokens: each use rotates one, a second use ends its family and the session."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ostiary.crypto.refresh_tokens import RefreshToken, new_refresh_token, new_salt, parse_refresh_token
from ostiary.domain.audit import Ended
from ostiary.domain.entities import ActiveSession, Session
from ostiary.domain.refresh_tokens import REFRESH_TOKEN, RefreshFamily, RefreshFamilyFields
from ostiary.domain.runtime import Runtime
from ostiary.services.sessions import Sessions
from ostiary.storage.store import Repository, Store, Tables

_MOST_IN_FLIGHT: Final = 32  # generations; an honest client has two


class RefreshRefused(Exception):
    """The token gives nothing; the message is for the operator."""

    def __init__(self, message: str, reused: RefreshFamily | None = None) -> None:
        """`reused` is the family that was ended because a used token came again."""
        super().__init__(message)
        self.reused = reused


@dataclass(frozen=True, slots=True)
class Generation:
    """A token that was used: its hash, when, and the chance that went into its successor."""

    hash: str
    used_at: int
    """Milliseconds since the epoch."""
    salt: str


@dataclass(frozen=True, slots=True)
class Claim:
    """A token that was found good, its family and the living session behind it."""

    token: RefreshToken
    family: RefreshFamily
    active: ActiveSession


@dataclass(frozen=True, kw_only=True)
class RefreshTokens:
    """Families of refresh tokens, one row each. Rotation is one compare-and-swap on the row.

    Of requests that race with one token, one wins; the others compute the winner's successor from the token
    they hold, so that all of them answer with the same one.
    """

    store: Store
    sessions: Sessions
    runtime: Runtime
    expires_in: timedelta
    """How long an unused token lives."""
    lifetime: timedelta
    """How long a family lives where sessions have no absolute end."""
    grace: timedelta
    """How long a used token still answers with its successor."""

    async def issue(
        self, session: Session, client_id: str | None = None, tables: Tables | None = None
    ) -> RefreshToken:
        """Begin the family of a session that was just started."""
        token, now = new_refresh_token(self.runtime), self.runtime.now()
        family = RefreshFamily(
            id=self.runtime.new_id(),
            family=token.family_hash,
            token_hash=token.hash,
            session_id=session.id,
            session_token=session.token,
            user_id=session.user_id,
            client_id=client_id or None,
            created_at=now,
            expires_at=self._expiry(session),
        )
        await self._rows(tables).insert(family)
        return token

    async def claim(self, text: str, client_id: str | None = None) -> Claim:
        """Return the token with its living session, which is extended so that it outlives the token.

        Raises RefreshRefused, and whatever bars the user from having a session. Nothing is rotated yet: what
        else may fail comes between this and `rotate`.
        """
        token, family = await self.find(text)
        await self._require_unused(token, family)
        active = await self._living(family)
        if active is None:
            await self._rows().delete(RefreshFamilyFields.FAMILY.equals(family.family))
            raise RefreshRefused("its session has ended")
        self.sessions.admit(active.user)
        if family.client_id is not None and family.client_id != client_id:
            raise RefreshRefused("issued to another client")
        return Claim(token, family, await self._extended(active))

    async def rotate(self, claim: Claim) -> RefreshToken:
        """Put the successor in the token's place; losers of a race get the same. Raises RefreshRefused."""
        token, family = claim.token, claim.family
        while (live := await self._require_unused(token, family)) == token:
            if (successor := await self._swapped(claim, family)) is not None:
                return successor
            token, family = await self.find(token.text)
        return live

    async def find(self, text: str) -> tuple[RefreshToken, RefreshFamily]:
        """Return the token of a text and its family; raises RefreshRefused if there is none or it is over."""
        token = parse_refresh_token(text)
        if token is None:
            raise RefreshRefused("not a refresh token")
        family = await self._rows().first(RefreshFamilyFields.FAMILY.equals(token.family_hash))
        if family is None:
            raise RefreshRefused("unknown or revoked")
        if family.expires_at <= self.runtime.now():
            raise RefreshRefused("expired")
        return token, family

    async def session_of(self, session_id: str) -> ActiveSession | None:
        """Return the living session of this identifier that has a family; None if it ended."""
        family = await self._rows().first(RefreshFamilyFields.SESSION_ID.equals(session_id))
        return None if family is None else await self._living(family)

    async def revoke(self, family: RefreshFamily, why: Ended = Ended.REVOKED) -> None:
        """End a family and its session; the session first, since without it no token is worth anything."""
        await self.sessions.revoke(family.session_token, why)
        await self._rows().delete(RefreshFamilyFields.FAMILY.equals(family.family))

    async def forget_old(self, user_id: str) -> None:
        """Delete the families of a user that are over."""
        over = RefreshFamilyFields.EXPIRES_AT.at_most(self.runtime.now())
        await self._rows().delete(RefreshFamilyFields.USER_ID.equals(user_id), over)

    def is_live(self, token: RefreshToken, family: RefreshFamily) -> bool:
        """Tell whether it is the last token of its family."""
        return token.hash == family.token_hash

    def live_end(self, token: RefreshToken, family: RefreshFamily) -> RefreshToken | None:
        """Return the living token that this one leads to; None if it was used too long ago, or is none."""
        first = True
        for generation in _generations(family):
            if generation.hash == token.hash:
                if first and not self._is_in_flight(generation):
                    return None
                token, first = token.successor(generation.salt), False
        return token if self.is_live(token, family) else None

    async def _require_unused(self, token: RefreshToken, family: RefreshFamily) -> RefreshToken:
        live = self.live_end(token, family)
        if live is None:
            # either the thief or the owner came second, and nobody can tell which (RFC 9700 section 4.14.2)
            await self.revoke(family, Ended.REFRESH_TOKEN_REUSED)
            raise RefreshRefused("used before", reused=family)
        return live

    async def _swapped(self, claim: Claim, family: RefreshFamily) -> RefreshToken | None:
        """Return the successor if nobody else was faster."""
        token, now, session = claim.token, self.runtime.now(), claim.active.session
        used = Generation(token.hash, _milliseconds(now), new_salt(self.runtime))
        successor = token.successor(used.salt)
        in_flight = [each for each in _generations(family) if self._is_in_flight(each)]
        swapped = await self._rows().update(
            {
                RefreshFamilyFields.TOKEN_HASH: successor.hash,
                RefreshFamilyFields.HISTORY: _as_json([*in_flight, used][-_MOST_IN_FLIGHT:]),
                RefreshFamilyFields.EXPIRES_AT: self._expiry(session),
            },
            RefreshFamilyFields.FAMILY.equals(family.family),
            RefreshFamilyFields.TOKEN_HASH.equals(token.hash),
        )
        return None if swapped is None else successor

    async def _living(self, family: RefreshFamily) -> ActiveSession | None:
        active = await self.sessions.store.find(family.session_token)
        if active is None or active.session.id != family.session_id or self.sessions.is_over(active.session):
            return None
        return active

    async def _extended(self, active: ActiveSession) -> ActiveSession:
        """Extend a session that would end before its refresh token."""
        session = active.session
        wanted = min(self.runtime.now() + self.expires_in, self._end(session))
        if session.expires_at >= wanted or self.sessions.options.disable_session_refresh:
            return active
        extended = await self.sessions.slide(session)
        if extended is None:
            raise RefreshRefused("its session ended meanwhile")
        return ActiveSession(extended, active.user)

    def _expiry(self, session: Session) -> datetime:
        """Return when an unused token of a session ends: never later than the session."""
        return min(self.runtime.now() + self.expires_in, session.expires_at, self._end(session))

    def _end(self, session: Session) -> datetime:
        return session.created_at + (self.sessions.options.absolute_lifetime or self.lifetime)

    def _is_in_flight(self, generation: Generation) -> bool:
        age = max(0, _milliseconds(self.runtime.now()) - generation.used_at)  # clocks of nodes differ
        return age < self.grace / timedelta(milliseconds=1)

    def _rows(self, tables: Tables | None = None) -> Repository[RefreshFamily]:
        return (tables or self.store).rows(REFRESH_TOKEN)


def _generations(family: RefreshFamily) -> Sequence[Generation]:
    """Return the used tokens of a family, the oldest first."""
    return [Generation(*each) for each in json.loads(family.history)]


def _as_json(generations: Sequence[Generation]) -> str:
    return json.dumps([(each.hash, each.used_at, each.salt) for each in generations], separators=(",", ":"))


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
