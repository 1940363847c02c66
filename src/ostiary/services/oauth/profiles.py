"""What every provider's profile goes through."""

from collections.abc import Mapping

from ostiary.domain.errors import JsonValue
from ostiary.options.social import SocialProvider
from ostiary.services.oauth.provider import Profile, subject_of


async def mapped(
    settings: SocialProvider,
    subject: JsonValue,
    user: Mapping[str, JsonValue],
    data: Mapping[str, JsonValue],
) -> Profile | None:
    """Return the profile as the application maps it; None where it names nobody.

    The subject is the provider's own: no mapping may make one person of two.
    """
    known = subject_of(subject)
    if known is None:
        return None
    own = await settings.map_profile_to_user(data) if settings.map_profile_to_user else {}
    said = {name: value for name, value in {**user, **own}.items() if value is not None}
    return Profile(subject=known, user=said, data=data)
