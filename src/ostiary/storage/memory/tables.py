"""The rows of every model, with the constraints that a database would keep."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from ostiary.domain.entities import Entity, build, value_of
from ostiary.domain.errors import AlreadyExists, InvalidValue
from ostiary.domain.models import ID
from ostiary.domain.schema import Field, Model, Reference, Schema, Value
from ostiary.storage import values

E = TypeVar("E", bound=Entity)


@dataclass
class MemoryTables:
    """What is stored: entities by identifier, by model name. Each method is one atomic step."""

    schema: Schema
    rows: dict[str, dict[str, Entity]] = field(default_factory=dict)
    last_serial: dict[str, int] = field(default_factory=dict)

    def copied(self) -> "MemoryTables":
        """Return tables that may be changed without anybody seeing it."""
        rows = {name: dict(entities) for name, entities in self.rows.items()}
        return MemoryTables(self.schema, rows, dict(self.last_serial))

    def of(self, model: Model[E]) -> dict[str, E]:
        """Return the rows of a model by identifier."""
        rows: dict[str, Any] = self.rows.setdefault(model.name, {})  # Any: each model has its own entity
        return rows

    def insert(self, model: Model[E], entity: E) -> E:
        """Write a new row. Raises AlreadyExists and InvalidValue."""
        stored = stored_form(model, self._new_id(model, entity), _values(model, entity))
        if stored.id in self.of(model):
            raise AlreadyExists(f"{model.name}.id")
        self._require_constraints(model, [stored])
        self.of(model)[stored.id] = stored
        return stored

    def replace(self, model: Model[E], changed: Sequence[E]) -> None:
        """Write rows anew, all or none. Raises AlreadyExists and InvalidValue."""
        self._require_constraints(model, changed)
        self.of(model).update({entity.id: entity for entity in changed})

    def delete(self, model: Model[E], doomed: Sequence[E]) -> None:
        """Delete rows and whatever hangs on them. Raises InvalidValue where a reference forbids it."""
        for entity in doomed:
            self.of(model).pop(entity.id, None)
        for child, reference_field, reference in self._references_to(model):
            target = ID if reference.field == "id" else model.by_name[reference.field]
            gone = {value_of(entity, target) for entity in doomed}
            orphans = [row for row in self.of(child).values() if value_of(row, reference_field) in gone]
            self._release(child, reference_field, reference, orphans)

    def _release(
        self, child: Model[Any], pointer: Field[Any], reference: Reference, orphans: Sequence[Any]
    ) -> None:
        match reference.on_delete:
            case "cascade" if orphans:
                self.delete(child, orphans)
            case "set null":
                self.replace(child, [with_changes(child, row, {pointer.name: None}) for row in orphans])
            case "no action" if orphans:
                raise InvalidValue(f"{child.name}.{pointer.name} still refers to the row")

    def _references_to(self, model: Model[Any]) -> Iterator[tuple[Model[Any], Field[Any], Reference]]:
        for child in self.schema.models:
            for candidate in child.fields:
                if candidate.references is not None and candidate.references.model == model.name:
                    yield child, candidate, candidate.references

    def _new_id(self, model: Model[Any], entity: Entity) -> str:
        if self.schema.id_type != "serial":
            return entity.id
        self.last_serial[model.name] = self.last_serial.get(model.name, 0) + 1
        return str(self.last_serial[model.name])

    def _require_constraints(self, model: Model[E], changed: Sequence[E]) -> None:
        ids = {entity.id for entity in changed}
        others: list[E] = [entity for entity in self.of(model).values() if entity.id not in ids]
        for names in _unique_keys(model):
            taken = {_key(model, entity, names) for entity in others}
            for entity in changed:
                key = _key(model, entity, names)
                if None not in key and key in taken:
                    raise AlreadyExists(f"{model.name}.{names[0]}")
                taken.add(key)
        for entity in changed:
            self._require_references(model, entity)

    def _require_references(self, model: Model[Any], entity: Entity) -> None:
        for pointer in model.fields:
            value = value_of(entity, pointer)
            if value is None and pointer.required:
                raise InvalidValue(f"{model.name}.{pointer.name} is required")
            if pointer.references is None or value is None:
                continue
            target = self.schema.by_name[pointer.references.model]
            column = ID if pointer.references.field == "id" else target.by_name[pointer.references.field]
            if target.name not in self.schema.unkept and not any(
                value_of(row, column) == value for row in self.of(target).values()
            ):
                raise InvalidValue(f"{model.name}.{pointer.name} refers to no row")


def stored_form(model: Model[E], row_id: str, given: Mapping[str, Value]) -> E:
    """Return an entity as a database would give it back. Raises InvalidValue."""
    stored = {each.name: _stored(each, given.get(each.name)) for each in model.fields}
    return build(model, values.text(row_id), stored)


def with_changes(model: Model[E], entity: E, changes: Mapping[str, Value]) -> E:
    """Return a row with some of its values changed. Raises InvalidValue."""
    return stored_form(model, entity.id, {**_values(model, entity), **changes})


def _values(model: Model[Any], entity: Entity) -> dict[str, Value]:
    return {each.name: value_of(entity, each) for each in model.fields}


def _unique_keys(model: Model[Any]) -> list[tuple[str, ...]]:
    single = [(each.name,) for each in model.fields if each.unique]
    return single + [index.fields for index in model.indexes if index.unique]


def _key(model: Model[Any], entity: Entity, names: tuple[str, ...]) -> tuple[Value, ...]:
    return tuple(value_of(entity, model.by_name[name]) for name in names)


def _stored(described: Field[Any], value: Value) -> Value:
    if value is None:
        return None
    match described.type:
        case "string":
            return values.text(value)
        case "number":
            return values.whole_number(value)
        case "boolean":
            return values.boolean(value)
        case "date":
            return values.moment(value)
        case _:
            return json.loads(values.json_text(value))
