"""Rows that belong to somebody: the mark of a model, and what keeps its rows with their owner."""

from typing import Any, Final
from weakref import WeakKeyDictionary

from sqlalchemy import String, event
from sqlalchemy.orm import Mapped, Mapper, Session, mapped_column, object_session
from sqlalchemy.orm.attributes import instance_dict
from sqlalchemy.orm.query import QueryContext

OWNER_KEY: Final = "ostiary.owner"
"""Where a session keeps whose rows it sees."""


class OwnershipError(Exception):
    """The application asked for what reaches, or might reach, somebody else's rows."""


class Owned:
    """Marks a model whose rows belong to one user each: `class Task(Owned, Base)`.

    A model may declare `user_id` itself, for a foreign key, another type or another name of the column; the
    attribute keeps its name.
    """

    user_id: Mapped[Any] = mapped_column(String(36), index=True, nullable=False)
    """The user whose row it is; filled in by an owner's session."""


owned_tables: Final[set[str]] = set()
"""The names of all tables that hold rows of owned models; a name is all that a lightweight table has."""

owned_models: Final[WeakKeyDictionary[Any, Mapper[Any]]] = WeakKeyDictionary()
"""The model of each such table; of those that share one, the first that others inherit from."""


def owner_of(session: Session | None) -> Any | None:
    """Return whose rows a session sees; None for a session of the application's own."""
    return None if session is None else session.info.get(OWNER_KEY)


def _remember_tables(mapper: Mapper[Any], _: type) -> None:
    owned_tables.update(str(table) for table in mapper.tables)
    owned_models.setdefault(mapper.local_table, mapper)


def _is_foreign(session: Session | None, row: Owned) -> bool:
    owner = owner_of(session)
    return owner is not None and instance_dict(row).get("user_id", owner) != owner


def _claim(mapper: Mapper[Any], connection: object, row: Owned) -> None:
    """Give a new row its owner. The mapper asks last: a relationship has set its foreign key by now."""
    owner = owner_of(object_session(row))
    if owner is not None and row.user_id is None:
        row.user_id = owner
    _keep(mapper, connection, row)


def _keep(_: Mapper[Any], __: object, row: Owned) -> None:
    if _is_foreign(object_session(row), row):
        raise OwnershipError(f"a row of {type(row).__name__} would belong to somebody else")


def _refuse_foreign(row: Owned, context: QueryContext | None) -> None:
    """Let no foreign row through, should a statement ever have escaped the criteria."""
    if context is not None and _is_foreign(context.session, row):
        raise OwnershipError(f"a row of {type(row).__name__} belongs to somebody else")


event.listen(Owned, "after_mapper_constructed", _remember_tables, propagate=True)
event.listen(Owned, "before_insert", _claim, propagate=True)
event.listen(Owned, "before_update", _keep, propagate=True)
event.listen(Owned, "before_delete", _keep, propagate=True)
event.listen(Owned, "load", _refuse_foreign, propagate=True)
