"""X, once Twitter: the address is told apart from the profile, and only where it is proved."""

from ostiary.domain.oauth import UserInfo
from ostiary.options.known_providers import Twitter
from ostiary.services.oauth.failure import ProviderFailed
from ostiary.services.oauth.provider import Grant, Provider
from ostiary.services.oauth.reading import at, object_at, placeholder_email, subject_at

_ME = "https://api.x.com/2/users/me?user.fields="


def twitter(settings: Twitter) -> Provider:
    """Declare X."""
    return Provider(
        settings=settings,
        authorization_url="https://x.com/i/oauth2/authorize",
        token_url="https://api.x.com/2/oauth2/token",
        default_scopes=("users.read", "tweet.read", "offline.access", "users.email"),
        authentication="basic",
        subject=subject_at(("data", "id")),
        read=_read,
    )


async def _read(grant: Grant) -> UserInfo | None:
    told = await grant.ask(f"{_ME}profile_image_url")
    person = object_at(told, "data")
    if person is None:
        return None
    email = await _proved_address(grant)
    person = {**person, "email": email} if email else person
    user = {
        "name": person.get("name"),
        "email": person.get("email") or placeholder_email(person.get("id"), "twitter"),
        "image": person.get("profile_image_url"),
        "emailVerified": bool(email),
    }
    return UserInfo(data={**(object_at(told) or {}), "data": person}, user=user)


async def _proved_address(grant: Grant) -> str | None:
    """Return the address; None where the scope was not granted."""
    try:
        email = at(await grant.ask(f"{_ME}confirmed_email"), ("data", "confirmed_email"))
    except ProviderFailed:
        return None
    return email if isinstance(email, str) and email else None
