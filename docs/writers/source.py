"""What the source says of itself where the running program has forgotten it: docstrings under fields."""

import ast
import inspect
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import FunctionType

import ostiary

SOURCE = Path(ostiary.__file__).parent


@dataclass(frozen=True)
class DocumentedField:
    """One attribute of a class, as its author wrote it."""

    name: str
    annotation: str
    default: str
    """Empty where a value is required."""
    text: str
    is_class_variable: bool = False


@cache
def _tree(module: str) -> ast.Module:
    return ast.parse(Path(module).read_text("utf-8"))


def _class_of(kind: type) -> ast.ClassDef:
    nodes = ast.walk(_tree(inspect.getfile(kind)))
    return next(node for node in nodes if isinstance(node, ast.ClassDef) and node.name == kind.__name__)


def fields_of(kind: type) -> list[DocumentedField]:
    """Return the annotated attributes of a class with the docstring under each."""
    body = _class_of(kind).body
    found: list[DocumentedField] = []
    for node, following in zip(body, [*body[1:], None], strict=True):
        if not isinstance(node, ast.AnnAssign) or not isinstance(node.target, ast.Name):
            continue
        if node.target.id.startswith("_"):
            continue
        text = _docstring(following)
        annotation = ast.unparse(node.annotation).strip("'\"")
        bare = annotation.removeprefix("ClassVar[")
        of_class = bare != annotation
        shown = bare.removesuffix("]") if of_class else annotation
        found.append(DocumentedField(node.target.id, shown, _default(node.value), text, of_class))
    return found


def members_of(kind: type) -> Mapping[str, str]:
    """Return the members of an enumeration with the docstring under each."""
    body = _class_of(kind).body
    return {
        node.targets[0].id: _docstring(following)
        for node, following in zip(body, [*body[1:], None], strict=True)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }


def _default(node: ast.expr | None) -> str:
    if node is None:
        return ""
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "field":
        given = {each.arg: each.value for each in node.keywords}
        if "default" in given:
            return ast.unparse(given["default"])
        if "default_factory" in given:
            factory = ast.unparse(given["default_factory"])
            return {"dict": "{}", "list": "[]"}.get(factory, f"{factory}()")
        return ""
    return ast.unparse(node)


def _docstring(node: ast.stmt | None) -> str:
    if (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    ):
        return inspect.cleandoc(node.value.value)
    return ""


def calls(function: str) -> Sequence[ast.Call]:
    """Return every call of a function of this name in the package, file by file."""
    return _calls().get(function, ())


@cache
def _calls() -> Mapping[str, list[ast.Call]]:
    found: defaultdict[str, list[ast.Call]] = defaultdict(list)
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(_tree(str(path))):
            if isinstance(node, ast.Call) and (name := getattr(node.func, "attr", None) or _name(node.func)):
                found[name].append(node)
    return found


def _name(function: ast.expr) -> str:
    return function.id if isinstance(function, ast.Name) else ""


def summary(thing: object) -> str:
    """Return the first paragraph of a docstring on one line; raises LookupError where there is none."""
    text = inspect.getdoc(thing)
    if not text:
        raise LookupError(f"{thing!r} has no docstring")
    return " ".join(text.partition("\n\n")[0].split())


def whole(thing: object) -> str:
    """Return a docstring, its paragraphs joined."""
    return " ".join((inspect.getdoc(thing) or "").split())


def signature_of(function: FunctionType) -> str:
    """Return name, parameters and result of a method as its author wrote them."""
    signature = inspect.signature(function)
    parameters = [each for each in signature.parameters.values() if each.name != "self"]
    shown = bare(str(signature.replace(parameters=parameters))).replace("'", "").replace("~", "")
    prefix = "async " if inspect.iscoroutinefunction(function) else ""
    return f"{prefix}{function.__name__}{shown}"


def bare(annotation: str) -> str:
    """Leave modules out of a type: `ostiary.storage.store.Store` is `Store`."""
    return re.sub(r"(?:\w+\.)+(\w+)", r"\1", annotation)
