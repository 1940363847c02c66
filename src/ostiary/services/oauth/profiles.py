"""Who somebody is by a provider's word, as the application maps it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ostiary.domain.errors import JsonValue
from ostiary.domain.oauth import UserInfo
from ostiary.domain.values import has_reordering
from ostiary.options.social import SocialProvider

_UNUSABLE: Final = frozenset({"", "undefined", "null", "None"})


@dataclass(frozen=True, slots=True)
class Profile:
    """What a provider says of a person."""

    subject: str
    """Who it is there: the key of the account, never the address."""
    user: Mapping[str, JsonValue]
    """Members of the user, by wire name, in the provider's order; what it does not say is left out."""
    data: Mapping[str, JsonValue]
    """Everything it said."""

    @property
    def email(self) -> str | None:
        """The address, where there is one that can be shown."""
        return _shown(self.user.get("email")) or None

    @property
    def name(self) -> str:
        """The name; empty where it is not told."""
        return _shown(self.user.get("name"))

    @property
    def image(self) -> str | None:
        """The address of a picture."""
        return _shown(self.user.get("image")) or None

    @property
    def email_verified(self) -> bool:
        """Whether the provider has proof of the address; anything but a clear yes is a no."""
        return is_true(self.user.get("emailVerified"))

    @property
    def others(self) -> Mapping[str, JsonValue]:
        """Members that may be additional fields."""
        return {
            name: value
            for name, value in self.user.items()
            if name not in {"id", "email", "name", "image", "emailVerified"}
        }


def _shown(value: JsonValue) -> str:
    """Return a text unless it would be read as another one than it is."""
    return value if isinstance(value, str) and not has_reordering(value) else ""


def is_true(value: JsonValue) -> bool:
    """Read a boolean that some providers write as text."""
    return value is True or value == "true"


def subject_of(value: JsonValue) -> str | None:
    """Return the identifier of a person as text; None for what identifies nobody."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return None
    text = str(value)
    return None if text.strip() in _UNUSABLE else text


async def mapped(settings: SocialProvider, subject: JsonValue, info: UserInfo) -> Profile | None:
    """Return the profile as the application maps it; None where it names nobody.

    The subject is the provider's own: no mapping may make one person of two.
    """
    known = subject_of(subject)
    if known is None:
        return None
    own = await settings.map_profile_to_user(info.data) if settings.map_profile_to_user else {}
    members = {name: value for name, value in {**info.user, **own}.items() if value is not None}
    return Profile(subject=known, user=members, data=info.data)
