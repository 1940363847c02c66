"""Reads a Better Auth configuration in its own names: one table of paths, and what each comes to."""

from collections.abc import Mapping
from dataclasses import is_dataclass
from datetime import timedelta
from typing import Any, Final, TypeVar, get_type_hints

from ostiary.domain.errors import ConfigurationError, JsonValue
from ostiary.domain.secret import VersionedSecret
from ostiary.options.cookie_mapping import as_attributes, as_cookies
from ostiary.options.field_mapping import as_fields
from ostiary.options.options import Options
from ostiary.options.rate_limit import RateLimit
from ostiary.options.readers import (
    Rule,
    anything,
    as_count,
    as_flag,
    as_function,
    as_names,
    as_object,
    as_seconds,
    as_text,
    as_texts,
    either,
    members_of,
    one_of,
    wrong,
)
from ostiary.options.social_mapping import as_providers

T = TypeVar("T")

IGNORED: Final = ""
"""The place of what the reference configures and this server has no use for."""


def _secrets(value: JsonValue, path: str) -> tuple[VersionedSecret, ...]:
    rules: Mapping[str, Rule] = {"version": ("version", as_count), "value": ("value", as_text)}
    return tuple(members_of(VersionedSecret, each, path, rules) for each in value)


def _custom_rules(value: JsonValue, path: str) -> dict[str, RateLimit | None]:
    rules: Mapping[str, Rule] = {"max": ("max", as_count), "window": ("per", as_count)}
    return {
        name: None if rule is False else members_of(RateLimit, rule, f"{path}.{name}", rules)
        for name, rule in as_object(value, path).items()
    }


def _refresh(value: JsonValue, path: str) -> bool | timedelta:
    if isinstance(value, Mapping) and set(value) == {"updateAge"}:
        return as_seconds(value["updateAge"], f"{path}.updateAge")
    return as_flag(value, path)


def _generate_id(value: JsonValue, path: str) -> str:
    if isinstance(value, str) and value in {"uuid", "serial"}:
        return value
    raise wrong(path, "uuid or serial; a function goes into the Runtime")


def _table(section: str, ours: str, *, additional: bool = True) -> dict[str, Rule]:
    rules: dict[str, Rule] = {
        f"{section}.modelName": (f"{ours}.model_name", as_text),
        f"{section}.fields": (f"{ours}.fields", as_names),
    }
    if additional:
        rules[f"{section}.additionalFields"] = (f"{ours}.additional_fields", as_fields)
    return rules


def _section(section: str, ours: str, members: Mapping[str, Rule]) -> dict[str, Rule]:
    return {f"{section}.{name}": (f"{ours}.{place}", read) for name, (place, read) in members.items()}


RULES: Mapping[str, Rule] = {
    "secret": ("secret", as_text),
    "secrets": ("secrets", _secrets),
    "baseURL": ("base_url", as_text),
    "basePath": ("base_path", as_text),
    "appName": ("app_name", as_text),
    "trustedOrigins": ("trusted_origins", as_texts),
    "disabledPaths": ("disabled_paths", as_texts),
    "emailAndPassword.enabled": ("email_and_password.enabled", as_flag),
    "emailAndPassword.disableSignUp": ("email_and_password.disable_sign_up", as_flag),
    "emailAndPassword.autoSignIn": ("email_and_password.auto_sign_in", as_flag),
    "emailAndPassword.requireEmailVerification": ("email_and_password.require_email_verification", as_flag),
    "emailAndPassword.customSyntheticUser": ("email_and_password.custom_synthetic_user", as_function),
    "emailAndPassword.onExistingUserSignUp": ("email_and_password.on_existing_user_sign_up", as_function),
    "emailAndPassword.sendResetPassword": ("email_and_password.send_reset_password", as_function),
    "emailAndPassword.resetPasswordTokenExpiresIn": (
        "email_and_password.reset_password_token_expires_in",
        as_seconds,
    ),
    "emailAndPassword.onPasswordReset": ("email_and_password.on_password_reset", as_function),
    "emailAndPassword.revokeSessionsOnPasswordReset": (
        "email_and_password.revoke_sessions_on_password_reset",
        as_flag,
    ),
    **_section(
        "emailVerification",
        "email_verification",
        {
            "sendVerificationEmail": ("send_verification_email", as_function),
            "sendOnSignUp": ("send_on_sign_up", as_flag),
            "sendOnSignIn": ("send_on_sign_in", as_flag),
            "autoSignInAfterVerification": ("auto_sign_in_after_verification", as_flag),
            "expiresIn": ("expires_in", as_seconds),
            "beforeEmailVerification": ("before_email_verification", as_function),
            "afterEmailVerification": ("after_email_verification", as_function),
        },
    ),
    "emailAndPassword.minPasswordLength": ("password_policy.min_length", as_count),
    "emailAndPassword.maxPasswordLength": ("password_policy.max_length", as_count),
    **_table("user", "user"),
    **_section(
        "user.changeEmail",
        "user.change_email",
        {
            "enabled": ("enabled", as_flag),
            "updateEmailWithoutVerification": ("update_email_without_verification", as_flag),
            "sendChangeEmailConfirmation": ("send_change_email_confirmation", as_function),
        },
    ),
    "user.deleteUser.sendDeleteAccountVerification": (
        "user.delete_user.send_delete_account_verification",
        as_function,
    ),
    "user.validateUserInfo": ("user.validate_user_info", as_function),
    "user.deleteUser.enabled": ("user.delete_user.enabled", as_flag),
    "user.deleteUser.deleteTokenExpiresIn": ("user.delete_user.delete_token_expires_in", as_seconds),
    "user.deleteUser.beforeDelete": ("user.delete_user.before_delete", as_function),
    "user.deleteUser.afterDelete": ("user.delete_user.after_delete", as_function),
    **_table("session", "session"),
    "session.expiresIn": ("session.expires_in", as_seconds),
    "session.updateAge": ("session.update_age", as_seconds),
    "session.freshAge": ("session.fresh_age", as_seconds),
    "session.disableSessionRefresh": ("session.disable_session_refresh", as_flag),
    "session.deferSessionRefresh": ("session.defer_session_refresh", as_flag),
    "session.storeSessionInDatabase": ("session.store_session_in_database", as_flag),
    "session.preserveSessionInDatabase": ("session.preserve_session_in_database", as_flag),
    "session.cookieCache.enabled": ("session.cookie_cache.enabled", as_flag),
    "session.cookieCache.maxAge": ("session.cookie_cache.max_age", as_seconds),
    "session.cookieCache.strategy": ("session.cookie_cache.strategy", one_of("compact", "jwt", "jwe")),
    "session.cookieCache.version": ("session.cookie_cache.version", either(as_text, as_function)),
    "session.cookieCache.refreshCache": ("session.cookie_cache.refresh_cache", _refresh),
    **_table("account", "account"),
    **_section(
        "account.accountLinking",
        "account.account_linking",
        {
            "enabled": ("enabled", as_flag),
            "disableImplicitLinking": ("disable_implicit_linking", as_flag),
            "requireLocalEmailVerified": ("require_local_email_verified", as_flag),
            "trustedProviders": ("trusted_providers", as_texts),
            "allowDifferentEmails": ("allow_different_emails", as_flag),
            "allowUnlinkingAll": ("allow_unlinking_all", as_flag),
            "updateUserInfoOnLink": ("update_user_info_on_link", as_flag),
        },
    ),
    "account.storeAccountCookie": ("account.store_account_cookie", as_flag),
    "account.skipStateCookieCheck": ("account.skip_state_cookie_check", as_flag),
    "account.encryptOAuthTokens": ("account.encrypt_oauth_tokens", as_flag),
    "account.updateAccountOnSignIn": ("account.update_account_on_sign_in", as_flag),
    "account.storeStateStrategy": ("account.store_state_strategy", one_of("database", "cookie")),
    "socialProviders": ("social_providers", as_providers),
    **_table("verification", "verification", additional=False),
    "verification.storeInDatabase": (IGNORED, anything),
    "verification.storeIdentifier": ("verification.store_identifier", one_of("plain", "hashed")),
    **_table("rateLimit", "rate_limit", additional=False),
    "rateLimit.enabled": ("rate_limit.enabled", as_flag),
    "rateLimit.window": ("rate_limit.default.per", as_count),
    "rateLimit.max": ("rate_limit.default.max", as_count),
    "rateLimit.storage": ("rate_limit.storage", one_of("memory", "database", "secondary-storage")),
    "rateLimit.customRules": ("rate_limit.custom_rules", _custom_rules),
    "advanced.cookiePrefix": ("advanced.cookie_prefix", as_text),
    "advanced.useSecureCookies": ("advanced.use_secure_cookies", as_flag),
    "advanced.crossSubDomainCookies.enabled": ("advanced.cross_sub_domain_cookies.enabled", as_flag),
    "advanced.crossSubDomainCookies.domain": ("advanced.cross_sub_domain_cookies.domain", as_text),
    "advanced.defaultCookieAttributes": ("advanced.default_cookie_attributes", as_attributes),
    "advanced.cookies": ("advanced.cookies", as_cookies),
    "advanced.disableCSRFCheck": ("advanced.disable_csrf_check", as_flag),
    "advanced.disableOriginCheck": ("advanced.disable_origin_check", either(as_flag, as_texts)),
    "advanced.skipTrailingSlashes": ("advanced.skip_trailing_slashes", as_flag),
    "advanced.ipAddress.ipAddressHeaders": ("advanced.ip_address.ip_address_headers", as_texts),
    "advanced.ipAddress.trustedProxies": ("advanced.ip_address.trusted_proxies", as_texts),
    "advanced.ipAddress.disableIpTracking": ("advanced.ip_address.disable_ip_tracking", as_flag),
    "advanced.ipAddress.ipv6Subnet": ("advanced.ip_address.ipv6_subnet", as_count),
    "advanced.database.generateId": ("advanced.generate_id", _generate_id),
    "advanced.database.validateSchema": (IGNORED, anything),
    "advanced.database.defaultFindManyLimit": (IGNORED, anything),
    "onAPIError.errorURL": ("on_api_error.error_url", as_text),
    "onAPIError.customizeDefaultErrorPage": (IGNORED, anything),
    "logger": (IGNORED, anything),
    "telemetry": (IGNORED, anything),
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
