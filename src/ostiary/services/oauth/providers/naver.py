"""Naver: its answers carry a result of their own."""

from ostiary.domain.oauth import UserInfo
from ostiary.options.known_providers import Naver
from ostiary.services.oauth.failure import ProviderFailed
from ostiary.services.oauth.provider import Grant, Provider
from ostiary.services.oauth.reading import object_at, said, subject_at

_USER = said(name=("name", "nickname"), email="email", image=("profile_image",))


def naver(settings: Naver) -> Provider:
    """Declare Naver."""
    return Provider(
        settings=settings,
        authorization_url="https://nid.naver.com/oauth2.0/authorize",
        token_url="https://nid.naver.com/oauth2.0/token",
        default_scopes=("profile", "email"),
        pkce=False,
        subject=subject_at(("response", "id")),
        read=_read,
    )


async def _read(grant: Grant) -> UserInfo | None:
    data = object_at(await grant.ask("https://openapi.naver.com/v1/nid/me"))
    if data is None or data.get("resultcode") != "00":
        raise ProviderFailed("its interface reports no success")
    return UserInfo(data=data, user=_USER(object_at(data, "response") or {}))
