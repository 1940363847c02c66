"""Rows of a driver to entities and back: how each database writes each kind of value."""

import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Generic, Literal, TypeAlias, TypeVar

from ostiary.domain.entities import Entity, value_of
from ostiary.domain.errors import InvalidValue
from ostiary.domain.schema import Field, Model, Schema, Value
from ostiary.storage import values

E = TypeVar("E", bound=Entity)

Dialect: TypeAlias = Literal["sqlite", "postgresql", "mysql"]
DriverValue: TypeAlias = Any  # the driver's edge: text, numbers, datetimes, whatever a database returns
Row: TypeAlias = Sequence[DriverValue]

# Identifiers that no row has: what a client made up must match nothing, and must not be an error.
_NO_NUMBER: Final = -1
_NO_UUID: Final = "00000000-0000-0000-0000-000000000000"
_LARGEST_ID: Final = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Codec:
    """How one kind of value is written, compared with, and read. `None` is NULL and never gets here."""

    write: Callable[[Any], DriverValue]
    match: Callable[[Any], DriverValue]
    read: Callable[[DriverValue], Value] | None = None
    """None where the driver's value is the entity's."""


def _same(write: Callable[[Any], DriverValue], read: Callable[[DriverValue], Value] | None = None) -> Codec:
    return Codec(write, write, read)


def _utc_naive(value: object) -> datetime:
    return values.moment(value).replace(tzinfo=None)


def _read_naive(value: datetime) -> datetime:
    return values.whole_milliseconds(value.replace(tzinfo=UTC))


def _iso(value: object) -> str:
    return values.moment_text(values.moment(value))


def _bit(value: object) -> int:
    return int(values.boolean(value))


def _read_bit(value: DriverValue) -> bool:
    return bool(value == 1)


def _serial(value: object) -> int:
    number = _matching_serial(value)
    if number == _NO_NUMBER:
        raise InvalidValue("the identifier is not a number")
    return number


def _matching_serial(value: object) -> int:
    digits = str(value)
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 10):
        return _NO_NUMBER
    number = int(digits)
    return number if number <= _LARGEST_ID else _NO_NUMBER


def _uuid(value: object) -> str:
    identifier = _matching_uuid(value)
    if identifier == _NO_UUID:
        raise InvalidValue("the identifier is not a UUID")
    return identifier


def _matching_uuid(value: object) -> str:
    try:
        return str(uuid.UUID(str(value)))
    except ValueError:
        return _NO_UUID


_TEXT: Final = _same(values.text)
_NUMBER: Final = _same(values.whole_number)
_JSON: Final = _same(values.json_text, json.loads)
_SERIAL_ID: Final = Codec(_serial, _matching_serial, str)
_UUID_ID: Final = Codec(_uuid, _matching_uuid, str)
_DATES: Final[Mapping[Dialect, Codec]] = {
    "sqlite": _same(_iso, values.read_moment),
    "postgresql": _same(values.moment, values.whole_milliseconds),
    "mysql": _same(_utc_naive, _read_naive),
}


def _id_codec(schema: Schema, dialect: Dialect) -> Codec:
    if schema.id_type == "serial":
        return _SERIAL_ID
    return _UUID_ID if schema.id_type == "uuid" and dialect == "postgresql" else _TEXT


def codec_of(field: Field[Any], schema: Schema, dialect: Dialect) -> Codec:
    """Return how a field's values are written in a database."""
    reference = schema.kept_reference(field)
    if reference is not None and reference.field == "id":
        return _id_codec(schema, dialect)
    match field.type:
        case "string":
            return _TEXT
        case "number":
            return _NUMBER
        case "boolean":
            return _same(values.boolean) if dialect == "postgresql" else _same(_bit, _read_bit)
        case "date":
            return _DATES[dialect]
        case _:
            return _JSON


class Rows(Generic[E]):
    """The rows of one model: columns in reading order (`id`, declared, added), encoding, decoding."""

    def __init__(self, model: Model[E], schema: Schema, dialect: Dialect) -> None:
        """Work out every position and codec once."""
        added = model.extra_fields
        declared = tuple(field for field in model.fields if field not in added)
        self.model: Final = model
        self.fields: Final = (*declared, *added)
        self.names: Final = ("id", *(field.name for field in self.fields))
        self.codecs: Final[Mapping[str, Codec]] = {
            "id": _id_codec(schema, dialect),
            **{field.name: codec_of(field, schema, dialect) for field in self.fields},
        }
        self.unique: Final = frozenset({"id", *(field.name for field in self.fields if field.unique)})
        """The fields of which a value leads to one row at most."""
        self._entity = model.entity
        self._attributes = ("id", *(field.attribute for field in declared))
        self._added = tuple(field.name for field in added)
        self._reads = tuple(
            (position, read)
            for position, name in enumerate(self.names)
            if (read := self.codecs[name].read) is not None
        )

    def encode(self, entity: E) -> list[DriverValue]:
        """Return the driver's values in reading order, without the identifier. Raises InvalidValue."""
        return [self.write(field.name, value_of(entity, field)) for field in self.fields]

    def write(self, name: str, value: Value) -> DriverValue:
        """Return the driver's form of one value to store. Raises InvalidValue."""
        if value is None:
            return None
        try:
            return self.codecs[name].write(value)
        except InvalidValue as error:
            raise InvalidValue(f"{self.model.name}.{name}: {error}") from None

    def match(self, name: str, value: Value) -> DriverValue:
        """Return the driver's form of one value to compare with. Raises InvalidValue."""
        return self.codecs[name].match(value)

    def decode(self, row: Row) -> E:
        """Make the entity of a row in reading order."""
        read_values = list(row)
        for position, read in self._reads:
            if (value := read_values[position]) is not None:
                read_values[position] = read(value)
        declared = dict(zip(self._attributes, read_values, strict=False))
        if not self._added:
            return self._entity(**declared)
        extra = dict(zip(self._added, read_values[len(self._attributes) :], strict=True))
        return self._entity(**declared, extra=extra)
