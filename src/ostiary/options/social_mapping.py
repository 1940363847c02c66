"""Reads the providers of a Better Auth configuration in its own names."""

from collections.abc import Mapping
from typing import Any

from ostiary.domain.errors import ConfigurationError, JsonValue
from ostiary.options import frequent_providers as frequent
from ostiary.options import known_providers as known
from ostiary.options import particular_providers as particular
from ostiary.options import readers as read
from ostiary.options.generic_oauth import GenericOAuth
from ostiary.options.social import SocialProvider

_METHODS: Mapping[str, str] = {
    "client_secret_post": "post",
    "client_secret_basic": "basic",
    "none": "none",
}


def _method(value: JsonValue, path: str) -> str:
    return _METHODS[read.one_of(*_METHODS)(value, path)]


def _endpoint_authentication(value: JsonValue, path: str) -> str:
    given = read.mapping(value, path)
    if set(given) != {"method"}:
        raise read.wrong(path, "a method alone; a client assertion goes into client_assertion")
    return _method(given["method"], f"{path}.method")


def _audience(value: JsonValue, path: str) -> Any:  # a tuple of texts
    return (value,) if isinstance(value, str) else read.texts(value, path)


def _photo_size(value: JsonValue, path: str) -> int:
    size = read.count(value, path)
    if size not in {48, 64, 96, 120, 240, 360, 432, 504, 648}:
        raise read.wrong(path, "one of the sizes that Microsoft has")
    return size


SOCIAL: Mapping[str, read.Rule] = read.rules(
    {
        "clientId": read.either(read.text, read.texts),
        "clientSecret": read.text,
        "clientAssertion": read.function,
        "tokenEndpointAuth": ("authentication", _endpoint_authentication),
        "tokenEndpointAuthMethod": ("authentication", _method),
        "scope": read.texts,
        "disableDefaultScope": read.flag,
        "redirectURI": read.text,
        "authorizationEndpoint": ("authorization_url", read.text),
        "prompt": read.text,
        "responseMode": read.one_of("query", "form_post"),
        "mapProfileToUser": read.function,
        "getUserInfo": read.function,
        "verifyIdToken": read.function,
        "refreshAccessToken": read.function,
        "disableSignUp": read.flag,
        "disableImplicitSignUp": read.flag,
        "overrideUserInfoOnSignIn": read.flag,
        "disableIdTokenSignIn": read.flag,
        "requireEmailVerification": read.flag,
    }
)
GENERIC: Mapping[str, read.Rule] = read.rules(
    {
        "providerId": read.text,
        "discoveryUrl": read.text,
        "discoveryHeaders": read.names,
        "issuer": read.text,
        "requireIssuerValidation": read.flag,
        "requireIdTokenVerification": read.flag,
        "disableIdTokenNonceBinding": read.flag,
        "authorizationUrl": read.text,
        "tokenUrl": read.text,
        "userInfoUrl": read.text,
        "scopes": ("scope", read.texts),
        "endSessionEndpoint": ("end_session_url", read.text),
        "postLogoutRedirectURI": read.text,
        "disableProviderLogout": read.flag,
        "responseType": read.text,
        "pkce": read.flag,
        "accessType": read.text,
        "authentication": read.one_of("post", "basic"),
        "authorizationHeaders": read.names,
        "authorizationUrlParams": read.names,
        "tokenUrlParams": read.names,
        "refreshTokenParams": read.either(read.names, read.function),
        "getToken": read.function,
        "accountSubject": read.function,
        "accessTokenExpiresIn": read.seconds,
        "overrideUserInfo": ("override_user_info_on_sign_in", read.flag),
        "allowIdpInitiated": read.flag,
    }
)
_OWN: Mapping[type[SocialProvider], read.Readers] = {
    particular.Apple: {
        "appBundleIdentifier": read.text,
        "audience": _audience,
    },
    particular.Cognito: {
        "domain": read.text,
        "region": read.text,
        "userPoolId": read.text,
        "requireClientSecret": read.flag,
        "identityProvider": read.text,
    },
    particular.Discord: {"permissions": read.count},
    particular.Dropbox: {"accessType": read.one_of("offline", "online", "legacy")},
    particular.Facebook: {"fields": read.texts, "configId": read.text},
    particular.GitLab: {"issuer": read.text},
    frequent.Google: {
        "accessType": read.one_of("online", "offline"),
        "display": read.text,
        "hd": read.text,
        "includeGrantedScopes": read.flag,
    },
    particular.Microsoft: {
        "tenantId": read.text,
        "authority": read.text,
        "profilePhotoSize": _photo_size,
        "disableProfilePhoto": read.flag,
    },
    particular.Paybin: {"issuer": read.text},
    particular.PayPal: {"environment": read.one_of("sandbox", "live")},
    particular.Reddit: {"duration": read.text},
    particular.Salesforce: {
        "environment": read.one_of("sandbox", "production"),
        "loginUrl": read.text,
    },
    known.TikTok: {"clientKey": ("client_id", read.text)},
    particular.Twitch: {"claims": read.texts},
    particular.WeChat: {"lang": read.one_of("cn", "en")},
    particular.Zoom: {"pkce": read.flag},
}
OWN: Mapping[type[SocialProvider], Mapping[str, read.Rule]] = {
    kind: read.rules(readers) for kind, readers in _OWN.items()
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
    given = {
        name: read.mapping(options, f"{path}.{name}") for name, options in read.mapping(value, path).items()
    }
    return tuple(
        _provider(name, {key: each for key, each in options.items() if key != "enabled"}, f"{path}.{name}")
        for name, options in given.items()
        if read.flag(options.get("enabled", True), f"{path}.{name}.enabled")
    )


def _provider(name: str, given: Mapping[str, JsonValue], path: str) -> SocialProvider:
    if not {"discoveryUrl", "authorizationUrl"}.isdisjoint(given):
        return as_generic_oauth({"providerId": name, **given}, path)
    if name not in BY_NAME:
        raise ConfigurationError(f"{path} is not known here: give it a discoveryUrl, or its addresses")
    kind = BY_NAME[name]
    return read.members_of(kind, given, path, {**SOCIAL, **OWN.get(kind, {})})


def as_generic_oauth(value: JsonValue, path: str) -> GenericOAuth:
    """Read one provider of the reference's `genericOAuth` plugin."""
    shown = {
        name: each for name, each in read.mapping(value, path).items() if name != "name"
    }  # nobody reads it
    return read.members_of(GenericOAuth, shown, path, {**SOCIAL, **GENERIC})
