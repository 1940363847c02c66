"""Yandex: its own word in the place of Bearer, and a picture whose address is put together."""

from ostiary.domain.oauth import UserInfo
from ostiary.options.known_providers import Yandex
from ostiary.services.oauth.provider import Grant, Provider
from ostiary.services.oauth.reading import first_at, object_at, subject_at


def yandex(settings: Yandex) -> Provider:
    """Declare Yandex."""
    return Provider(
        settings=settings,
        authorization_url="https://oauth.yandex.com/authorize",
        token_url="https://oauth.yandex.com/token",
        default_scopes=("login:info", "login:email", "login:avatar"),
        takes_login_hint=True,
        takes_prompt=True,
        subject=subject_at("id"),
        read=_read,
    )


async def _read(grant: Grant) -> UserInfo | None:
    headers = {"authorization": f"OAuth {grant.tokens.access_token or ''}"}
    data = object_at(await grant.calls.ask("https://login.yandex.ru/info?format=json", headers))
    email = first_at(data, ("default_email", ("emails", 0)))
    if data is None or not email:
        return None
    avatar = None if data.get("is_avatar_empty") else data.get("default_avatar_id")
    user = {
        "name": first_at(data, ("display_name", "real_name", "first_name", "login")),
        "email": email,
        "emailVerified": False,
        "image": f"https://avatars.yandex.net/get-yapic/{avatar}/islands-200" if avatar else None,
    }
    return UserInfo(data=data, user=user)
