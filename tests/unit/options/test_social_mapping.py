"""The providers of a Better Auth configuration move over in its own names."""

from typing import Any

import pytest

from ostiary import ConfigurationError, Options
from ostiary.options.social_mapping import BY_NAME
from ostiary.providers import Apple, Cloudflare, Discord, GenericOAuth, Microsoft, TikTok, Vercel

WHO = {"clientId": "client", "clientSecret": "secret"}
REQUIRED: dict[str, dict[str, Any]] = {
    "cognito": {"domain": "pool.example", "region": "eu-central-1", "userPoolId": "pool"},
}


def read(**providers: Any) -> Any:
    mapping = {"secret": "s" * 32, "baseURL": "http://auth.test", "socialProviders": providers}
    return Options.from_mapping(mapping).social_providers


@pytest.mark.parametrize("name", BY_NAME)
def test_every_provider_is_read_by_its_name(name: str) -> None:
    async def hook(*_: Any) -> Any:
        """Stand for a function of the application."""

    [provider] = read(
        **{
            name: {
                **WHO,
                **REQUIRED.get(name, {}),
                "clientId": ["first", "second"],
                "scope": ["more"],
                "disableDefaultScope": True,
                "redirectURI": "https://site.example/back",
                "authorizationEndpoint": "https://other.example/authorize",
                "prompt": "consent",
                "responseMode": "query",
                "mapProfileToUser": hook,
                "getUserInfo": hook,
                "verifyIdToken": hook,
                "refreshAccessToken": hook,
                "disableSignUp": True,
                "disableImplicitSignUp": True,
                "overrideUserInfoOnSignIn": True,
                "disableIdTokenSignIn": True,
                "requireEmailVerification": True,
            }
        }
    )
    assert type(provider) is BY_NAME[name]
    assert provider.provider_id == name
    assert (provider.client_ids, provider.scope) == (("first", "second"), ("more",))
    assert provider.authorization_url == "https://other.example/authorize"
    assert provider.get_user_info is provider.verify_id_token is hook
    assert provider.require_email_verification


def test_options_of_one_provider_keep_their_meaning() -> None:
    apple, microsoft, tiktok, discord, cloudflare, vercel = read(
        apple={**WHO, "audience": "com.example.app", "appBundleIdentifier": "com.example"},
        microsoft={"clientId": "client", "tenantId": "organizations", "profilePhotoSize": 96},
        tiktok={"clientKey": "key", "clientSecret": "secret"},
        discord={**WHO, "permissions": 8},
        cloudflare={**WHO, "tokenEndpointAuthMethod": "client_secret_post"},
        vercel={"clientId": "client", "tokenEndpointAuth": {"method": "none"}},
    )
    assert isinstance(apple, Apple)
    assert apple.audience == ("com.example.app",)
    assert isinstance(microsoft, Microsoft)
    assert (microsoft.tenant_id, microsoft.profile_photo_size) == ("organizations", 96)
    assert isinstance(tiktok, TikTok)
    assert tiktok.client_ids == ("key",)
    assert isinstance(discord, Discord)
    assert discord.permissions == 8
    assert isinstance(cloudflare, Cloudflare)
    assert cloudflare.authentication == "post"
    assert isinstance(vercel, Vercel)
    assert vercel.authentication == "none"


def test_a_provider_with_addresses_of_its_own_is_a_generic_one_by_its_name() -> None:
    [sso] = read(
        sso={
            **WHO,
            "discoveryUrl": "https://sso.example/.well-known/openid-configuration",
            "scopes": ["email"],
            "pkce": False,
            "accessTokenExpiresIn": 60,
            "overrideUserInfo": True,
        }
    )
    assert isinstance(sso, GenericOAuth)
    assert (sso.provider_id, sso.scope, sso.pkce) == ("sso", ("email",), False)
    assert sso.override_user_info_on_sign_in


def test_a_provider_that_is_not_enabled_is_left_out() -> None:
    assert read(google={**WHO, "enabled": False}) == ()
    [github] = read(github={**WHO, "enabled": True})
    assert github.provider_id == "github"


@pytest.mark.parametrize(
    ("providers", "complaint"),
    [
        ({"nobody": WHO}, "socialProviders.nobody is not known here"),
        ({"google": {"clientId": "client"}}, "'google' needs the client_secret"),
        ({"google": {**WHO, "hdd": "x"}}, "socialProviders.google.hdd is not known here"),
        ({"twitter": {"clientId": "client"}}, "'twitter' needs the client_secret"),
        ({"apple": {"clientId": "client"}}, "team_id, key_id and private_key"),
        ({"cognito": {**WHO, "domain": "", "region": "r", "userPoolId": "p"}}, "domain, region"),
        ({"spotify": {"clientId": []}}, "needs the client_id"),
        ({"microsoft": {**WHO, "tenantId": "contoso.com"}}, "as its number"),
        ({"vercel": {**WHO, "tokenEndpointAuth": {"method": "private_key_jwt"}}}, "client_secret_post"),
    ],
)
def test_a_provider_that_cannot_work_is_refused_by_name(providers: Any, complaint: str) -> None:
    with pytest.raises(ConfigurationError, match=complaint):
        read(**providers)
