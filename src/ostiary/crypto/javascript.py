"""How JavaScript turns values into bytes, for everything that is signed or encrypted as text."""

import math
import re
from collections.abc import Mapping, Sequence
from json.encoder import encode_basestring
from urllib.parse import urlencode

from ostiary.domain.errors import JsonValue

_LARGEST_EXACT = 2**53
_LARGEST_INDEX = 2**32 - 2
_INDEX = re.compile(r"0|[1-9][0-9]{0,9}", re.ASCII)


def text_to_bytes(text: str) -> bytes:
    """Encode as TextEncoder does: UTF-8, with U+FFFD for surrogates that stand alone."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()


def form_encoded(parameters: Mapping[str, str] | Sequence[tuple[str, str]]) -> str:
    """Encode as URLSearchParams does (the URL Standard's application/x-www-form-urlencoded)."""
    return urlencode(parameters, safe="*").replace("~", "%7E")


def stringify(value: JsonValue) -> bytes:
    """Encode as JSON.stringify does, byte for byte; a value that is no JSON raises TypeError."""
    # a surrogate that stands alone becomes its \uXXXX escape, which is also what JSON.stringify writes
    return _text(value).encode("utf-8", "backslashreplace")


def _text(value: JsonValue) -> str:
    match value:
        case str():
            return encode_basestring(value)
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return _number(value)
        case Mapping():
            return (
                "{"
                + ",".join(f"{encode_basestring(name)}:{_text(value[name])}" for name in _order(value))
                + "}"
            )
        case list() | tuple():
            return "[" + ",".join(map(_text, value)) + "]"
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _order(members: Mapping[str, JsonValue]) -> list[str]:
    """Array indices come first and ascend, whatever order an object was given them in."""
    indices = [name for name in members if name[:1].isdigit() and _is_index(name)]
    if not indices:
        return list(members)
    return sorted(indices, key=int) + [name for name in members if not _is_index(name)]


def _is_index(name: str) -> bool:
    return _INDEX.fullmatch(name) is not None and int(name) <= _LARGEST_INDEX


def _number(value: float) -> str:
    """Write a number as ECMA-262 Number::toString does; what is not finite becomes null."""
    if isinstance(value, int) and abs(value) <= _LARGEST_EXACT:
        return str(value)
    try:
        number = float(value)
    except OverflowError:
        return "null"
    if not math.isfinite(number):
        return "null"
    sign = "-" if number < 0 else ""
    return sign + _decimal(abs(number)) if number else "0"


def _decimal(number: float) -> str:
    mantissa, _, exponent = f"{number!r}e0".partition("e")
    whole, _, fraction = mantissa.partition(".")
    fraction = fraction.rstrip("0")
    point = len(whole) + int(exponent.partition("e")[0])
    digits = (whole + fraction).lstrip("0")
    point -= len(whole + fraction) - len(digits)
    digits = digits.rstrip("0")
    return _place_point(digits, point)


def _place_point(digits: str, point: int) -> str:
    if len(digits) <= point <= 21:
        return digits.ljust(point, "0")
    if 0 < point <= 21:
        return f"{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"0.{'0' * -point}{digits}"
    tail = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{digits[0]}{tail}e{point - 1:+d}"
