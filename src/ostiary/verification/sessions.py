"""Judges the session tokens of a server whose database or key-value store is shared: looks, never writes."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from ostiary.crypto.signing import Keyring, unsign
from ostiary.crypto.token_form import Cause, TokenRefused
from ostiary.domain.entities import ActiveSession, is_over
from ostiary.domain.errors import InvalidValue
from ostiary.domain.roles import is_banned
from ostiary.verification.credentials import Credential, Form
from ostiary.verification.principal import Principal, Proof


class SessionSource(Protocol):
    """Where sessions are looked up. Raises StorageUnavailable where that cannot be told."""

    async def find(self, token: str) -> ActiveSession | None:
        """Return the session of a token with its user, expired or not; None if unknown."""
        ...


@dataclass(frozen=True)
class SessionSources:
    """Several places where a session may be."""

    sources: tuple[SessionSource, ...]

    async def find(self, token: str) -> ActiveSession | None:
        """Return the session from the first place that knows it."""
        for source in self.sources:
            if (active := await source.find(token)) is not None:
                return active
        return None


@dataclass(frozen=True)
class SessionJudge:
    """Judges what stands for a row of `session`."""

    sessions: SessionSource
    keyring: Keyring = field(repr=False)
    lifetime: timedelta | None
    """How long after the sign-in a session ends, however often it is used."""
    allow_unsigned: bool = False

    async def judge(self, credential: Credential, proof: Proof, now: datetime) -> Principal:
        """Return who the session belongs to. Raises TokenRefused and StorageUnavailable."""
        active = await self._find(self._token(credential))
        if is_over(active.session, now, self.lifetime):
            raise TokenRefused("the session is over", Cause.EXPIRED)
        if is_banned(active.user, now):
            raise TokenRefused("the user is banned")
        return Principal(user=active.user, proof=proof, session=active.session, session_id=active.session.id)

    def _token(self, credential: Credential) -> str:
        if credential.form is Form.OPAQUE:
            if not self.allow_unsigned:
                raise TokenRefused("a session token without its signature", Cause.MALFORMED)
            return credential.value
        token = unsign(credential.value, self.keyring)
        if token is None:
            raise TokenRefused("no secret of ours signed it", Cause.INVALID_SIGNATURE)
        return token

    async def _find(self, token: str) -> ActiveSession:
        try:
            active = await self.sessions.find(token)
        except InvalidValue as error:
            raise TokenRefused("no session has such a token") from error
        if active is None:
            raise TokenRefused("no session has this token")
        return active
