"""A server whose mails end up in a list, and people who follow the links in them."""

from dataclasses import dataclass, field
from typing import Any

from ostiary import (
    Auth,
    ChangeEmail,
    EmailAndPassword,
    EmailChanged,
    EmailVerificationOptions,
    MailedLink,
    Options,
    UserOptions,
)
from ostiary.domain.models import USER, UserFields
from ostiary.options import DeleteUser
from tests.builders import ORIGIN, Browser
from tests.security.exchange import Answer, cookie_header, exchange
from tests.security.surface import USER_FIELDS, surface_options

NEW_PASSWORD = "another horse battery"
ADA = {"email": "ada@example.com"}


@dataclass
class Outbox:
    """What was handed to the senders."""

    links: list[MailedLink] = field(default_factory=list)
    news: list[EmailChanged] = field(default_factory=list)

    async def send(self, link: MailedLink) -> None:
        self.links.append(link)

    async def tell(self, news: EmailChanged) -> None:
        self.news.append(news)

    async def last(self, auth: Auth) -> MailedLink:
        await auth.services.background.drain()
        return self.links[-1]

    async def path(self, auth: Auth) -> str:
        """Return what stands behind the base path in the last link."""
        return (await self.last(auth)).url.removeprefix(f"{ORIGIN}/api/auth")


def mailing(outbox: Outbox, **changes: Any) -> Options:
    """Return options under which everything that can be mailed is."""
    settings = EmailAndPassword(enabled=True, send_reset_password=outbox.send)
    verification = EmailVerificationOptions(
        send_verification_email=outbox.send, auto_sign_in_after_verification=True
    )
    user = UserOptions(
        additional_fields=USER_FIELDS,
        change_email=ChangeEmail(
            enabled=True, send_change_email_confirmation=outbox.send, on_email_changed=outbox.tell
        ),
        delete_user=DeleteUser(enabled=True, send_delete_account_verification=outbox.send),
    )
    defaults = {"email_and_password": settings, "email_verification": verification, "user": user}
    return surface_options(**{**defaults, **changes})


async def ask_for_reset(auth: Auth, email: str = "ada@example.com", **kwargs: Any) -> Answer:
    body = {"email": email, "redirectTo": "/new-password"}
    return await exchange(auth, "POST", "/request-password-reset", send=body, **kwargs)


async def reset(auth: Auth, token: str, password: str = NEW_PASSWORD) -> Answer:
    return await exchange(auth, "POST", "/reset-password", send={"token": token, "newPassword": password})


async def follow(auth: Auth, path: str, cookie: str = "") -> Answer:
    path, _, query = path.partition("?")
    headers = [("cookie", cookie)] if cookie else []
    return await exchange(auth, "GET", path, headers=headers, query=query)


def location(answer: Answer) -> str:
    return dict(answer.headers)["location"]


async def arrive(auth: Auth, email: str = "ada@example.com", *, verified: bool = False) -> str:
    """Sign a person up and return the cookies."""
    async with Browser(auth) as browser:
        await browser.sign_up(email)
        if verified:
            await auth.services.store.rows(USER).update(
                {UserFields.EMAIL_VERIFIED: True}, UserFields.EMAIL.equals(email)
            )
        return cookie_header(browser)
