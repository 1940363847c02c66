"""Reads the providers of a Better Auth configuration in its own names."""

from collections.abc import Mapping
from typing import Any

from ostiary.domain.errors import ConfigurationError, JsonValue
from ostiary.options import frequent_providers as frequent
from ostiary.options import known_providers as known
from ostiary.options import particular_providers as particular
from ostiary.options.generic_oauth import GenericOAuth
from ostiary.options.readers import (
    Rule,
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
from ostiary.options.social import SocialProvider

_METHODS: Mapping[str, str] = {
    "client_secret_post": "post",
    "client_secret_basic": "basic",
    "none": "none",
}


def _method(value: JsonValue, path: str) -> str:
    return _METHODS[one_of(*_METHODS)(value, path)]


def _endpoint_authentication(value: JsonValue, path: str) -> str:
    given = as_object(value, path)
    if set(given) != {"method"}:
        raise wrong(path, "a method alone; a client assertion goes into client_assertion")
    return _method(given["method"], f"{path}.method")


def _audience(value: JsonValue, path: str) -> Any:  # a tuple of texts
    return (value,) if isinstance(value, str) else as_texts(value, path)


def _photo_size(value: JsonValue, path: str) -> int:
    size = as_count(value, path)
    if size not in {48, 64, 96, 120, 240, 360, 432, 504, 648}:
        raise wrong(path, "one of the sizes that Microsoft has")
    return size


SOCIAL: Mapping[str, Rule] = {
    "clientId": ("client_id", either(as_text, as_texts)),
    "clientSecret": ("client_secret", as_text),
    "clientAssertion": ("client_assertion", as_function),
    "tokenEndpointAuth": ("authentication", _endpoint_authentication),
    "tokenEndpointAuthMethod": ("authentication", _method),
    "scope": ("scope", as_texts),
    "disableDefaultScope": ("disable_default_scope", as_flag),
    "redirectURI": ("redirect_uri", as_text),
    "authorizationEndpoint": ("authorization_url", as_text),
    "prompt": ("prompt", as_text),
    "responseMode": ("response_mode", one_of("query", "form_post")),
    "mapProfileToUser": ("map_profile_to_user", as_function),
    "getUserInfo": ("get_user_info", as_function),
    "verifyIdToken": ("verify_id_token", as_function),
    "refreshAccessToken": ("refresh_access_token", as_function),
    "disableSignUp": ("disable_sign_up", as_flag),
    "disableImplicitSignUp": ("disable_implicit_sign_up", as_flag),
    "overrideUserInfoOnSignIn": ("override_user_info_on_sign_in", as_flag),
    "disableIdTokenSignIn": ("disable_id_token_sign_in", as_flag),
    "requireEmailVerification": ("require_email_verification", as_flag),
}
GENERIC: Mapping[str, Rule] = {
    "providerId": ("provider_id", as_text),
    "discoveryUrl": ("discovery_url", as_text),
    "discoveryHeaders": ("discovery_headers", as_names),
    "issuer": ("issuer", as_text),
    "requireIssuerValidation": ("require_issuer_validation", as_flag),
    "requireIdTokenVerification": ("require_id_token_verification", as_flag),
    "disableIdTokenNonceBinding": ("disable_id_token_nonce_binding", as_flag),
    "authorizationUrl": ("authorization_url", as_text),
    "tokenUrl": ("token_url", as_text),
    "userInfoUrl": ("user_info_url", as_text),
    "scopes": ("scope", as_texts),
    "endSessionEndpoint": ("end_session_url", as_text),
    "postLogoutRedirectURI": ("post_logout_redirect_uri", as_text),
    "disableProviderLogout": ("disable_provider_logout", as_flag),
    "responseType": ("response_type", as_text),
    "pkce": ("pkce", as_flag),
    "accessType": ("access_type", as_text),
    "authentication": ("authentication", one_of("post", "basic")),
    "authorizationHeaders": ("authorization_headers", as_names),
    "authorizationUrlParams": ("authorization_url_params", as_names),
    "tokenUrlParams": ("token_url_params", as_names),
    "refreshTokenParams": ("refresh_token_params", either(as_names, as_function)),
    "getToken": ("get_token", as_function),
    "accountSubject": ("account_subject", as_function),
    "accessTokenExpiresIn": ("access_token_expires_in", as_seconds),
    "overrideUserInfo": ("override_user_info_on_sign_in", as_flag),
    "allowIdpInitiated": ("allow_idp_initiated", as_flag),
}
OWN: Mapping[type[SocialProvider], Mapping[str, Rule]] = {
    particular.Apple: {
        "appBundleIdentifier": ("app_bundle_identifier", as_text),
        "audience": ("audience", _audience),
    },
    particular.Cognito: {
        "domain": ("domain", as_text),
        "region": ("region", as_text),
        "userPoolId": ("user_pool_id", as_text),
        "requireClientSecret": ("require_client_secret", as_flag),
        "identityProvider": ("identity_provider", as_text),
    },
    particular.Discord: {"permissions": ("permissions", as_count)},
    particular.Dropbox: {"accessType": ("access_type", one_of("offline", "online", "legacy"))},
    particular.Facebook: {"fields": ("fields", as_texts), "configId": ("config_id", as_text)},
    particular.GitLab: {"issuer": ("issuer", as_text)},
    frequent.Google: {
        "accessType": ("access_type", one_of("online", "offline")),
        "display": ("display", as_text),
        "hd": ("hd", as_text),
        "includeGrantedScopes": ("include_granted_scopes", as_flag),
    },
    particular.Microsoft: {
        "tenantId": ("tenant_id", as_text),
        "authority": ("authority", as_text),
        "profilePhotoSize": ("profile_photo_size", _photo_size),
        "disableProfilePhoto": ("disable_profile_photo", as_flag),
    },
    particular.Paybin: {"issuer": ("issuer", as_text)},
    particular.PayPal: {"environment": ("environment", one_of("sandbox", "live"))},
    particular.Reddit: {"duration": ("duration", as_text)},
    particular.Salesforce: {
        "environment": ("environment", one_of("sandbox", "production")),
        "loginUrl": ("login_url", as_text),
    },
    known.TikTok: {"clientKey": ("client_id", as_text)},
    particular.Twitch: {"claims": ("claims", as_texts)},
    particular.WeChat: {"lang": ("lang", one_of("cn", "en"))},
    particular.Zoom: {"pkce": ("pkce", as_flag)},
}
"""What only one provider has."""
BY_NAME: Mapping[str, type[SocialProvider]] = {
    kind.known_as: kind
    for module in (frequent, known, particular)
    for kind in vars(module).values()
    if isinstance(kind, type) and issubclass(kind, SocialProvider) and kind.known_as
}


def as_providers(value: JsonValue, path: str) -> tuple[SocialProvider, ...]:
    """Read `socialProviders`; one with addresses of its own is a GenericOAuth by that name."""
    given = {name: as_object(options, f"{path}.{name}") for name, options in as_object(value, path).items()}
    return tuple(
        _provider(name, {key: each for key, each in options.items() if key != "enabled"}, f"{path}.{name}")
        for name, options in given.items()
        if as_flag(options.get("enabled", True), f"{path}.{name}.enabled")
    )


def _provider(name: str, given: Mapping[str, JsonValue], path: str) -> SocialProvider:
    if not {"discoveryUrl", "authorizationUrl"}.isdisjoint(given):
        return as_generic_oauth({"providerId": name, **given}, path)
    if name not in BY_NAME:
        raise ConfigurationError(f"{path} is not known here: give it a discoveryUrl, or its addresses")
    kind = BY_NAME[name]
    return members_of(kind, given, path, {**SOCIAL, **OWN.get(kind, {})})


def as_generic_oauth(value: JsonValue, path: str) -> GenericOAuth:
    """Read one provider of the reference's `genericOAuth` plugin."""
    shown = {name: each for name, each in as_object(value, path).items() if name != "name"}  # nobody reads it
    return members_of(GenericOAuth, shown, path, {**SOCIAL, **GENERIC})
