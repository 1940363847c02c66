"""What a column holds, whatever a database calls its type."""

from typing import Any, Final, Literal, TypeAlias

from sqlalchemy import JSON, Boolean, Date, DateTime, Float, Integer, Numeric, String, Uuid
from sqlalchemy.types import NullType, TypeEngine

from ostiary.storage.sql.rows import Dialect
from ostiary.storage.sql.tables import Flag, IsoDate, JsonText, Moment

Kind: TypeAlias = Literal["text", "number", "boolean", "date", "JSON document", "unknown type"]

_KINDS: Final[tuple[tuple[tuple[type, ...], Kind], ...]] = (
    ((JsonText, JSON), "JSON document"),
    ((Moment, IsoDate, DateTime, Date), "date"),
    ((Flag, Boolean), "boolean"),
    ((Integer, Numeric, Float), "number"),
    ((String, Uuid), "text"),
)

# What SQLite and MySQL keep in a type of another kind.
_ALSO: Final[dict[tuple[Dialect, Kind], frozenset[Kind]]] = {
    ("sqlite", "boolean"): frozenset({"number"}),
    ("sqlite", "date"): frozenset({"number", "text"}),
    ("sqlite", "JSON document"): frozenset({"text"}),
    ("mysql", "boolean"): frozenset({"number"}),
    ("mysql", "JSON document"): frozenset({"text"}),
}


def kind_of(found: TypeEngine[Any], dialect: Dialect) -> Kind:  # Any: every type there is
    """Return what a column of this type holds."""
    if dialect == "mysql" and getattr(found, "display_width", None) == 1:
        return "boolean"
    return next((kind for types, kind in _KINDS if isinstance(found, types)), "unknown type")


def same_kind(found: TypeEngine[Any], wanted: TypeEngine[Any], dialect: Dialect) -> bool:
    """Tell whether a column can hold what it should; sizes and spellings do not matter."""
    if isinstance(found, NullType):  # SQLite's columns need no type
        return dialect == "sqlite"
    expected = kind_of(wanted, dialect)
    return kind_of(found, dialect) in {expected, *_ALSO.get((dialect, expected), ())}
