"""Statements, built and compiled once per shape: what is compared, what is changed, in which order."""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, NamedTuple, TypeAlias

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement

from ostiary.domain.schema import Condition, Operator, Value
from ostiary.storage.sql.rows import Dialect, DriverValue, Rows

_REMEMBERED: Final = 1024
_ESCAPE: Final = "!"  # not the backslash, which some databases read as an escape in the literal itself


class Comparison(NamedTuple):
    """One condition without its values: how many there are is part of the shape, none means NULL."""

    field: str
    operator: Operator
    arity: int


class Order(NamedTuple):
    """A sort key by field name."""

    field: str
    descending: bool


Shape: TypeAlias = tuple[Comparison, ...]


@dataclass(frozen=True, slots=True)
class Where:
    """Conditions, split into what is compiled and what is sent."""

    shape: Shape
    args: Sequence[DriverValue]


@dataclass(frozen=True, slots=True)
class Statement:
    """A driver's SQL text and the order in which it wants the values."""

    sql: str
    order: tuple[int, ...] | None
    """None where the values are wanted as they were given."""

    def arrange(self, args: Sequence[DriverValue]) -> Sequence[DriverValue]:
        """Put the values into the statement's order."""
        return args if self.order is None else [args[position] for position in self.order]


def where_of(conditions: Sequence[Condition], rows: Rows[Any]) -> Where:
    """Split conditions on a model's rows into shape and encoded values. Raises InvalidValue."""
    shape: list[Comparison] = []
    args: list[DriverValue] = []
    for condition in conditions:
        name = condition.field.name
        compared = _encoded(condition, rows)
        shape.append(Comparison(name, condition.operator, len(compared)))
        args.extend(compared)
    return Where(tuple(shape), args)


def _encoded(condition: Condition, rows: Rows[Any]) -> Sequence[DriverValue]:
    name, value = condition.field.name, condition.value
    match condition.operator:
        case "in":
            listed: Iterable[Value] = value if isinstance(value, list | tuple | set | frozenset) else [value]
            return _padded([rows.match(name, item) for item in listed if item is not None])
        case _ if value is None:
            return ()
        case "contains":
            return (f"%{_literal(rows.match(name, value))}%",)
        case "starts_with":
            return (f"{_literal(rows.match(name, value))}%",)
        case "ends_with":
            return (f"%{_literal(rows.match(name, value))}",)
        case _:
            return (rows.match(name, value),)


def _literal(part: str) -> str:
    for special in (_ESCAPE, "%", "_"):
        part = part.replace(special, _ESCAPE + special)
    return part


def _padded(listed: list[DriverValue]) -> list[DriverValue]:
    """Repeat the last value up to a power of two, so that lists of any length share few shapes."""
    if not listed:
        return listed
    size = 1 << (len(listed) - 1).bit_length()
    return listed + [listed[-1]] * (size - len(listed))


class _Slots:
    """Places for values, numbered in the order in which they are asked for."""

    def __init__(self) -> None:
        self._taken = 0

    def take(self) -> sa.BindParameter[Any]:  # Any: the column it meets decides the type
        self._taken += 1
        return sa.bindparam(f"v{self._taken - 1}")

    def integer(self) -> sa.BindParameter[int]:
        self._taken += 1
        return sa.bindparam(f"v{self._taken - 1}", type_=sa.Integer())


def _engine(dialect: Dialect) -> sa.Dialect:
    # imported one at a time: each dialect brings every driver that SQLAlchemy knows for it
    match dialect:
        case "postgresql":
            from sqlalchemy.dialects.postgresql.base import PGDialect  # noqa: PLC0415  see above

            return PGDialect(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]  # SQLAlchemy's gap
        case "mysql":
            from sqlalchemy.dialects.mysql.base import MySQLDialect  # noqa: PLC0415  see above

            return MySQLDialect(paramstyle="format")
        case _:
            from sqlalchemy.dialects.sqlite.base import SQLiteDialect  # noqa: PLC0415  see above

            return SQLiteDialect(paramstyle="qmark")


class Statements:
    """Every statement that the store sends, by model name and shape."""

    def __init__(
        self, tables: Mapping[str, sa.Table], names: Mapping[str, tuple[str, ...]], dialect: Dialect
    ) -> None:
        """`names` are each model's columns in reading order."""
        self.tables: Final = tables
        self.dialect: Final = dialect
        self._names = names
        self.engine: Final = _engine(dialect)
        self.insert = self._remembered(self._insert)
        self.select = self._remembered(self._select)
        self.count = self._remembered(self._count)
        self.update = self._remembered(self._update)
        self.delete = self._remembered(self._delete)
        self.consume = self._remembered(self._consume)

    def columns(self, model: str) -> list[sa.Column[Any]]:
        """Return a model's columns in reading order."""
        return [self.tables[model].c[name] for name in self._names[model]]

    def equals(self, column: sa.Column[Any], value: sa.BindParameter[Any]) -> ColumnElement[bool]:
        """Compare for equality, byte by byte."""
        return self._exactly(column, column == value, lambda exact: exact == value)

    def compile(self, statement: sa.ClauseElement, values: int | None = None) -> Statement:
        """Translate a statement whose parameters are called v0, v1, ... to the driver's text.

        `values` says how many there are, where the statement does not use all of them.
        """
        compiled = statement.compile(dialect=self.engine)
        assert isinstance(compiled, sa.sql.compiler.SQLCompiler)  # noqa: S101 - for the type checker: not DDL
        order = tuple(int(name.removeprefix("v")) for name in compiled.positiontup or ())
        return Statement(
            str(compiled), None if order == tuple(range(len(order) if values is None else values)) else order
        )

    def _remembered(self, build: Callable[..., sa.ClauseElement]) -> Callable[..., Statement]:
        def compiled(*key: Hashable) -> Statement:
            return self.compile(build(*key))

        return lru_cache(_REMEMBERED)(compiled)

    def _insert(self, model: str, generated: bool) -> sa.ClauseElement:
        """Write a row; with a generated identifier the values lack it and it is returned."""
        slots, columns = _Slots(), self.columns(model)
        given = {column.key: slots.take() for column in (columns[1:] if generated else columns)}
        statement = sa.insert(self.tables[model]).values(given)
        return statement.returning(columns[0]) if generated and self.dialect != "mysql" else statement

    def _select(
        self, model: str, shape: Shape, order: Order | None, paged: bool, locked: bool
    ) -> sa.ClauseElement:
        slots = _Slots()
        statement = sa.select(*self.columns(model)).where(*self._where(model, shape, slots))
        if order is not None:
            key = self.tables[model].c[order.field]
            statement = statement.order_by(
                key.desc() if order.descending else key.asc(), self.tables[model].c.id
            )
        if paged:
            statement = statement.limit(slots.integer()).offset(slots.integer())
        return statement.with_for_update() if locked else statement

    def _count(self, model: str, shape: Shape) -> sa.ClauseElement:
        where = self._where(model, shape, _Slots())
        return sa.select(sa.func.count()).select_from(self.tables[model]).where(*where)

    def _update(
        self, model: str, changed: tuple[str, ...], added: str | None, shape: Shape, returning: bool
    ) -> sa.ClauseElement:
        """Set the changed fields, add to a counter; the values come in that order, the conditions' last."""
        slots, table = _Slots(), self.tables[model]
        assigned: dict[str, object] = {name: slots.take() for name in changed}
        if added is not None:
            assigned[added] = table.c[added] + slots.take()
        statement = sa.update(table).values(assigned).where(*self._where(model, shape, slots))
        return statement.returning(*self.columns(model)) if returning else statement

    def _delete(self, model: str, shape: Shape) -> sa.ClauseElement:
        return sa.delete(self.tables[model]).where(*self._where(model, shape, _Slots()))

    def _consume(self, model: str, shape: Shape) -> sa.ClauseElement:
        table, where = self.tables[model], self._where(model, shape, _Slots())
        if self.dialect == "postgresql":
            # Rows are locked in one order, or two who take the same two rows might wait for each other.
            doomed = sa.select(table.c.id).where(*where).order_by(table.c.id).with_for_update().cte("doomed")
            where = [table.c.id.in_(sa.select(doomed.c.id))]
        return sa.delete(table).where(*where).returning(*self.columns(model))

    def _where(self, model: str, shape: Shape, slots: _Slots) -> list[ColumnElement[bool]]:
        return [self._compared(self.tables[model].c[each.field], each, slots) for each in shape]

    def _compared(self, column: sa.Column[Any], each: Comparison, slots: _Slots) -> ColumnElement[bool]:
        if each.arity == 0:
            nulls = {"=": column.is_(None), "!=": column.is_not(None)}
            return nulls.get(each.operator, sa.false())
        given = [slots.take() for _ in range(each.arity)]
        match each.operator:
            case "=":
                return self.equals(column, given[0])
            case "!=":
                return (self._binary(column) if self._folds_case(column) else column) != given[0]
            case "in":
                return self._exactly(column, column.in_(given), lambda exact: exact.in_(given))
            case "contains" | "starts_with" | "ends_with":
                return column.like(given[0], escape=_ESCAPE)
            case "<" | "<=" | ">" | ">=" as ordering:
                return column.op(ordering, is_comparison=True)(given[0])
            case unknown:
                raise ValueError(f"there is no operator {unknown!r}")  # it would become part of the statement

    def _folds_case(self, column: sa.Column[Any]) -> bool:
        return self.dialect == "mysql" and isinstance(column.type, sa.String)

    def _binary(self, column: sa.Column[Any]) -> ColumnElement[Any]:
        return sa.cast(sa.func.convert(column.op("USING")(sa.text("utf8mb4"))), sa.BINARY())

    def _exactly(
        self,
        column: sa.Column[Any],
        indexed: ColumnElement[bool],
        exact: Callable[[ColumnElement[Any]], ColumnElement[bool]],
    ) -> ColumnElement[bool]:
        """MySQL's collations take `A` for `a`: its index finds the row, then the bytes must agree too."""
        return sa.and_(indexed, exact(self._binary(column))) if self._folds_case(column) else indexed
