"""How a provider's word on a person is read: by paths into what it says."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeAlias

from ostiary.crypto.strict_json import Claims
from ostiary.domain.errors import JsonValue
from ostiary.domain.oauth import UserInfo
from ostiary.services.oauth.provider import Grant, ReadUser, SubjectOf

Path: TypeAlias = str | tuple[str | int, ...]
UserOf: TypeAlias = Callable[[Mapping[str, JsonValue]], Mapping[str, JsonValue]]

PLACEHOLDER_DOMAIN: Final = "placeholder.invalid"


def at(data: JsonValue, path: Path) -> JsonValue:
    """Return what lies at a path; None where there is nothing, whatever is there instead."""
    for step in (path,) if isinstance(path, str) else path:
        if isinstance(step, int):
            data = data[step] if isinstance(data, list) and len(data) > step else None
        else:
            data = data.get(step) if isinstance(data, Mapping) else None
    return data


def first_at(data: JsonValue, paths: Sequence[Path], default: JsonValue = None) -> JsonValue:
    """Return the first value at any of the paths that says something."""
    return next((value for path in paths if (value := at(data, path))), default)


def object_at(data: JsonValue, path: Path = ()) -> Mapping[str, JsonValue] | None:
    """Return the object at a path; None where there is none."""
    found = at(data, path)
    return found if isinstance(found, Mapping) else None


def placeholder_email(subject: JsonValue, namespace: str) -> str:
    """Return an address that leads nowhere, for people of whom the provider tells none (RFC 2606)."""
    return f"{subject}@{namespace}.{PLACEHOLDER_DOMAIN}"


def subject_at(*paths: Path) -> SubjectOf:
    """Return what reads the subject from the profile."""

    async def read(info: UserInfo, claims: Claims | None) -> JsonValue:
        """Read it; None where there is none."""
        del claims
        return first_at(info.data, paths)

    return read


def said(
    *, name: Sequence[Path], email: Path | None, image: Sequence[Path] = (), verified: Path | None = None
) -> UserOf:
    """Return what reads the members of a user by their paths; of several, the first that says something."""

    def read(data: Mapping[str, JsonValue]) -> Mapping[str, JsonValue]:
        """Read them."""
        return {
            "name": first_at(data, name),
            "email": None if email is None else at(data, email),
            "image": first_at(data, image),
            "emailVerified": False if verified is None else at(data, verified),
        }

    return read


OPENID: Final = said(
    name=("name", "preferred_username"), email="email", image=("picture",), verified="email_verified"
)
"""The standard claims (OpenID Connect Core section 5.1)."""


def by_id_token(user_of: UserOf = OPENID) -> ReadUser:
    """Return what reads the ID token."""

    async def read(grant: Grant) -> UserInfo | None:
        """Read the claims."""
        return None if grant.claims is None else UserInfo(data=grant.claims, user=user_of(grant.claims))

    return read


def by_interface(
    url: str, user_of: UserOf = OPENID, *, within: Path = (), body: bytes | None = None, **headers: str
) -> ReadUser:
    """Return what asks the provider's interface; the profile lies at the path `within` its answer."""

    async def read(grant: Grant) -> UserInfo | None:
        """Ask for whoever has the access token."""
        data = object_at(await grant.ask(url, body, **headers), within)
        return None if data is None else UserInfo(data=data, user=user_of(data))

    return read
