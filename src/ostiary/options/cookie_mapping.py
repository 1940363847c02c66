"""Reads the cookies of a Better Auth configuration."""

from collections.abc import Mapping

from ostiary.domain.errors import JsonValue
from ostiary.options.advanced import CookieAttributes, CookieOverride
from ostiary.options.readers import (
    Rule,
    as_flag,
    as_object,
    as_seconds,
    as_text,
    members_of,
    one_of,
)


def _same_site(value: JsonValue, path: str) -> str:
    lowered = as_text(value, path).lower()
    one_of("strict", "lax", "none")(lowered, path)
    return lowered


ATTRIBUTES: Mapping[str, Rule] = {
    "domain": ("domain", as_text),
    "path": ("path", as_text),
    "httpOnly": ("http_only", as_flag),
    "secure": ("secure", as_flag),
    "sameSite": ("same_site", _same_site),
    "partitioned": ("partitioned", as_flag),
    "maxAge": ("max_age", as_seconds),
}


def as_attributes(value: JsonValue, path: str) -> CookieAttributes:
    """Read the attributes of a cookie."""
    return members_of(CookieAttributes, value, path, ATTRIBUTES)


def as_cookies(value: JsonValue, path: str) -> dict[str, CookieOverride]:
    """Read `advanced.cookies`."""
    rules: Mapping[str, Rule] = {"name": ("name", as_text), "attributes": ("attributes", as_attributes)}
    return {
        key: members_of(CookieOverride, cookie, f"{path}.{key}", rules)
        for key, cookie in as_object(value, path).items()
    }
