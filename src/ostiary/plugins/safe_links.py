"""Mailed links that programs may open without harm, and codes for those who read mail elsewhere."""

from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256
from html import escape
from typing import ClassVar, Final
from urllib.parse import urlsplit

from pydantic import Field

from ostiary.domain.errors import Errors
from ostiary.domain.mail import MailKind
from ostiary.http.context import Context
from ostiary.http.endpoint import Routes
from ostiary.http.messages import Response
from ostiary.http.routes.email_verification import LINK_REFUSALS, VerifyEmail, verify_email
from ostiary.http.routes.user import NOBODY, UNKNOWN_TOKEN, DeletionLink, delete_user_callback
from ostiary.http.wire import Email, Output, Success, Verified, WireModel
from ostiary.options import RateLimit
from ostiary.plugins.base import Plugin
from ostiary.services.mailed_codes import CodeOptions

_STYLE: Final = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:28rem;margin:20vh auto;padding:0 1rem}"
    "button{font:inherit;font-weight:600;padding:.75rem 1.25rem;border:0;border-radius:6px;"
    "background:#18181b;color:#fff}:root{color-scheme:light dark}"
)
_STYLE_HASH: Final = b64encode(sha256(_STYLE.encode()).digest()).decode()
_PAGE: Final = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{app_name}</title>
<style>{style}</style></head>
<body><p>{app_name}</p><h1>{question}</h1>
<form method="post" action="{action}">
<input type="hidden" name="token" value="{token}">{callback}
<button>{button}</button>
</form></body>
</html>
"""
_CALLBACK: Final = '<input type="hidden" name="callbackURL" value="{url}">'


@dataclass(frozen=True, slots=True)
class _Question:
    """What the page of a link asks."""

    path: str
    question: str
    button: str


_QUESTIONS: Final = {
    "verify_email": _Question("/verify-email/confirm", "Is this your email address?", "Yes, go on"),
    "delete_user_callback": _Question("/delete-user/confirm", "Delete your account?", "Delete my account"),
}


class RedeemCode(WireModel):
    """A code from a mail."""

    purpose: MailKind = Field(description="What the mail was about")
    email: Email = Field(description="The address it went to")
    code: str = Field(max_length=64, description="The code; spaces in it do not matter")


@dataclass(frozen=True, slots=True)
class Redeemed(Output):
    """What the link in the same mail carries."""

    token: str


@dataclass(frozen=True, kw_only=True)
class SafeLinks(Plugin):
    """Opening a mailed link changes nothing: it shows a page whose button does. Mails carry a code, too."""

    id: ClassVar[str] = "safe-links"
    routes: ClassVar[Routes] = Routes()

    codes: CodeOptions | None = CodeOptions()  # noqa: RUF009  a frozen value
    """The codes in mails; None: there are none."""
    rate_limit: RateLimit | None = RateLimit(10, per=60)  # noqa: RUF009  a frozen value
    """The limit of the routes."""

    def mailed_codes(self) -> CodeOptions | None:
        """Let mails carry codes."""
        return self.codes

    async def on_request(self, context: Context) -> Response | None:
        """Show the page of a link instead of following it."""
        name = "" if context.endpoint is None else context.endpoint.name
        asked = _QUESTIONS.get(name) if context.request.method == "GET" else None
        if asked is None:
            return None
        await context.services.origins.check_redirects(context.request, None)
        return _page(asked, context)

    @routes.post("/verify-email/confirm", raises=LINK_REFUSALS, accepts_form=True, checks_form_origin=True)
    async def confirm_email(self, body: VerifyEmail, context: Context) -> Verified:
        """Verify or change an address for whoever presses the button; redirects to its `callbackURL`."""
        return await verify_email(body, context)

    @routes.post(
        "/delete-user/confirm",
        raises=[Errors.NOT_FOUND, NOBODY, UNKNOWN_TOKEN],
        accepts_form=True,
        checks_form_origin=True,
    )
    async def confirm_deletion(self, body: DeletionLink, context: Context) -> Success:
        """Delete the signed-in user who presses the button; redirects to its `callbackURL`."""
        return await delete_user_callback(body, context)

    @routes.post("/redeem-mailed-code", raises=[Errors.INVALID_TOKEN])
    async def redeem_mailed_code(self, body: RedeemCode, context: Context) -> Redeemed:
        """Return the token of the link for the code in the same mail; few attempts, one use."""
        codes = context.services.mail_flows.links.codes
        token = codes and await codes.redeem(body.purpose, body.email, "".join(body.code.split()))
        if not token:
            raise Errors.INVALID_TOKEN(reason="no such code, or tried too often")
        return Redeemed(token=token)


def _page(asked: _Question, context: Context) -> Response:
    token, callback = (_single(context.request.query.get(name)) for name in ("token", "callbackURL"))
    page = _PAGE.format(
        app_name=escape(context.options.app_name),
        style=_STYLE,
        question=asked.question,
        action=f"{context.options.mount_path}{asked.path}",
        token=escape(token),
        callback=_CALLBACK.format(url=escape(callback)) if callback else "",
        button=asked.button,
    )
    targets = " ".join(["'self'", *_source_of(callback)])  # browsers hold the redirect to it, too
    policy = (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action {targets}; "
        "base-uri 'none'; frame-ancestors 'none'"
    )
    return Response(
        200,
        [
            ("content-type", "text/html; charset=utf-8"),
            ("content-security-policy", policy),
            # no other site learns the link; `no-referrer` would hide the form's origin from ourselves, too
            ("referrer-policy", "same-origin"),
        ],
        page.encode(errors="replace"),
    )


def _single(value: str | list[str] | None) -> str:
    return value if isinstance(value, str) else ""


def _source_of(url: str) -> list[str]:
    """Return the origin of a trusted address as a CSP source; none for a path of our own."""
    parts = urlsplit(url)
    if parts.scheme in {"http", "https"} and parts.hostname:
        return [f"{parts.scheme}://{parts.netloc}"]
    return [f"{parts.scheme}:"] if parts.scheme else []
