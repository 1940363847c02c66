"""Results in their JSON form, members in the reference's order."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any

from ostiary.domain.entities import (
    Account,
    Entity,
    Session,
    User,
    stored_scopes,
    value_of,
)
from ostiary.domain.errors import JsonValue
from ostiary.domain.models import ACCOUNT, KEY_VALUE_ORDER, SESSION, USER
from ostiary.domain.schema import Field as Column
from ostiary.domain.schema import Model, Schema
from ostiary.domain.values import coerce
from ostiary.http.json import dump, is_iso, iso
from ostiary.http.wire import UNSET, Cached, Output, listed_columns, output_members

# wire: what comes from the cookie cache is written in this order
_CACHED_ORDER: Mapping[str, Sequence[str]] = {
    "session": ("createdAt", "updatedAt", "userId", "expiresAt", "token", "ipAddress", "userAgent"),
    "user": ("createdAt", "updatedAt", "email", "emailVerified", "name", "image"),
}


def _entity_form(
    model: Model[Any], fields: Sequence[Column[Any]], first: Sequence[str] = ()
) -> Callable[[Entity], dict[str, JsonValue]]:
    """Return the function that writes these fields of an entity, the identifier last unless named first."""
    declared = [f for f in fields if f.attribute in model.core_names]
    added = [f for f in fields if f.attribute not in model.core_names]
    names = [*first, *(f.name for f in declared)]
    read = attrgetter(*first, *(f.attribute for f in declared))
    dates = [f.name for f in declared if f.type == "date"]

    def form(entity: Entity) -> dict[str, JsonValue]:
        """Write the members in their order, dates as text."""
        body: dict[str, Any] = dict(zip(names, read(entity), strict=True))
        for name in dates:
            if (moment := body[name]) is not None:
                body[name] = iso(moment)
        for field in added:
            body[field.name] = _plain_form(value_of(entity, field))
        body["id"] = entity.id
        return body

    return form


def _account_form(model: Model[Account]) -> Callable[[Account], dict[str, JsonValue]]:
    """Return the function that writes an account without its secrets, the scopes last and as a list."""
    form = _entity_form(model, listed_columns(model))
    return lambda account: {**form(account), "scopes": stored_scopes(account.scope)}


def _in_order(model: Model[Any], first: Sequence[str]) -> list[Column[Any]]:
    """Return what may leave the server: these fields, then the others."""
    by_name = {field.name: field for field in model.returned}
    ordered = [by_name[name] for name in first if name in by_name]
    return ordered + [field for field in model.returned if field.name not in first]


def _copied_form(
    fields: Sequence[Column[Any]],
) -> Callable[[Mapping[str, JsonValue]], dict[str, JsonValue]]:
    """Return the function that writes the identifier and these fields as they stand in a copy."""
    names = ["id", *(f.name for f in fields)]
    dates = [f for f in fields if f.type == "date"]

    def form(members: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
        """Write the members in their order, dates in our form."""
        body: dict[str, Any] = {name: members.get(name) for name in names}
        for field in dates:
            if (moment := body[field.name]) is not None and not is_iso(moment):
                body[field.name] = _plain_form(coerce(field, moment))
        return body

    return form


def _plain_form(value: Any) -> JsonValue:
    return iso(value) if isinstance(value, datetime) else value


def _cached_form(cached: Cached) -> dict[str, JsonValue]:
    return {"session": cached.session, "user": cached.user}


class Renderer:
    """Turns results into their JSON form under one schema."""

    def __init__(self, schema: Schema) -> None:
        """Work out the members of users and sessions once."""
        session, user = schema[SESSION], schema[USER]
        self.user = _entity_form(user, user.returned)
        if session.name in schema.unkept:
            self.session = self._ordered(session, KEY_VALUE_ORDER)
        else:
            self.session = _entity_form(session, session.returned)
        self._schema = schema
        self.cached_user = self._ordered(user, _CACHED_ORDER["user"])
        self.cached_session = self._ordered(session, _CACHED_ORDER["session"])
        self._copied_user = _copied_form(_in_order(user, _CACHED_ORDER["user"]))
        self._copied_session = _copied_form(_in_order(session, _CACHED_ORDER["session"]))
        self._forms: dict[type, Callable[[Any], JsonValue]] = {Cached: _cached_form}

    @staticmethod
    def _ordered(model: Model[Any], first: Sequence[str]) -> Callable[[Entity], dict[str, JsonValue]]:
        """Write the identifier, then these members, then the others."""
        return _entity_form(model, _in_order(model, first), first=["id"])

    def cached(self, session: Mapping[str, JsonValue], user: Mapping[str, JsonValue]) -> Cached:
        """Write what a cached copy says, of whose members both entities were made."""
        return Cached(dump({"session": self._copied_session(session), "user": self._copied_user(user)}))

    def text(self, value: object) -> bytes:
        """Return the JSON text of a handler's result."""
        return value.text if isinstance(value, Cached) else dump(self.render(value))

    def render(self, value: object) -> JsonValue:
        """Return the JSON form of a handler's result."""
        kind = type(value)
        form = self._forms.get(kind)
        if form is None:
            form = self._forms[kind] = self._form_of(kind)
        return form(value)

    def _form_of(self, kind: type) -> Callable[[Any], JsonValue]:  # a form takes what it is a form of
        if issubclass(kind, Session):
            return self.session
        if issubclass(kind, User):
            return self.user
        if issubclass(kind, Account):
            return _account_form(self._schema[ACCOUNT])
        if issubclass(kind, Output):
            return self._output_form(output_members(kind))
        if issubclass(kind, dict):
            return lambda members: {name: self.render(member) for name, member in members.items()}
        if issubclass(kind, list | tuple):
            return lambda elements: [self.render(element) for element in elements]
        return _plain_form

    def _output_form(self, members: Sequence[tuple[str, str]]) -> Callable[[Any], JsonValue]:
        def form(output: Output) -> JsonValue:
            """Write the members in their order; those that are unset are left out."""
            body: dict[str, JsonValue] = {}
            for attribute, name in members:
                if (member := getattr(output, attribute)) is not UNSET:
                    body[name] = self.render(member)
            return body

        return form
