"""JSON objects that somebody signed, read without the liberties that parsers take."""

import json
from typing import TypeAlias

from ostiary.domain.errors import JsonValue

Claims: TypeAlias = dict[str, JsonValue]


def parse_object(data: bytes) -> Claims:
    """Parse a JSON object: UTF-8, no repeated names, no NaN, no bottomless nesting; raises ValueError."""
    try:
        document = _STRICT_JSON.decode(data.decode())
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(document, dict):
        raise ValueError("not an object")  # noqa: TRY004  # one exception for every kind of malformed input
    return document


def _unique(members: list[tuple[str, JsonValue]]) -> Claims:
    claims = dict(members)
    if len(claims) != len(members):
        raise ValueError("a name is repeated")
    return claims


def _no_constant(name: str) -> JsonValue:
    raise ValueError(f"{name} is not JSON")


_STRICT_JSON = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_no_constant)
