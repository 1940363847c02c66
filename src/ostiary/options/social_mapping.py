"""Reads the providers of a Better Auth configuration in its own names."""

from collections.abc import Mapping

from ostiary.domain.errors import ConfigurationError, JsonValue
from ostiary.options.readers import (
    Rule,
    as_flag,
    as_function,
    as_object,
    as_text,
    as_texts,
    either,
    members_of,
    one_of,
)
from ostiary.options.social import GitHub, Google, SocialProvider

SOCIAL: Mapping[str, Rule] = {
    "clientId": ("client_id", either(as_text, as_texts)),
    "clientSecret": ("client_secret", as_text),
    "scope": ("scope", as_texts),
    "disableDefaultScope": ("disable_default_scope", as_flag),
    "redirectURI": ("redirect_uri", as_text),
    "prompt": ("prompt", as_text),
    "mapProfileToUser": ("map_profile_to_user", as_function),
    "disableSignUp": ("disable_sign_up", as_flag),
    "disableImplicitSignUp": ("disable_implicit_sign_up", as_flag),
    "overrideUserInfoOnSignIn": ("override_user_info_on_sign_in", as_flag),
    "disableIdTokenSignIn": ("disable_id_token_sign_in", as_flag),
}
GOOGLE: Mapping[str, Rule] = {
    "accessType": ("access_type", one_of("online", "offline")),
    "display": ("display", as_text),
    "hd": ("hd", as_text),
    "includeGrantedScopes": ("include_granted_scopes", as_flag),
}


def as_providers(value: JsonValue, path: str) -> tuple[SocialProvider, ...]:
    """Read `socialProviders`."""
    known = {"google": (Google, {**SOCIAL, **GOOGLE}), "github": (GitHub, SOCIAL)}
    given = as_object(value, path)
    if unknown := sorted(set(given) - set(known)):
        raise ConfigurationError(f"{path}.{unknown[0]} is not known here: describe it as a GenericOAuth")
    return tuple(
        members_of(known[name][0], options, f"{path}.{name}", known[name][1])
        for name, options in given.items()
    )
