"""The reference is complete and fresh, and the catalogue speaks the reference server's sentences."""

import json
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import typer

import ostiary.options
import ostiary.plugins
from docs.generate import stale
from docs.writers.errors import plugin_catalogues
from docs.writers.example import server
from docs.writers.paths import KNOWN_PROVIDERS, reference_defaults, sections_of
from ostiary import Auth, DatabaseHooks, ErrorCode, Errors, Hooks, ModelHooks, Options
from ostiary.cli import app
from ostiary.http.context import Context
from ostiary.options import SocialProvider
from ostiary.options.mapping import RULES
from ostiary.plugins import Plugin
from ostiary.server import Settings
from tests.builders import SECRET
from tests.house.pages import DOCS, anchors

REFERENCE = DOCS / "reference"
DIFFERENCES = DOCS / "explanation" / "differences.md"
SENTENCES = json.loads((Path(__file__).parents[1] / "vectors" / "reference_errors.json").read_text("utf-8"))
THEIRS = {**SENTENCES["catalogue"], **SENTENCES["beside the catalogue"], **SENTENCES["on the wire"]}


def page(name: str) -> str:
    return (REFERENCE / name).read_text("utf-8")


def section(text: str, heading: str) -> str:
    """Return what stands below a heading, up to the next one."""
    _, found, rest = text.partition(f"## {heading}\n")
    assert found, f"there is no heading {heading}"
    return rest.partition("\n#")[0]


def catalogue() -> dict[str, ErrorCode]:
    holders = [Errors, *plugin_catalogues().values()]
    return {
        name: entry
        for holder in holders
        for name, entry in vars(holder).items()
        if isinstance(entry, ErrorCode)
    }


def commands(group: Any, path: str = "ostiary") -> Iterator[tuple[str, Any]]:  # Typer's own classes
    for name, command in group.commands.items():
        if getattr(command, "commands", None):
            yield from commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


PLUGINS = [name for name in ostiary.plugins.__all__ if name != "Plugin"]


def public_names(kind: type) -> list[str]:
    return [
        name for name in {**vars(kind), **getattr(kind, "__annotations__", {})} if not name.startswith("_")
    ]


def test_no_generated_page_is_stale() -> None:
    assert [path.name for path, _ in stale()] == [], "run `make docs`"


INHERITING = {"GenericOAuth", "GitHub", "Google"}
OPTIONS = [*sorted(set(ostiary.options.__all__) - INHERITING), *PLUGINS]


@pytest.mark.parametrize("name", OPTIONS)
def test_every_option_is_in_the_reference(name: str) -> None:
    kind = getattr(ostiary.plugins if name in PLUGINS else ostiary.options, name)
    text = section(page("options.md"), name)
    assert [field.name for field in fields(kind) if f"| `{field.name}` |" not in text] == []


@pytest.mark.parametrize("kind", KNOWN_PROVIDERS, ids=lambda kind: kind.known_as)
def test_every_provider_and_its_own_options_are_in_the_reference(kind: type[SocialProvider]) -> None:
    assert f"| `{kind.__name__}` | `{kind.known_as}` |" in page("providers.md")
    own = {field.name for field in fields(kind)} - {field.name for field in fields(SocialProvider)}
    text = section(page("options.md"), kind.__name__) if own else ""
    assert [name for name in own if f"| `{name}` |" not in text] == []


def test_every_refusal_is_in_the_reference_with_status_and_sentence() -> None:
    rows = page("errors.md").splitlines()
    for name, entry in catalogue().items():
        [row] = [row for row in rows if row.startswith(f"| `{name}`")]
        assert f"| {entry.status}" in row
        assert f"| {entry.message} |" in row


def test_every_route_is_in_the_reference() -> None:
    text = page("routes.md")
    for endpoint in server().endpoints:
        for method in endpoint.methods:
            assert f"| {method} [`{endpoint.mount}{endpoint.path}`]" in text
        path = endpoint.mount + endpoint.path
        below = section(text, path if endpoint.is_routed else f"auth.api.{endpoint.name}")
        assert [refusal.name for refusal in endpoint.raises if f"`{refusal.name}`" not in below] == []


def test_every_hook_and_extension_point_is_in_the_reference() -> None:
    text = page("hooks.md")
    holders = (Hooks, DatabaseHooks, ModelHooks, Plugin, Context)
    names = {name for holder in holders for name in public_names(holder)} - {
        *(field.name for field in fields(Hooks)),
        "bound_to",
    }
    assert sorted(name for name in names if f"`{name}" not in text and f"async {name}(" not in text) == []
    auth = Auth(Options(secret=SECRET), database="sqlite://")
    assert [each.name for each in auth.endpoints if f"`{each.name}`" not in text] == []


def test_every_command_and_its_options_are_in_the_reference() -> None:
    text = page("command-line.md")
    for path, command in commands(typer.main.get_command(app)):
        below = section(text, path)
        for parameter in command.params:
            names = (
                parameter.opts
                if parameter.param_type_name == "option"
                else [parameter.metavar or parameter.name]
            )
            assert all(name.upper() in below.upper() for name in names), f"{path} {names}"


def test_every_setting_is_in_the_reference_with_its_variables() -> None:
    text = section(page("command-line.md"), "Settings")
    for name, field in Settings.model_fields.items():
        [row] = [row for row in text.splitlines() if row.startswith(f"| `{name}` |")]
        alias: Any = field.validation_alias  # one of several classes of Pydantic's
        variables = alias.choices if alias is not None else [f"OSTIARY_{name.upper()}"]
        assert [variable for variable in variables if f"`{variable}`" not in row] == []


def test_every_option_name_that_is_read_is_in_the_reference() -> None:
    text = page("configuration-mapping.md")
    assert [name for name in RULES if f"| `{name}` |" not in text] == []


def test_every_sentence_is_the_reference_servers() -> None:
    ours = {name: entry.message for name, entry in catalogue().items()}
    assert set(SENTENCES["catalogue"]) - set(ours) == set()
    assert {name: (ours[name], sentence) for name, sentence in THEIRS.items() if ours[name] != sentence} == {}


def test_every_code_of_our_own_is_listed_among_the_differences() -> None:
    text = section(DIFFERENCES.read_text("utf-8"), "Codes of our own")
    own = set(catalogue()) - set(THEIRS)
    assert sorted(code for code in own if f"`{code}`" not in text) == []


def test_every_default_that_is_not_the_reference_servers_is_among_the_differences() -> None:
    text = DIFFERENCES.read_text("utf-8")
    places = dict(sections_of(Options))
    options = [f"{places[kind]}.{name}" for kind, name in reference_defaults()]
    assert len(options) >= 8
    assert [option for option in options if option not in text] == []


def test_the_differences_have_stable_anchors() -> None:
    """The conformance suite refers to these headings."""
    assert {"safer-defaults", "stricter-input", "not-there-yet", "failures-per-account"} <= anchors(
        DIFFERENCES
    )
