"""Foreign keys to owned tables: whoever writes one must own the row it leads to."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import (
    BindParameter,
    ClauseElement,
    Column,
    ForeignKeyConstraint,
    Insert,
    Table,
    Update,
    inspect,
    select,
    tuple_,
)
from sqlalchemy.orm import Mapper, ORMExecuteState, Session
from sqlalchemy.orm.attributes import instance_dict

from ostiary.integrations.sqlalchemy.ownership import OwnershipError, owned_models
from ostiary.integrations.sqlalchemy.reach import entity_of

Row = Mapping[str, Any]
Key = tuple[Any, ...]
"""The values of the columns of a foreign key."""

_AT_ONCE: Final = 200
"""Keys looked up by one statement."""
_REMEMBERED: Final = 512


@dataclass(frozen=True)
class Reference:
    """A foreign key that leads to owned rows."""

    model: Mapper[Any]
    """The owned model."""
    columns: tuple[Column[Any], ...]
    targets: tuple[Column[Any], ...]

    @property
    def name(self) -> str:
        """The columns, for messages."""
        return ", ".join(str(column) for column in self.columns)

    def require(self, session: Session, keys: Collection[Key]) -> None:
        """Raise OwnershipError where a row is somebody else's, or not there."""
        wanted = [key for key in keys if None not in key and not self._is_at_hand(session, key)]
        names = [self.model.get_property_by_column(each).key for each in self.targets]
        targets = [getattr(self.model.class_, name) for name in names]
        for start in range(0, len(wanted), _AT_ONCE):
            some = wanted[start : start + _AT_ONCE]
            found = session.execute(select(*targets).where(tuple_(*targets).in_(some)))
            if len({tuple(row) for row in found}) < len(some):
                raise OwnershipError(f"{self.name} would lead to a row that is not the owner's")

    def _is_at_hand(self, session: Session, key: Key) -> bool:
        """Tell whether this session loaded the row or wrote it: then it is the owner's."""
        if self.targets != tuple(self.model.primary_key):
            return False
        row = session.identity_map.get(self.model.identity_key_from_primary_key(key))
        return row is not None and not inspect(row).expired

    def key_of(self, row: Row, names: Mapping[Column[Any], str]) -> Key | None:
        """Return what a row has in the columns; None where it has nothing to do with them."""
        named = [names.get(column, column.key) for column in self.columns]
        return tuple(row.get(name) for name in named) if any(name in row for name in named) else None


@lru_cache(_REMEMBERED)
def references_of(source: Mapper[Any] | Table) -> tuple[Reference, ...]:
    """Return the foreign keys of a model, or of a bare table, that lead to owned rows."""
    tables = source.tables if isinstance(source, Mapper) else (source,)
    return tuple(
        reference for table in tables if isinstance(table, Table) for reference in _of(table, source)
    )


def _of(table: Table, source: Mapper[Any] | Table) -> Iterator[Reference]:
    """Yield the foreign keys of a table, but not the one by which a model joins the one it inherits from."""
    for constraint in table.constraints:
        if not isinstance(constraint, ForeignKeyConstraint):
            continue
        columns, model = tuple(constraint.columns), owned_models.get(constraint.referred_table)
        is_own = isinstance(source, Mapper) and constraint.referred_table in source.tables
        if model is not None and not (is_own and all(column.primary_key for column in columns)):
            yield Reference(model, columns, tuple(element.column for element in constraint.elements))


def _attributes(mapper: Mapper[Any]) -> dict[Column[Any], str]:
    named = ((column, each.key) for each in mapper.column_attrs for column in each.columns)
    return {column: name for column, name in named if isinstance(column, Column)}


def refuse_computed_references(session: Session) -> None:
    """Raise OwnershipError for a foreign key to an owned row that the database would compute."""
    for instance in (*session.new, *session.dirty):
        mapper = inspect(instance).mapper
        for reference in references_of(mapper):
            for value in reference.key_of(instance_dict(instance), _attributes(mapper)) or ():
                _refuse_computed(reference, value)


def _refuse_computed(reference: Reference, value: object) -> None:
    if isinstance(value, ClauseElement) or hasattr(value, "__clause_element__"):
        raise OwnershipError(f"{reference.name} leads to owned rows: set it to a value that can be looked up")


def refuse_foreign_references(session: Session) -> None:
    """Look up what a flush has just written; raises OwnershipError, which undoes the flush."""
    written: dict[Reference, set[Key]] = defaultdict(set)
    fresh = set(map(id, session.new))
    for instance in (*session.new, *session.dirty):
        state = inspect(instance)
        names = _attributes(state.mapper)
        for reference in references_of(state.mapper):
            changed = id(instance) in fresh or any(
                state.attrs[names[column]].history.has_changes()
                for column in reference.columns
                if column in names
            )
            if changed and (key := reference.key_of(instance_dict(instance), names)) is not None:
                written[reference].add(key)
    for reference, keys in written.items():
        reference.require(session, keys)


def refuse_statement_references(state: ORMExecuteState) -> None:
    """Look up what an INSERT or UPDATE is about to write. Raises OwnershipError."""
    statement: Any = state.statement
    if not isinstance(statement, (Insert, Update)):
        return
    entity = entity_of(statement.table)
    source: Any = entity.mapper if entity is not None else statement.table
    references = references_of(source) if isinstance(source, (Mapper, Table)) else ()
    if references and getattr(statement, "_post_values_clause", None) is not None:
        raise OwnershipError("an INSERT that falls back to an UPDATE may lead to other people's rows")
    rows = list(_rows_of(statement, state.parameters)) if references else []
    names = _attributes(source) if isinstance(source, Mapper) else {}
    for reference in references:
        keys = {key for row in rows if (key := _written(reference, row, names)) is not None}
        reference.require(state.session, keys)


def _written(reference: Reference, row: Row, names: Mapping[Column[Any], str]) -> Key | None:
    by_attribute = {}
    for column in reference.columns:
        attribute = names.get(column, column.key)
        given = [row[name] for name in (column.name, column.key, attribute) if name in row]
        if given:
            by_attribute[attribute] = given[0]
    key = reference.key_of(by_attribute, names)
    if key is None:
        return None
    if len(by_attribute) < len(key):
        raise OwnershipError(f"{reference.name} leads to owned rows: write all of it or nothing")
    values = tuple(each.value if isinstance(each, BindParameter) else each for each in key)
    for value in values:
        _refuse_computed(reference, value)
    return values


def _rows_of(statement: Any, parameters: Any) -> Iterator[Row]:
    """Yield what a statement writes, in whatever form it was given; its parts have no public names."""
    fixed = {**(statement._values or {}), **dict(getattr(statement, "_ordered_values", None) or ())}  # noqa: SLF001
    given: Iterable[Mapping[Any, Any]] = (
        [parameters] if isinstance(parameters, Mapping) else parameters or [{}]
    )
    several = [row for rows in getattr(statement, "_multi_values", ()) for row in rows]
    for row in (*given, *several):
        yield {_name(column): value for column, value in {**fixed, **row}.items()}


def _name(column: Any) -> str:
    return str(getattr(column, "key", column))
