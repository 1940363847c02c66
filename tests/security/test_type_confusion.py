"""Values of the wrong type in every field of every route: a refusal that names the field."""

from collections.abc import Mapping

import pytest

from tests.security.fields import FIELDS, Visitor, refused
from tests.security.surface import BODIES, USER_FIELDS, everything_in

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
REFUSED_WHOLE = {"/get-access-token", "/refresh-token"}
"""Routes whose body has one of several shapes: a refusal names no member of any."""


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
    """S58: number, list, object, boolean and null where something else is asked for: 400 and the name."""
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
        is_target = name == "redirectTo" or name.lower().endswith("callbackurl")
        expected = {None, "VALIDATION_ERROR"} if is_target else {"VALIDATION_ERROR"}
        assert answer.status == 400, (label, answer.body)
        assert answer.code in expected, (label, answer.body)
        named = {name, "redirectURL"} if name == "redirectTo" else {name}
        named |= {"[body] Invalid input"} if path in REFUSED_WHOLE else set()
        assert any(each in answer.json()["message"] for each in named), (label, answer.body)
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
