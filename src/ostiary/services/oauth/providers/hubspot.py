"""HubSpot: who somebody is, is told of the access token."""

from urllib.parse import quote

from ostiary.domain.oauth import UserInfo
from ostiary.options.known_providers import HubSpot
from ostiary.services.oauth.provider import Grant, Provider
from ostiary.services.oauth.reading import object_at, said, subject_at

_TOKENS = "https://api.hubapi.com/oauth/v1/access-tokens"
_USER = said(name=("user",), email="user")


def hubspot(settings: HubSpot) -> Provider:
    """Declare HubSpot."""
    return Provider(
        settings=settings,
        authorization_url="https://app.hubspot.com/oauth/authorize",
        token_url="https://api.hubapi.com/oauth/v1/token",
        default_scopes=("oauth",),
        takes_login_hint=True,
        takes_prompt=True,
        subject=subject_at("user_id", ("signed_access_token", "userId")),
        read=_read,
    )


async def _read(grant: Grant) -> UserInfo | None:
    token = quote(grant.tokens.access_token or "", safe="")
    profile = object_at(await grant.calls.ask(f"{_TOKENS}/{token}"))
    return None if profile is None else UserInfo(data=profile, user=_USER(profile))
