"""Kakao: an address counts as proved where it is both valid and verified."""

from ostiary.domain.oauth import UserInfo
from ostiary.options.known_providers import Kakao
from ostiary.services.oauth.provider import Grant, Provider
from ostiary.services.oauth.reading import at, first_at, object_at, subject_at


def kakao(settings: Kakao) -> Provider:
    """Declare Kakao."""
    return Provider(
        settings=settings,
        authorization_url="https://kauth.kakao.com/oauth/authorize",
        token_url="https://kauth.kakao.com/oauth/token",
        default_scopes=("account_email", "profile_image", "profile_nickname"),
        takes_login_hint=True,
        pkce=False,
        subject=subject_at("id"),
        read=_read,
    )


async def _read(grant: Grant) -> UserInfo | None:
    data = object_at(await grant.ask("https://kapi.kakao.com/v2/user/me"))
    if data is None:
        return None
    account = data.get("kakao_account")
    user = {
        "name": first_at(account, (("profile", "nickname"), "name"), ""),
        "email": at(account, "email"),
        "image": first_at(account, (("profile", "profile_image_url"), ("profile", "thumbnail_image_url"))),
        "emailVerified": at(account, "is_email_valid") is True and at(account, "is_email_verified") is True,
    }
    return UserInfo(data=data, user=user)
