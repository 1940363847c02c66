"""Roles and bans: columns of the reference's admin plugin that more than one part of the program reads."""

from datetime import datetime

from ostiary.domain.entities import User
from ostiary.domain.schema import Field

ROLE = Field[str | None](name="role", required=False, input=False)
"""One role, or several separated by commas."""
BANNED = Field[bool | None](name="banned", type="boolean", required=False, default=False, input=False)
BAN_REASON = Field[str | None](name="banReason", required=False, input=False)
BAN_EXPIRES = Field[datetime | None](name="banExpires", type="date", required=False, input=False)
"""None is for ever."""
DEFAULT_ROLE = "user"


def role_of(user: User) -> str:
    """Return the role as tokens tell it: the column's text, `user` where there is none."""
    return user[ROLE] or DEFAULT_ROLE


def roles_of(user: User) -> frozenset[str]:
    """Return the roles of a user."""
    return frozenset(role.strip() for role in (user[ROLE] or "").split(",") if role.strip())


def is_banned(user: User, now: datetime) -> bool:
    """Tell whether a ban is in force."""
    expires = user[BAN_EXPIRES]
    return bool(user[BANNED]) and (expires is None or expires > now)
