"""Conditions as SQL means them: NULL compares with nothing."""

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

from ostiary.domain.entities import Entity, value_of
from ostiary.domain.schema import Condition, Value
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
    "contains": operator.contains,
    "starts_with": str.startswith,
    "ends_with": str.endswith,
}


def matches(entity: Entity, conditions: Sequence[Condition]) -> bool:
    """Tell whether a row meets every condition."""
    return all(_meets(value_of(entity, each.field), each) for each in conditions)


def _meets(value: Value, condition: Condition) -> bool:
    wanted = condition.value
    if condition.operator == "in":
        listed = wanted if isinstance(wanted, list | tuple | set | frozenset) else (wanted,)
        return value is not None and any(value == _compared(condition, item) for item in listed)
    if wanted is None and condition.operator in {"=", "!="}:
        return (value is None) == (condition.operator == "=")
    if value is None or wanted is None:
        return False
    return _COMPARISONS[condition.operator](value, _compared(condition, wanted))


def _compared(condition: Condition, wanted: Value) -> Value:
    match condition.field.type:
        case "date":
            return None if wanted is None else values.moment(wanted)
        case "string":
            return None if wanted is None else values.text(wanted)
        case _:
            return wanted


def ordered(entities: Sequence[E], order_by: OrderBy | None) -> Sequence[E]:
    """Sort rows by a key, then by identifier."""
    if order_by is None:
        return entities
    field = order_by.field

    def key(entity: E) -> tuple[bool, Value]:
        value = value_of(entity, field)
        return (value is not None, value if value is not None else "")

    return sorted(sorted(entities, key=lambda entity: entity.id), key=key, reverse=order_by.descending)
