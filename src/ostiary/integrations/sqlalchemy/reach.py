"""How far loader criteria reach: what a statement is written of, and which of it they restrict.

SQLAlchemy applies criteria to the entities that a SELECT names as columns, in `select_from` or in a join, and
to the target of an UPDATE or DELETE. It looks for others in conditions as well, but not everywhere; what is
told here is the part that is certain.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy
from sqlalchemy import Alias, CompoundSelect, Delete, FromClause, Insert, Join, Select, TableClause, Update
from sqlalchemy.orm import Mapper
from sqlalchemy.orm.context import FromStatement
from sqlalchemy.orm.util import AliasedInsp
from sqlalchemy.sql.elements import ColumnClause, ColumnElement
from sqlalchemy.sql.selectable import AliasedReturnsRows, FromGrouping, SelectBase
from sqlalchemy.sql.visitors import HasTraverseInternals

from ostiary.integrations.sqlalchemy.ownership import Owned, owned_tables

Entity = Mapper[Any] | AliasedInsp[Any]

_LOOKS_AT_CONDITIONS: Final = tuple(map(int, sqlalchemy.__version__.split(".")[:2])) >= (2, 1)


def table_of(element: Any) -> str | None:
    """Return the owned table that an element is, or is a column of; None for anything else."""
    source = element.table if isinstance(element, ColumnClause) else element
    while isinstance(source, Alias):
        source = source.element
    name = str(source) if isinstance(source, TableClause) else None
    return name if name in owned_tables else None


def mark_of(element: Any, name: str) -> Any:
    """Return what the ORM has written on an element; None where it did not."""
    return element._annotations.get(name)  # noqa: SLF001  the marks have no public name


def entity_of(element: Any) -> Entity | None:
    """Return the mapped class, or the alias of one, by which an element came into a statement."""
    entity = mark_of(element, "parententity")
    return entity if isinstance(entity, (Mapper, AliasedInsp)) else None


def is_owned(entity: Entity | None) -> bool:
    """Tell whether an entity's rows belong to somebody."""
    return entity is not None and issubclass(entity.mapper.class_, Owned)


def elements(statement: Any, *, below: list[tuple[Any, Any]] | None = None) -> Iterator[Any]:
    """Yield everything that a statement is written of, once; with `below`, put nested SELECTs there."""
    seen: set[int] = set()
    stack: list[tuple[Any, Any]] = [(None, statement)]
    while stack:
        parent, element = stack.pop()
        if id(element) in seen:
            continue
        seen.add(id(element))
        if below is not None and element is not statement and isinstance(element, SelectBase):
            below.append((parent, element))
            continue
        yield element
        stack.extend((element, part) for part in _parts(element))


def _parts(element: Any) -> Iterable[Any]:
    """Return what an element is written of.

    A SELECT's own answer would add the tables of its columns, bare even where the columns came from a model;
    and a column's own answer would leave out the subquery that it is taken from.
    """
    if isinstance(element, ColumnClause):
        source = element.table
        return () if source is None or isinstance(source, (TableClause, Alias)) else (source,)
    if isinstance(element, (Alias, Join)) and (table_of(element) or entity_of(element)):
        return ()  # it is judged as the table, or as the joined tables of a model, that it is
    if isinstance(element, Select):
        rest = HasTraverseInternals.get_children(element, omit_attrs=("_setup_joins",))
        return (*rest, *_parts_of_joins(element))
    children: Iterable[Any] = element.get_children()
    return children


def _parts_of_joins(statement: Any) -> Iterator[Any]:
    """Yield the targets and conditions; of a relationship where it starts: it is restricted at its end."""
    for target, condition, source, _ in statement._setup_joins:  # noqa: SLF001  no public name
        for each in filter(lambda part: part is not None, (target, condition, source)):
            yield each.parent.__clause_element__() if hasattr(each, "property") else each


@dataclass(frozen=True)
class Reach:
    """The entities and tables that criteria restrict, in one part of a statement."""

    entities: frozenset[Entity] = frozenset()

    @property
    def tables(self) -> frozenset[FromClause]:
        """What the entities select from."""
        mapped = [each.tables for each in self.entities if isinstance(each, Mapper)]
        aliased = [each.selectable for each in self.entities if isinstance(each, AliasedInsp)]
        return frozenset([*(table for tables in mapped for table in tables), *aliased])

    def covers(self, element: Any) -> bool:
        """Tell whether criteria reach what an element is taken from; true of what nobody owns."""
        entity = entity_of(element)
        if is_owned(entity):
            return entity in self.entities or (
                isinstance(entity, Mapper) and self.tables.issuperset(entity.tables)
            )
        if table_of(element) is None:
            return True
        # a bare column adds its table to the SELECT it stands in: nothing is added where it is there already
        return entity is None and isinstance(element, ColumnClause) and element.table in self.tables

    def __or__(self, other: "Reach") -> "Reach":
        return Reach(self.entities | other.entities)


def applied_to(statement: Any) -> Reach:
    """Return what criteria are certainly applied to at the top of a statement."""
    if isinstance(statement, (Insert, Update, Delete)):
        return Reach(frozenset(filter(None, [entity_of(statement.table)])))
    if not isinstance(statement, (Select, FromStatement)) or not _is_orm(statement):
        return Reach()
    columns = [each for raw in statement._raw_columns for each in getattr(raw, "exprs", [raw])]  # noqa: SLF001
    named = [_first_entity(column) for column in columns]
    if isinstance(statement, Select):
        named += [entity_of(source) for source in statement._from_obj]  # noqa: SLF001  no public name
        named += [_joined(target) for target, *_ in statement._setup_joins]  # noqa: SLF001  no public name
        named += _in_conditions(statement)
    return Reach(frozenset(filter(None, named)))


def _in_conditions(statement: Any) -> Iterator[Entity | None]:
    """Yield the entities of the conditions, as far down as SQLAlchemy looks; earlier releases do not look."""
    stack = list(statement._where_criteria) if _LOOKS_AT_CONDITIONS else []  # noqa: SLF001  no public name
    for element in stack:
        yield entity_of(element)
        if isinstance(element, ColumnElement):
            stack.extend(element.get_children())


def _is_orm(statement: Any) -> bool:
    marks = statement._propagate_attrs  # noqa: SLF001  no public name
    return isinstance(statement, FromStatement) or marks.get("compile_state_plugin") == "orm"


def _first_entity(column: Any) -> Entity | None:
    """Return the first entity in a column's expression: SQLAlchemy looks no further."""
    stack = [column]
    for element in stack:
        if (entity := entity_of(element)) is not None:
            return entity
        stack.extend(
            part for part in element.get_children() if not isinstance(part, (FromGrouping, SelectBase))
        )
    return None


def _joined(target: Any) -> Entity | None:
    """Return the entity that a join adds."""
    kind = getattr(target, "_of_type", None)
    related = getattr(getattr(target, "property", None), "entity", None)
    return kind or related or entity_of(target)


Judge = Callable[[Any, Reach], None]


@dataclass(frozen=True)
class Around:
    """What is restricted in the SELECT around another, and in all those around that."""

    nearest: Reach = Reach()
    all: Reach = Reach()


def walk(statement: Any, judge: Judge, around: Around = Around()) -> None:
    """Judge each element of a statement, with what criteria reach in its part of it."""
    below: list[tuple[Any, Any]] = []
    surface = list(elements(statement, below=below))
    own = applied_to(statement)
    reach = own | _correlated(statement, surface, around)
    for element in surface:
        # the order of a union names its columns and adds no table
        if not (isinstance(statement, CompoundSelect) and isinstance(element, ColumnClause)):
            judge(element, reach)
    inner = Around(own, own | around.all)
    for source, element in below:
        # what stands in FROM sees nothing of the statement around it
        walk(element, judge, Around() if isinstance(source, AliasedReturnsRows) else inner)


def _correlated(statement: Any, surface: list[Any], around: Around) -> Reach:
    """Return what a nested SELECT takes from around it instead of selecting from it anew."""
    if not isinstance(statement, Select) or not around.all.entities:
        return Reach()
    tables = {each.table if isinstance(each, ColumnClause) else each for each in surface}
    froms = {each for each in tables if isinstance(each, (TableClause, AliasedReturnsRows))}
    if statement._correlate_except is not None:  # noqa: SLF001  no public name
        excepted = set(statement._correlate_except)  # noqa: SLF001  no public name
        return Reach(frozenset(each for each in around.all.entities if excepted.isdisjoint(_tables(each))))
    if statement._correlate:  # noqa: SLF001  no public name
        given = set(statement._correlate)  # noqa: SLF001  no public name
        return Reach(frozenset(each for each in around.all.entities if given.issuperset(_tables(each))))
    alone = froms <= around.nearest.tables  # SQLAlchemy leaves no SELECT without a FROM
    return Reach() if alone or not statement._auto_correlate else around.nearest  # noqa: SLF001


def _tables(entity: Entity) -> frozenset[FromClause]:
    return Reach(frozenset([entity])).tables
