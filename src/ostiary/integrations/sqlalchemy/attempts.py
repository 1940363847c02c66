"""Every way we know by which one person's code might reach another person's row."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import delete, exists, func, insert, inspect, literal, select, text, union_all, update
from sqlalchemy.orm import (
    InstrumentedAttribute,
    Mapper,
    Session,
    aliased,
    joinedload,
    lazyload,
    selectinload,
    subqueryload,
)

from ostiary.integrations.sqlalchemy.ownership import Owned, owner_of
from ostiary.integrations.sqlalchemy.references import references_of


@dataclass(frozen=True)
class Prey:
    """A row of somebody else."""

    mapper: Mapper[Any]
    identity: tuple[Any, ...]
    owner: object
    detached: Owned
    """The row as its owner loaded it."""
    sample: Callable[[], Owned]
    """Makes a row like it."""

    @property
    def model(self) -> Any:  # a mapped class; its attributes are not known here
        """The class of the row."""
        return self.mapper.class_

    @property
    def keys(self) -> list[InstrumentedAttribute[Any]]:
        """The attributes of the primary key."""
        properties = (self.mapper.get_property_by_column(column) for column in self.mapper.primary_key)
        return [getattr(self.model, each.key) for each in properties]

    @property
    def itself(self) -> Any:  # a condition on a model that is not known here
        """The condition that only this row meets."""
        return self.where(self.model)

    def where(self, model: Any) -> Any:
        """Return the condition for an alias of the model."""
        condition: Any = literal(True)
        for key, value in zip(self.keys, self.identity, strict=True):
            condition &= getattr(model, key.key) == value
        return condition

    @property
    def table(self) -> Any:  # what `update` and `delete` take, and mappers do not promise
        """The bare table."""
        return self.mapper.local_table

    @property
    def harmless(self) -> dict[str, Any]:
        """Values that change nothing, so that only the number of rows tells."""
        return {self.keys[0].key: self.keys[0]}

    @property
    def copy(self) -> dict[str, Any]:
        """The values of a second row like it, its owner's as well."""
        keys = {key.key for key in self.keys}
        named = (each.key for each in self.mapper.column_attrs if each.key not in keys)
        return {name: getattr(self.detached, name) for name in named}

    @property
    def by_key(self) -> dict[str, Any]:
        """The primary key by the names of its attributes."""
        return {key.key: value for key, value in zip(self.keys, self.identity, strict=True)}


Read = Callable[[Session, Prey], Iterable[object]]
Change = Callable[[Session, Prey], object]


def _subquery(session: Session, prey: Prey) -> Iterable[object]:
    rows = select(*prey.keys).where(prey.itself).subquery()
    return session.execute(select(rows))


def _union(session: Session, prey: Prey) -> Iterable[object]:
    rows = select(*prey.keys).where(prey.itself)
    return session.execute(union_all(rows, rows))


def _self_join(session: Session, prey: Prey) -> Iterable[object]:
    other = aliased(prey.model)
    return session.execute(select(prey.model, other).join(other, literal(True)).where(prey.where(other)))


def _outer_join(session: Session, prey: Prey) -> Iterable[object]:
    other = aliased(prey.model)
    joined = select(prey.keys[0], getattr(other, prey.keys[0].key)).outerjoin(other, prey.where(other))
    return [row for row in session.execute(joined) if row[1] is not None]


def _exists(session: Session, prey: Prey) -> Iterable[object]:
    return session.execute(select(prey.keys[0]).where(exists().where(prey.where(aliased(prey.model)))))


def _count(session: Session, prey: Prey) -> Iterable[object]:
    return range(session.scalar(select(func.count()).select_from(prey.model).where(prey.itself)) or 0)


def _get(session: Session, prey: Prey) -> Iterable[object]:
    return filter(None, [session.get(prey.model, prey.identity)])


READS: Final[dict[str, Read]] = {
    "get": _get,
    "select": lambda session, prey: session.scalars(select(prey.model).where(prey.itself)),
    "columns": lambda session, prey: session.execute(select(*prey.keys).where(prey.itself)),
    "count": _count,
    "alias": lambda session, prey: session.scalars(
        select(alias := aliased(prey.model)).where(prey.where(alias))
    ),
    "subquery": _subquery,
    "union": _union,
    "self join": _self_join,
    "outer join": _outer_join,
    "exists": _exists,
    "query": lambda session, prey: session.query(prey.model).filter(prey.itself),
    "table": lambda session, prey: session.execute(
        select(prey.table).where(prey.mapper.primary_key[0] == prey.identity[0])
    ),
    "text": lambda session, prey: session.execute(text(f"SELECT * FROM {prey.table}")),  # noqa: S608
}


def relationship_reads(prey: Prey) -> Iterator[tuple[str, Read]]:
    """Yield a read for each relationship that leads to the model, in each way of loading it."""
    for mapper in prey.mapper.registry.mappers:
        for relation in mapper.relationships:
            if relation.mapper.isa(prey.mapper) and relation.parent is mapper:
                for load in (lazyload, selectinload, joinedload, subqueryload):
                    name = f"{mapper.class_.__name__}.{relation.key} by {load.__name__}"
                    yield name, _through(mapper.class_, relation.key, load)


def _through(parent: type, key: str, load: Callable[..., Any]) -> Read:
    def read(session: Session, prey: Prey) -> Iterable[object]:
        session.expunge_all()
        parents: Any = session.scalars(select(parent).options(load(getattr(parent, key)))).unique()
        reached = (getattr(each, key) for each in parents.all())
        flat = (row for some in reached for row in (some if isinstance(some, Iterable) else [some]))
        return [row for row in flat if row is not None and inspect(row).identity == prey.identity]

    return read


def _give_away(session: Session, prey: Prey) -> None:
    for row in session.scalars(select(prey.model)):
        row.user_id = prey.owner


def _plant(session: Session, prey: Prey) -> None:
    row = prey.sample()
    row.user_id = prey.owner
    session.add(row)


def _touch_detached(session: Session, prey: Prey) -> None:
    session.add(prey.detached)
    prey.detached.user_id = owner_of(session)


def _merge(session: Session, prey: Prey) -> None:
    session.merge(prey.model(**prey.by_key, user_id=owner_of(session)))


def _merge_blindly(session: Session, prey: Prey) -> None:
    session.merge(prey.detached, load=False).user_id = owner_of(session)


CHANGES: Final[dict[str, Change]] = {
    "update": lambda session, prey: session.execute(
        update(prey.model).where(prey.itself).values(prey.harmless)
    ),
    "take over": lambda session, prey: session.execute(
        update(prey.model).where(prey.itself).values(user_id=owner_of(session))
    ),
    "update by primary key": lambda session, prey: session.execute(
        update(prey.model), [{**prey.by_key, "user_id": owner_of(session)}]
    ),
    "update of the table": lambda session, prey: session.execute(
        update(prey.table).values({prey.mapper.columns["user_id"]: owner_of(session)})
    ),
    "bulk update": lambda session, prey: session.bulk_update_mappings(
        prey.mapper, [{**prey.by_key, "user_id": owner_of(session)}]
    ),
    "another session's object": _touch_detached,
    "merge": _merge,
    "merge without a look": _merge_blindly,
    "delete of another session's object": lambda session, prey: session.delete(prey.detached),
    "insert for somebody else": _plant,
    "give away": _give_away,
    "insert statement": lambda session, prey: session.execute(insert(prey.model), [prey.copy]),
    "bulk insert": lambda session, prey: session.bulk_insert_mappings(prey.mapper, [prey.copy]),
    "delete of the table": lambda session, prey: session.execute(delete(prey.table)),
    "text": lambda session, prey: session.execute(text(f"DELETE FROM {prey.table}")),  # noqa: S608
    "connection": lambda session, prey: session.connection().execute(delete(prey.table)),
    "delete": lambda session, prey: session.execute(delete(prey.model).where(prey.itself)),
    "delete of all": lambda session, prey: session.execute(delete(prey.model)),
}


def referring(prey: Prey, models: Iterable[type[Owned]]) -> list[type[Owned]]:
    """Return the owned models with a foreign key to the model."""
    return [model for model in models if keys_to(prey, model)]


def keys_to(prey: Prey, model: type[Owned]) -> dict[str, Any]:
    """Return the attributes of a model that would lead to the row, with their values."""
    mapper = inspect(model)
    return {
        mapper.get_property_by_column(column).key: getattr(
            prey.detached, prey.mapper.get_property_by_column(target).key
        )
        for reference in references_of(mapper)
        if reference.model.isa(prey.mapper)
        for column, target in zip(reference.columns, reference.targets, strict=True)
    }
