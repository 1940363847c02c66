"""What a statement in an owner's session may be: one whose every use of an owned table can be restricted.

SQLAlchemy applies loader criteria to every entity of a SELECT, nested ones included, and to the target of an
UPDATE or DELETE. It does not to bare tables, to text, to further tables of an UPDATE or DELETE, nor to
anything in an INSERT: these are refused.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Column, Delete, Insert, TextClause, Update
from sqlalchemy.orm import Mapper, ORMExecuteState
from sqlalchemy.sql.elements import ClauseElement, ColumnClause
from sqlalchemy.sql.selectable import SelectBase, TextualSelect

from ostiary.integrations.sqlalchemy.ownership import OwnershipError
from ostiary.integrations.sqlalchemy.reach import Reach, elements, entity_of, is_owned, table_of, walk

_HARMLESS: Final = re.compile(r"\*|\d+")  # what SQLAlchemy itself puts into count() and exists()
_ORDINARY: Final = {None, "auto", "orm"}


def refuse_unbounded(state: ORMExecuteState) -> set[Mapper[Any]]:
    """Raise OwnershipError for a statement whose rows cannot be restricted; return the models it is of."""
    statement: Any = state.statement  # an Executable; what kind is asked below
    if not isinstance(statement, ClauseElement):
        raise OwnershipError("only SQLAlchemy's own statements can be restricted to the owner's rows")
    own: tuple[object, ...] = ()
    if isinstance(statement, (Insert, Update, Delete)):
        own = (statement, statement.table)
        _refuse_change(state, statement)

    models: set[Mapper[Any]] = set()

    def judge(element: Any, reach: Reach) -> None:
        if (entity := entity_of(element)) is not None:
            models.add(entity.mapper)
        if any(element is each for each in own):
            return
        if state.is_relationship_load and isinstance(element, ColumnClause):
            _refuse_element(element)
        else:
            require_reach(element, reach)

    if not state.is_orm_statement and any(table_of(each) for each in elements(statement)):
        raise OwnershipError("a statement of the Core on an owned table: name the model instead")
    walk(statement, judge)
    return models


def require_reach(element: Any, reach: Reach) -> None:
    """Raise OwnershipError for an element of a statement that criteria do not restrict."""
    _refuse_element(element)
    if not reach.covers(element):
        name = table_of(element) or str(element)
        raise OwnershipError(
            f"'{name}' is owned, and no criteria reach it here: name the model among the columns, "
            "in select_from() or in a join"
        )


def refuse_expression(value: Any) -> None:
    """Raise OwnershipError for a value of a column that reads rows: a flush asks nobody."""
    for element in elements(value):
        _refuse_element(element)
        if isinstance(element, SelectBase) or table_of(element):
            raise OwnershipError("no criteria reach what a flush reads: read first, then set the value")


def _refuse_element(element: Any) -> None:
    if isinstance(element, ColumnClause):
        is_text = element.is_literal and not _HARMLESS.fullmatch(element.name)
    else:
        is_text = isinstance(element, (TextClause, TextualSelect))
    written = ("_prefixes", "_suffixes", "_hints", "_statement_hints")  # of a SELECT: there is no public name
    if is_text or any(getattr(element, name, None) for name in written):
        raise OwnershipError(f"text cannot be restricted to the owner's rows: {str(element)[:60]!r}")
    if isinstance(element, (Insert, Update, Delete)):
        raise OwnershipError("a statement that changes rows must stand alone")


def _refuse_change(state: ORMExecuteState, statement: Insert | Update | Delete) -> None:
    """Refuse what is not restricted although it names models."""
    if isinstance(statement, Insert):
        if any(isinstance(each, SelectBase) for each in elements(statement)):
            raise OwnershipError("no criteria reach a SELECT in an INSERT: read first, then insert")
        return
    target = entity_of(statement.table)
    if is_owned(target) and isinstance(target, Mapper):
        _refuse_unowned_change(state, statement, target)
    elif is_owned(target):
        raise OwnershipError("no criteria reach the alias of a model in an UPDATE or DELETE")


def _refuse_unowned_change(state: ORMExecuteState, statement: Update | Delete, mapper: Mapper[Any]) -> None:
    if state.execution_options.get("dml_strategy") not in _ORDINARY:
        raise OwnershipError("this strategy leaves the owner out")
    if mapper.columns["user_id"].table is not mapper.local_table:
        raise OwnershipError("the owner stands in another table of this model: change the objects instead")
    if not isinstance(state.parameters or {}, Mapping):
        raise OwnershipError("an UPDATE by primary keys leaves the owner out: change the objects instead")
    if _names_owner(mapper, _written_columns(statement, state)):
        raise OwnershipError("rows are not given away")


def _written_columns(statement: Any, state: ORMExecuteState) -> list[Any]:
    """Return what names the columns that a statement writes, in whatever form it was given."""
    named = list(getattr(statement, "_values", None) or ())
    named.extend(column for column, _ in getattr(statement, "_ordered_values", None) or ())
    for rows in getattr(statement, "_multi_values", ()):
        named.extend(column for row in rows for column in row)
    parameters = state.parameters or ()
    for row in (parameters,) if isinstance(parameters, Mapping) else parameters:
        named.extend(row)
    return named


def _names_owner(mapper: Mapper[Any], keys: list[Any]) -> bool:
    column = mapper.columns["user_id"]
    names = {"user_id", column.key, column.name}
    return any((key.key if isinstance(key, Column) else getattr(key, "key", key)) in names for key in keys)


def own_insert(state: ORMExecuteState, owner: object) -> None:
    """Give the rows of an INSERT their owner; raises OwnershipError for one that might change other rows."""
    statement: Any = state.statement
    mapper = entity_of(statement.table)
    if not isinstance(mapper, Mapper) or not is_owned(mapper):
        return
    if state.execution_options.get("dml_strategy") not in _ORDINARY:
        raise OwnershipError("this strategy leaves the owner out")
    if statement._post_values_clause is not None or statement._prefixes:  # noqa: SLF001  no public name
        raise OwnershipError("an INSERT that falls back to an UPDATE or DELETE may reach other people's rows")
    if _names_owner(mapper, _written_columns(statement, state)):
        raise OwnershipError("the session fills in the owner: leave it out of an INSERT")
    if statement._multi_values:  # noqa: SLF001  no public name
        raise OwnershipError("pass the rows as parameters: session.execute(insert(Model), rows)")
    if isinstance(state.parameters, list):
        state.parameters = [{**row, "user_id": owner} for row in state.parameters]
    else:
        state.statement = statement.values({mapper.columns["user_id"]: owner})
