"""Signed JSON is read in one way only."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostiary.crypto.strict_json import parse_document, parse_object

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=12,
)


@pytest.mark.parametrize(
    "text",
    [
        '{"a":1,"a":1}',
        '{"a":{"b":1,"b":2}}',
        r'{"\u0061":1,"a":1}',
        '[{"a":1, "a":1}]',
        '{"a":NaN}',
        '{"a":-Infinity}',
        '{"a":1}x',
        "[]",
        "",
        "[" * 900 + "]" * 900,
    ],
)
def test_what_two_parsers_may_read_differently_is_refused(text: str) -> None:
    """S11."""
    with pytest.raises(ValueError, match=r"."):
        parse_object(text.encode())


def test_text_that_is_no_utf8_is_refused() -> None:
    with pytest.raises(ValueError, match="utf-8"):
        parse_object(b'{"a":"\xff"}')


@given(DOCUMENTS, st.booleans(), st.sampled_from([None, 1]))
def test_every_way_of_writing_a_document_is_read(
    document: object, ascii_only: bool, indent: int | None
) -> None:
    """Spaces, escapes and the digits of numbers are the writer's choice."""
    text = json.dumps(document, ensure_ascii=ascii_only, indent=indent)
    assert parse_document(text.encode()) == document
