"""The JSON edge: strict in what it reads, byte-exact in what it writes."""

import json
import math
from datetime import UTC, datetime

from pydantic_core import from_json, to_json

from ostiary.domain.errors import JsonValue

DEEPEST = 32
_TWO_DIGITS = tuple(f"{number:02d}" for number in range(60))
_THREE_DIGITS = tuple(f"{number:03d}" for number in range(1000))


class UnreadableText(ValueError):
    """A text holds NUL or half a surrogate pair, which no database stores and no person types."""


def parse(body: bytes) -> JsonValue:
    """Read one JSON document (RFC 8259); raises ValueError for anything else.

    Raises UnreadableText where a text or a name holds NUL or a lone surrogate.
    """
    value: JsonValue = from_json(body, allow_inf_nan=False, cache_strings="keys")
    _check(value, 0)
    return value


def is_readable(text: str) -> bool:
    """Tell whether a text is free of NUL and lone surrogates."""
    if "\0" in text:
        return False
    try:
        return text.isascii() or bool(text.encode())
    except UnicodeEncodeError:
        return False


def _check(value: JsonValue, depth: int) -> None:
    if isinstance(value, str):
        if not is_readable(value):
            raise UnreadableText
    elif isinstance(value, float):
        # a number that no double holds is read as infinity, which no column holds
        if math.isinf(value):
            raise ValueError("number out of range")
    elif depth > DEEPEST:
        raise ValueError("nested too deeply")
    elif isinstance(value, dict):
        for name, member in value.items():
            _check(name, depth)
            _check(member, depth + 1)
    elif isinstance(value, list):
        for member in value:
            _check(member, depth + 1)


def iso(moment: datetime) -> str:
    """Return `YYYY-MM-DDTHH:MM:SS.sssZ`: UTC, exactly three fractional digits."""
    m = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    # looked up digits cost half of what `isoformat` does, and most answers hold five moments
    day = f"{m.year:04d}-{_TWO_DIGITS[m.month]}-{_TWO_DIGITS[m.day]}"
    time = f"{_TWO_DIGITS[m.hour]}:{_TWO_DIGITS[m.minute]}:{_TWO_DIGITS[m.second]}"
    return f"{day}T{time}.{_THREE_DIGITS[m.microsecond // 1000]}Z"


_encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def dump(value: JsonValue) -> bytes:
    """Write compact JSON as UTF-8."""
    try:
        return to_json(value, inf_nan_mode="null")
    except ValueError:  # half a surrogate pair, which a refusal may quote
        return _encoder.encode(value).encode("utf-8", "replace")
