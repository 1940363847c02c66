"""What a single value of an export means, however the other system spells it."""

import re
from datetime import UTC, datetime
from typing import Final

from ostiary.domain.errors import JsonValue

_TORN: Final = re.compile("[\udc80-\udcff]")


def is_torn(read: str) -> bool:
    """Tell whether something was read with the error handler `surrogateescape` that is not in UTF-8."""
    return _TORN.search(read) is not None


def text(value: object) -> str:
    """Return what is text or a number as text; anything else as none."""
    return str(value).strip() if isinstance(value, (str, int)) and not isinstance(value, bool) else ""


def is_true(value: object) -> bool:
    """Tell whether a value means yes, in any of the spellings that exports have."""
    return (
        value is True or value == 1 or (isinstance(value, str) and value.lower() in {"true", "t", "1", "yes"})
    )


def moment(value: object) -> datetime | None:
    """Read a moment: an ISO text, or milliseconds since the epoch; None for what is neither."""
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    written = text(value)
    try:
        if written.isdigit():
            return datetime.fromtimestamp(int(written) / 1000, UTC)
        return moment(datetime.fromisoformat(written)) if written else None
    except (ValueError, OverflowError, OSError):
        return None


def members(value: object) -> dict[str, JsonValue]:
    """Return a JSON object; an empty one for anything else."""
    return value if isinstance(value, dict) else {}
