"""The house keeps its shape: sizes, names, exports, and no code that asks for time or chance."""

import ast
import statistics
from pathlib import Path

import pytest

import ostiary

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "ostiary"
FILES = sorted(SOURCE.rglob("*.py"))
HARD_LIMIT = 400
LONGEST_FUNCTION = 50
FORBIDDEN_MODULES = {"utils", "helpers", "common", "misc", "core", "manager", "handler"}


def functions(tree: ast.AST) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]


def lines_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count the lines of a body without its docstring."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


LENGTHS = {
    f"{path.relative_to(SOURCE)}:{function.name}": lines_of(function)
    for path in FILES
    for function in functions(ast.parse(path.read_text()))
}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_no_file_is_longer_than_the_hard_limit(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= HARD_LIMIT


def test_no_function_is_longer_than_the_hard_limit() -> None:
    assert {name: length for name, length in LENGTHS.items() if length > LONGEST_FUNCTION} == {}


def test_most_functions_are_short() -> None:
    lengths = sorted(LENGTHS.values())
    assert statistics.median(lengths) <= 6
    assert lengths[int(len(lengths) * 0.9)] <= 25


def test_no_module_is_named_for_a_container() -> None:
    assert [path for path in FILES if path.stem in FORBIDDEN_MODULES] == []


def test_the_public_names_are_sorted_and_complete() -> None:
    assert ostiary.__all__ == sorted(ostiary.__all__)
    visible = {
        name
        for name, value in vars(ostiary).items()
        if not name.startswith("_") and not hasattr(value, "__path__") and type(value).__name__ != "module"
    }
    assert visible == set(ostiary.__all__)


def test_only_the_wire_and_the_schema_speak_camel_case() -> None:
    """Attributes are snake_case everywhere; wire names live in strings."""
    offenders = [
        f"{path.relative_to(SOURCE)}: {node.attr}"
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store)
        and node.attr != node.attr.lower()
        and not node.attr.isupper()
    ]
    assert offenders == []


def test_no_text_speaks_of_unfinished_work() -> None:
    words = ("TODO", "FIXME", "XXX:", "NotImplementedError")
    found = [str(path) for path in FILES for word in words if word in path.read_text()]
    assert found == []
