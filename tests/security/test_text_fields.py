"""Every field of every route, filled with what no person types: a clear refusal, never an error of ours."""

import asyncio
import json
from collections.abc import Mapping
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from ostiary import Auth
from ostiary.http.endpoint import Endpoint
from ostiary.http.routes.user import ProfileChanges
from tests.builders import Browser
from tests.security.exchange import Answer, cookie_header, exchange
from tests.security.surface import BODIES, SESSION_FIELDS, USER_FIELDS, everything_in, routed, surface_auth

MEGABYTE = 1_000_000


def kind_of(annotation: Any) -> type | None:
    """Return the plain type of an annotation."""
    if get_origin(annotation) is Annotated:
        return kind_of(get_args(annotation)[0])
    if get_origin(annotation) in {Union, UnionType}:
        return kind_of(next(each for each in get_args(annotation) if each is not type(None)))
    return annotation if isinstance(annotation, type) else None


def fields_of(endpoint: Endpoint) -> dict[str, type | None]:
    """Return the body's fields by wire name, those that the configuration adds included."""
    parameter = endpoint.parameter("body") or endpoint.parameter("object")
    if parameter is None:
        return {}
    added = {"sign_up_email": USER_FIELDS, "update_user": USER_FIELDS, "update_session": SESSION_FIELDS}
    kinds = {"string": str, "number": float, "boolean": bool, "date": str, "string[]": list, "json": dict}
    found = {each.name: kinds[each.type] for each in added.get(endpoint.name, ()) if each.input}
    models = {"update_user": ProfileChanges, "update_session": None}
    model = models.get(endpoint.name, parameter.type)
    if isinstance(model, type) and issubclass(model, BaseModel):
        found |= {
            field.alias or name: kind_of(field.annotation) for name, field in model.model_fields.items()
        }
    return found


def surface() -> list[tuple[str, str, type | None]]:
    auth = surface_auth()
    return [
        (e.path, name, kind)
        for method, e in routed(auth)
        if method == "POST"
        for name, kind in fields_of(e).items()
    ]


FIELDS = surface()
TEXTS = [(path, name) for path, name, kind in FIELDS if kind is str]
OPAQUE = {  # secrets that are compared, never stored or shown: any character may be in them
    ("/sign-in/email", "password"),
    ("/sign-in/email", "email"),
    ("/change-password", "currentPassword"),
    ("/verify-password", "password"),
    ("/delete-user", "password"),
}


def test_the_fields_come_from_the_route_table() -> None:
    """S57 S58: routes, models and additional fields as they are declared; nothing is listed by hand."""
    assert {path for path, _, _ in FIELDS} == {
        path
        for path, body in BODIES.items()
        if body is not None and path not in {"/revoke-sessions", "/revoke-other-sessions"}
    }
    assert set(TEXTS) >= {
        *(
            ("/sign-up/email", name)
            for name in ("name", "email", "password", "image", "callbackURL", "nickname")
        ),
        *(("/sign-in/email", name) for name in ("email", "password", "callbackURL")),
        *(("/update-user", name) for name in ("name", "image", "nickname")),
        *(("/change-password", name) for name in ("newPassword", "currentPassword")),
        *(("/delete-user", name) for name in ("password", "token", "callbackURL")),
        *(("/update-session", "theme"), ("/revoke-session", "token"), ("/verify-password", "password")),
    }


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


UNREADABLE = {(400, "VALIDATION_ERROR"), (400, "BAD_REQUEST")}
PLACES = st.integers(0, 12)


def planted(text: str, place: int, bad: str) -> str:
    return text[:place] + bad + text[place:]


@settings(max_examples=25, deadline=None)
@given(
    text=st.text(max_size=12), place=PLACES, bad=st.sampled_from(["\0", "\ud800", "\udfff", "\udc00\ud800"])
)
def test_text_that_no_database_holds_is_refused_in_every_field(text: str, place: int, bad: str) -> None:
    """S57: NUL and lone surrogates, anywhere in any text, escaped or raw, also in names and nested values."""

    async def try_everywhere() -> None:
        visitor = await Visitor.arrive()
        before = await everything_in(visitor.auth.services.store)
        value = planted(text, place, bad)
        for path, name in TEXTS:
            answer = await visitor.fill(path, name, value)
            assert (answer.status, answer.code) in UNREADABLE, (path, name)
            assert refused(answer)
        for path, nested in (
            ("/update-user", {"settings": {"a": [{"b": value}]}}),
            ("/update-user", {"settings": {value: 1}}),
            ("/update-user", {"tags": ["ok", value]}),
            ("/update-user", {"name": "Ada", value: 1}),
            ("/update-session", {"theme": "dark", value: value}),
        ):
            answer = await visitor.send(path, json.dumps(nested).encode())
            assert (answer.status, answer.code) in UNREADABLE, nested
        raw = json.dumps({**BODIES["/update-user"], "name": "MARK"}).encode()
        answer = await visitor.send(
            "/update-user", raw.replace(b"MARK", value.encode("utf-8", "surrogatepass"))
        )
        assert answer.status == 400
        assert await everything_in(visitor.auth.services.store) == before

    asyncio.run(try_everywhere())


@settings(max_examples=20, deadline=None)
@given(
    text=st.text("abcא漢", max_size=12),
    place=PLACES,
    bad=st.sampled_from("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"),
)
def test_text_that_reads_as_another_is_refused_wherever_it_would_be_kept_or_shown(
    text: str, place: int, bad: str
) -> None:
    """S57: direction overrides in every field but secrets that are merely compared."""

    async def try_everywhere() -> None:
        visitor = await Visitor.arrive()
        before = await everything_in(visitor.auth.services.store)
        for path, name in TEXTS:
            value = planted(text, place, bad)
            answer = await visitor.fill(path, name, value if name != "callbackURL" else f"/{value}")
            if (path, name) in OPAQUE:
                assert answer.status in {400, 401}, (path, name)
            else:
                assert (answer.status, answer.code) == (400, "VALIDATION_ERROR"), (path, name, answer.body)
        answer = await visitor.fill("/update-user", "tags", ["ok", planted(text, place, bad)])
        assert (answer.status, answer.code) == (400, "VALIDATION_ERROR")
        assert await everything_in(visitor.auth.services.store) == before

    asyncio.run(try_everywhere())


@pytest.mark.parametrize(("path", "name"), TEXTS)
async def test_a_megabyte_in_any_field_is_refused(path: str, name: str) -> None:
    """S57: one million characters are 413; a little less is a refusal or an ordinary answer, and quickly so."""
    visitor = await Visitor.arrive()
    before = await everything_in(visitor.auth.services.store)
    for character in ("a", "é", "\\", "🦉"):
        answer = await visitor.fill(path, name, character * MEGABYTE)
        assert (answer.status, answer.code) == (413, "PAYLOAD_TOO_LARGE")
    assert await everything_in(visitor.auth.services.store) == before
    time = asyncio.get_running_loop().time
    for filler in ("a", "@", "%2f", "\u00e9", "a."):
        value = (filler * MEGABYTE)[: 900_000 // max(1, len(json.dumps(filler)) - 2)]
        for prefix in ("", "/", "https://"):
            began = time()
            answer = await visitor.fill(path, name, prefix + value)
            assert answer.status == 200 or refused(answer), (filler, prefix, answer.status, answer.body[:200])
            assert time() - began < 2, (filler, prefix)


@settings(max_examples=40, deadline=None)
@given(texts=st.lists(st.text(max_size=300), min_size=1, max_size=3), data=st.data())
def test_no_text_at_all_makes_an_error(texts: list[str], data: st.DataObject) -> None:
    """S57: any Unicode in any field: an answer or a refusal, and what is accepted comes back unchanged."""

    async def try_some() -> None:
        visitor = await Visitor.arrive()
        for text in texts:
            path, name = data.draw(st.sampled_from(TEXTS))
            answer = await visitor.fill(path, name, text)
            assert answer.status == 200 or refused(answer), (path, name, answer.body)
            if path == "/update-user" and answer.status == 200:
                headers = [("cookie", visitor.cookie)]
                session = await exchange(visitor.auth, "GET", "/get-session", headers=headers)
                assert session.json()["user"][name] == text

    asyncio.run(try_some())


@pytest.mark.parametrize("path", ["/sign-in/email", "/sign-up/email"])
async def test_forms_are_no_way_around(path: str) -> None:
    """S57: percent-encoded NUL, broken UTF-8 and surrogates in a form."""
    visitor = await Visitor.arrive()
    form = "application/x-www-form-urlencoded"
    for name, value in (BODIES[path] or {}).items():
        for bad in ("%00", "%ED%A0%80", "%FF", "%C3%28", "%F5%80%80%80"):
            rest = urlencode({n: v for n, v in (BODIES[path] or {}).items() if n != name})
            answer = await visitor.send(path, f"{rest}&{name}={quote(value)}{bad}".encode(), form)
            assert (answer.status, answer.code) == (400, "VALIDATION_ERROR"), (name, bad)
    assert (await visitor.send(path, b"&".join(b"a=b" for _ in range(5000)), form)).status == 400


@pytest.mark.parametrize(
    "text",
    ["\x00", "%00", "%ED%A0%80", "%FF", "%", "\u202e", "a" * 60_000, "<script>", "%0d%0aset-cookie:a=b"],
)
async def test_queries_and_headers_are_texts_too(text: str) -> None:
    """S57: of every GET route, and the headers that are kept with a session."""
    visitor = await Visitor.arrive()
    for path in ("/get-session", "/error", "/ok", "/list-sessions"):
        for name in (
            "disableCookieCache",
            "disableRefresh",
            "error",
            "error_description",
            "callbackURL",
            text,
        ):
            query = f"{name}={text}&{name}={text}"
            answer = await exchange(
                visitor.auth, "GET", path, query=query, headers=[("cookie", visitor.cookie)]
            )
            assert answer.status < 500
            body = answer.body.decode()
            assert "\0" not in body
            assert "\u202e" not in body
            assert "<script>" not in body
            assert not any("a=b" in value for value in answer.set_cookies)
    for header in ("user-agent", "x-forwarded-for", "accept-language", "referer", "x-anything"):
        headers = [(header, text.encode("utf-8", "surrogatepass")), ("origin", "http://auth.test")]
        answer = await exchange(
            visitor.auth, "POST", "/sign-in/email", headers=headers, send=BODIES["/sign-in/email"]
        )
        assert answer.status == 200 or refused(answer), (header, answer.status)


async def test_a_redirect_target_in_any_script_is_an_answer_with_a_header_that_servers_can_send() -> None:
    """S57: what is echoed in a Location header neither breaks it nor adds another."""
    visitor = await Visitor.arrive()
    for target in ("/ä", "/漢字", "/🦉", "/a b", "/a?x=\u2028", "/é" * 2000):
        answer = await visitor.fill("/sign-in/email", "callbackURL", target)
        assert answer.status == 200 or refused(answer), target
        location = [value for name, value in answer.headers if name == "location"]
        assert all("\n" not in value and "\r" not in value for value in location)


CONFUSED: Mapping[str, object] = {
    "null": None,
    "true": True,
    "false": False,
    "zero": 0,
    "a number": 42,
    "a fraction": 1.5,
    "a negative number": -1,
    "a huge number": 10**300,
    "an empty text": "",
    "a text": "text",
    "a numeral": "1",
    "an empty list": [],
    "a list": ["text"],
    "a list of lists": [[]],
    "an empty object": {},
    "an object": {"a": "b"},
    "an operator": {"$ne": None},
    "a prototype": {"__proto__": {"x": 1}, "constructor": 1},
}


def fits(kind: type | None, value: object) -> bool:
    """Tell whether JSON of this value is of the kind that a field asks for."""
    if kind is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if kind is list:
        return isinstance(value, list)
    return kind is dict or (kind is not None and type(value) is kind)


@pytest.mark.parametrize(("path", "name", "kind"), FIELDS, ids=[f"{path} {name}" for path, name, _ in FIELDS])
async def test_a_value_of_another_type_is_refused_in_every_field(
    path: str, name: str, kind: type | None
) -> None:
    """S58: number, list, object, boolean and null where something else is asked for: 400 with the field's name."""
    for label, value in CONFUSED.items():
        visitor = await Visitor.arrive()
        before = await everything_in(visitor.auth.services.store)
        answer = await visitor.fill(path, name, value)
        assert answer.status < 500, (label, answer.body)
        may_be_null = value is None and (path, name) in NULLABLE
        if fits(kind, value) or may_be_null:
            continue
        if (path, name) == ("/update-user", "email") and not value:
            continue
        # wire: a redirect target is judged before the body, in words of its own and without a code
        expected = {None, "VALIDATION_ERROR"} if name == "callbackURL" else {"VALIDATION_ERROR"}
        assert answer.status == 400, (label, answer.body)
        assert answer.code in expected, (label, answer.body)
        assert name in answer.json()["message"], (label, answer.body)
        assert answer.set_cookies == []
        assert await everything_in(visitor.auth.services.store) == before, label


NULLABLE = {("/update-user", "image"), ("/update-session", "theme")} | {
    (path, field.name)
    for path in ("/sign-up/email", "/update-user")
    for field in USER_FIELDS
    if not field.required
}


@pytest.mark.parametrize("path", [path for path, body in BODIES.items() if body])
async def test_a_body_that_is_no_object_is_refused(path: str) -> None:
    """S58: the whole body confused, broken, doubled or of numbers that no double holds."""
    visitor = await Visitor.arrive()
    before = await everything_in(visitor.auth.services.store)
    for raw in (
        *(
            b"null",
            b"true",
            b"1",
            b'"text"',
            b"[]",
            b"[{}]",
            b"[[[]]]",
            b"",
            b" ",
            b"{",
            b"}",
            b"{}x",
            b"{'a':1}",
        ),
        *(b"\xff\xfe{\x00}\x00", b'{"a":NaN}', b'{"a":Infinity}', b'{"a":1e400}', b"{,}", b"[1e400]"),
        *(b'{"a":' + b"9" * 5000 + b"}", b'{"\\ud800":1}', b"undefined", b"/**/{}", b'{"name":"\x01"}'),
    ):
        answer = await visitor.send(path, raw)
        assert refused(answer), (raw, answer.status, answer.body)
    assert await everything_in(visitor.auth.services.store) == before


async def test_numbers_and_dates_at_the_edge_of_their_columns_are_answers_or_refusals() -> None:
    """S58: what the JSON type allows and the column does not."""
    visitor = await Visitor.arrive()
    numbers = [2**31, -(2**31) - 1, 2**53, 2**63, 2**64, 10**300, 1.5, 1e-300, 1e308]
    for value in numbers:
        answer = await visitor.fill("/update-user", "age", value)
        assert (answer.status, answer.code) == (400, "VALIDATION_ERROR"), value
    for value in (2**31 - 1, -1, 0, -0.0, 36.0):
        assert (await visitor.fill("/update-user", "age", value)).status == 200, value
    dates = (
        *(
            "0000-00-00",
            "0001-01-01T00:00:00+23:59",
            "9999-12-31T23:59:59-23:59",
            "2030-02-30",
            "2030-13-01",
            "now",
        ),
        *(
            "2030-01-01T24:00:00",
            "1e9",
            "",
            "2030-01-01T00:00:00+99:99",
            "٢٠٣٠-٠١-٠١",
            "2030-W01",
            "20300101T000000Z" * 9,
        ),
    )
    for value in dates:
        answer = await visitor.fill("/update-user", "birthday", value)
        assert answer.status == 200 or refused(answer), value
    assert (await visitor.fill("/update-user", "birthday", "1815-12-10T00:00:00.000Z")).status == 200
