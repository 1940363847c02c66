"""The flows that go through somebody's mailbox, put together."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args
from urllib.parse import urlsplit

from ostiary.crypto.signing import Keyring
from ostiary.domain.errors import ConfigurationError
from ostiary.domain.observation import Observers
from ostiary.domain.runtime import Runtime
from ostiary.options import Options
from ostiary.outgoing import Mailer
from ostiary.outgoing.networks import is_loopback_name
from ostiary.services.background import Background
from ostiary.services.email_change import Change, EmailChange
from ostiary.services.email_verification import EmailVerification
from ostiary.services.mailed_links import MailedLinks
from ostiary.services.password_reset import PasswordReset
from ostiary.services.passwords import Passwords
from ostiary.services.verifications import Verifications
from ostiary.storage.rate_limits import RateLimiter
from ostiary.storage.store import Store

if TYPE_CHECKING:
    from ostiary.services.courier import Courier
    from ostiary.services.mailed_codes import CodeOptions, MailedCodes


@dataclass(frozen=True, kw_only=True)
class MailFlows:
    """What people may do once they proved to read a mailbox."""

    links: MailedLinks
    verification: EmailVerification
    change: EmailChange
    reset: PasswordReset


def courier_of(
    options: Options,
    mailer: Mailer | None,
    store: Store,
    keyring: Keyring,
    *,
    runtime: Runtime,
    observers: Observers,
) -> "Courier | None":
    """Return what delivers mail; raises ConfigurationError where the options ask for what cannot be sent."""
    if mailer is None:
        deletion = options.user.delete_user
        if deletion.verify_by_mail and deletion.send_delete_account_verification is None:
            raise ConfigurationError("user.delete_user.verify_by_mail needs a mailer: pass one to Auth")
        return None
    if options.origin is None:
        raise ConfigurationError("set base_url: a link in a mail must not follow the request's Host header")
    if mailer.transport is None and not is_loopback_name(urlsplit(options.origin).hostname or ""):
        raise ConfigurationError(
            "a mailer without a transport only shows its mail to this machine: give it one, such as Smtp"
        )
    from ostiary.crypto.sealing import purpose_keyring  # noqa: PLC0415  not every server sends mail
    from ostiary.services.courier import Courier, Letterhead  # noqa: PLC0415  see above
    from ostiary.services.mail_backlog import MailBacklog  # noqa: PLC0415  see above
    from ostiary.services.outbox import PURPOSE, Outbox  # noqa: PLC0415  see above

    outbox = Outbox(store=store, keyring=purpose_keyring(keyring, PURPOSE), runtime=runtime)
    courier = Courier(outbox, mailer, Letterhead(options.app_name, options.origin), runtime)
    courier.backlog = MailBacklog(outbox, runtime, observers) if observers else None
    return courier


def codes_of(
    wanted: "Sequence[CodeOptions]", verifications: Verifications, keyring: Keyring
) -> "MailedCodes | None":
    """Return what makes codes, where something wants mails to carry them."""
    if not wanted:
        return None
    from ostiary.crypto.sealing import purpose_keyring  # noqa: PLC0415  see `courier_of`
    from ostiary.services.mailed_codes import PURPOSE, MailedCodes  # noqa: PLC0415  see `courier_of`

    return MailedCodes(verifications, purpose_keyring(keyring, PURPOSE), wanted[0])


def mailed_links_of(
    options: Options,
    limiter: RateLimiter,
    background: Background,
    passwords: Passwords,
    *,
    courier: "Courier | None",
    codes: "MailedCodes | None",
) -> MailedLinks:
    """Return what hands letters to senders and the mailer."""
    limits = options.rate_limit
    return MailedLinks(
        address=options.origin and f"{options.origin}{options.mount_path}",
        store=passwords.store,
        runtime=passwords.users.runtime,
        background=background,
        courier=courier,
        codes=codes,
        limiter=limiter,
        recipient_limit=limits.mails if limits.enabled else None,
        asker_limit=limits.mails_by_client if limits.enabled else None,
    )


def mail_flows_of(
    options: Options, links: MailedLinks, passwords: Passwords, verifications: Verifications
) -> MailFlows:
    """Return the flows of a configuration."""
    users = passwords.users
    verification = EmailVerification(
        settings=options.email_verification,
        requires=options.email_and_password.require_email_verification,
        keyring=passwords.attempts.keyring,
        runtime=users.runtime,
        users=users,
        links=links,
    )
    reset = PasswordReset(
        settings=options.email_and_password,
        users=users,
        passwords=passwords,
        verifications=verifications,
        links=links,
    )
    change = EmailChange(settings=options.user.change_email, users=users, verification=verification)
    links.wishes.update({"verify-email": verification.letter_for, "reset-password": reset.letter_for})
    links.wishes.update(dict.fromkeys(get_args(Change), change.letter_for))
    if links.courier is not None:
        links.courier.fulfil = links.fulfil
    return MailFlows(
        links=links,
        verification=verification,
        change=change,
        reset=reset,
    )
