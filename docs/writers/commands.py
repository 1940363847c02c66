"""The page of the command line: every command with its arguments, options and exit codes."""

import inspect
import json
from collections.abc import Iterator
from typing import Any

import typer

from docs.writers.markdown import code, page, table
from docs.writers.source import fields_of
from ostiary.cli import app
from ostiary.cli.exits import MISCONFIGURED, REFUSED, UNREACHABLE
from ostiary.server import Settings
from ostiary.server.settings import CONFIG_FILE, CONFIG_VARIABLE, PREFIX

INTRODUCTION = f"""
`ostiary` reads `{CONFIG_FILE}` in the working directory (or the file that `--config` or `{CONFIG_VARIABLE}`
names), then `.env` beside it, then the environment; the later one wins. With `--app module:auth` a command
is about the `Auth` of an application, with its plugins and additional fields, and only the settings of
serving come from the file and the environment.
"""

SETTINGS = """
## Settings

What `ostiary.toml` may hold, and the variables that win over it; the first of several that is set counts.
Lists are comma-separated in the environment. `[options]` holds everything else in Better Auth's own
[option names](configuration-mapping.md); sign-in by email and password is on unless it says otherwise.
Secrets belong into the environment or `.env`.

"""

EXITS = {
    0: "done",
    REFUSED: "refused, or something was found (`doctor`, `migrate --check`)",
    MISCONFIGURED: "usage or configuration; the message names the cure",
    UNREACHABLE: "the database or Redis does not answer",
}


def write() -> str:
    """Return the page."""
    root: Any = typer.main.get_command(app)  # Typer's own copy of Click's classes
    return page(
        "Command line",
        INTRODUCTION,
        "## Exit codes\n\n"
        + table(("Code", "Meaning"), ((str(number), text) for number, text in EXITS.items())),
        *(_section(path, command) for path, command in commands(root, "ostiary")),
        _settings(),
    )


def commands(group: Any, path: str) -> Iterator[tuple[str, Any]]:  # Typer's own copy of Click's classes
    """Yield every command below a group with the words that call it."""
    for name, command in group.commands.items():
        if getattr(command, "commands", None):
            yield from commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


def _section(path: str, command: Any) -> str:
    text = " ".join(inspect.cleandoc(command.help or "").split())
    arguments = [each for each in command.params if each.param_type_name == "argument"]
    options = [each for each in command.params if each.param_type_name == "option"]
    words = [(each.metavar or each.name.upper()) for each in arguments]
    shown = [word if each.required else f"[{word}]" for word, each in zip(words, arguments, strict=True)]
    usage = " ".join([path, *shown, "[OPTIONS]"])
    rows = [(code(word), each.help or "") for word, each in zip(words, arguments, strict=True)]
    rows += [(_spelled(each), each.help or "") for each in options]
    return f"## {path}\n\n{text}\n\n```\n{usage}\n```\n\n" + table(("Argument or option", "Meaning"), rows)


def _spelled(option: Any) -> str:
    spellings = [*option.opts, *option.secondary_opts]
    value = f" {option.metavar}" if option.metavar and not option.is_flag else ""
    return ", ".join(code(f"{spelling}{value}") for spelling in spellings)


def _settings() -> str:
    rows = [
        (
            code(each.name),
            ", ".join(code(name) for name in variables_of(each.name)),
            _default(each.name),
            each.text,
        )
        for each in fields_of(Settings)
        if each.name != "model_config"
    ]
    return SETTINGS + table(("Setting", "Environment", "Default", "Meaning"), rows)


def variables_of(name: str) -> list[str]:
    """Return the environment variables of a setting."""
    alias: Any = Settings.model_fields[name].validation_alias  # one of several classes of Pydantic's
    return [str(choice) for choice in alias.choices] if alias is not None else [f"{PREFIX}{name.upper()}"]


def _default(name: str) -> str:
    value = Settings.model_fields[name].get_default(call_default_factory=True, validated_data={})
    return "" if value is None else code(json.dumps(value))
