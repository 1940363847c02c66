"""The shapes on the wire: inputs in camelCase, outputs in the reference's order."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError, from_json

from ostiary.domain.entities import Account, Session, User
from ostiary.domain.errors import JsonValue
from ostiary.domain.models import AccountFields
from ostiary.domain.schema import Field as Column
from ostiary.domain.schema import Model
from ostiary.domain.values import REORDERING, has_reordering

_EMAIL = re.compile(
    r"(?!\.)(?!.*\.\.)([A-Za-z0-9_'+\-.]*)[A-Za-z0-9_+-]@([A-Za-z0-9][A-Za-z0-9\-]*\.)+[A-Za-z]{2,}"
)
_IRREGULAR = {"callback_url": "callbackURL"}


def camel(name: str) -> str:
    """Return the wire name of a Python name."""
    if irregular := _IRREGULAR.get(name):
        return irregular
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)


class WireModel(BaseModel):
    """A request body or query: camelCase names, no coercion, unknown members ignored.

    The validator is built when the first of them comes: most programs never see more than a few kinds.
    """

    model_config = ConfigDict(
        alias_generator=camel, populate_by_name=True, strict=True, frozen=True, defer_build=True
    )


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


class WholeModel(WireModel):
    """An input that is refused as a whole: the reference tries several shapes, and names no member of any."""


def refuse_null(value: JsonValue) -> JsonValue:
    """Refuse null where a value may only be absent."""
    if value is None:
        raise PydanticCustomError("null", "null where a value may only be absent")
    return value


def _refuse_reordering(value: JsonValue) -> JsonValue:
    if isinstance(value, str) and has_reordering(value):
        raise PydanticCustomError("text", REORDERING)
    return value


def is_email(value: str) -> bool:
    """Tell whether a text is an address as the reference understands it (ASCII, no quotes, no comments)."""
    return len(value) <= 320 and _EMAIL.fullmatch(value) is not None


def _check_email(value: str) -> str:
    if not is_email(value):
        raise PydanticCustomError("email", "Invalid email address")
    return value


absent = AfterValidator(refuse_null)
visible = AfterValidator(_refuse_reordering)
PlainText = Annotated[str, visible]
NullableText = Annotated[str | None, visible]
OptionalText = Annotated[str | None, absent, visible]
OptionalSecret = Annotated[str | None, absent]
OptionalFlag = Annotated[bool | None, absent]
CallbackURL = OptionalText
DisplayName = PlainText
NewPassword = PlainText
Email = Annotated[str, AfterValidator(_check_email), Field(json_schema_extra={"format": "email"})]


class Unset:
    """An output member that is left out."""

    _instance: ClassVar["Unset | None"] = None

    def __bool__(self) -> bool:
        """Absence is false."""
        return False


UNSET = Unset()


class Output:
    """A response body: a frozen dataclass whose members appear in their order, `UNSET` ones left out."""

    @staticmethod
    def wire_name(name: str) -> str:
        """Return what a member is called on the wire."""
        return camel(name)


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


@dataclass(frozen=True, slots=True)
class SignedOut(Output):
    """The session is over; where to go to be signed out at the provider as well."""

    success: bool
    url: str | Unset = UNSET
    redirect: bool | Unset = UNSET


@dataclass(frozen=True, slots=True)
class Sent(Output):
    """A mail is on its way, if the address is known."""

    status: bool
    message: str


@dataclass(frozen=True, slots=True)
class Verified(Output):
    """The link was good; the user is there if the link changed the address."""

    status: bool
    user: User | Unset | None = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn(Output):
    """A session was started."""

    redirect: bool
    token: str
    url: str | Unset = UNSET
    user: User


@dataclass(frozen=True, slots=True)
class SocialRedirect(Output):
    """Where the browser is to go, and whether the client sends it there."""

    url: str
    redirect: bool


@dataclass(frozen=True, slots=True)
class Linked(Output):
    """An account was linked without a way to its provider."""

    url: str
    status: bool
    redirect: bool


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


@dataclass(frozen=True, slots=True)
class Cached(Output):
    """A session read from the cookie cache: the same text for every request that brings the same copy."""

    text: bytes
    """The JSON object of both."""

    @property
    def session(self) -> dict[str, JsonValue]:
        """The session in its JSON form."""
        return self._member("session")

    @property
    def user(self) -> dict[str, JsonValue]:
        """The user in its JSON form."""
        return self._member("user")

    def _member(self, name: str) -> dict[str, JsonValue]:
        member: dict[str, JsonValue] = from_json(self.text)[name]
        return member


def output_members(kind: Any) -> tuple[tuple[str, str], ...]:
    """Return attribute and wire name of each member of an output class."""
    return tuple((member.name, kind.wire_name(member.name)) for member in fields(kind))


type_name_of: Mapping[type, str] = {
    type(None): "null",
    bool: "boolean",
    int: "number",
    float: "number",
    str: "string",
    list: "array",
    dict: "object",
}


def listed_columns(model: Model[Account]) -> Sequence[Column[Any]]:
    """Return what of an account its owner sees, save its scopes."""
    return [field for field in model.returned if field.name != AccountFields.SCOPE.name]
