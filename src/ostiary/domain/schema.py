"""How the core, plugins and applications describe tables and extra fields."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any, Final, Generic, Literal, TypeAlias, TypeVar

from ostiary.domain.errors import ConfigurationError, JsonValue

T = TypeVar("T")
E = TypeVar("E")

FieldType: TypeAlias = Literal["string", "number", "boolean", "date", "json", "string[]", "number[]"]
Value: TypeAlias = JsonValue | datetime
Operator: TypeAlias = Literal["=", "!=", "<", "<=", ">", ">=", "in", "contains", "starts_with", "ends_with"]
Validate: TypeAlias = Callable[[JsonValue], JsonValue]


class Missing:
    """The absence of a value where `None` is a value."""

    def __repr__(self) -> str:
        """Name the absence."""
        return "MISSING"

    def __bool__(self) -> bool:
        """Absence is false."""
        return False


MISSING: Final = Missing()


@dataclass(frozen=True, slots=True)
class Reference:
    """A foreign key to the `id` (or another unique field) of a model."""

    model: str
    """The model referred to, by its name in the contract."""
    field: str = "id"
    """Its field."""
    on_delete: Literal["cascade", "set null", "no action"] = "cascade"
    """What happens to the row when the one it refers to is deleted."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison of a field with a value; conditions are joined by AND."""

    field: "Field[Any]"
    operator: Operator
    value: Value | Sequence[Value]


@dataclass(frozen=True, eq=False, kw_only=True)
class Field(Generic[T]):
    """A column: what it is called, what it holds, and what may travel in either direction."""

    name: str
    """The name on the wire, camelCase."""
    type: FieldType = "string"
    """What it holds, in the contract's own words."""
    required: bool = True
    """NOT NULL in the table, and asked for on sign-up unless there is a default."""
    default: Value | Missing | Callable[[], Value] = MISSING
    """The value of a new row that brings none, or a function that makes one."""
    unique: bool = False
    """No two rows hold the same value."""
    index: bool = False
    """Rows are looked up by it."""
    sortable: bool = False
    """Rows are sorted by it; MySQL and MariaDB then keep at most 255 characters."""
    references: Reference | None = None
    """The row of another table that it names."""
    input: bool = True
    """May a client set it."""
    returned: bool = True
    """May it leave the server."""
    bigint: bool = False
    """A number of 64 bits rather than 32."""
    column: str | None = None
    """The column's name where it differs from the wire name."""
    database_default: Literal["now"] | None = None
    """`now`: PostgreSQL, MySQL and MariaDB fill it themselves in rows that others write."""
    validate: Validate | None = None
    """Returns the value to store; raises ValueError with the sentence to send."""

    @cached_property
    def attribute(self) -> str:
        """The Python name: `emailVerified` is `email_verified`."""
        return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", self.name).lower()

    @property
    def column_name(self) -> str:
        """The name in the database."""
        return self.column or self.name

    def initial(self) -> Value | Missing:
        """The default, computed where it is a function."""
        return self.default() if callable(self.default) else self.default

    def equals(self, value: T) -> Condition:
        """Compare for equality; `None` matches NULL."""
        return Condition(self, "=", value)

    def differs(self, value: T) -> Condition:
        """Compare for inequality; `None` matches everything that is not NULL."""
        return Condition(self, "!=", value)

    def below(self, value: T) -> Condition:
        """Match values strictly less."""
        return Condition(self, "<", value)

    def at_most(self, value: T) -> Condition:
        """Match values less or equal."""
        return Condition(self, "<=", value)

    def above(self, value: T) -> Condition:
        """Match values strictly greater."""
        return Condition(self, ">", value)

    def at_least(self, value: T) -> Condition:
        """Match values greater or equal."""
        return Condition(self, ">=", value)

    def is_in(self, values: Sequence[T]) -> Condition:
        """Match any of the values."""
        return Condition(self, "in", values)

    def contains(self, part: str) -> Condition:
        """Match texts that contain the part literally (no wildcards)."""
        return Condition(self, "contains", part)

    def starts_with(self, part: str) -> Condition:
        """Match texts that begin with the part literally."""
        return Condition(self, "starts_with", part)

    def ends_with(self, part: str) -> Condition:
        """Match texts that end with the part literally."""
        return Condition(self, "ends_with", part)


Changes: TypeAlias = Mapping[Field[Any], Value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """An index over several columns, by field name."""

    fields: tuple[str, ...]
    """The fields, in the order of the index."""
    unique: bool = False
    """No two rows hold the same combination."""


def fields_of(declared: type) -> tuple[Field[Any], ...]:
    """Return the fields that a class names, in their order."""
    return tuple(value for value in vars(declared).values() if isinstance(value, Field))


@dataclass(frozen=True)
class Model(Generic[E]):
    """A table: the entity it holds and its fields, `id` not among them."""

    name: str
    """The name in the contract: `user`."""
    entity: type[E]
    """The class of its rows."""
    fields: tuple[Field[Any], ...]
    """Its columns, in the order of the table."""
    table: str | None = None
    """The table's name where it differs."""
    indexes: tuple[Index, ...] = ()
    """Indexes over several columns; those over one are declared by the field."""

    @property
    def table_name(self) -> str:
        """The name in the database."""
        return self.table or self.name

    @cached_property
    def by_name(self) -> Mapping[str, Field[Any]]:
        """The fields by wire name."""
        return {field.name: field for field in self.fields}

    @cached_property
    def returned(self) -> tuple[Field[Any], ...]:
        """The fields that may leave the server, in schema order."""
        return tuple(field for field in self.fields if field.returned)

    @cached_property
    def core_names(self) -> frozenset[str]:
        """The attributes that the entity class declares itself; every other field lives in its `extra`."""
        return frozenset(getattr(self.entity, "__dataclass_fields__", {}))

    @cached_property
    def declared_fields(self) -> tuple[Field[Any], ...]:
        """The fields that the entity class declares."""
        return tuple(field for field in self.fields if field.attribute in self.core_names)

    @cached_property
    def declared_names(self) -> tuple[tuple[str, str], ...]:
        """Attribute and name of each field that the entity class declares."""
        return tuple((field.attribute, field.name) for field in self.declared_fields)

    @cached_property
    def extra_names(self) -> tuple[str, ...]:
        """The names of the fields that plugins and the application added."""
        return tuple(field.name for field in self.extra_fields)

    @cached_property
    def essential_names(self) -> tuple[str, ...]:
        """The fields without which what is sent out describes no entity."""
        return tuple(field.name for field in self.declared_fields if field.required and field.returned)

    @cached_property
    def date_names(self) -> tuple[str, ...]:
        """The fields that hold moments, which JSON has only as text."""
        return tuple(field.name for field in self.fields if field.type == "date")

    @cached_property
    def extra_fields(self) -> tuple[Field[Any], ...]:
        """The fields that plugins and the application added."""
        return tuple(field for field in self.fields if field.attribute not in self.core_names)

    def extra_defaults(self) -> dict[str, Value]:
        """Return what a new row has in those fields where nobody says otherwise."""
        initial = ((field.name, field.initial()) for field in self.extra_fields)
        return {name: value for name, value in initial if value is not MISSING}

    def extended(self, added: Sequence[Field[Any]]) -> "Model[E]":
        """Add fields at the end; a name taken twice is a configuration mistake."""
        if taken := [field.name for field in added if field.name in self.by_name]:
            raise ConfigurationError(
                f"the model '{self.name}' has a field '{taken[0]}' already; choose another name"
            )
        return replace(self, fields=(*self.fields, *added))

    def renamed(self, table: str | None, columns: Mapping[str, str]) -> "Model[E]":
        """Give the table or some columns other names; unknown fields are a configuration mistake."""
        if unknown := [name for name in columns if name not in self.by_name]:
            raise ConfigurationError(f"the model '{self.name}' has no field '{unknown[0]}' to rename")
        fields = tuple(replace(field, column=columns.get(field.name, field.column)) for field in self.fields)
        return replace(self, table=table or self.table, fields=fields)


@dataclass(frozen=True)
class Schema:
    """The tables of one configuration, in creation order."""

    models: tuple[Model[Any], ...]
    id_type: Literal["text", "uuid", "serial"] = "text"
    unkept: frozenset[str] = frozenset()
    """Models whose rows live in the key-value store: no table is made for them."""

    @cached_property
    def by_name(self) -> Mapping[str, Model[Any]]:
        """The models by contract name."""
        return {model.name: model for model in self.models}

    def kept_reference(self, field: Field[Any]) -> Reference | None:
        """Return the row a field names, where that row is in a table."""
        reference = field.references
        return None if reference is None or reference.model in self.unkept else reference

    def __getitem__(self, model: Model[E]) -> Model[E]:
        """Return the configured form of a model."""
        return self.by_name[model.name]
