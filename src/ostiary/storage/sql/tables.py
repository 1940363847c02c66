"""The configured schema as SQLAlchemy tables, as Better Auth's own migration would make them."""

import json
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import (
    JSON,
    TIMESTAMP,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Identity,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TextClause,
    TypeDecorator,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy import Index as TableIndex
from sqlalchemy.engine import Dialect as Engine
from sqlalchemy.types import TypeEngine, UserDefinedType

from ostiary.domain.schema import Field, Model, Schema
from ostiary.storage import values
from ostiary.storage.sql.rows import Dialect

_LONGEST_NAME: Final = 63  # PostgreSQL's limit in bytes
_INDEX_BYTES: Final = 3072  # what InnoDB allows for one index, at four bytes a character
_ID_LENGTH: Final = 36
_SHORT_TEXT: Final = 255
_INDEXED_TEXT: Final = 191


class IsoDate(UserDefinedType[str]):
    """SQLite's `date` column, which holds ISO text."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        """Return the type's name in DDL."""
        return "DATE"


class Moment(TypeDecorator[datetime]):
    """A moment in UTC and whole milliseconds, for those who map their own classes onto these tables."""

    impl = TIMESTAMP
    cache_ok = True

    def load_dialect_impl(self, dialect: Engine) -> TypeEngine[Any]:  # Any: the type differs per database
        """Choose the column type of the database."""
        match dialect.name:
            case "sqlite":
                return dialect.type_descriptor(IsoDate())
            case "postgresql":
                return dialect.type_descriptor(TIMESTAMP(timezone=True))
            case _:
                from sqlalchemy.dialects import mysql  # noqa: PLC0415  no other database needs it

                return dialect.type_descriptor(mysql.TIMESTAMP(fsp=3))

    def process_bind_param(self, value: datetime | None, dialect: Engine) -> object:
        """Write the database's form."""
        if value is None:
            return None
        kept = values.moment(value)
        if dialect.name == "sqlite":
            return values.moment_text(kept)
        return kept if dialect.name == "postgresql" else kept.replace(tzinfo=None)

    def process_result_value(self, value: object | None, dialect: Engine) -> datetime | None:
        """Read the database's form."""
        if not isinstance(value, datetime):
            return None if value is None else values.read_moment(value)
        return values.whole_milliseconds(
            value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        )


class Flag(TypeDecorator[bool]):
    """A boolean; an integer in SQLite."""

    impl = Boolean
    cache_ok = True

    def load_dialect_impl(self, dialect: Engine) -> TypeEngine[Any]:  # Any: the type differs per database
        """Choose the column type of the database."""
        return dialect.type_descriptor(Integer() if dialect.name == "sqlite" else Boolean())

    def process_result_value(self, value: object | None, dialect: Engine) -> bool | None:
        """Read 0 and 1 as false and true."""
        return None if value is None else bool(value)


class JsonText(TypeDecorator[object]):
    """A JSON document kept as text, in SQLite."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: object | None, dialect: Engine) -> str | None:
        """Write the document compactly."""
        return None if value is None else values.json_text(value)

    def process_result_value(self, value: str | None, dialect: Engine) -> object | None:
        """Parse the document."""
        return None if value is None else json.loads(value)


def metadata_of(schema: Schema, dialect: Dialect) -> MetaData:
    """Return the tables of a schema, in its order, as one database makes them."""
    metadata = MetaData()
    for model in schema.models:
        if model.name in schema.unkept:
            continue
        _table(metadata, model, schema, dialect)
    return metadata


def index_name(table: str, columns: tuple[str, ...], *, unique: bool) -> str:
    """Return the name of an index; long names end in a hash of the whole, so that they stay distinct."""
    kind = "uidx" if unique else "idx"
    stem = "_".join((table, *columns))
    name = f"{stem}_{kind}"
    if len(name.encode()) <= _LONGEST_NAME:
        return name
    suffix = f"_{_fnv1a(name):08x}_{kind}"
    return stem.encode()[: _LONGEST_NAME - len(suffix)].decode(errors="ignore") + suffix


def _fnv1a(value: str) -> int:
    units = value.encode("utf-16-le")
    digest = 2166136261
    for position in range(0, len(units), 2):
        digest = (digest ^ int.from_bytes(units[position : position + 2], "little")) * 16777619 % 2**32
    return digest


def _table(metadata: MetaData, model: Model[Any], schema: Schema, dialect: Dialect) -> None:
    columns = [column_of(field, model, schema, dialect) for field in model.fields]
    uniques = [UniqueConstraint(field.name) for field in model.fields if field.unique]
    # SQLite would give the number of a deleted row away again, as no other database does
    never_again = dialect == "sqlite" and schema.id_type == "serial"
    identifier = _id_column(schema, dialect)
    table = Table(
        model.table_name, metadata, identifier, *columns, *uniques, sqlite_autoincrement=never_again
    )
    for field in model.fields:
        if field.index and not field.unique:
            TableIndex(index_name(table.name, (field.column_name,), unique=False), table.c[field.name])
    for index in model.indexes:
        names = tuple(model.by_name[name].column_name for name in index.fields)
        indexed = [table.c[name] for name in index.fields]
        TableIndex(index_name(table.name, names, unique=index.unique), *indexed, unique=index.unique)


def _id_column(schema: Schema, dialect: Dialect) -> Column[Any]:
    identifier = _id_type(schema, dialect)
    if schema.id_type == "serial":
        identity = [Identity(always=False)] if dialect == "postgresql" else []
        return Column("id", identifier, *identity, primary_key=True, autoincrement=True)
    generated = schema.id_type == "uuid" and dialect == "postgresql"
    default = text("pg_catalog.gen_random_uuid()") if generated else None
    return Column("id", identifier, primary_key=True, server_default=default)


def column_of(field: Field[Any], model: Model[Any], schema: Schema, dialect: Dialect) -> Column[Any]:
    """Return a field's column, keyed by the field's name."""
    target = []
    if (reference := schema.kept_reference(field)) is not None:
        table = schema.by_name[reference.model].table_name
        rule = None if reference.on_delete == "no action" else reference.on_delete.upper()
        target.append(ForeignKey(f"{table}.{reference.field}", ondelete=rule))
    return Column(
        field.column_name,
        _column_type(field, model, schema, dialect),
        *target,
        key=field.name,
        nullable=not field.required,
        server_default=_now(dialect) if field.database_default == "now" else None,
    )


def _now(dialect: Dialect) -> TextClause | None:
    if dialect == "sqlite":
        return None  # wire: the reference gives SQLite's columns no default
    return text("CURRENT_TIMESTAMP(3)" if dialect == "mysql" else "CURRENT_TIMESTAMP")


def _id_type(schema: Schema, dialect: Dialect) -> TypeEngine[Any]:
    if schema.id_type == "serial":
        return Integer()
    if schema.id_type == "uuid" and dialect == "postgresql":
        return Uuid(as_uuid=False)
    return String(_ID_LENGTH) if dialect == "mysql" else Text()


def _column_type(field: Field[Any], model: Model[Any], schema: Schema, dialect: Dialect) -> TypeEngine[Any]:
    reference = schema.kept_reference(field)
    if reference is not None and reference.field == "id":
        return _id_type(schema, dialect)
    match field.type:
        case "string":
            return _text_type(field, model) if dialect == "mysql" else Text()
        case "number":
            return BigInteger() if field.bigint else Integer()
        case "boolean":
            return Flag()
        case "date":
            return Moment()
        case _:
            return _json_type(dialect)


def _json_type(dialect: Dialect) -> TypeEngine[Any]:
    if dialect == "postgresql":
        from sqlalchemy.dialects.postgresql import JSONB  # noqa: PLC0415  no other database needs it

        return JSONB()
    return JsonText() if dialect == "sqlite" else JSON()


def _text_type(field: Field[Any], model: Model[Any]) -> TypeEngine[Any]:
    """Bound what MySQL must index; the rest is `text`."""
    shared = [index.fields for index in model.indexes if field.name in index.fields]
    if shared:
        return String(min(_INDEXED_TEXT, *(_longest_indexable(model, fields) for fields in shared)))
    if field.references is not None and not field.unique:
        return String(_ID_LENGTH)  # wire: the reference makes 36 even where the target has 255
    return String(_SHORT_TEXT) if field.unique or field.sortable or field.index else Text()


def _longest_indexable(model: Model[Any], fields: tuple[str, ...]) -> int:
    texts = sum(model.by_name[name].type == "string" for name in fields)
    others = (len(fields) - texts) * 16
    return max(1, _INDEX_BYTES - others) // 4 // max(texts, 1)
