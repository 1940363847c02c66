"""A person of another system, as much as is taken over."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final, TypeAlias

from ostiary.crypto.password_hashes.firebase import FirebaseParameters


@dataclass(frozen=True, slots=True)
class SocialAccount:
    """A link to a provider, by the provider's own name for the person."""

    provider_id: str
    account_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Newcomer:
    """Somebody to take over."""

    place: str
    """Where it stands in the export, such as `row 7`: for the report."""
    old_id: str = ""
    email: str
    name: str = ""
    email_verified: bool = False
    image: str | None = None
    created_at: datetime | None = None
    password_hash: str | None = field(default=None, repr=False)
    accounts: tuple[SocialAccount, ...] = ()
    is_disabled: bool = False
    disabled_until: datetime | None = None
    """Where the other system says when it ends."""
    is_admin: bool = False


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A row that tells of nobody."""

    place: str
    reason: str


People: TypeAlias = AsyncIterator[Newcomer | Unreadable]


@dataclass(frozen=True, kw_only=True)
class Export:
    """What one run reads."""

    origin: str = field(repr=False)
    """A file, or the URL of a database, which may hold a password."""
    passwords: Path | None = None
    identities: Path | None = None
    hash_parameters: FirebaseParameters | None = field(default=None, repr=False)
    page: int = 500


Source: TypeAlias = Callable[[Export], People]

PROVIDERS: Final = {
    "google.com": "google",
    "google-oauth2": "google",
    "github.com": "github",
    "facebook.com": "facebook",
    "apple.com": "apple",
    "twitter.com": "twitter",
    "microsoft.com": "microsoft",
    "windowslive": "microsoft",
    "azure": "microsoft",
    "slack_oidc": "slack",
    "linkedin_oidc": "linkedin",
    "linkedin_oauth2": "linkedin",
}
"""What other systems call our providers; any other name is kept."""


def account_of(provider: object, account: object) -> SocialAccount | None:
    """Return the link; None where the export leaves it open."""
    if not provider or not account:
        return None
    return SocialAccount(PROVIDERS.get(str(provider), str(provider)), str(account))
