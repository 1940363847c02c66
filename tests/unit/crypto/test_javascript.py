"""What is signed or encrypted as text must be the bytes that JavaScript would make."""

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pytest

from ostiary.crypto.javascript import stringify, text_to_bytes

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "javascript.json").read_text())


@pytest.mark.parametrize("vector", VECTORS["stringify"], ids=lambda vector: ascii(vector["input"])[:40])
def test_json_is_written_as_the_reference_runtime_writes_it(vector: Mapping[str, str]) -> None:
    assert stringify(json.loads(vector["input"])) == vector["output"].encode("utf-8", "surrogatepass")


def test_what_is_not_finite_becomes_null() -> None:
    assert stringify([float("nan"), float("inf"), float("-inf"), 10**400]) == b"[null,null,null,null]"


def test_read_only_mappings_and_tuples_are_objects_and_arrays() -> None:
    assert stringify(MappingProxyType({"a": (1, 2)})) == b'{"a":[1,2]}'


def test_a_value_without_json_form_is_named() -> None:
    with pytest.raises(TypeError, match="set"):
        stringify({"a": {1}})


def test_a_surrogate_that_stands_alone_is_replaced_and_a_pair_is_joined() -> None:
    assert text_to_bytes("a\ud800b") == "a\ufffdb".encode()
    assert text_to_bytes("\ud83d\ude42") == "🙂".encode()
    assert text_to_bytes("é🙂") == "é🙂".encode()
