"""The providers that most servers have: apart from the others, of which each takes its time to load."""

from dataclasses import dataclass
from typing import Literal

from ostiary.options.social import SocialProvider


class GitHub(SocialProvider):
    """GitHub; its callback is `<base>/callback/github`."""

    known_as = "github"
    needs_secret = True


@dataclass(frozen=True, kw_only=True)
class Google(SocialProvider):
    """Google; its callback is `<base>/callback/google`."""

    known_as = "google"
    needs_secret = True
    access_type: Literal["online", "offline"] | None = None
    """`offline` asks for a refresh token."""
    display: str | None = None
    """How the page is shown: `page`, `popup`, `touch` or `wap`."""
    hd: str | None = None
    """Only people of this Google Workspace domain; `*` is any Workspace domain."""
    include_granted_scopes: bool = True
    """Tokens are for everything a person has ever granted to this application."""
