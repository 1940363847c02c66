"""Who may come in, besides what every server asks: the application's own word."""

import logging
from dataclasses import dataclass
from typing import Final

from ostiary.domain.admission import UserCheck
from ostiary.domain.errors import AuthError
from ostiary.options.user import ValidateUserInfo

_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True)
class Admission:
    """Asks the application, outside of every transaction; whatever it cannot say is a no."""

    validate: ValidateUserInfo | None

    async def check(self, newcomer: UserCheck) -> None:
        """Raise the application's refusal, a 403 with its code."""
        if self.validate is None:
            return
        try:
            refused = await self.validate(newcomer)
        except Exception as error:  # whatever it is, nobody was let in
            _log.exception("validate_user_info failed: nobody comes in")
            raise AuthError(403, "validation_failed", "User validation failed") from error
        if refused is not None:
            raise AuthError(
                403, refused.error, refused.description or refused.error, reason="by the application"
            )
