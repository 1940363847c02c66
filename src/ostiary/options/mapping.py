"""Reads a Better Auth configuration in its own names: one table of paths, and what each comes to."""

from collections.abc import Mapping
from dataclasses import is_dataclass
from datetime import timedelta
from typing import Any, Final, TypeVar, get_type_hints

from ostiary.domain.errors import ConfigurationError, JsonValue
from ostiary.domain.secret import VersionedSecret
from ostiary.options import readers as read
from ostiary.options.cookie_mapping import as_attributes, as_cookies
from ostiary.options.field_mapping import as_fields
from ostiary.options.options import Options
from ostiary.options.rate_limit import RateLimit
from ostiary.options.social_mapping import as_providers

T = TypeVar("T")

IGNORED: Final = ""
"""The place of what the reference configures and this server has no use for."""


_SECRET: Mapping[str, read.Rule] = read.rules({"version": read.count, "value": read.text})
_LIMIT: Mapping[str, read.Rule] = read.rules({"max": read.count, "window": ("per", read.count)})


def _secrets(value: JsonValue, path: str) -> tuple[VersionedSecret, ...]:
    return tuple(read.members_of(VersionedSecret, each, path, _SECRET) for each in value)


def _custom_rules(value: JsonValue, path: str) -> dict[str, RateLimit | None]:
    return {
        name: None if rule is False else read.members_of(RateLimit, rule, f"{path}.{name}", _LIMIT)
        for name, rule in read.mapping(value, path).items()
    }


def _refresh(value: JsonValue, path: str) -> bool | timedelta:
    if isinstance(value, Mapping) and set(value) == {"updateAge"}:
        return read.seconds(value["updateAge"], f"{path}.updateAge")
    return read.flag(value, path)


def _generate_id(value: JsonValue, path: str) -> str:
    if isinstance(value, str) and value in {"uuid", "serial"}:
        return value
    raise read.wrong(path, "uuid or serial; a function goes into the Runtime")


def _section(section: str, readers: read.Readers) -> dict[str, read.Rule]:
    return read.rules({f"{section}.{name}": each for name, each in readers.items()})


_IGNORED: Final[read.Rule] = (IGNORED, read.anything)
_TABLE: Final[read.Readers] = {"modelName": read.text, "fields": read.names}
_EXTENSIBLE: Final[read.Readers] = {**_TABLE, "additionalFields": as_fields}

RULES: Mapping[str, read.Rule] = {
    **read.rules(
        {
            "secret": read.text,
            "secrets": _secrets,
            "baseURL": read.text,
            "basePath": read.text,
            "appName": read.text,
            "trustedOrigins": read.texts,
            "disabledPaths": read.texts,
        }
    ),
    **_section(
        "emailAndPassword",
        {
            "enabled": read.flag,
            "disableSignUp": read.flag,
            "autoSignIn": read.flag,
            "requireEmailVerification": read.flag,
            "customSyntheticUser": read.function,
            "onExistingUserSignUp": read.function,
            "sendResetPassword": read.function,
            "resetPasswordTokenExpiresIn": read.seconds,
            "onPasswordReset": read.function,
            "revokeSessionsOnPasswordReset": read.flag,
            "minPasswordLength": ("password_policy.min_length", read.count),
            "maxPasswordLength": ("password_policy.max_length", read.count),
        },
    ),
    **_section(
        "emailVerification",
        {
            "sendVerificationEmail": read.function,
            "sendOnSignUp": read.flag,
            "sendOnSignIn": read.flag,
            "autoSignInAfterVerification": read.flag,
            "expiresIn": read.seconds,
            "beforeEmailVerification": read.function,
            "afterEmailVerification": read.function,
        },
    ),
    **_section("user", {**_EXTENSIBLE, "validateUserInfo": read.function}),
    **_section(
        "user.changeEmail",
        {
            "enabled": read.flag,
            "updateEmailWithoutVerification": read.flag,
            "sendChangeEmailConfirmation": read.function,
        },
    ),
    **_section(
        "user.deleteUser",
        {
            "enabled": read.flag,
            "sendDeleteAccountVerification": read.function,
            "deleteTokenExpiresIn": read.seconds,
            "beforeDelete": read.function,
            "afterDelete": read.function,
        },
    ),
    **_section(
        "session",
        {
            **_EXTENSIBLE,
            "expiresIn": read.seconds,
            "updateAge": read.seconds,
            "freshAge": read.seconds,
            "disableSessionRefresh": read.flag,
            "deferSessionRefresh": read.flag,
            "storeSessionInDatabase": read.flag,
            "preserveSessionInDatabase": read.flag,
        },
    ),
    **_section(
        "session.cookieCache",
        {
            "enabled": read.flag,
            "maxAge": read.seconds,
            "strategy": read.one_of("compact", "jwt", "jwe"),
            "version": read.either(read.text, read.function),
            "refreshCache": _refresh,
        },
    ),
    **_section(
        "account",
        {
            **_EXTENSIBLE,
            "storeAccountCookie": read.flag,
            "skipStateCookieCheck": read.flag,
            "encryptOAuthTokens": ("account.encrypt_oauth_tokens", read.flag),
            "updateAccountOnSignIn": read.flag,
            "storeStateStrategy": read.one_of("database", "cookie"),
        },
    ),
    **_section(
        "account.accountLinking",
        {
            "enabled": read.flag,
            "disableImplicitLinking": read.flag,
            "requireLocalEmailVerified": read.flag,
            "trustedProviders": read.texts,
            "allowDifferentEmails": read.flag,
            "allowUnlinkingAll": read.flag,
            "updateUserInfoOnLink": read.flag,
        },
    ),
    "socialProviders": ("social_providers", as_providers),
    **_section(
        "verification",
        {**_TABLE, "storeInDatabase": _IGNORED, "storeIdentifier": read.one_of("plain", "hashed")},
    ),
    **_section(
        "rateLimit",
        {
            **_TABLE,
            "enabled": read.flag,
            "window": ("rate_limit.default.per", read.count),
            "max": ("rate_limit.default.max", read.count),
            "storage": read.one_of("memory", "database", "secondary-storage"),
            "customRules": _custom_rules,
        },
    ),
    **_section(
        "advanced",
        {
            "cookiePrefix": read.text,
            "useSecureCookies": read.flag,
            "crossSubDomainCookies.enabled": read.flag,
            "crossSubDomainCookies.domain": read.text,
            "defaultCookieAttributes": as_attributes,
            "cookies": as_cookies,
            "disableCSRFCheck": read.flag,
            "disableOriginCheck": read.either(read.flag, read.texts),
            "skipTrailingSlashes": read.flag,
        },
    ),
    **_section(
        "advanced.ipAddress",
        {
            "ipAddressHeaders": read.texts,
            "trustedProxies": read.texts,
            "disableIpTracking": read.flag,
            "ipv6Subnet": read.count,
        },
    ),
    **_section(
        "advanced.database",
        {
            "generateId": ("advanced.generate_id", _generate_id),
            "validateSchema": _IGNORED,
            "defaultFindManyLimit": _IGNORED,
        },
    ),
    **_section("onAPIError", {"errorURL": read.text, "customizeDefaultErrorPage": _IGNORED}),
    "logger": _IGNORED,
    "telemetry": _IGNORED,
}
"""Every name of a configuration that is known, by its path."""


def _walk(given: Mapping[str, JsonValue], prefix: str, values: dict[str, Any], unknown: list[str]) -> None:
    for name, value in given.items():
        path = f"{prefix}{name}"
        if rule := RULES.get(path):
            place, reader = rule
            if place != IGNORED and value is not None:
                values[place] = reader(value, path)
        elif isinstance(value, Mapping) and any(known.startswith(f"{path}.") for known in RULES):
            _walk(value, f"{path}.", values, unknown)
        else:
            unknown.append(path)


def _build(kind: type[T], values: Mapping[str, Any]) -> T:  # option values by dotted attribute
    hints = get_type_hints(kind)
    arguments: dict[str, Any] = {}
    nested: dict[str, dict[str, Any]] = {}
    for path, value in values.items():
        attribute, dot, rest = path.partition(".")
        if dot:
            nested.setdefault(attribute, {})[rest] = value
        else:
            arguments[attribute] = value
    for attribute, members in nested.items():
        section = hints[attribute]
        arguments[attribute] = _build(section, _with_defaults(section, members))
    return kind(**arguments)


def _with_defaults(section: type, members: Mapping[str, Any]) -> Mapping[str, Any]:
    """Fill what a class asks for and the configuration may leave out."""
    if section is RateLimit and is_dataclass(section):
        return {"max": 100, "per": 10, **members}
    return members


def read_options(kind: type[Options], mapping: Mapping[str, JsonValue]) -> Options:
    """Return the options of a configuration; raises ConfigurationError naming every path it does not know."""
    values: dict[str, Any] = {}
    unknown: list[str] = []
    _walk(mapping, "", values, unknown)
    if unknown:
        raise ConfigurationError(f"not known here: {', '.join(unknown)}")
    return _build(kind, values)
