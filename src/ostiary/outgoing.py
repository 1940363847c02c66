"""What leaves the server: mail and HTTP requests, through ports that the application may fill."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Email:
    """One message to one address."""

    to: str
    subject: str
    text: str


class MailSender(Protocol):
    """Delivers mail. Called outside the request; raises whatever it likes when delivery fails."""

    async def __call__(self, email: Email) -> None:
        """Deliver one message."""
        ...


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """The answer to an outgoing request."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class HttpClient(Protocol):
    """Makes outgoing requests. Raises OSError where there is no answer within `timeout` seconds."""

    async def get(self, url: str, *, headers: Mapping[str, str], timeout: float) -> HttpAnswer:  # noqa: ASYNC109
        """Make a GET request; redirects are not followed."""
        ...


class DefaultHttpClient:
    """Outgoing requests by the httpx2 library, imported when the first is made."""

    async def get(self, url: str, *, headers: Mapping[str, str], timeout: float) -> HttpAnswer:  # noqa: ASYNC109
        """Make a GET request; redirects are not followed."""
        import httpx2  # noqa: PLC0415  costs a tenth of a second, and most servers never need it

        try:
            async with httpx2.AsyncClient(timeout=timeout, verify=ssl.create_default_context()) as client:
                answer = await client.get(url, headers=dict(headers))
        except httpx2.HTTPError as error:
            raise OSError(str(error)) from error
        return HttpAnswer(answer.status_code, answer.content, dict(answer.headers))
