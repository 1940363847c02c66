"""Which values a field can hold."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from ostiary.domain.entities import Entity, build
from ostiary.domain.errors import JsonValue
from ostiary.domain.schema import Changes, Field, Model, Value

E = TypeVar("E", bound=Entity)

# Marks that reorder what follows: a name or address made of them reads as another one.
_BIDI_CONTROL = re.compile("[\u202a-\u202e\u2066-\u2069]")
REORDERING = "Invalid input: text must not contain direction overrides"

_LARGEST_INTEGER = 2**31 - 1
_LARGEST_BIGINT = 2**63 - 1
_NAMES = {bool: "boolean", int: "number", float: "number", str: "string", list: "array", dict: "object"}


def _refuse(expected: str, value: JsonValue) -> ValueError:
    received = "null" if value is None else _NAMES.get(type(value), "object")
    return ValueError(f"Invalid input: expected {expected}, received {received}")


def has_reordering(text: str) -> bool:
    """Tell whether a text holds direction overrides (Unicode UAX 9, explicit directional formatting)."""
    return not text.isascii() and _BIDI_CONTROL.search(text) is not None


def _text(value: JsonValue) -> str:
    if not isinstance(value, str):
        raise _refuse("string", value)
    if has_reordering(value):
        raise ValueError(REORDERING)
    return value


def _number(field: Field[Any], value: JsonValue) -> Value:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _refuse("number", value)
    largest = _LARGEST_BIGINT if field.bigint else _LARGEST_INTEGER
    if value != int(value) or abs(value) > largest:
        raise ValueError("Invalid input: expected an integer that the column can hold")
    return int(value)


def _date(value: JsonValue) -> datetime:
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str):
        raise _refuse("date", value)
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise _refuse("date", value) from None
    if not 1 < moment.year < 9999:
        raise _refuse("date", value)
    if moment.tzinfo is not UTC:
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    beyond = moment.microsecond % 1000
    return moment.replace(microsecond=moment.microsecond - beyond) if beyond else moment


def _array(field: Field[Any], value: JsonValue) -> Value:
    if not isinstance(value, list):
        raise _refuse("array", value)
    kinds: tuple[type, ...] = (str,) if field.type == "string[]" else (int, float)
    for element in value:
        if not isinstance(element, kinds) or isinstance(element, bool):
            raise _refuse(field.type.removesuffix("[]"), element)
        if isinstance(element, str):
            _text(element)
    return value


def _plain(kind: type, name: str, value: JsonValue) -> Value:
    if not isinstance(value, kind):
        raise _refuse(name, value)
    return value


def coerce(field: Field[Any], value: JsonValue) -> Value:
    """Return a JSON value as the field holds it; raises ValueError with the sentence to send."""
    if value is None:
        if field.required:
            raise _refuse(field.type, value)
        return None
    match field.type:
        case "string":
            return _text(value)
        case "boolean":
            return _plain(bool, "boolean", value)
        case "number":
            return _number(field, value)
        case "date":
            return _date(value)
        case "json":
            return value
        case _:
            return _array(field, value)


def entity_from_json(model: Model[E], members: JsonValue) -> E | None:
    """Return the entity that a JSON object describes, as caches keep it; None if it is not one."""
    if not isinstance(members, dict) or not isinstance(members.get("id"), str):
        return None
    if None in map(members.get, model.essential_names):
        return None
    values: dict[str, Value] = {**members}
    try:
        for name in model.date_names:
            if (moment := values.get(name)) is not None:
                values[name] = _date(moment)
    except ValueError:
        return None
    return build(model, members["id"], values)


def changed(entity: E, changes: Changes) -> E:
    """Return an entity with some fields changed."""
    declared: dict[str, Any] = {  # each value is of its field's type
        f.attribute: v for f, v in changes.items() if f.attribute in entity.__dataclass_fields__
    }
    extra = {f.name: v for f, v in changes.items() if f.attribute not in entity.__dataclass_fields__}
    return replace(entity, **{**declared, "extra": {**entity.extra, **extra}})
