"""GitHub: plain OAuth 2; its interface says who somebody is."""

from collections.abc import Mapping
from typing import Final

from ostiary.domain.errors import JsonValue
from ostiary.options.social import GitHub
from ostiary.services.oauth.failure import ProviderFailed
from ostiary.services.oauth.profiles import mapped
from ostiary.services.oauth.provider import Grant, Profile, Provider

_USER: Final = "https://api.github.com/user"


def github(settings: GitHub) -> Provider:
    """Declare GitHub."""

    async def read_profile(grant: Grant) -> Profile | None:
        """Ask for the person, and for the addresses, which alone tell what is verified."""
        token = grant.tokens.access_token or ""
        profile = await grant.fetch(_USER, token)
        if not isinstance(profile, dict):
            return None
        try:
            addresses = _addresses(await grant.fetch(f"{_USER}/emails", token))
        except ProviderFailed:
            addresses = []  # a scope that was not granted: the address stays unverified
        email = profile.get("email") or _chosen(addresses)
        data = {**profile, "email": email}
        user = {
            "name": profile.get("name") or profile.get("login") or "",
            "email": email,
            "image": profile.get("avatar_url"),
            "emailVerified": any(
                each.get("email") == email and each.get("verified") is True for each in addresses
            ),
        }
        return await mapped(settings, profile.get("id"), user, data)

    return Provider(
        settings=settings,
        authorization_url="https://github.com/login/oauth/authorize",
        token_url="https://github.com/login/oauth/access_token",  # noqa: S106  an address
        default_scopes=("read:user", "user:email"),
        read_profile=read_profile,
    )


def _addresses(document: JsonValue) -> list[Mapping[str, JsonValue]]:
    given = document if isinstance(document, list) else []
    return [each for each in given if isinstance(each, dict)]


def _chosen(addresses: list[Mapping[str, JsonValue]]) -> JsonValue:
    """Return the primary address of somebody who shows none, else the first."""
    primary = [each.get("email") for each in addresses if each.get("primary")]
    return next(iter(primary or [each.get("email") for each in addresses]), None)
