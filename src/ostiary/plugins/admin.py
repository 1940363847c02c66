"""Roles and bans: the columns of the reference's admin plugin, and what they mean at every sign-in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ClassVar

from ostiary.domain.entities import User
from ostiary.domain.errors import ErrorCode
from ostiary.domain.roles import BAN_EXPIRES, BAN_REASON, BANNED, DEFAULT_ROLE, ROLE, is_banned
from ostiary.domain.schema import Field
from ostiary.plugins.base import Plugin
from ostiary.services.write_hooks import DatabaseHooks, ModelHooks

IMPERSONATED_BY = Field[str | None](name="impersonatedBy", required=False, input=False)


class AdminErrors:
    """The refusals of this plugin."""

    BANNED_USER = ErrorCode(
        403,
        "You have been banned from this application. Please contact support if you believe this is an error.",
    )


@dataclass(frozen=True, kw_only=True)
class Admin(Plugin):
    """Roles for `require_role`, and bans that end every session and refuse every sign-in."""

    id: ClassVar[str] = "admin"

    default_role: str = DEFAULT_ROLE
    """The role of everybody who signs up."""
    banned_user_message: str = AdminErrors.BANNED_USER.message
    """What a banned person reads."""

    def fields(self) -> Mapping[str, Sequence[Field[Any]]]:
        """Add role and ban to users, the impersonating administrator to sessions."""
        return {"user": (ROLE, BANNED, BAN_REASON, BAN_EXPIRES), "session": (IMPERSONATED_BY,)}

    def database_hooks(self) -> DatabaseHooks:
        """Give every new user the default role."""
        return DatabaseHooks(user=ModelHooks(before_create=self._give_role))

    async def _give_role(self, user: User) -> User:
        role = user[ROLE] or self.default_role
        return replace(user, extra={**user.extra, ROLE.name: role})

    def admit(self, user: User, now: datetime) -> None:
        """Refuse a banned user; raises BANNED_USER."""
        if is_banned(user, now):
            raise AdminErrors.BANNED_USER(self.banned_user_message, reason=user[BAN_REASON] or "banned")
