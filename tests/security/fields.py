"""Every field of every route, as the route table declares them, and a visitor who may fill them."""

import json
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

from ostiary import Auth
from ostiary.domain.models import USER
from ostiary.domain.schema import Schema
from ostiary.http.endpoint import Endpoint
from ostiary.http.wire import OpenWireModel
from tests.builders import Browser
from tests.security.exchange import Answer, cookie_header, exchange
from tests.security.surface import BODIES, REDIRECTING, routed, surface_auth

KINDS = {"string": str, "number": float, "boolean": bool, "date": str, "string[]": list, "json": dict}


def kind_of(annotation: Any) -> type | None:
    """Return the plain type of an annotation."""
    if get_origin(annotation) is Annotated:
        return kind_of(get_args(annotation)[0])
    if get_origin(annotation) in {Union, UnionType}:
        return kind_of(next(each for each in get_args(annotation) if each is not type(None)))
    kind = get_origin(annotation) or annotation
    return kind if isinstance(kind, type) else None


def fields_of(endpoint: Endpoint, schema: Schema) -> dict[str, type | None]:
    """Return the body's fields by wire name, those that the configuration adds included."""
    parameter = endpoint.parameter("body") or endpoint.parameter("object")
    if parameter is None:
        return {}
    is_object = parameter.source == "object"
    declared = parameter.type.declared if is_object else parameter.type
    model = parameter.type.model if is_object else USER if issubclass(declared, OpenWireModel) else None
    found: dict[str, type | None] = {}
    if isinstance(declared, type) and issubclass(declared, BaseModel):
        found = {
            field.alias or name: kind_of(field.annotation) for name, field in declared.model_fields.items()
        }
    if model is not None:
        found |= {field.name: KINDS[field.type] for field in schema[model].extra_fields if field.input}
    return found


def surface() -> list[tuple[str, str, type | None]]:
    """Return path, field and kind of everything a body may hold."""
    auth = surface_auth()
    posts = [e for method, e in routed(auth) if method == "POST" and e.path not in REDIRECTING]
    return [(e.path, name, kind) for e in posts for name, kind in fields_of(e, auth.schema).items()]


FIELDS = surface()
TEXTS = [(path, name) for path, name, kind in FIELDS if kind is str]


class Visitor:
    """A signed-in person's way to every route."""

    def __init__(self, auth: Auth, cookie: str) -> None:
        self.auth, self.cookie = auth, cookie

    @classmethod
    async def arrive(cls) -> "Visitor":
        auth = surface_auth()
        async with Browser(auth) as browser:
            await browser.sign_up()
            return cls(auth, cookie_header(browser))

    async def send(self, path: str, body: bytes, content_type: str = "application/json") -> Answer:
        headers = [("origin", "http://auth.test"), ("content-type", content_type)]
        headers += [("cookie", self.cookie)] if not path.startswith("/sign-") else []
        return await exchange(self.auth, "POST", path, headers=headers, body=body)

    async def fill(self, path: str, name: str, value: object) -> Answer:
        return await self.send(path, json.dumps({**(BODIES[path] or {}), name: value}).encode())


def refused(answer: Answer) -> bool:
    """Tell whether an answer is a refusal with a stable code, and says nothing of our insides."""
    text = answer.body.decode()
    clean = not any(word in text for word in ("Traceback", "pydantic", "sqlalchemy", "Error:", "File "))
    return 400 <= answer.status < 500 and answer.code is not None and clean
