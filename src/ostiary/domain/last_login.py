"""When a person last signed in: a column that the plugin Tokens adds to `user`."""

from datetime import datetime

from ostiary.domain.schema import Field

LAST_LOGIN_AT = Field[datetime | None](
    name="lastLoginAt", type="date", required=False, input=False, returned=False
)
"""When a session was last started; not part of the user that the reference's routes answer."""
