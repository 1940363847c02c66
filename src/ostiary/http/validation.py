"""Validation errors in the sentences that clients of the reference know."""

from collections.abc import Mapping, Sequence
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from ostiary.domain.errors import AuthError, Errors
from ostiary.http.wire import JsonObject, OpenWireModel, WholeModel, type_name_of

M = TypeVar("M", bound=BaseModel)

_EXPECTED = {
    "string_type": "string",
    "bool_type": "boolean",
    "int_type": "number",
    "float_type": "number",
    "dict_type": "record",
    "list_type": "array",
    "model_type": "object",
}
UNDEFINED = object()


def _received(value: object) -> str:
    return "undefined" if value is UNDEFINED else type_name_of.get(type(value), "object")


def _plain_type(annotation: Any) -> Any:  # annotations are whatever typing makes of them
    if get_origin(annotation) is Annotated:
        return _plain_type(get_args(annotation)[0])
    if get_origin(annotation) in {Union, UnionType}:
        return _plain_type(next(a for a in get_args(annotation) if a is not type(None)))
    return get_origin(annotation) or annotation


def _type_at(model: type[BaseModel], location: tuple[int | str, ...]) -> Any:  # see `_plain_type`
    for field_name, field in model.model_fields.items():
        if location and location[0] in {field.alias, field_name}:
            return _plain_type(field.annotation)
    return object


def _sentence(model: type[BaseModel], location: tuple[int | str, ...], error: ErrorDetails) -> str:
    kind, value = error["type"], error["input"]
    if kind in {"missing", "null"}:
        expected = type_name_of.get(_type_at(model, location), "object")
        return f"Invalid input: expected {expected}, received {'null' if kind == 'null' else 'undefined'}"
    if kind in _EXPECTED:
        return f"Invalid input: expected {_EXPECTED[kind]}, received {_received(value)}"
    if kind == "string_too_short":
        return f"Too small: expected string to have >={error['ctx']['min_length']} characters"
    if kind == "string_too_long":
        return f"Too big: expected string to have <={error['ctx']['max_length']} characters"
    if kind in {"email", "text"}:
        return error["msg"]
    return "Invalid input"


def _sentence_of_all(issues: Sequence[ErrorDetails]) -> str:
    """Return what is said of an input that fits one shape but for members that this shape does not have."""
    if {issue["type"] for issue in issues} != {"extra_forbidden"}:
        return "Invalid input"
    names = [f'"{issue["loc"][0]}"' for issue in issues]
    return f"Unrecognized key{'s' if len(names) > 1 else ''}: {', '.join(names)}"


def refusal(segments: list[str]) -> AuthError:
    """Return the refusal that lists one segment for each issue."""
    return Errors.VALIDATION_ERROR("; ".join(segments))


def _not_an_object(part: str, value: object, *, open_model: bool) -> AuthError:
    received = _received(value)
    segments = [f"[{part}] Invalid input: expected object, received {received}"]
    if open_model:
        # wire: the reference intersects an object with a record, so both complain
        segments.append(f"[{part}] Invalid input: expected record, received {received}")
    return refusal(segments)


def validate(model: type[M], value: object, part: str) -> M:
    """Return the validated input; raises VALIDATION_ERROR with every issue in schema order."""
    if issubclass(model, WholeModel) and not isinstance(value, dict):
        raise refusal([f"[{part}] Invalid input"])
    if not isinstance(value, dict):
        raise _not_an_object(part, value, open_model=issubclass(model, OpenWireModel))
    try:
        return model.model_validate(value, by_alias=True, by_name=False)
    except ValidationError as error:
        issues = error.errors(include_url=False)
    if issubclass(model, WholeModel):
        raise refusal([f"[{part}] {_sentence_of_all(issues)}"])
    raise refusal([_segment(model, part, issue) for issue in issues])


def _segment(model: type[BaseModel], part: str, issue: ErrorDetails) -> str:
    path, location = [part], issue["loc"]
    while location:
        path.append(str(location[0]))
        inner = _type_at(model, location)
        if len(location) == 1 or not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            break
        model, location = inner, location[1:]
    return f"[{'.'.join(path)}] {_sentence(model, location, issue)}"


def validate_object(value: object, part: str) -> JsonObject:
    """Return a body whose members the configuration decides; raises VALIDATION_ERROR."""
    if isinstance(value, Mapping):
        return JsonObject(value)
    raise refusal([f"[{part}] Invalid input: expected record, received {_received(value)}"])
