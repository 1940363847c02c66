"""The mail page of development: what was sent, to be read where no mail leaves the machine."""

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel

from ostiary.auth import Auth
from ostiary.crypto.sealing import SealError
from ostiary.outgoing.networks import is_loopback_name
from ostiary.services.courier import Courier

if TYPE_CHECKING:
    from jinja2 import Template

_LINK: Final = re.compile(r"(https?://\S+)")
_MOST: Final = 50
_HEADERS: Final = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


class ShownMail(BaseModel):
    """A mail as its recipient would have got it."""

    id: str
    kind: str
    to: str
    subject: str
    text: str
    html: str
    links: list[str]
    sent_at: str


def mail_page(auth: Auth) -> APIRouter:
    """Return `/dev/mail` and `/dev/mail.json`: what was sent, the newest first.

    Nothing where the mailer has a transport, so that it is never there in production. Only this machine is
    answered: neither other machines, nor pages of other hosts that resolve to it.
    """
    router = APIRouter(include_in_schema=False)
    courier = auth.services.courier
    if courier is None or courier.mailer.transport is not None:
        return router
    shelf = _Shelf(courier)
    here = [Depends(_only_here)]
    router.add_api_route("/dev/mail", shelf.page, dependencies=here, response_class=HTMLResponse)
    router.add_api_route("/dev/mail.json", shelf.list, dependencies=here)
    router.add_api_route("/dev/mail/{mail_id}", shelf.html, dependencies=here, response_class=HTMLResponse)
    return router


def _only_here(request: Request) -> None:
    peer = request.client.host if request.client else ""
    try:
        host = urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
    except ValueError:  # an IPv6 address that is none
        host = ""
    forwarded = any(name == "forwarded" or name.startswith("x-forwarded-") for name in request.headers)
    if forwarded or not is_loopback_name(peer) or not is_loopback_name(host):
        raise HTTPException(404)


class _Shelf:
    """Reads the outbox, which keeps what mails said as long as nothing takes them away."""

    def __init__(self, courier: Courier) -> None:
        self._courier = courier

    async def list(self, to: str | None = None) -> list[ShownMail]:
        """Return the newest mails, or those to one address."""
        shown: list[ShownMail] = []
        await self._courier.deliver_due()  # else whoever looks at once sees less than was asked for
        for row in await self._courier.outbox.list(limit=10 * _MOST):
            if row.body and (to is None or row.recipient.lower() == to.lower()) and len(shown) < _MOST:
                try:
                    mail = self._courier.outbox.open(row)
                except SealError:
                    continue  # another secret's, from before the database was moved here
                if mail.is_wish:
                    continue  # nobody knows yet whom it is for
                email = await self._courier.email(row, mail)
                shown.append(
                    ShownMail(
                        id=row.id,
                        kind=row.kind,
                        to=email.to,
                        subject=email.subject,
                        text=email.text,
                        html=email.html,
                        links=_LINK.findall(email.text),
                        sent_at=row.created_at.isoformat(timespec="seconds"),
                    )
                )
        return shown

    async def page(self, to: str | None = None) -> HTMLResponse:
        """Show them."""
        mails = [(mail, _LINK.split(mail.text)) for mail in await self.list(to)]
        return HTMLResponse(_template().render(mails=mails, to=to), headers=_HEADERS)

    async def html(self, mail_id: str) -> HTMLResponse:
        """Show the HTML part of one."""
        found = next((mail for mail in await self.list() if mail.id == mail_id), None)
        if found is None:
            raise HTTPException(404)
        return HTMLResponse(found.html, headers=_HEADERS)


@cache
def _template() -> "Template":
    from jinja2 import Environment  # noqa: PLC0415  production shows no page

    source = Path(__file__).with_name("mail_page.html").read_text("utf-8")
    return Environment(autoescape=True).from_string(source)
