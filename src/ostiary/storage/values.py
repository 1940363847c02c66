"""What every store accepts, and the one form in which it gives a value back."""

import json
from datetime import UTC, datetime
from typing import Final

from ostiary.domain.errors import InvalidValue, JsonValue

_LARGEST: Final = 2**63 - 1


def text(value: object) -> str:
    """Accept text that every database can hold: no NUL, no lone surrogate. Raises InvalidValue."""
    if not isinstance(value, str):
        raise InvalidValue("text was expected")
    if "\0" in value:
        raise InvalidValue("text must not contain NUL")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise InvalidValue("text must be valid Unicode") from None
    return value


def whole_number(value: object) -> int:
    """Accept a number of 64 bits without a fraction. Raises InvalidValue."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise InvalidValue("a whole number was expected")
    if not -_LARGEST - 1 <= value <= _LARGEST:
        raise InvalidValue("the number is too large")
    return value


def boolean(value: object) -> bool:
    """Accept true or false and nothing that merely resembles them. Raises InvalidValue."""
    if not isinstance(value, bool):
        raise InvalidValue("true or false was expected")
    return value


def moment(value: object) -> datetime:
    """Accept a moment; it is kept in UTC and whole milliseconds. Raises InvalidValue."""
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise InvalidValue("a moment with its time zone was expected")
    return whole_milliseconds(value if value.tzinfo is UTC else value.astimezone(UTC))


def whole_milliseconds(value: datetime) -> datetime:
    """Drop what is finer than a millisecond, as JavaScript does."""
    finer = value.microsecond % 1000
    return value.replace(microsecond=value.microsecond - finer) if finer else value


def json_text(value: JsonValue) -> str:
    """Write a JSON document compactly. Raises InvalidValue where it has no portable form."""
    try:
        document = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError):
        raise InvalidValue("the value has no JSON form") from None
    if "\\u0000" in document.replace("\\\\", ""):
        raise InvalidValue("text must not contain NUL")
    return text(document)


def moment_text(value: datetime) -> str:
    """Write a moment as `YYYY-MM-DDTHH:MM:SS.sssZ`, the form that sorts by time."""
    return value.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def read_moment(value: object) -> datetime:
    """Read what JavaScript wrote or would parse: ISO text, or milliseconds since the epoch."""
    if isinstance(value, int | float):
        return whole_milliseconds(datetime.fromtimestamp(value / 1000, UTC))
    read = datetime.fromisoformat(str(value))
    if read.tzinfo is None:
        return whole_milliseconds(read.replace(tzinfo=UTC))
    return whole_milliseconds(read if read.tzinfo is UTC else read.astimezone(UTC))
