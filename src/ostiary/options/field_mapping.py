"""Reads the additional fields of a Better Auth configuration."""

from collections.abc import Mapping
from typing import Any, get_args

from ostiary.domain.errors import JsonValue
from ostiary.domain.schema import MISSING, Field, FieldType, Reference
from ostiary.options import readers as read

_REFERENCE: Mapping[str, read.Rule] = read.rules(
    {
        "model": read.text,
        "field": read.text,
        "onDelete": read.one_of("cascade", "set null", "no action"),
    }
)


def _reference(value: JsonValue, path: str) -> Reference:
    return read.members_of(Reference, value, path, _REFERENCE)


FIELD: Mapping[str, read.Rule] = read.rules(
    {
        "type": ("type", read.one_of(*get_args(FieldType))),
        "required": read.flag,
        "defaultValue": ("default", read.anything),
        "unique": read.flag,
        "index": read.flag,
        "sortable": read.flag,
        "references": _reference,
        "input": read.flag,
        "returned": read.flag,
        "bigint": read.flag,
        "fieldName": ("column", read.text),
    }
)


def _field(name: str, value: JsonValue, path: str) -> Field[Any]:
    def make(**values: Any) -> Field[Any]:  # keyword arguments of the class
        """Make the field under its name."""
        return Field(name=name, **{"default": MISSING, **values})

    return read.members_of(make, value, path, FIELD)  # type: ignore[arg-type]  # called like the class


def as_fields(value: JsonValue, path: str) -> tuple[Field[Any], ...]:
    """Read `additionalFields`."""
    return tuple(_field(name, field, f"{path}.{name}") for name, field in read.mapping(value, path).items())
