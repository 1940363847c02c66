"""The table of refresh tokens: one row for each sign-in, however often its token is rotated."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from ostiary.domain.entities import Entity
from ostiary.domain.schema import Field, Model, Reference, fields_of


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshFamily(Entity):
    """A row of `refreshToken`: every refresh token of one sign-in, of which the last one is alive."""

    family: str
    token_hash: str = field(repr=False)
    session_id: str
    session_token: str = field(repr=False)
    user_id: str
    client_id: str | None = None
    history: str = field(default="[]", repr=False)
    created_at: datetime
    expires_at: datetime


class RefreshFamilyFields:
    """The columns of `refreshToken`."""

    FAMILY = Field[str](name="family", unique=True)
    """SHA-256 of the part that every token of the family begins with."""
    TOKEN_HASH = Field[str](name="tokenHash", returned=False)
    """SHA-256 of the secret of the token that is alive."""
    SESSION_ID = Field[str](name="sessionId", references=Reference("session"), index=True)
    SESSION_TOKEN = Field[str](name="sessionToken", returned=False)
    """How the session is found wherever sessions are kept."""
    USER_ID = Field[str](name="userId", references=Reference("user"), index=True)
    CLIENT_ID = Field[str | None](name="clientId", required=False)
    """What the client called itself at sign-in."""
    HISTORY = Field[str](name="history", returned=False)
    """The generations whose tokens may still be in flight, as JSON."""
    CREATED_AT = Field[datetime](name="createdAt", type="date")
    EXPIRES_AT = Field[datetime](name="expiresAt", type="date")


REFRESH_TOKEN: Final = Model[RefreshFamily]("refreshToken", RefreshFamily, fields_of(RefreshFamilyFields))
