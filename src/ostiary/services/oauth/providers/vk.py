"""VK: the browser brings a device along, and the interface is asked by a form."""

from ostiary.crypto.javascript import form_encoded
from ostiary.domain.oauth import UserInfo
from ostiary.options.known_providers import VK
from ostiary.services.oauth.provider import Grant, Provider
from ostiary.services.oauth.reading import object_at, subject_at

_PASSED_ON = ("first_name", "last_name", "email", "birthday", "sex")


def vk(settings: VK) -> Provider:
    """Declare VK."""

    async def read(grant: Grant) -> UserInfo | None:
        """Ask who it is; None where no address is told and none is mapped."""
        form = {"access_token": grant.tokens.access_token or "", "client_id": settings.client_ids[0]}
        headers = {"content-type": "application/x-www-form-urlencoded"}
        data = object_at(
            await grant.calls.ask("https://id.vk.com/oauth2/user_info", headers, form_encoded(form).encode())
        )
        person = object_at(data, "user")
        if data is None or person is None or not (person.get("email") or settings.map_profile_to_user):
            return None
        user = {
            **{name: person.get(name) for name in _PASSED_ON},
            "image": person.get("avatar"),
            "emailVerified": False,
            "name": f"{person.get('first_name') or ''} {person.get('last_name') or ''}".strip(),
        }
        return UserInfo(data=data, user=user)

    return Provider(
        settings=settings,
        authorization_url="https://id.vk.com/authorize",
        token_url="https://id.vk.com/oauth2/auth",
        default_scopes=("email", "phone"),
        subject=subject_at(("user", "user_id")),
        read=read,
    )
