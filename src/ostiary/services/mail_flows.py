"""The flows that go through somebody's mailbox, put together."""

from dataclasses import dataclass

from ostiary.options import Options
from ostiary.services.background import Background
from ostiary.services.email_change import EmailChange
from ostiary.services.email_verification import EmailVerification
from ostiary.services.mailed_links import MailedLinks
from ostiary.services.password_reset import PasswordReset
from ostiary.services.passwords import Passwords
from ostiary.services.verifications import Verifications
from ostiary.storage.rate_limits import RateLimiter


@dataclass(frozen=True, kw_only=True)
class MailFlows:
    """What people may do once they proved to read a mailbox."""

    links: MailedLinks
    verification: EmailVerification
    change: EmailChange
    reset: PasswordReset


def mail_flows_of(
    options: Options,
    limiter: RateLimiter,
    background: Background,
    passwords: Passwords,
    verifications: Verifications,
) -> MailFlows:
    """Return the flows of a configuration."""
    users = passwords.users
    links = MailedLinks(
        address=options.origin and f"{options.origin}{options.mount_path}",
        background=background,
        limiter=limiter,
        limit=options.rate_limit.mails if options.rate_limit.enabled else None,
    )
    verification = EmailVerification(
        settings=options.email_verification,
        requires=options.email_and_password.require_email_verification,
        keyring=passwords.attempts.keyring,
        runtime=users.runtime,
        users=users,
        links=links,
    )
    return MailFlows(
        links=links,
        verification=verification,
        change=EmailChange(settings=options.user.change_email, users=users, verification=verification),
        reset=PasswordReset(
            settings=options.email_and_password,
            users=users,
            passwords=passwords,
            verifications=verifications,
            links=links,
        ),
    )
