"""Cloudflare: a public client without a secret; its interface wraps what it says."""

from ostiary.domain.oauth import UserInfo
from ostiary.options.particular_providers import Cloudflare
from ostiary.services.oauth.failure import ProviderFailed
from ostiary.services.oauth.provider import Grant, Provider
from ostiary.services.oauth.reading import at, object_at, subject_at


def cloudflare(settings: Cloudflare) -> Provider:
    """Declare Cloudflare."""
    return Provider(
        settings=settings,
        authorization_url="https://dash.cloudflare.com/oauth2/auth",
        token_url="https://dash.cloudflare.com/oauth2/token",
        default_scopes=("user-details.read",),
        takes_parameters=False,
        authentication="basic" if settings.client_secret else "none",
        subject=subject_at("id"),
        read=_read,
    )


async def _read(grant: Grant) -> UserInfo | None:
    answer = await grant.ask("https://api.cloudflare.com/client/v4/user")
    profile = object_at(answer, "result")
    if profile is None or not at(answer, "success"):
        raise ProviderFailed("its interface reports no success")
    names = (profile.get("first_name"), profile.get("last_name"))
    name = " ".join(each for each in names if isinstance(each, str) and each)
    email = profile.get("email")
    return UserInfo(data=profile, user={"name": name or email, "email": email, "emailVerified": False})
