"""Reads a Better Auth configuration in its own names: one table of paths, and what each comes to."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import is_dataclass
from datetime import timedelta
from typing import Any, Final, TypeVar, get_args, get_type_hints

from ostiary.domain.errors import ConfigurationError, JsonValue
from ostiary.domain.schema import MISSING, Field, FieldType, Reference
from ostiary.domain.secret import VersionedSecret
from ostiary.options.advanced import CookieAttributes, CookieOverride
from ostiary.options.options import Options
from ostiary.options.rate_limit import RateLimit

T = TypeVar("T")
Read = Callable[[JsonValue, str], Any]  # configuration in, option value out
Rule = tuple[str, Read]

IGNORED: Final = ""
"""The place of what the reference configures and this server has no use for."""


def _wrong(path: str, expected: str) -> ConfigurationError:
    return ConfigurationError(f"{path} must be {expected}")


def _text(value: JsonValue, path: str) -> str:
    if not isinstance(value, str):
        raise _wrong(path, "text")
    return value


def _flag(value: JsonValue, path: str) -> bool:
    if not isinstance(value, bool):
        raise _wrong(path, "true or false")
    return value


def _count(value: JsonValue, path: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise _wrong(path, "a whole number")
    return value


def _seconds(value: JsonValue, path: str) -> timedelta:
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise _wrong(path, "a number of seconds")
    return timedelta(seconds=value)


def _texts(value: JsonValue, path: str) -> Any:  # a tuple of texts, or the function of the caller
    if callable(value):
        return value
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise _wrong(path, "a list of texts")
    return tuple(_text(each, path) for each in value)


def _object(value: JsonValue, path: str) -> Mapping[str, JsonValue]:
    if not isinstance(value, Mapping):
        raise _wrong(path, "an object")
    return value


def _names(value: JsonValue, path: str) -> dict[str, str]:
    return {name: _text(column, f"{path}.{name}") for name, column in _object(value, path).items()}


def _one_of(*choices: str) -> Read:
    def read(value: JsonValue, path: str) -> str:
        """Accept one of the choices."""
        if value not in choices:
            raise _wrong(path, f"one of {', '.join(choices)}")
        return _text(value, path)

    return read


def _function(value: JsonValue, path: str) -> Any:  # an async function of the caller
    if not callable(value):
        raise _wrong(path, "an async function")
    return value


def _either(*readers: Read) -> Read:
    def read(value: JsonValue, path: str) -> Any:  # what the first reader that accepts makes of it
        """Accept what any of the readers accepts."""
        for reader in readers[:-1]:
            try:
                return reader(value, path)
            except ConfigurationError:
                continue
        return readers[-1](value, path)

    return read


def _anything(value: JsonValue, path: str) -> JsonValue:
    del path
    return value


def _members(kind: type[T], given: JsonValue, path: str, rules: Mapping[str, Rule]) -> T:
    values: dict[str, Any] = {}  # keyword arguments of the class
    for name, value in _object(given, path).items():
        if name not in rules:
            raise ConfigurationError(f"{path}.{name} is not known here")
        attribute, read = rules[name]
        values[attribute] = read(value, f"{path}.{name}")
    return kind(**values)


def _reference(value: JsonValue, path: str) -> Reference:
    actions = _one_of("cascade", "set null", "no action")
    rules: Mapping[str, Rule] = {
        "model": ("model", _text),
        "field": ("field", _text),
        "onDelete": ("on_delete", actions),
    }
    return _members(Reference, value, path, rules)


_FIELD: Mapping[str, Rule] = {
    "type": ("type", _one_of(*get_args(FieldType))),
    "required": ("required", _flag),
    "defaultValue": ("default", _anything),
    "unique": ("unique", _flag),
    "index": ("index", _flag),
    "sortable": ("sortable", _flag),
    "references": ("references", _reference),
    "input": ("input", _flag),
    "returned": ("returned", _flag),
    "bigint": ("bigint", _flag),
    "fieldName": ("column", _text),
}


def _field(name: str, value: JsonValue, path: str) -> Field[Any]:
    def make(**values: Any) -> Field[Any]:  # keyword arguments of the class
        """Make the field under its name."""
        return Field(name=name, **{"default": MISSING, **values})

    return _members(make, value, path, _FIELD)  # type: ignore[arg-type]  # called like the class


def _fields(value: JsonValue, path: str) -> tuple[Field[Any], ...]:
    return tuple(_field(name, field, f"{path}.{name}") for name, field in _object(value, path).items())


def _same_site(value: JsonValue, path: str) -> str:
    lowered = _text(value, path).lower()
    _one_of("strict", "lax", "none")(lowered, path)
    return lowered


_ATTRIBUTES: Mapping[str, Rule] = {
    "domain": ("domain", _text),
    "path": ("path", _text),
    "httpOnly": ("http_only", _flag),
    "secure": ("secure", _flag),
    "sameSite": ("same_site", _same_site),
    "partitioned": ("partitioned", _flag),
    "maxAge": ("max_age", _seconds),
}


def _attributes(value: JsonValue, path: str) -> CookieAttributes:
    return _members(CookieAttributes, value, path, _ATTRIBUTES)


def _cookies(value: JsonValue, path: str) -> dict[str, CookieOverride]:
    rules: Mapping[str, Rule] = {"name": ("name", _text), "attributes": ("attributes", _attributes)}
    return {
        key: _members(CookieOverride, cookie, f"{path}.{key}", rules)
        for key, cookie in _object(value, path).items()
    }


def _secrets(value: JsonValue, path: str) -> tuple[VersionedSecret, ...]:
    rules: Mapping[str, Rule] = {"version": ("version", _count), "value": ("value", _text)}
    return tuple(_members(VersionedSecret, each, path, rules) for each in value)


def _custom_rules(value: JsonValue, path: str) -> dict[str, RateLimit | None]:
    rules: Mapping[str, Rule] = {"max": ("max", _count), "window": ("per", _count)}
    return {
        name: None if rule is False else _members(RateLimit, rule, f"{path}.{name}", rules)
        for name, rule in _object(value, path).items()
    }


def _refresh(value: JsonValue, path: str) -> bool | timedelta:
    if isinstance(value, Mapping) and set(value) == {"updateAge"}:
        return _seconds(value["updateAge"], f"{path}.updateAge")
    return _flag(value, path)


def _generate_id(value: JsonValue, path: str) -> str:
    if isinstance(value, str) and value in {"uuid", "serial"}:
        return value
    raise _wrong(path, "uuid or serial; a function goes into the Runtime")


def _table(section: str, ours: str, *, additional: bool = True) -> dict[str, Rule]:
    rules: dict[str, Rule] = {
        f"{section}.modelName": (f"{ours}.model_name", _text),
        f"{section}.fields": (f"{ours}.fields", _names),
    }
    if additional:
        rules[f"{section}.additionalFields"] = (f"{ours}.additional_fields", _fields)
    return rules


RULES: Mapping[str, Rule] = {
    "secret": ("secret", _text),
    "secrets": ("secrets", _secrets),
    "baseURL": ("base_url", _text),
    "basePath": ("base_path", _text),
    "appName": ("app_name", _text),
    "trustedOrigins": ("trusted_origins", _texts),
    "disabledPaths": ("disabled_paths", _texts),
    "emailAndPassword.enabled": ("email_and_password.enabled", _flag),
    "emailAndPassword.disableSignUp": ("email_and_password.disable_sign_up", _flag),
    "emailAndPassword.autoSignIn": ("email_and_password.auto_sign_in", _flag),
    "emailAndPassword.requireEmailVerification": ("email_and_password.require_email_verification", _flag),
    "emailAndPassword.onExistingUserSignUp": ("email_and_password.on_existing_user_sign_up", _function),
    "emailAndPassword.minPasswordLength": ("password_policy.min_length", _count),
    "emailAndPassword.maxPasswordLength": ("password_policy.max_length", _count),
    **_table("user", "user"),
    "user.deleteUser.enabled": ("user.delete_user.enabled", _flag),
    "user.deleteUser.deleteTokenExpiresIn": ("user.delete_user.delete_token_expires_in", _seconds),
    "user.deleteUser.beforeDelete": ("user.delete_user.before_delete", _function),
    "user.deleteUser.afterDelete": ("user.delete_user.after_delete", _function),
    **_table("session", "session"),
    "session.expiresIn": ("session.expires_in", _seconds),
    "session.updateAge": ("session.update_age", _seconds),
    "session.freshAge": ("session.fresh_age", _seconds),
    "session.disableSessionRefresh": ("session.disable_session_refresh", _flag),
    "session.deferSessionRefresh": ("session.defer_session_refresh", _flag),
    "session.storeSessionInDatabase": ("session.store_session_in_database", _flag),
    "session.preserveSessionInDatabase": ("session.preserve_session_in_database", _flag),
    "session.cookieCache.enabled": ("session.cookie_cache.enabled", _flag),
    "session.cookieCache.maxAge": ("session.cookie_cache.max_age", _seconds),
    "session.cookieCache.strategy": ("session.cookie_cache.strategy", _one_of("compact", "jwt", "jwe")),
    "session.cookieCache.version": ("session.cookie_cache.version", _either(_text, _function)),
    "session.cookieCache.refreshCache": ("session.cookie_cache.refresh_cache", _refresh),
    **_table("account", "account"),
    **_table("verification", "verification", additional=False),
    "verification.storeInDatabase": (IGNORED, _anything),
    "verification.storeIdentifier": ("verification.store_identifier", _one_of("plain", "hashed")),
    **_table("rateLimit", "rate_limit", additional=False),
    "rateLimit.enabled": ("rate_limit.enabled", _flag),
    "rateLimit.window": ("rate_limit.default.per", _count),
    "rateLimit.max": ("rate_limit.default.max", _count),
    "rateLimit.storage": ("rate_limit.storage", _one_of("memory", "database", "secondary-storage")),
    "rateLimit.customRules": ("rate_limit.custom_rules", _custom_rules),
    "advanced.cookiePrefix": ("advanced.cookie_prefix", _text),
    "advanced.useSecureCookies": ("advanced.use_secure_cookies", _flag),
    "advanced.crossSubDomainCookies.enabled": ("advanced.cross_sub_domain_cookies.enabled", _flag),
    "advanced.crossSubDomainCookies.domain": ("advanced.cross_sub_domain_cookies.domain", _text),
    "advanced.defaultCookieAttributes": ("advanced.default_cookie_attributes", _attributes),
    "advanced.cookies": ("advanced.cookies", _cookies),
    "advanced.disableCSRFCheck": ("advanced.disable_csrf_check", _flag),
    "advanced.disableOriginCheck": ("advanced.disable_origin_check", _either(_flag, _texts)),
    "advanced.skipTrailingSlashes": ("advanced.skip_trailing_slashes", _flag),
    "advanced.ipAddress.ipAddressHeaders": ("advanced.ip_address.ip_address_headers", _texts),
    "advanced.ipAddress.trustedProxies": ("advanced.ip_address.trusted_proxies", _texts),
    "advanced.ipAddress.disableIpTracking": ("advanced.ip_address.disable_ip_tracking", _flag),
    "advanced.ipAddress.ipv6Subnet": ("advanced.ip_address.ipv6_subnet", _count),
    "advanced.database.generateId": ("advanced.generate_id", _generate_id),
    "advanced.database.validateSchema": (IGNORED, _anything),
    "advanced.database.defaultFindManyLimit": (IGNORED, _anything),
    "onAPIError.errorURL": ("on_api_error.error_url", _text),
    "onAPIError.customizeDefaultErrorPage": (IGNORED, _anything),
    "logger": (IGNORED, _anything),
    "telemetry": (IGNORED, _anything),
}


def _walk(given: Mapping[str, JsonValue], prefix: str, values: dict[str, Any], unknown: list[str]) -> None:
    for name, value in given.items():
        path = f"{prefix}{name}"
        if rule := RULES.get(path):
            place, read = rule
            if place != IGNORED and value is not None:
                values[place] = read(value, path)
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
