"""Roblox: it tells no address."""

from ostiary.domain.oauth import UserInfo
from ostiary.options.particular_providers import Roblox
from ostiary.services.oauth.provider import Grant, Provider
from ostiary.services.oauth.reading import first_at, object_at, placeholder_email, subject_at


def roblox(settings: Roblox) -> Provider:
    """Declare Roblox."""
    return Provider(
        settings=settings,
        authorization_url="https://apis.roblox.com/oauth/v1/authorize",
        token_url="https://apis.roblox.com/oauth/v1/token",
        default_scopes=("openid", "profile"),
        parameters={"prompt": "select_account consent"},
        takes_prompt=True,
        pkce=False,
        subject=subject_at("sub"),
        read=_read,
    )


async def _read(grant: Grant) -> UserInfo | None:
    profile = object_at(await grant.ask("https://apis.roblox.com/oauth/v1/userinfo"))
    if profile is None:
        return None
    user = {
        "name": first_at(profile, ("nickname", "preferred_username"), ""),
        "image": profile.get("picture"),
        "email": placeholder_email(profile.get("sub"), "roblox"),
        "emailVerified": False,
    }
    return UserInfo(data=profile, user=user)
