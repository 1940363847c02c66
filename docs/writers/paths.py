"""Where each option lies below `Options`, and what it is called in a Better Auth configuration."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from functools import cache
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import ostiary.options
from docs.writers.source import fields_of
from ostiary import Options, providers
from ostiary.options.mapping import IGNORED, RULES
from ostiary.providers import GenericOAuth, SocialProvider

KNOWN_PROVIDERS: tuple[type[SocialProvider], ...] = tuple(
    kind
    for name in sorted(providers.__all__, key=str.lower)
    if getattr(kind := getattr(providers, name), "known_as", "")
)
"""Every provider that has a name of its own."""
PROVIDERS: tuple[type, ...] = (
    SocialProvider,
    GenericOAuth,
    *(kind for kind in KNOWN_PROVIDERS if any(not each.is_class_variable for each in fields_of(kind))),
)
"""What `social_providers` holds: what is common to all, and those that have options of their own."""
SECTIONS: frozenset[type] = frozenset(
    kind
    for name in ostiary.options.__all__
    if not issubclass(kind := getattr(ostiary.options, name), SocialProvider)
)
"""Every class of options."""


def section_of(annotation: Any) -> type | None:  # annotations are type expressions
    """Return the options class that an option holds, if it holds one."""
    if get_origin(annotation) in {Union, UnionType}:
        found = [section_of(each) for each in get_args(annotation)]
        return next((each for each in found if each is not None), None)
    if get_origin(annotation) is not None:
        found = [section_of(each) for each in get_args(annotation) if each is not Ellipsis]
        return next((each for each in found if each is not None), None)
    return annotation if isinstance(annotation, type) and annotation in SECTIONS else None


def hints_of(kind: type) -> dict[str, Any]:
    """Return the type of each option of a class; names that only the type checker imports stand for Any."""
    return get_type_hints(kind, localns={"Self": Any})


def sections_of(kind: type, place: str = "") -> Iterator[tuple[type, str]]:
    """Yield an options class and all below it, each with its dotted path."""
    yield kind, place
    for name, annotation in hints_of(kind).items():
        section = section_of(annotation)
        if section is not None:
            yield from sections_of(section, f"{place}.{name}" if place else name)


def _owner(path: str) -> tuple[type, str]:
    """Return the class and the attribute at the end of a dotted path below `Options`."""
    kind: type = Options
    *way, name = path.split(".")
    for step in way:
        kind = section_of(hints_of(kind)[step]) or kind
    return kind, name


@cache
def names_in_reference() -> dict[tuple[type, str], str]:
    """Return Better Auth's name of each option, by class and attribute."""
    places = {theirs: place for theirs, (place, _) in RULES.items() if place != IGNORED}
    return {_owner(place): theirs for theirs, place in places.items()}


@cache
def reference_defaults() -> dict[tuple[type, str], object]:
    """Return the defaults of `Options.reference()` that are not ours, by class and attribute."""
    ours = Options(secret="a" * 32)
    return dict(_differences(ours, ours.with_reference_defaults()))


def _differences(ours: Any, theirs: Any) -> Iterator[tuple[tuple[type, str], object]]:  # option classes
    for field in fields(ours):
        mine, other = getattr(ours, field.name), getattr(theirs, field.name)
        if is_dataclass(mine) and type(mine) is type(other):
            yield from _differences(mine, other)
        elif mine != other:
            yield (type(ours), field.name), other
