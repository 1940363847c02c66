"""What SQLAlchemy adds to a statement from the mapping of a model: computed columns, rows loaded along."""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Column, select
from sqlalchemy.orm import Mapper, RelationshipProperty

from ostiary.integrations.sqlalchemy.ownership import Owned, OwnershipError
from ostiary.integrations.sqlalchemy.reach import table_of, walk
from ostiary.integrations.sqlalchemy.statements import require_reach

_REMEMBERED: Final = 512
_LOADED_ALONG: Final = {"joined", False}


def refuse_unbounded_mappings(models: Iterable[Mapper[Any]], *, has_options: bool) -> None:
    """Raise OwnershipError for models of which a statement would load what cannot be restricted.

    With loader options any relationship may be loaded along, otherwise those that always are.
    """
    for model in models:
        for each in _loaded_with(model, everything=has_options):
            if (gap := _gap(each)) is not None:
                raise OwnershipError(gap)


@lru_cache(_REMEMBERED)
def _loaded_with(model: Mapper[Any], *, everything: bool) -> frozenset[Mapper[Any]]:
    found: set[Mapper[Any]] = set()
    stack = [model]
    while stack:
        found.update(added := set(stack.pop().self_and_descendants) - found)
        relations = (relation for each in added for relation in each.relationships)
        stack += [each.mapper for each in relations if everything or each.lazy in _LOADED_ALONG]
    return frozenset(found)


@lru_cache(_REMEMBERED)
def _gap(model: Mapper[Any]) -> str | None:
    """Return what of a mapping reads owned rows past their model; None where nothing does."""
    try:
        for name in _computed(model):
            walk(select(model.class_, getattr(model.class_, name)), require_reach)
    except OwnershipError as refusal:
        return f"{model.class_.__name__}.{name}: {refusal}"
    gaps = (
        f"{model.class_.__name__}.{each.key}: {why}" for each in model.relationships if (why := _past(each))
    )
    return next(gaps, None)


def _computed(model: Mapper[Any]) -> Iterator[str]:
    return (each.key for each in model.column_attrs if not isinstance(each.expression, Column))


def _past(relation: RelationshipProperty[Any]) -> str | None:
    """Return why what a relationship leads through cannot be restricted."""
    if relation.secondary is not None and table_of(relation.secondary):
        return f"'{relation.secondary}' is owned, and no criteria reach a secondary table: map it as a model"
    target = relation.mapper
    if not issubclass(target.class_, Owned) and any(table_of(table) for table in target.tables):
        return f"{target.class_.__name__} is not marked as owned, and its table is"
    return None
