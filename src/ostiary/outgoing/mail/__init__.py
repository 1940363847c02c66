"""Mail that leaves the server: messages, templates, and the ways out."""

from ostiary.outgoing.mail.mailer import Mailer
from ostiary.outgoing.mail.message import Email, MailRefused, MailTransport
from ostiary.outgoing.mail.smtp import Smtp

__all__ = ["Email", "MailRefused", "MailTransport", "Mailer", "Smtp"]
