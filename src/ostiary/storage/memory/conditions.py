"""Conditions as SQL means them: NULL compares with nothing."""

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, TypeVar

from ostiary.domain.entities import Entity, value_of
from ostiary.domain.schema import Condition, Field, Value
from ostiary.storage import values
from ostiary.storage.store import OrderBy

E = TypeVar("E", bound=Entity)

_COMPARISONS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "in": lambda value, listed: value in listed,
    "contains": operator.contains,
    "starts_with": str.startswith,
    "ends_with": str.endswith,
}


def prepared(conditions: Sequence[Condition]) -> Sequence[Condition]:
    """Return conditions with values in stored form. Raises InvalidValue, ValueError for an operator."""
    return [_prepared(condition) for condition in conditions]


def _prepared(condition: Condition) -> Condition:
    if condition.operator not in _COMPARISONS:
        raise ValueError(f"there is no operator {condition.operator!r}")
    field, wanted = condition.field, condition.value
    if condition.operator == "in":
        listed = wanted if isinstance(wanted, list | tuple | set | frozenset) else [wanted]
        return replace(condition, value=[_compared(field, item) for item in listed if item is not None])
    return replace(condition, value=_compared(field, wanted))


def _compared(field: Field[Any], wanted: Value) -> Value:
    if wanted is None:
        return None
    match field.type:
        case "date":
            return values.moment(wanted)
        case "string":
            return values.text(wanted)
        case _:
            return wanted


def matches(entity: Entity, conditions: Sequence[Condition]) -> bool:
    """Tell whether a row meets every prepared condition."""
    return all(_meets(value_of(entity, each.field), each) for each in conditions)


def _meets(value: Value, condition: Condition) -> bool:
    wanted = condition.value
    if wanted is None and condition.operator in {"=", "!="}:
        return (value is None) == (condition.operator == "=")
    if value is None or wanted is None:
        return False
    return _COMPARISONS[condition.operator](value, wanted)


def ordered(entities: Sequence[E], order_by: OrderBy | None) -> Sequence[E]:
    """Sort rows by a key, then by identifier."""
    if order_by is None:
        return entities
    field = order_by.field

    def key(entity: E) -> tuple[bool, Value]:
        value = value_of(entity, field)
        return (value is not None, value if value is not None else "")

    return sorted(sorted(entities, key=lambda entity: entity.id), key=key, reverse=order_by.descending)
