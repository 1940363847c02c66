"""Users, their accounts and what may be done with them."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal

from ostiary.domain.entities import User
from ostiary.domain.schema import Field


@dataclass(frozen=True, kw_only=True)
class DeleteUser:
    """Whether people may delete themselves."""

    enabled: bool = False
    """Route POST /delete-user."""
    delete_token_expires_in: timedelta = timedelta(days=1)
    """Life of a mailed deletion link."""
    before_delete: Callable[[User], Awaitable[None]] | None = None
    """Called before anything is deleted; an AuthError refuses the deletion."""
    after_delete: Callable[[User], Awaitable[None]] | None = None
    """Called once user, accounts and sessions are gone."""


@dataclass(frozen=True, kw_only=True)
class UserOptions:
    """The shape of the user table and what people may do to themselves."""

    delete_user: DeleteUser = field(default_factory=DeleteUser)
    """Self-service deletion."""
    model_name: str | None = None
    """The table's name, where it is not `user`."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """Column names by field name, where they differ."""
    additional_fields: tuple[Field[Any], ...] = ()
    """Columns the application adds to every user."""


@dataclass(frozen=True, kw_only=True)
class AccountOptions:
    """The shape of the account table."""

    model_name: str | None = None
    """The table's name, where it is not `account`."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """Column names by field name, where they differ."""
    additional_fields: tuple[Field[Any], ...] = ()
    """Columns the application adds to every account."""


@dataclass(frozen=True, kw_only=True)
class VerificationOptions:
    """Where one-time values are kept."""

    store_identifier: Literal["plain", "hashed"] = "plain"
    """Keep identifiers as they are, or as SHA-256 hashes so that a copy of the table opens nothing."""
    model_name: str | None = None
    """The table's name, where it is not `verification`."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """Column names by field name, where they differ."""
