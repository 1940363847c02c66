"""What the clients of the token routes send and read."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from ostiary.domain.entities import User
from ostiary.domain.last_login import LAST_LOGIN_AT
from ostiary.domain.roles import role_of
from ostiary.http.oauth_wire import OAuthModel, OAuthOutput, OpenOAuthModel
from ostiary.http.wire import (
    UNSET,
    DisplayName,
    Email,
    NewPassword,
    NullableText,
    OptionalFlag,
    OptionalText,
    Unset,
    absent,
)

OptionalGrantType = Annotated[Literal["password", ""] | None, absent]


class Login(OAuthModel):
    """Credentials as JSON (`email`), or as a form of OAuth 2 (`username`; RFC 6749 section 4.3.2)."""

    email: OptionalText = Field(default=None, description="Email address of the user")
    username: OptionalText = Field(default=None, description="The same, as OAuth 2 clients call it")
    password: str = Field(description="Password of the user")
    grant_type: OptionalGrantType = Field(default=None, description="`password`, where it is sent")
    client_id: OptionalText = Field(default=None, description="Binds the refresh token to this client")
    use_cookie: OptionalFlag = Field(
        default=None, description="Keep the refresh token in a cookie that no script can read"
    )

    @model_validator(mode="after")
    def _require_email(self) -> "Login":
        if self.email is None and self.username is None:
            raise PydanticCustomError("text", "Invalid input: expected email or username")
        return self

    @property
    def address(self) -> str:
        """The address, by whichever name it came."""
        return self.email or self.username or ""


class Register(OpenOAuthModel):
    """A new person, with the additional fields of the configuration."""

    email: Email = Field(description="Email address of the user")
    password: NewPassword = Field(min_length=1, description="Password of the user")
    name: NullableText = Field(default=None, description="Name of the user")


class SignUp(Register):
    """A new person who is signed in at once."""

    use_cookie: OptionalFlag = Field(
        default=None, description="Keep the refresh token in a cookie that no script can read"
    )


class RegisterByName(Register):
    """A new person, with the additional fields of the configuration."""

    name: DisplayName = Field(description="Name of the user")


class RefreshTokenBody(OAuthModel):
    """A refresh token; without one, that of the cookie is meant."""

    refresh_token: str | None = Field(default=None, description="The refresh token")
    client_id: OptionalText = Field(default=None, description="As at sign-in, where it was sent there")


@dataclass(frozen=True, slots=True)
class UserRegistered(OAuthOutput):
    """An account was made, or will be once its address is verified."""

    user_id: str
    email: str
    message: str


@dataclass(frozen=True, slots=True)
class TokenUser(OAuthOutput):
    """The user of a token."""

    id: str
    email: str
    name: str
    image: str | None
    email_verified: bool
    is_active: bool
    role: str
    created_at: datetime
    last_login_at: datetime | None

    @classmethod
    def of(cls, user: User) -> "TokenUser":
        """Return the user as it is; only those whom nobody bars get here."""
        return cls(
            id=user.id,
            email=user.email,
            name=user.name,
            image=user.image,
            email_verified=user.email_verified,
            is_active=True,
            role=role_of(user),
            created_at=user.created_at,
            last_login_at=user[LAST_LOGIN_AT],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenPair(OAuthOutput):
    """An access token, the refresh token for the next one unless a cookie holds it, and their user."""

    access_token: str
    refresh_token: str | Unset = UNSET
    token_type: str = "bearer"  # noqa: S105  not a secret
    expires_in: int
    user: TokenUser
    user_id: str | Unset = UNSET
    email: str | Unset = UNSET


@dataclass(frozen=True, slots=True)
class EnvelopeUser(OAuthOutput):
    """The user of an envelope."""

    id: str
    email: str
    name: str
    is_active: bool
    created_at: datetime

    @classmethod
    def of(cls, user: User) -> "EnvelopeUser":
        """Return the user as it is; only those whom nobody bars get here."""
        return cls(user.id, user.email, user.name, is_active=True, created_at=user.created_at)


@dataclass(frozen=True, slots=True)
class EnvelopeTokens(OAuthOutput):
    """The pair of an envelope."""

    access_token: str
    refresh_token: str
    token_type: str = "bearer"  # noqa: S105  not a secret


@dataclass(frozen=True, slots=True)
class Envelope(OAuthOutput):
    """A user and the tokens; none where the sign-up starts no session."""

    user: EnvelopeUser
    tokens: EnvelopeTokens | None


@dataclass(frozen=True, slots=True)
class OAuthEnvelope(OAuthOutput):
    """The same, and the access token where OAuth 2 clients look for it (RFC 6749 section 5.1)."""

    user: EnvelopeUser
    tokens: EnvelopeTokens
    access_token: str
    token_type: str = "bearer"  # noqa: S105  not a secret


@dataclass(frozen=True, slots=True)
class Message(OAuthOutput):
    """Done, in a sentence."""

    message: str
