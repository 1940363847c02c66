"""Discord: a picture is an address that is put together, and a bot has permissions."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Final

from ostiary.domain.errors import JsonValue
from ostiary.domain.oauth import UserInfo
from ostiary.options.particular_providers import Discord
from ostiary.services.oauth.authorization import standard_address
from ostiary.services.oauth.provider import AuthorizationRequest, Grant, Provider
from ostiary.services.oauth.reading import first_at, object_at, subject_at

_PICTURES: Final = "https://cdn.discordapp.com"


def discord(settings: Discord) -> Provider:
    """Declare Discord."""
    return Provider(
        settings=settings,
        authorization_url="https://discord.com/api/oauth2/authorize",
        token_url="https://discord.com/api/oauth2/token",
        default_scopes=("identify", "email"),
        requested_scopes_first=True,
        parameters={"prompt": "none"},
        takes_prompt=True,
        authorize=partial(_authorize, permissions=settings.permissions),
        pkce=False,
        subject=subject_at("id"),
        read=_read,
    )


def _authorize(provider: Provider, request: AuthorizationRequest, *, permissions: int | None) -> str:
    if permissions is not None and "bot" in provider.scopes(request.scopes):
        more = {"permissions": str(permissions), **request.additional}
        request = replace(request, additional=more)
    return standard_address(provider, request)


async def _read(grant: Grant) -> UserInfo | None:
    profile = object_at(await grant.ask("https://discord.com/api/users/@me"))
    if profile is None:
        return None
    data = {**profile, "image_url": _picture(profile)}
    user = {
        "name": first_at(data, ("global_name", "username"), ""),
        "email": data.get("email"),
        "emailVerified": data.get("verified"),
        "image": data["image_url"],
    }
    return UserInfo(data=data, user=user)


def _picture(profile: Mapping[str, JsonValue]) -> str | None:
    """Return the address of the picture; people without one have one of a few, by their number."""
    avatar, subject = profile.get("avatar"), str(profile.get("id"))
    if isinstance(avatar, str):
        kind = "gif" if avatar.startswith("a_") else "png"
        return f"{_PICTURES}/avatars/{subject}/{avatar}.{kind}"
    number = str(profile.get("discriminator") or "0")
    if not (subject.isdecimal() and number.isdecimal()):
        return None
    index = (int(subject) >> 22) % 6 if number == "0" else int(number) % 5
    return f"{_PICTURES}/embed/avatars/{index}.png"
