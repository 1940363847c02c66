"""Which passwords are accepted, and sign-in by email and password."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from ostiary.domain.entities import User
from ostiary.domain.errors import ConfigurationError
from ostiary.domain.mailed_links import MailedLink

LONGEST_PASSWORD = 1024


@dataclass(frozen=True, kw_only=True)
class PasswordPolicy:
    """The rules for new passwords, whatever route they come through (NIST SP 800-63B-4 section 3.1.1.2)."""

    min_length: int = 8
    """The fewest characters."""
    max_length: int = 128
    """The most characters; nothing is ever truncated."""
    count: Literal["code points", "utf-16"] = "code points"
    """What a character is; the reference counts UTF-16 units."""
    require_uppercase: bool = False
    """Ask for an upper-case letter."""
    require_lowercase: bool = False
    """Ask for a lower-case letter."""
    require_digit: bool = False
    """Ask for a digit."""
    require_special: bool = False
    """Ask for a character that is neither letter nor digit."""
    refuse_common: bool = False
    """Refuse the passwords that guessing programs try first."""
    refuse_identity: bool = False
    """Refuse the email address, the name, words of either, and the name of the application."""
    refuse_breached: Literal["no", "fail open", "fail closed"] = "no"
    """Ask the Pwned Passwords range service (k-anonymity: five characters of the hash leave the server)."""

    def __post_init__(self) -> None:
        """Refuse lengths that nobody could meet."""
        if not 1 <= self.min_length <= self.max_length <= LONGEST_PASSWORD:
            raise ConfigurationError(
                f"password_policy needs 1 <= min_length <= max_length <= {LONGEST_PASSWORD}"
            )

    @classmethod
    def strict(cls) -> "PasswordPolicy":
        """Return 8 to 128 characters of all four kinds, neither common nor a name the attacker knows."""
        return cls(
            require_uppercase=True,
            require_lowercase=True,
            require_digit=True,
            require_special=True,
            refuse_common=True,
            refuse_identity=True,
        )


@dataclass(frozen=True, kw_only=True)
class EmailAndPassword:
    """Sign-up and sign-in by email address and password."""

    enabled: bool = False
    """Route /sign-up/email and /sign-in/email to more than a refusal."""
    disable_sign_up: bool = False
    """Nobody signs up by themselves."""
    auto_sign_in: bool = True
    """Signing up starts a session."""
    require_email_verification: bool = False
    """No session before the address is verified; sign-up then never tells whether an address is taken."""
    on_existing_user_sign_up: Callable[[User], Awaitable[None]] | None = None
    """Called with the owner when somebody signs up with a known address and the answer hides that."""
    custom_synthetic_user: Callable[[User], Awaitable[User]] | None = None
    """Called then with the user whom the answer pretends was made; returns the one it shows. Write hooks have
    run on it; this is for what the application does to a user after the sign-up."""
    send_reset_password: Callable[[MailedLink], Awaitable[None]] | None = None
    """Sends the link to whoever forgot the password; called beside the request, its failure is logged."""
    reset_password_token_expires_in: timedelta = timedelta(hours=1)
    """Life of such a link."""
    newest_reset_link_only: bool = True
    """Asking for another link voids those before it."""
    reset_unlinks_unproved: bool = True
    """A password set through a link, while the address was never proved, unlinks the accounts of providers:
    whoever came by them need not be whoever reads the mail."""
    on_password_reset: Callable[[User], Awaitable[None]] | None = None
    """Called once a password was set through a link."""
    revoke_sessions_on_password_reset: bool | None = None
    """A password set through a link ends every session; None: yes, and no with the reference's defaults."""
