"""Reads the additional fields of a Better Auth configuration."""

from collections.abc import Mapping
from typing import Any, get_args

from ostiary.domain.errors import JsonValue
from ostiary.domain.schema import MISSING, Field, FieldType, Reference
from ostiary.options.readers import (
    Rule,
    anything,
    as_flag,
    as_object,
    as_text,
    members_of,
    one_of,
)


def _reference(value: JsonValue, path: str) -> Reference:
    actions = one_of("cascade", "set null", "no action")
    rules: Mapping[str, Rule] = {
        "model": ("model", as_text),
        "field": ("field", as_text),
        "onDelete": ("on_delete", actions),
    }
    return members_of(Reference, value, path, rules)


FIELD: Mapping[str, Rule] = {
    "type": ("type", one_of(*get_args(FieldType))),
    "required": ("required", as_flag),
    "defaultValue": ("default", anything),
    "unique": ("unique", as_flag),
    "index": ("index", as_flag),
    "sortable": ("sortable", as_flag),
    "references": ("references", _reference),
    "input": ("input", as_flag),
    "returned": ("returned", as_flag),
    "bigint": ("bigint", as_flag),
    "fieldName": ("column", as_text),
}


def _field(name: str, value: JsonValue, path: str) -> Field[Any]:
    def make(**values: Any) -> Field[Any]:  # keyword arguments of the class
        """Make the field under its name."""
        return Field(name=name, **{"default": MISSING, **values})

    return members_of(make, value, path, FIELD)  # type: ignore[arg-type]  # called like the class


def as_fields(value: JsonValue, path: str) -> tuple[Field[Any], ...]:
    """Read `additionalFields`."""
    return tuple(_field(name, field, f"{path}.{name}") for name, field in as_object(value, path).items())
