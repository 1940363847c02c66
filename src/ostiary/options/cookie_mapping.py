"""Reads the cookies of a Better Auth configuration."""

from collections.abc import Mapping

from ostiary.domain.errors import JsonValue
from ostiary.options import readers as read
from ostiary.options.advanced import CookieAttributes, CookieOverride


def _same_site(value: JsonValue, path: str) -> str:
    lowered = read.text(value, path).lower()
    read.one_of("strict", "lax", "none")(lowered, path)
    return lowered


ATTRIBUTES: Mapping[str, read.Rule] = read.rules(
    {
        "domain": read.text,
        "path": read.text,
        "httpOnly": read.flag,
        "secure": read.flag,
        "sameSite": _same_site,
        "partitioned": read.flag,
        "maxAge": read.seconds,
    }
)


def as_attributes(value: JsonValue, path: str) -> CookieAttributes:
    """Read the attributes of a cookie."""
    return read.members_of(CookieAttributes, value, path, ATTRIBUTES)


_COOKIE: Mapping[str, read.Rule] = read.rules({"name": read.text, "attributes": as_attributes})


def as_cookies(value: JsonValue, path: str) -> dict[str, CookieOverride]:
    """Read `advanced.cookies`."""
    return {
        key: read.members_of(CookieOverride, cookie, f"{path}.{key}", _COOKIE)
        for key, cookie in read.mapping(value, path).items()
    }
