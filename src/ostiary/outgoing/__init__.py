"""What leaves the server: mail and HTTP requests, through ports that the application may fill."""

from ostiary.outgoing.http import DefaultHttpClient, HttpAnswer, HttpClient
from ostiary.outgoing.mail import Email, Mailer, MailRefused, MailTransport, Smtp

__all__ = [
    "DefaultHttpClient",
    "Email",
    "HttpAnswer",
    "HttpClient",
    "MailRefused",
    "MailTransport",
    "Mailer",
    "Smtp",
]
