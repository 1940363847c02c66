"""Mailed links that programs may open without harm, and codes for those who read mail elsewhere."""

from dataclasses import dataclass
from typing import ClassVar, Final

from pydantic import Field

from ostiary.domain.errors import Errors
from ostiary.domain.mail import MailKind
from ostiary.http.confirmation_page import Question, ask
from ostiary.http.context import Context
from ostiary.http.endpoint import Routes
from ostiary.http.messages import Response
from ostiary.http.routes.email_verification import LINK_REFUSALS, VerifyEmail, verify_email
from ostiary.http.routes.user import NOBODY, UNKNOWN_TOKEN, DeletionLink, delete_user_callback
from ostiary.http.wire import Email, Output, Success, Verified, WireModel
from ostiary.options import RateLimit
from ostiary.plugins.base import Plugin
from ostiary.services.mailed_codes import CodeOptions

_QUESTIONS: Final = {
    "verify_email": Question("/verify-email/confirm", "verify-email"),
    "delete_user_callback": Question("/delete-user/confirm", "delete-account"),
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
        return ask(asked, context)

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
