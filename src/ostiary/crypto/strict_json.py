"""JSON objects that somebody signed, read without the liberties that parsers take."""

import json
from typing import TypeAlias

from pydantic_core import from_json, to_json

from ostiary.domain.errors import JsonValue

Claims: TypeAlias = dict[str, JsonValue]


def parse_object(data: bytes) -> Claims:
    """Parse a JSON object: UTF-8, no repeated names, no NaN, no bottomless nesting; raises ValueError."""
    document = parse_document(data)
    if not isinstance(document, dict):
        raise ValueError("not an object")  # noqa: TRY004  # one exception for every kind of malformed input
    return document


def parse_text(data: bytes) -> str:
    """Parse a JSON string; raises ValueError."""
    document = parse_document(data)
    if not isinstance(document, str):
        raise ValueError("not text")  # noqa: TRY004  # see above
    return document


def parse_document(data: bytes) -> JsonValue:
    """Parse any JSON document as strictly; raises ValueError."""
    try:
        document: JsonValue = from_json(data, allow_inf_nan=False, cache_strings="keys")
        # a name that is repeated is written once: what comes out the same, letter for letter, repeats none
        if to_json(document) == data:
            return document
    except ValueError:
        pass  # the slower parser has the last word
    try:
        return _STRICT_JSON.decode(data.decode())
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _unique(members: list[tuple[str, JsonValue]]) -> Claims:
    claims = dict(members)
    if len(claims) != len(members):
        raise ValueError("a name is repeated")
    return claims


def _no_constant(name: str) -> JsonValue:
    raise ValueError(f"{name} is not JSON")


_STRICT_JSON = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_no_constant)
