"""When a person last signed in: a column that the plugin Tokens adds to `user`."""

from dataclasses import replace
from datetime import datetime

from ostiary.domain.entities import User
from ostiary.domain.schema import Field

LAST_LOGIN_AT = Field[datetime | None](
    name="lastLoginAt", type="date", required=False, input=False, returned=False
)
"""When a session was last started; not part of the user that the reference's routes answer."""


def noted_login(user: User, moment: datetime) -> User:
    """Return the user who signed in at a moment."""
    return replace(user, extra={**user.extra, LAST_LOGIN_AT.name: moment})
