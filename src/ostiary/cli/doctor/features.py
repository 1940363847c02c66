"""Do limits, mail and sign-in work with the parts that are there?"""

from ostiary.cli.doctor.finding import Finding, Findings, Subject
from ostiary.cli.doctor.names import Setting
from ostiary.outgoing import MailTransport, Smtp
from ostiary.outgoing.networks import is_loopback_name
from ostiary.server.application import Application

_limits = Subject("rate limits")
_mail = Subject("mail")
_sign_in = Subject("sign-in")


def limits(application: Application) -> Findings:
    """Ask for limits that every process counts together."""
    options = application.auth.options
    if not options.rate_limit.enabled:
        yield _limits.failure("off: passwords can be guessed at full speed", f"turn {Setting.LIMITS} on")
    elif options.rate_limit.storage == "memory" and application.settings.workers > 1:
        workers = application.settings.workers
        yield _limits.warning(
            f"each of {workers} processes counts for itself: every limit is {workers} times as high",
            f"remove {Setting.LIMIT_STORAGE}, so that the database or Redis counts",
        )
    else:
        shared = "Redis" if application.auth.services.key_value else "the database"
        yield _limits.ok(f"counted in {options.rate_limit.storage or shared}")


def mail(application: Application) -> Findings:
    """Mention that nothing sends mail; it is a failure where sign-in waits for one."""
    options, courier = application.auth.options, application.auth.services.courier
    verifies = options.email_verification.send_verification_email is not None
    if courier is not None:
        yield _mailer(courier.mailer.transport)
        return
    if options.email_and_password.require_email_verification and not verifies:
        yield _mail.failure(
            "nobody can verify an address, and sign-in requires it",
            f"set {Setting.MAILER} and {Setting.BASE_URL}; else turn {Setting.VERIFIED_FIRST} off",
        )
    elif verifies or options.email_and_password.send_reset_password is not None:
        yield _mail.ok("a sender is configured")
    else:
        yield _mail.hint(
            "no SMTP or other sender: nobody verifies an address or gets a forgotten password back",
            f"set {Setting.MAILER}, with an address like smtp+starttls://user:password@mail.example:587",
        )


def _mailer(transport: MailTransport | None) -> Finding:
    if transport is None:
        return _mail.ok("shown under /dev/mail, and not sent")
    if isinstance(transport, Smtp) and transport.security == "none" and not is_loopback_name(transport.host):
        return _mail.warning(
            f"links that open accounts travel to {transport.host} in the clear",
            f"use smtp+starttls:// or smtps:// for {Setting.MAILER}",
        )
    return _mail.ok("a mailer sends it; `ostiary mail test you@example.com` tries it")


def sign_in(application: Application) -> Findings:
    """Mention that nobody can sign in."""
    settings = application.auth.options.email_and_password
    if not settings.enabled:
        yield _sign_in.hint("not by password", f"turn {Setting.PASSWORDS} on")
    else:
        yield _sign_in.ok("by email and password" + (", closed to newcomers" * settings.disable_sign_up))
