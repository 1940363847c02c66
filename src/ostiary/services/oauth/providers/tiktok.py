"""TikTok: a client key in the place of a client id, and an address of its own order."""

from ostiary.domain.oauth import UserInfo
from ostiary.options.known_providers import TikTok
from ostiary.services.oauth.authorization import sparse_address
from ostiary.services.oauth.provider import Grant, Provider
from ostiary.services.oauth.reading import at, first_at, object_at, placeholder_email, subject_at

_PERSON = ("data", "user")
_FIELDS = "open_id,avatar_large_url,display_name,username"


def tiktok(settings: TikTok) -> Provider:
    """Declare TikTok."""
    return Provider(
        settings=settings,
        authorization_url="https://www.tiktok.com/v2/auth/authorize",
        token_url="https://open.tiktokapis.com/v2/oauth/token/",
        default_scopes=("user.info.profile",),
        authorize=sparse_address,
        pkce=False,
        sends_verifier=True,
        client_id_name="client_key",
        subject=subject_at((*_PERSON, "open_id")),
        read=_read,
    )


async def _read(grant: Grant) -> UserInfo | None:
    data = object_at(await grant.ask(f"https://open.tiktokapis.com/v2/user/info/?fields={_FIELDS}"))
    if data is None:
        return None
    person = at(data, _PERSON)
    user = {
        "email": at(person, "email") or placeholder_email(at(person, "open_id"), "tiktok"),
        "name": first_at(person, ("display_name", "username"), ""),
        "image": at(person, "avatar_large_url"),
        "emailVerified": False,
    }
    return UserInfo(data=data, user=user)
