"""Users, their accounts and what may be done with them."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal, TypeAlias

from ostiary.domain.admission import UserCheck, UserRefused
from ostiary.domain.entities import User
from ostiary.domain.mailed_links import MailedLink
from ostiary.domain.schema import Field
from ostiary.options.email import ChangeEmail


@dataclass(frozen=True, kw_only=True)
class DeleteUser:
    """Whether people may delete themselves."""

    enabled: bool = False
    """Route POST /delete-user."""
    send_delete_account_verification: Callable[[MailedLink], Awaitable[None]] | None = None
    """Sends a link without which nobody is deleted; called beside the request, its failure is logged."""
    verify_by_mail: bool = False
    """Without that function, too, nobody is deleted before they opened a link that the mailer sends."""
    delete_token_expires_in: timedelta = timedelta(days=1)
    """Life of a mailed deletion link."""
    before_delete: Callable[[User], Awaitable[None]] | None = None
    """Called before anything is deleted; an AuthError refuses the deletion."""
    after_delete: Callable[[User], Awaitable[None]] | None = None
    """Called once user, accounts and sessions are gone."""


ValidateUserInfo: TypeAlias = Callable[[UserCheck], Awaitable[UserRefused | None]]


@dataclass(frozen=True, kw_only=True)
class UserOptions:
    """The shape of the user table and what people may do to themselves."""

    validate_user_info: ValidateUserInfo | None = None
    """Called before somebody becomes a user, gets an account of a provider, or comes again by one; what it
    returns refuses them, and so does its failure."""
    change_email: ChangeEmail = field(default_factory=ChangeEmail)
    """Self-service change of the address."""
    delete_user: DeleteUser = field(default_factory=DeleteUser)
    """Self-service deletion."""
    model_name: str | None = None
    """The table's name, where it is not `user`."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """Column names by field name, where they differ."""
    additional_fields: tuple[Field[Any], ...] = ()
    """Columns the application adds to every user."""


@dataclass(frozen=True, kw_only=True)
class AccountLinking:
    """When an account of a provider becomes one of a user who is known already."""

    enabled: bool = True
    """Link at all, asked or not."""
    disable_implicit_linking: bool = False
    """Link only where somebody who is signed in asks for it."""
    require_local_email_verified: bool = True
    """Link without asking only to a user whose address was proved here: else whoever signs up with
    another's address would share the account with its owner."""
    trusted_providers: Sequence[str] | Callable[[Mapping[str, str]], Awaitable[Sequence[str]]] = ()
    """Providers whose word on an address is taken even where they have no proof of it; or a function of the
    request's headers."""
    allow_different_emails: bool = False
    """Link on request an account with another address than the user's."""
    allow_unlinking_all: bool = False
    """Let people drop the last account they have, and with it their way to sign in."""
    update_user_info_on_link: bool = False
    """Copy name, image and additional fields from the provider when an account is linked."""


@dataclass(frozen=True, kw_only=True)
class AccountOptions:
    """Accounts: how they are linked and kept."""

    account_linking: AccountLinking = field(default_factory=AccountLinking)
    """When an account of a provider becomes one of a user who is known already."""
    encrypt_oauth_tokens: bool = False
    """Encrypt access and refresh tokens at rest; those that were kept before stay readable."""
    update_account_on_sign_in: bool = True
    """Keep the tokens of every sign-in, not only of the first."""
    store_account_cookie: bool | None = None
    """Keep the account somebody came by in an encrypted cookie, tokens and all, for `useAccountCookie`; None:
    where there is no database."""
    skip_state_cookie_check: bool = False
    """Let a flow end in another browser than it began in. Whoever sends somebody a link then signs them in as
    another person: only for flows that no browser begins."""
    store_state_strategy: Literal["database", "cookie"] = "database"
    """Where flows with providers are remembered: in the `verification` table, or sealed in a cookie."""

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
