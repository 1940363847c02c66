"""What an application is asked before somebody becomes a user, or comes again by a provider."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from ostiary.domain.errors import JsonValue

Act: TypeAlias = Literal["create-user", "link-account", "sign-in"]


@dataclass(frozen=True, slots=True, kw_only=True)
class UserCheck:
    """Somebody who is about to come in."""

    action: Act
    """A new user, a new account for a user, or somebody known who comes again by a provider."""
    method: Literal["email-password", "oauth"]
    user: Mapping[str, JsonValue]
    """Members of the user by wire name, as they would be; of a known one the identifier as well."""
    provider_id: str | None = None
    """Where they come from."""
    profile: Mapping[str, JsonValue] = field(default_factory=dict)
    """Everything the provider says of them now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UserRefused:
    """The application does not want them in."""

    error: str
    """A short code, shown to the client."""
    description: str | None = None
    """The same in words, shown to the client as well."""
