"""The JSON edge: strict in what it reads, byte-exact in what it writes."""

import json
import math
import re
from collections.abc import Iterable
from datetime import UTC, date, datetime
from functools import lru_cache
from itertools import chain

from pydantic_core import from_json, to_json

from ostiary.domain.errors import JsonValue

DEEPEST = 32
MOST_VALUES = 20_000
"""Names and values of one document; a form has a dozen."""
_TWO_DIGITS = tuple(f"{number:02d}" for number in range(60))
_THREE_DIGITS = tuple(f"{number:03d}" for number in range(1000))


class UnreadableText(ValueError):
    """A text holds NUL or half a surrogate pair, which no database stores and no person types."""


def parse(body: bytes) -> JsonValue:
    """Read one JSON document (RFC 8259); raises ValueError for anything else.

    Raises UnreadableText where a text or a name holds NUL or a lone surrogate.
    """
    # making that many lists would take longer than refusing them
    if body.count(b"[") + body.count(b"{") > MOST_VALUES:
        raise ValueError("too many values")
    value: JsonValue = from_json(body, allow_inf_nan=False, cache_strings="keys")
    _check(value)
    return value


def is_readable(text: str) -> bool:
    """Tell whether a text is free of NUL and lone surrogates."""
    if "\0" in text:
        return False
    try:
        return text.isascii() or bool(text.encode())
    except UnicodeEncodeError:
        return False


def _check(document: JsonValue) -> None:
    """Walk level by level, so that neither depth nor width is more work than their bounds."""
    level, depth, values = [document], 0, 0
    while level:
        values += len(level)
        if values > MOST_VALUES:
            raise ValueError("too many values")
        level = [part for value in level for part in _parts(value, depth)]
        depth += 1


def _parts(value: JsonValue, depth: int) -> Iterable[JsonValue]:
    """Return what a value consists of, once it was found to be acceptable itself."""
    if isinstance(value, str):
        if not is_readable(value):
            raise UnreadableText
    elif isinstance(value, float):
        # a number that no double holds is read as infinity, which no column holds
        if math.isinf(value):
            raise ValueError("number out of range")
    elif isinstance(value, (dict, list)):
        if depth > DEEPEST:
            raise ValueError("nested too deeply")
        return chain(value, value.values()) if isinstance(value, dict) else value
    return ()


# no hour 24, which some Pythons read: it is written as the next day
_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}\.[0-9]{3}Z")


def is_iso(text: str) -> bool:
    """Tell whether a text that is a moment is what `iso` makes of that moment."""
    return _ISO.fullmatch(text) is not None


@lru_cache(maxsize=4096)  # eleven years
def _day(ordinal: int) -> str:
    return date.fromordinal(ordinal).isoformat()


def iso(moment: datetime) -> str:
    """Return `YYYY-MM-DDTHH:MM:SS.sssZ`: UTC, exactly three fractional digits."""
    m = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    # looked up, it costs a third of what `isoformat` does, and most answers hold five moments
    day = _day(m.toordinal())
    time = f"{_TWO_DIGITS[m.hour]}:{_TWO_DIGITS[m.minute]}:{_TWO_DIGITS[m.second]}"
    return f"{day}T{time}.{_THREE_DIGITS[m.microsecond // 1000]}Z"


_encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def dump(value: JsonValue) -> bytes:
    """Write compact JSON as UTF-8."""
    try:
        return to_json(value, inf_nan_mode="null")
    except ValueError:  # half a surrogate pair, which a refusal may quote
        return _encoder.encode(value).encode("utf-8", "replace")
