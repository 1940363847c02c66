"""The core tables, in the exact names and order that Better Auth gives them."""

from datetime import datetime

from ostiary.domain.entities import Account, RateLimitCounter, Session, User, Verification
from ostiary.domain.schema import Field, Model, Reference, fields_of

ID = Field[str](name="id")


class UserFields:
    """The columns of `user`."""

    NAME = Field[str](name="name", sortable=True)
    EMAIL = Field[str](name="email", unique=True, sortable=True)
    EMAIL_VERIFIED = Field[bool](name="emailVerified", type="boolean", default=False, input=False)
    IMAGE = Field[str | None](name="image", required=False)
    CREATED_AT = Field[datetime](name="createdAt", type="date", input=False, database_default="now")
    UPDATED_AT = Field[datetime](name="updatedAt", type="date", input=False, database_default="now")


class SessionFields:
    """The columns of `session`."""

    EXPIRES_AT = Field[datetime](name="expiresAt", type="date")
    TOKEN = Field[str](name="token", unique=True)
    CREATED_AT = Field[datetime](name="createdAt", type="date", database_default="now")
    UPDATED_AT = Field[datetime](name="updatedAt", type="date")
    IP_ADDRESS = Field[str | None](name="ipAddress", required=False)
    USER_AGENT = Field[str | None](name="userAgent", required=False)
    USER_ID = Field[str](name="userId", references=Reference("user"), index=True)


class AccountFields:
    """The columns of `account`."""

    ACCOUNT_ID = Field[str](name="accountId")
    PROVIDER_ID = Field[str](name="providerId")
    USER_ID = Field[str](name="userId", references=Reference("user"), index=True)
    ACCESS_TOKEN = Field[str | None](name="accessToken", required=False, returned=False)
    REFRESH_TOKEN = Field[str | None](name="refreshToken", required=False, returned=False)
    ID_TOKEN = Field[str | None](name="idToken", required=False, returned=False)
    ACCESS_TOKEN_EXPIRES_AT = Field[datetime | None](
        name="accessTokenExpiresAt", type="date", required=False, returned=False
    )
    REFRESH_TOKEN_EXPIRES_AT = Field[datetime | None](
        name="refreshTokenExpiresAt", type="date", required=False, returned=False
    )
    SCOPE = Field[str | None](name="scope", required=False)
    PASSWORD = Field[str | None](name="password", required=False, returned=False)
    CREATED_AT = Field[datetime](name="createdAt", type="date", database_default="now")
    UPDATED_AT = Field[datetime](name="updatedAt", type="date")


class VerificationFields:
    """The columns of `verification`."""

    IDENTIFIER = Field[str](name="identifier", index=True)
    VALUE = Field[str](name="value")
    EXPIRES_AT = Field[datetime](name="expiresAt", type="date")
    CREATED_AT = Field[datetime](name="createdAt", type="date", database_default="now")
    UPDATED_AT = Field[datetime](name="updatedAt", type="date", database_default="now")


class RateLimitFields:
    """The columns of `rateLimit`."""

    KEY = Field[str](name="key", unique=True)
    COUNT = Field[int](name="count", type="number")
    LAST_REQUEST = Field[int](name="lastRequest", type="number", bigint=True)


USER = Model[User]("user", User, fields_of(UserFields))
SESSION = Model[Session]("session", Session, fields_of(SessionFields))
ACCOUNT = Model[Account]("account", Account, fields_of(AccountFields))
VERIFICATION = Model[Verification]("verification", Verification, fields_of(VerificationFields))
KEY_VALUE_ORDER = ("ipAddress", "userAgent", "expiresAt", "userId", "token", "createdAt", "updatedAt")
"""The order of a session's members where sessions live in the key-value store, behind the identifier."""
RATE_LIMIT = Model[RateLimitCounter]("rateLimit", RateLimitCounter, fields_of(RateLimitFields))
