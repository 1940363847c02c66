"""Reddit: it tells no address, and wants to be asked in its own way."""

from ostiary.domain.oauth import UserInfo
from ostiary.options.particular_providers import Reddit
from ostiary.services.oauth.provider import Grant, Provider
from ostiary.services.oauth.reading import object_at, placeholder_email, subject_at


def reddit(settings: Reddit) -> Provider:
    """Declare Reddit."""
    return Provider(
        settings=settings,
        authorization_url="https://www.reddit.com/api/v1/authorize",
        token_url="https://www.reddit.com/api/v1/access_token",
        default_scopes=("identity",),
        parameters={"duration": settings.duration},
        pkce=False,
        authentication="basic",
        token_headers={"accept": "text/plain"},
        subject=subject_at("id"),
        read=_read,
    )


async def _read(grant: Grant) -> UserInfo | None:
    profile = object_at(await grant.ask("https://oauth.reddit.com/api/v1/me"))
    if profile is None:
        return None
    picture = profile.get("icon_img")
    user = {
        "name": profile.get("name"),
        "image": picture.partition("?")[0] if isinstance(picture, str) else None,
        "email": placeholder_email(profile.get("id"), "reddit"),
        "emailVerified": False,
    }
    return UserInfo(data=profile, user=user)
