"""Readers of single values of a configuration; each raises ConfigurationError naming the path."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, TypeVar

from ostiary.domain.errors import ConfigurationError, JsonValue

T = TypeVar("T")
Read = Callable[[JsonValue, str], Any]  # configuration in, option value out
Rule = tuple[str, Read]
"""The option that a value is for, and its reader."""
Readers = Mapping[str, Read | Rule]
"""Who reads what, by the name in the configuration."""

_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def rules(readers: Readers) -> dict[str, Rule]:
    """Return the rules of names; an option is called like the name, but in snake case, unless it is given."""
    return {
        name: each if isinstance(each, tuple) else (_WORD.sub("_", name).lower(), each)
        for name, each in readers.items()
    }


def wrong(path: str, expected: str) -> ConfigurationError:
    """Return the refusal of a value."""
    return ConfigurationError(f"{path} must be {expected}")


def text(value: JsonValue, path: str) -> str:
    """Accept text."""
    if not isinstance(value, str):
        raise wrong(path, "text")
    return value


def flag(value: JsonValue, path: str) -> bool:
    """Accept true or false."""
    if not isinstance(value, bool):
        raise wrong(path, "true or false")
    return value


def count(value: JsonValue, path: str) -> int:
    """Accept a whole number."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise wrong(path, "a whole number")
    return value


def seconds(value: JsonValue, path: str) -> timedelta:
    """Accept a number of seconds."""
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise wrong(path, "a number of seconds")
    return timedelta(seconds=value)


def texts(value: JsonValue, path: str) -> Any:  # a tuple of texts, or the function of the caller
    """Accept a list of texts, or the caller's function that makes one."""
    if callable(value):
        return value
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise wrong(path, "a list of texts")
    return tuple(text(each, path) for each in value)


def mapping(value: JsonValue, path: str) -> Mapping[str, JsonValue]:
    """Accept an object."""
    if not isinstance(value, Mapping):
        raise wrong(path, "an object")
    return value


def names(value: JsonValue, path: str) -> dict[str, str]:
    """Accept an object of texts."""
    return {name: text(column, f"{path}.{name}") for name, column in mapping(value, path).items()}


def one_of(*choices: str) -> Read:
    """Return what accepts one of the choices."""

    def read(value: JsonValue, path: str) -> str:
        """Accept one of the choices."""
        if value not in choices:
            raise wrong(path, f"one of {', '.join(choices)}")
        return text(value, path)

    return read


def function(value: JsonValue, path: str) -> Any:  # an async function of the caller
    """Accept an async function."""
    if not callable(value):
        raise wrong(path, "an async function")
    return value


def either(*readers: Read) -> Read:
    """Return what accepts whatever any of the readers accepts."""

    def read(value: JsonValue, path: str) -> Any:  # what the first reader that accepts makes of it
        """Accept what any of the readers accepts."""
        for reader in readers[:-1]:
            try:
                return reader(value, path)
            except ConfigurationError:
                continue
        return readers[-1](value, path)

    return read


def anything(value: JsonValue, path: str) -> JsonValue:
    """Accept anything."""
    del path
    return value


def members_of(kind: type[T], given: JsonValue, path: str, rules: Mapping[str, Rule]) -> T:
    """Return an instance of a class whose options have other names in the configuration."""
    values: dict[str, Any] = {}  # keyword arguments of the class
    for name, value in mapping(given, path).items():
        if name not in rules:
            raise ConfigurationError(f"{path}.{name} is not known here")
        attribute, read = rules[name]
        values[attribute] = read(value, f"{path}.{name}")
    return kind(**values)
