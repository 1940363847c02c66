"""GitLab: theirs or one's own; who is blocked there does not come in here."""

import re

from ostiary.domain.oauth import UserInfo
from ostiary.options.particular_providers import GitLab
from ostiary.services.oauth.failure import ProviderFailed
from ostiary.services.oauth.provider import Grant, Provider
from ostiary.services.oauth.reading import object_at, said, subject_at

_USER = said(name=("name", "username"), email="email", image=("avatar_url",), verified="email_verified")


def gitlab(settings: GitLab) -> Provider:
    """Declare a GitLab."""

    def at(path: str) -> str:
        """Return an address of it."""
        scheme, _, rest = f"{settings.issuer}{path}".partition("://")
        return f"{scheme}://{re.sub('/{2,}', '/', rest)}"

    async def read(grant: Grant) -> UserInfo | None:
        """Ask who it is; raises ProviderFailed for people who may not sign in there either."""
        profile = object_at(await grant.ask(at("/api/v4/user")))
        if profile is None or profile.get("state") != "active" or profile.get("locked"):
            raise ProviderFailed("the person is blocked there")
        return UserInfo(data=profile, user=_USER(profile))

    return Provider(
        settings=settings,
        authorization_url=at("/oauth/authorize"),
        token_url=at("/oauth/token"),
        default_scopes=("read_user",),
        takes_login_hint=True,
        subject=subject_at("id"),
        read=read,
    )
