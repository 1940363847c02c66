"""Every name in a cure exists: in the options classes, in the settings, or in Better Auth's configuration."""

import inspect
import re
from functools import reduce
from pathlib import Path
from typing import get_type_hints

import pytest

from ostiary import Auth, Options
from ostiary.cli.doctor.finding import Subject
from ostiary.cli.doctor.names import Setting, spelled
from ostiary.options.mapping import RULES
from ostiary.server import Settings
from ostiary.server.application import Application
from tests.builders import SECRET, some_auth

VARIABLES = {
    str(name)
    for field in Settings.model_fields.values()
    for name in getattr(field.validation_alias, "choices", ())
}


def type_of(owner: object, name: str) -> object:
    return get_type_hints(owner)[name]


@pytest.mark.parametrize("setting", Setting)
def test_a_cure_in_python_names_what_the_classes_have(setting: Setting) -> None:
    name = setting.in_python
    if parameter := re.fullmatch(r"(\w+) of Auth\(\.\.\.\)", name):
        assert parameter[1] in inspect.signature(Auth).parameters
    else:
        owner, *path = name.split(".")
        assert owner == "Options"
        assert reduce(type_of, path, Options)


@pytest.mark.parametrize("setting", Setting)
def test_a_cure_for_the_server_names_what_it_reads(setting: Setting) -> None:
    name = setting.for_the_server
    if path := re.fullmatch(r"options\.([\w.]+)", name):
        assert any(theirs == path[1] or theirs.startswith(f"{path[1]}.") for theirs in RULES)
    else:
        assert name in VARIABLES | {f"OSTIARY_{field.upper()}" for field in Settings.model_fields}


def test_findings_are_in_the_words_of_whoever_configures() -> None:
    found = [Subject("x").failure("f", f"set {Setting.BASE_URL}, not {Setting.MAILER}")]
    settings = Settings.model_validate({"secret": SECRET})
    [server] = spelled(Application(settings, some_auth()), found)
    [python] = spelled(Application(settings, some_auth(), is_in_python=True), found)
    assert server.cure == "set BETTER_AUTH_URL, not SMTP_URL"
    assert python.cure == "set Options.base_url, not mailer of Auth(...)"


def test_no_cure_spells_an_option_by_itself() -> None:
    """Each goes through Setting, so that the tests above see it."""
    folder = Path(inspect.getfile(Setting)).parent
    text = {path.name: path.read_text() for path in folder.glob("*.py") if path.name != "names.py"}
    spelled_out = re.compile(
        r"BETTER_AUTH_\w+|SMTP_URL|DATABASE_URL|[a-z]+[A-Z]\w*\.[a-z]|advanced\.\w+[A-Z]"
    )
    assert {name: found for name, each in text.items() if (found := spelled_out.findall(each))} == {}
