"""The schema of the contract, with a column of every kind, and builders for its rows."""

from datetime import UTC, datetime, timedelta
from typing import Any

from ostiary.domain.entities import Account, Session, User, Verification
from ostiary.domain.models import ACCOUNT, RATE_LIMIT, SESSION, USER, VERIFICATION
from ostiary.domain.runtime import SystemRuntime
from ostiary.domain.schema import Field, Schema

NICKNAME = Field[str | None](name="nickname", required=False)
SCORE = Field[int](name="score", type="number", default=0)
BIG = Field[int | None](name="big", type="number", bigint=True, required=False)
VIP = Field[bool](name="vip", type="boolean", default=False)
BORN_AT = Field[datetime | None](name="bornAt", type="date", required=False)
PREFERENCES = Field[Any](name="preferences", type="json", required=False)
TAGS = Field[list[str] | None](name="tags", type="string[]", required=False)
LUCKY = Field[list[int] | None](name="lucky", type="number[]", required=False)
CODE = Field[str | None](name="code", required=False, unique=True)
ADDED = (NICKNAME, SCORE, BIG, VIP, BORN_AT, PREFERENCES, TAGS, LUCKY, CODE)

SCHEMA = Schema((USER.extended(ADDED), SESSION, ACCOUNT, VERIFICATION, RATE_LIMIT))

NOW = datetime(2030, 1, 1, 12, 30, 15, 123000, tzinfo=UTC)
_chance = SystemRuntime()


def a_user(email: str = "ada@example.com", *, row_id: str | None = None, **extra: Any) -> User:
    """Return a user who is not stored yet."""
    return User(
        id=row_id or _chance.new_id(),
        name="Ada",
        email=email,
        email_verified=False,
        image=None,
        created_at=NOW,
        updated_at=NOW,
        extra={"score": 0, "vip": False, **extra},
    )


def a_session(user: User, token: str = "token", **changes: Any) -> Session:
    """Return a session that is not stored yet."""
    values: dict[str, Any] = {
        "id": _chance.new_id(),
        "expires_at": NOW + timedelta(days=7),
        "token": token,
        "created_at": NOW,
        "updated_at": NOW,
        "ip_address": "",
        "user_agent": None,
        "user_id": user.id,
    }
    return Session(**{**values, **changes})


def an_account(user: User, provider: str = "credential", **changes: Any) -> Account:
    """Return an account that is not stored yet."""
    values: dict[str, Any] = {
        "id": _chance.new_id(),
        "account_id": user.id,
        "provider_id": provider,
        "user_id": user.id,
        "password": "salt:key",
        "created_at": NOW,
        "updated_at": NOW,
    }
    return Account(**{**values, **changes})


def a_verification(identifier: str = "magic-link:abc", **changes: Any) -> Verification:
    """Return a one-time value that is not stored yet."""
    values: dict[str, Any] = {
        "id": _chance.new_id(),
        "identifier": identifier,
        "value": "secret",
        "expires_at": NOW + timedelta(minutes=5),
        "created_at": NOW,
        "updated_at": NOW,
    }
    return Verification(**{**values, **changes})
