"""What passes between us and a provider (RFC 6749): codes, tokens, and its word on a person."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from ostiary.domain.errors import JsonValue


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeGrant:
    """What a browser brought back, to be exchanged for tokens."""

    code: str = field(repr=False)
    redirect_uri: str
    code_verifier: str = field(repr=False)
    device_id: str | None = None
    """The device, as some providers have it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthTokens:
    """The tokens of one grant."""

    access_token: str | None = field(default=None, repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    id_token: str | None = field(default=None, repr=False)
    access_token_expires_at: datetime | None = None
    refresh_token_expires_at: datetime | None = None
    scopes: tuple[str, ...] | None = None
    """What was granted; None where nobody asked the provider."""
    raw: Mapping[str, JsonValue] = field(default_factory=dict, repr=False)
    """The whole answer, with what only this provider says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UserInfo:
    """What a provider says of a person."""

    data: Mapping[str, JsonValue]
    """Everything, as it says it: the subject is read here."""
    user: Mapping[str, JsonValue] = field(default_factory=dict)
    """Members of the user by wire name: `name`, `email`, `image`, `emailVerified`, additional fields."""
