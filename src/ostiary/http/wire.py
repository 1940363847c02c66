"""The shapes on the wire: inputs in camelCase, outputs in the reference's order."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from ostiary.domain.entities import Entity, Session, User, value_of
from ostiary.domain.errors import JsonValue
from ostiary.domain.models import SESSION, USER
from ostiary.domain.schema import Model, Schema

_EMAIL = re.compile(
    r"(?!\.)(?!.*\.\.)([A-Za-z0-9_'+\-.]*)[A-Za-z0-9_+-]@([A-Za-z0-9][A-Za-z0-9\-]*\.)+[A-Za-z]{2,}"
)
# Marks that reorder what follows: a name or address made of them reads as another one.
_BIDI_CONTROL = re.compile("[\u202a-\u202e\u2066-\u2069]")
_IRREGULAR = {"callback_url": "callbackURL"}


def camel(name: str) -> str:
    """Return the wire name of a Python name."""
    if irregular := _IRREGULAR.get(name):
        return irregular
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)


class WireModel(BaseModel):
    """A request body or query: camelCase names, no coercion, unknown members ignored."""

    model_config = ConfigDict(alias_generator=camel, populate_by_name=True, strict=True, frozen=True)


class OpenWireModel(WireModel):
    """A body that may carry the additional fields of the configuration."""

    model_config = ConfigDict(extra="allow")

    @property
    def others(self) -> Mapping[str, JsonValue]:
        """The members that the model does not declare."""
        return self.__pydantic_extra__ or {}


class JsonObject(dict[str, JsonValue]):
    """A body whose members the configuration decides; subclasses say of which model."""

    model: ClassVar[Model[Any] | None] = None
    """Its additional fields may be sent."""
    declared: ClassVar[type[BaseModel] | None] = None
    """The members that may be sent under every configuration."""


def _refuse_null(value: JsonValue) -> JsonValue:
    if value is None:
        raise PydanticCustomError("null", "null where a value may only be absent")
    return value


def _refuse_reordering(value: str) -> str:
    if _BIDI_CONTROL.search(value):
        raise PydanticCustomError("text", "Invalid input: text must not contain direction overrides")
    return value


def is_email(value: str) -> bool:
    """Tell whether a text is an address as the reference understands it (ASCII, no quotes, no comments)."""
    return len(value) <= 320 and _EMAIL.fullmatch(value) is not None


def _check_email(value: str) -> str:
    if not is_email(value):
        raise PydanticCustomError("email", "Invalid email address")
    return value


absent = AfterValidator(_refuse_null)
OptionalText = Annotated[str | None, absent]
OptionalFlag = Annotated[bool | None, absent]
CallbackURL = OptionalText
DisplayName = Annotated[str, AfterValidator(_refuse_reordering)]
Email = Annotated[str, AfterValidator(_check_email), Field(json_schema_extra={"format": "email"})]


def has_reordering(text: str) -> bool:
    """Tell whether a text holds direction overrides."""
    return _BIDI_CONTROL.search(text) is not None


class Unset:
    """An output member that is left out."""

    _instance: ClassVar["Unset | None"] = None

    def __bool__(self) -> bool:
        """Absence is false."""
        return False


UNSET = Unset()


class Output:
    """A response body: a frozen dataclass whose members appear in their order, `UNSET` ones left out."""


@dataclass(frozen=True, slots=True)
class Status(Output):
    """Done."""

    status: bool


@dataclass(frozen=True, slots=True)
class Ok(Output):
    """The server is up."""

    ok: bool


@dataclass(frozen=True, slots=True)
class Success(Output):
    """Done, with a sentence where there is one."""

    success: bool
    message: str | Unset = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn(Output):
    """A session was started."""

    redirect: bool
    token: str
    url: str | Unset = UNSET
    user: User


@dataclass(frozen=True, slots=True)
class SignedUp(Output):
    """A user was made; the token is null where no session was started."""

    token: str | None
    user: User


@dataclass(frozen=True, slots=True)
class CurrentSessionOutput(Output):
    """Who is signed in, and by which session."""

    session: Session
    user: User
    needs_refresh: bool | Unset = UNSET


@dataclass(frozen=True, slots=True)
class UpdatedSession(Output):
    """The session as it is now."""

    session: Session


@dataclass(frozen=True, slots=True)
class PasswordChanged(Output):
    """The password was changed; the token is that of the new session if the others were revoked."""

    token: str | None
    user: User


def _members_of(output: Output) -> tuple[tuple[str, str], ...]:
    kind: Any = type(output)  # a class is hashable, whatever its instances are
    return output_members(kind)


@cache
def output_members(kind: Any) -> tuple[tuple[str, str], ...]:
    """Return attribute and wire name of each member of an output class."""
    return tuple((member.name, camel(member.name)) for member in fields(kind))


type_name_of: Mapping[type, str] = {
    type(None): "null",
    bool: "boolean",
    int: "number",
    float: "number",
    str: "string",
    list: "array",
    dict: "object",
}

# wire: what comes from the cookie cache is written in this order
_CACHED_ORDER: Mapping[str, Sequence[str]] = {
    "session": ("createdAt", "updatedAt", "userId", "expiresAt", "token", "ipAddress", "userAgent"),
    "user": ("createdAt", "updatedAt", "email", "emailVerified", "name", "image"),
}


class Renderer:
    """Turns entities into their JSON form under one schema."""

    def __init__(self, schema: Schema) -> None:
        """Work out the members of users and sessions once."""
        self._schema = schema
        self.user = self._renderer(schema[USER])
        self.session = self._renderer(schema[SESSION])
        self.cached_user = self._cached_renderer(schema[USER])
        self.cached_session = self._cached_renderer(schema[SESSION])

    @staticmethod
    def _renderer(model: Model[Any]) -> Callable[[Entity], dict[str, JsonValue]]:
        declared = [(f.name, f.attribute) for f in model.returned if f.attribute in model.core_names]
        extra = [f for f in model.returned if f.attribute not in model.core_names]

        def render(entity: Entity) -> dict[str, JsonValue]:
            """Write the returned members in schema order, the identifier last."""
            body = {name: getattr(entity, attribute) for name, attribute in declared}
            for field in extra:
                body[field.name] = value_of(entity, field)
            body["id"] = entity.id
            return body

        return render

    @staticmethod
    def _cached_renderer(model: Model[Any]) -> Callable[[Entity], dict[str, JsonValue]]:
        first = _CACHED_ORDER[model.name]
        by_name = {field.name: field for field in model.returned}
        ordered = [by_name[name] for name in first if name in by_name]
        ordered += [field for field in model.returned if field.name not in first]

        def render(entity: Entity) -> dict[str, JsonValue]:
            """Write the returned members in the order of the cookie cache, the identifier first."""
            return {"id": entity.id, **{field.name: value_of(entity, field) for field in ordered}}

        return render

    def render(self, value: object) -> JsonValue:
        """Return the JSON form of a handler's result."""
        if isinstance(value, Session):
            return self.session(value)
        if isinstance(value, User):
            return self.user(value)
        if isinstance(value, Output):
            members = ((name, getattr(value, attribute)) for attribute, name in _members_of(value))
            return {name: self.render(member) for name, member in members if member is not UNSET}
        if isinstance(value, (list, tuple)):
            return [self.render(element) for element in value]
        return value


@dataclass(frozen=True, slots=True)
class Cached(Output):
    """A session read from the cookie cache, already in its JSON form."""

    session: dict[str, JsonValue]
    user: dict[str, JsonValue]
