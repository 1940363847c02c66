"""GitHub: plain OAuth 2; which address is proved is told apart from the profile."""

from collections.abc import Mapping
from typing import Final

from ostiary.domain.errors import JsonValue
from ostiary.domain.oauth import UserInfo
from ostiary.options.frequent_providers import GitHub
from ostiary.services.oauth.failure import ProviderFailed
from ostiary.services.oauth.provider import Grant, Provider
from ostiary.services.oauth.reading import first_at, object_at, subject_at

_USER: Final = "https://api.github.com/user"


def github(settings: GitHub) -> Provider:
    """Declare GitHub."""
    return Provider(
        settings=settings,
        authorization_url="https://github.com/login/oauth/authorize",
        token_url="https://github.com/login/oauth/access_token",
        default_scopes=("read:user", "user:email"),
        takes_prompt=True,
        takes_login_hint=True,
        subject=subject_at("id"),
        read=_read,
    )


async def _read(grant: Grant) -> UserInfo | None:
    """Ask for the person, and for the addresses, which alone tell what is verified."""
    profile = object_at(await grant.ask(_USER))
    if profile is None:
        return None
    try:
        addresses = _addresses(await grant.ask(f"{_USER}/emails"))
    except ProviderFailed:
        addresses = []  # a scope that was not granted: the address stays unverified
    email = profile.get("email") or _chosen(addresses)
    proved = any(each.get("email") == email and each.get("verified") is True for each in addresses)
    user = {
        "name": first_at(profile, ("name", "login"), ""),
        "email": email,
        "image": profile.get("avatar_url"),
        "emailVerified": proved,
    }
    return UserInfo(data={**profile, "email": email}, user=user)


def _addresses(document: JsonValue) -> list[Mapping[str, JsonValue]]:
    given = document if isinstance(document, list) else []
    return [each for each in given if isinstance(each, dict)]


def _chosen(addresses: list[Mapping[str, JsonValue]]) -> JsonValue:
    """Return the primary address of somebody who shows none, else the first."""
    primary = [each.get("email") for each in addresses if each.get("primary")]
    return next(iter(primary or [each.get("email") for each in addresses]), None)
