"""Mail over SMTP: encrypted and checked, or not at all where a password is at stake."""

import socket
import ssl
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import parse_qsl, unquote, urlsplit

from ostiary.domain.errors import ConfigurationError
from ostiary.outgoing.mail.message import Email, MailRefused, recipient_of
from ostiary.outgoing.networks import is_loopback_name

Security = Literal["starttls", "tls", "none"]

_SCHEMES: Final[dict[str, Security]] = {"smtp": "none", "smtp+starttls": "starttls", "smtps": "tls"}
_PORTS: Final[dict[Security, int]] = {"none": 25, "starttls": 587, "tls": 465}
_EXAMPLE: Final = "smtp+starttls://user:password@mail.example:587"


@dataclass(frozen=True, kw_only=True)
class Smtp:
    """A mail server that takes messages; one connection for each."""

    host: str
    """Its name, which its certificate must be for."""
    port: int | None = None
    """Its port; by default 587 for STARTTLS, 465 for TLS, 25 without either."""
    security: Security = "starttls"
    """`starttls`: nothing is said before the connection is encrypted; `tls`: it is from the start."""
    username: str | None = None
    """Who we are; never said over a connection that is not encrypted, except to this machine."""
    password: str | None = field(default=None, repr=False)
    """The proof of that."""
    ca_file: Path | None = None
    """The authorities that its certificate is checked against; by default the system's."""
    timeout: timedelta = timedelta(seconds=15)
    """For connecting, and for every answer."""

    def __post_init__(self) -> None:
        """Refuse to say a password in the clear."""
        if self.security == "none" and self.username is not None and not is_loopback_name(self.host):
            raise ConfigurationError(
                f"the password for {self.host} would travel in the clear: use smtp+starttls:// or smtps://"
            )
        if (self.username is None) != (self.password is None):
            raise ConfigurationError("SMTP needs both user name and password, or neither")

    @classmethod
    def from_url(cls, url: str) -> "Smtp":
        """Read `smtp+starttls://user:password@host:port`, `smtps://...`, or `smtp://...` for clear text.

        `?ca=FILE` and `?timeout=SECONDS` may follow. Raises ConfigurationError, without the password.
        """
        try:
            parts = urlsplit(url)
            query = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
            security, port = _SCHEMES[parts.scheme], parts.port
            seconds = float(query.pop("timeout", "15"))
        except (KeyError, ValueError):
            raise ConfigurationError(f"SMTP_URL must look like {_EXAMPLE}") from None
        ca_file = query.pop("ca", None)
        if not parts.hostname or query or seconds <= 0:
            raise ConfigurationError(f"SMTP_URL must look like {_EXAMPLE}; it takes ?ca= and ?timeout=")
        return cls(
            host=parts.hostname,
            port=port,
            security=security,
            username=None if parts.username is None else unquote(parts.username),
            password=None if parts.password is None else unquote(parts.password),
            ca_file=None if ca_file is None else Path(ca_file),
            timeout=timedelta(seconds=seconds),
        )

    async def deliver(self, email: Email) -> None:
        """Hand one message to the server; raises MailRefused where it refuses the address or the message."""
        from aiosmtplib import SMTPException, SMTPNotSupported, send  # noqa: PLC0415  most processes send none

        try:
            await send(
                email.mime(),
                sender=email.envelope_from,
                recipients=[recipient_of(email.to).addr_spec],
                **self._connection,
            )
        except SMTPNotSupported as error:
            if "SMTPUTF8" in str(error):
                raise MailRefused("the mail server takes no such address") from error
            raise
        except SMTPException as error:
            if _is_final(error):
                raise MailRefused(_said(error)) from error
            raise

    @cached_property
    def _connection(self) -> dict[str, Any]:  # Any: keyword arguments of another library
        return {
            "hostname": self.host,
            "port": self.port or _PORTS[self.security],
            "username": self.username,
            "password": self.password,
            "use_tls": self.security == "tls",
            "start_tls": self.security == "starttls",
            "tls_context": None if self.security == "none" else self._tls,
            "timeout": self.timeout.total_seconds(),
            "local_hostname": socket.gethostname(),  # by default the name is looked up, which blocks
        }

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        try:
            context = ssl.create_default_context(cafile=self.ca_file)
        except (OSError, ssl.SSLError):
            raise ConfigurationError(f"{self.ca_file} holds no certificates") from None
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        return context


def _is_final(error: Exception) -> bool:
    """Tell a refusal of address or message, which stays, from one of the sender, which may be mended."""
    from aiosmtplib import SMTPDataError, SMTPRecipientsRefused  # noqa: PLC0415  see `deliver`

    if isinstance(error, SMTPRecipientsRefused):
        return all(each.code >= 500 for each in error.recipients)
    return isinstance(error, SMTPDataError) and error.code >= 500


def _said(error: Exception) -> str:
    from aiosmtplib import SMTPRecipientsRefused, SMTPResponseException  # noqa: PLC0415  see `deliver`

    if isinstance(error, SMTPRecipientsRefused):
        return "; ".join(f"{each.code} {each.message}" for each in error.recipients)
    return f"{error.code} {error.message}" if isinstance(error, SMTPResponseException) else str(error)
