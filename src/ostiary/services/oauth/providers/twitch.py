"""Twitch: the ID token tells what is asked for by `claims`."""

from ostiary.crypto.javascript import stringify
from ostiary.options.particular_providers import Twitch
from ostiary.services.oauth.provider import IdTokenRules, Provider
from ostiary.services.oauth.reading import by_id_token, said, subject_at

_ISSUER = "https://id.twitch.tv/oauth2"


def twitch(settings: Twitch) -> Provider:
    """Declare Twitch."""
    asked = dict.fromkeys(("email", "email_verified", *settings.claims))
    return Provider(
        settings=settings,
        authorization_url=f"{_ISSUER}/authorize",
        token_url=f"{_ISSUER}/token",
        default_scopes=("user:read:email", "openid"),
        parameters={"claims": stringify({"id_token": asked}).decode()},
        pkce=False,
        id_token_rules=IdTokenRules(issuer=_ISSUER, keys_url=None, client_ids=settings.client_ids),
        requires_id_token=True,
        subject=subject_at("sub"),
        read=by_id_token(
            said(name=("preferred_username",), email="email", image=("picture",), verified="email_verified")
        ),
    )
