"""Pydantic models of what travels, derived from the configuration; they describe and never validate."""

from collections.abc import Mapping, Sequence
from dataclasses import MISSING as NO_DEFAULT
from dataclasses import fields
from datetime import datetime
from types import NoneType, UnionType
from typing import Any, TypeAlias, TypeVar, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, GetJsonSchemaHandler, create_model
from pydantic_core import CoreSchema

from ostiary.domain.entities import Account, Session, User
from ostiary.domain.errors import JsonValue
from ostiary.domain.models import ACCOUNT, SESSION, USER
from ostiary.domain.schema import MISSING, Model, Schema
from ostiary.domain.schema import Field as Column
from ostiary.http.wire import (
    Cached,
    CurrentSessionOutput,
    JsonObject,
    OpenWireModel,
    Output,
    Unset,
    absent,
    listed_columns,
)

TypeExpression: TypeAlias = Any  # a class, a union or a generic alias
Members: TypeAlias = dict[str, Any]  # what `create_model` takes: name to (type expression, field)
M = TypeVar("M", bound=BaseModel)

_TYPES: Mapping[str, TypeExpression] = {
    "string": str,
    "number": int,
    "boolean": bool,
    "date": datetime,
    "json": JsonValue,
    "string[]": list[str],
    "number[]": list[float],
}


class Documented(BaseModel):
    """A model that only describes: a member that may be absent is optional, not null by default."""

    model_config = ConfigDict(defer_build=False)  # FastAPI warns of what is built later

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Leave out made-up titles, defaults of null, and null itself where the wire refuses it."""
        shown = handler(core_schema)
        members = handler.resolve_ref_schema(shown).get("properties", {})
        for name, field in cls.model_fields.items():
            member = members.get(field.alias or name, {})
            member.pop("title", None)
            if member.get("default", ...) is None:
                del member["default"]
            if absent in field.metadata:
                _refuse_null(member)
        return shown


def _refuse_null(member: dict[str, Any]) -> None:
    kinds = [kind for kind in member.pop("anyOf", []) if kind != {"type": "null"}]
    if len(kinds) == 1:
        member.update(kinds[0])
    elif kinds:
        member["anyOf"] = kinds


class Refusal(Documented):
    """Why a request was refused; the code is stable, the sentence is for people."""

    model_config = ConfigDict(extra="allow")

    message: str = Field(None, validate_default=False)  # type: ignore[assignment]  # absent, see Documented
    code: str = Field(None, validate_default=False)  # type: ignore[assignment]  # absent, see Documented


class DocumentedModels:
    """The models of one configuration, each made once."""

    def __init__(self, schema: Schema) -> None:
        """Make users and sessions at once: nearly every answer holds one of them."""
        self._schema = schema
        self._made: dict[type, type[BaseModel]] = {
            User: _entity(schema[USER], "User"),
            Session: _entity(schema[SESSION], "Session"),
            Account: _account(schema[ACCOUNT]),
        }

    def result(self, *expressions: TypeExpression) -> TypeExpression:
        """Return what an endpoint answers, with models in place of entities and outputs."""
        shown = [self._shown(expression) for expression in expressions]
        return Union[tuple(shown)]  # noqa: UP007  the members are known at run time only

    def _shown(self, expression: TypeExpression) -> TypeExpression:
        origin: object = get_origin(expression)
        if origin is Union or origin is UnionType:
            members = [member for member in get_args(expression) if member is not Unset]
            return Union[tuple(self._shown(member) for member in members)]  # noqa: UP007  see above
        if origin is list:
            return list[self._shown(get_args(expression)[0])]  # type: ignore[misc]  # made at run time
        if expression is Cached:  # the same members in another order
            return self._shown(CurrentSessionOutput)
        if isinstance(expression, type) and issubclass(expression, (Output, User, Session, Account)):
            return self._made.get(expression) or self._output(expression)
        return NoneType if expression is None else expression

    def _output(self, kind: TypeExpression) -> type[BaseModel]:
        hints = get_type_hints(kind)
        members: Members = {}
        for index, member in enumerate(fields(kind)):
            required = member.default is NO_DEFAULT
            field = Field(... if required else None, alias=kind.wire_name(member.name))
            members[f"member_{index}"] = (self._shown(hints[member.name]), field)
        return self._remember(kind, members, Documented)

    def input(self, kind: type[M]) -> type[BaseModel]:
        """Return a body or query as clients may send it, additional fields of the user included."""
        added = self._additional(self._schema[USER], kind, all_optional=False)
        extra = added if issubclass(kind, OpenWireModel) else {}
        return self._made.get(kind) or self._remember(kind, extra, (kind, Documented))

    def record(self, kind: type[JsonObject]) -> type[BaseModel]:
        """Return a body whose members the configuration decides."""
        if kind in self._made:
            return self._made[kind]
        bases = (Documented,) if kind.declared is None else (kind.declared, Documented)
        members: Members = {}
        if kind.model is not None:
            members = self._additional(self._schema[kind.model], kind.declared, all_optional=True)
        return self._remember(kind, members, bases)

    def _remember(
        self, kind: type, members: Members, base: type[BaseModel] | tuple[type[BaseModel], ...]
    ) -> type[BaseModel]:
        made = create_model(
            kind.__name__, __base__=base, __doc__=kind.__doc__, __module__=__name__, **members
        )
        self._made[kind] = made
        return made

    @staticmethod
    def _additional(model: Model[Any], declared: type[BaseModel] | None, *, all_optional: bool) -> Members:
        """Return the fields that a client may set beside the declared ones."""
        taken = {field.alias for field in declared.model_fields.values()} if declared else set()
        columns = [column for column in model.extra_fields if column.input and column.name not in taken]
        members: Members = {}
        for index, column in enumerate(columns):
            optional = all_optional or not column.required or column.default is not MISSING
            field = Field(None if optional else ..., alias=column.name)
            members[f"additional_{index}"] = (_column_type(column), field)
        return members


def _column_type(column: Column[Any]) -> TypeExpression:
    kind = _TYPES[column.type]
    return kind if column.required else kind | None


def _entity(model: Model[Any], name: str) -> type[BaseModel]:
    members = {**_columns(model.returned), "member_id": (str, Field(alias="id"))}
    return create_model(
        name, __base__=Documented, __doc__=model.entity.__doc__, __module__=__name__, **members
    )


def _account(model: Model[Account]) -> type[BaseModel]:
    members: Members = {
        **_columns(listed_columns(model)),
        "member_id": (str, Field(alias="id")),
        "member_scopes": (list[str], Field(alias="scopes", description="What the provider granted")),
    }
    return create_model(
        "Account", __base__=Documented, __doc__=Account.__doc__, __module__=__name__, **members
    )


def _columns(columns: Sequence[Column[Any]]) -> Members:
    return {
        f"member_{index}": (_column_type(column), Field(alias=column.name))
        for index, column in enumerate(columns)
    }


def form_schema(model: type[BaseModel]) -> dict[str, JsonValue]:
    """Return a body as an HTML form sends it: texts only, since a form knows no other type."""
    schema = model.model_json_schema(by_alias=True)
    texts = {name: member for name, member in schema["properties"].items() if member.get("type") == "string"}
    required = [name for name in schema.get("required", ()) if name in texts]
    return {"type": "object", "properties": texts, "required": required}
