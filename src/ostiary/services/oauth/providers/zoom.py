"""Zoom: what is asked for is decided in its own pages."""

from ostiary.domain.oauth import UserInfo
from ostiary.options.particular_providers import Zoom
from ostiary.services.oauth.provider import Grant, Provider
from ostiary.services.oauth.reading import object_at, subject_at


def zoom(settings: Zoom) -> Provider:
    """Declare Zoom."""
    return Provider(
        settings=settings,
        authorization_url="https://zoom.us/oauth/authorize",
        token_url="https://zoom.us/oauth/token",
        takes_scopes=False,
        pkce=settings.pkce,
        sends_verifier=True,
        subject=subject_at("id"),
        read=_read,
    )


async def _read(grant: Grant) -> UserInfo | None:
    profile = object_at(await grant.ask("https://api.zoom.us/v2/users/me"))
    if profile is None:
        return None
    user = {
        "name": profile.get("display_name"),
        "image": profile.get("pic_url"),
        "email": profile.get("email"),
        "emailVerified": bool(profile.get("verified")),
    }
    return UserInfo(data=profile, user=user)
