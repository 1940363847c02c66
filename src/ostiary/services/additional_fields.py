"""What a client may set of the fields that plugins and the application added."""

from collections.abc import Mapping
from typing import Any, Literal

from ostiary.domain.errors import Errors, JsonValue
from ostiary.domain.schema import MISSING, Field, Model, Value
from ostiary.domain.values import coerce


def _checked(field: Field[Any], value: JsonValue) -> Value:
    if field.validate is not None:
        try:
            value = field.validate(value)
        except ValueError as error:
            raise Errors.VALIDATION_ERROR(str(error) or None) from error
    try:
        return coerce(field, value)
    except ValueError as error:
        raise Errors.VALIDATION_ERROR(f"[body.{field.name}] {error}") from error


def read_additional_fields(
    model: Model[Any], given: Mapping[str, JsonValue], action: Literal["create", "update"]
) -> dict[str, Value]:
    """Return the values to write by field name; members that are no additional field are dropped.

    Raises FIELD_NOT_ALLOWED, MISSING_FIELD or VALIDATION_ERROR.
    """
    values: dict[str, Value] = {}
    for field in model.extra_fields:
        if field.name in given:
            _read_given(field, given[field.name], action, values)
        elif action == "create":
            _read_absent(field, values)
    return values


def _read_given(field: Field[Any], value: JsonValue, action: str, values: dict[str, Value]) -> None:
    if field.input:
        values[field.name] = _checked(field, value)
        return
    if action == "create" and (initial := field.initial()) is not MISSING:
        # wire: on creation the default silently replaces what a client may not set
        values[field.name] = initial
    elif value:
        raise Errors.FIELD_NOT_ALLOWED(f"{field.name} is not allowed to be set")


def _read_absent(field: Field[Any], values: dict[str, Value]) -> None:
    initial = field.initial()
    if initial is not MISSING:
        values[field.name] = initial
    elif field.required:
        raise Errors.MISSING_FIELD(f"{field.name} is required")
