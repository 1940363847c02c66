"""Mail about sign-ins from browsers that are new to an account, with a way back for its owner."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import ClassVar, Final

from pydantic import Field

from ostiary.crypto.signing import decode_cookie_value, sign_cookie, unsign
from ostiary.domain.audit import Ended
from ostiary.domain.devices import device_of
from ostiary.domain.entities import ActiveSession, User
from ostiary.domain.errors import AuthError, ConfigurationError, Errors
from ostiary.domain.mailed_links import NewDeviceLink
from ostiary.http.confirmation_page import Question, ask, tell
from ostiary.http.context import Context, Services
from ostiary.http.cookies import Cookie, CookieJar
from ostiary.http.endpoint import FromQuery, Routes
from ostiary.http.messages import Response
from ostiary.http.wire import WireModel
from ostiary.options import RateLimit
from ostiary.plugins.base import Plugin
from ostiary.services.mailed_links import Letter
from ostiary.storage.store import Tables

_COOKIE_LIFE: Final = timedelta(days=400)  # what browsers grant at most
_NEWCOMER: Final = timedelta(minutes=1)  # between a sign-up and the session it starts
_PURPOSE: Final = "known-device"
_QUESTION: Final = Question(
    "/not-me/confirm", "Was somebody else in your account?", "Yes, sign everybody out"
)


class NotMeLink(WireModel):
    """What the mailed link carries."""

    token: str = Field(description="The token of the link")


@dataclass(frozen=True, kw_only=True)
class NewDevice(Plugin):
    """Mails the owner of an account when a browser signs in that never did before.

    The link in the mail shows a page; its button ends every session and mails a link to a new password.
    """

    id: ClassVar[str] = "new-device"
    routes: ClassVar[Routes] = Routes()

    send: Callable[[NewDeviceLink], Awaitable[None]] | None = None
    """Sends the mail; None: the mailer does."""
    link_expires_in: timedelta = timedelta(days=7)
    """How long the way back is open."""
    reset_page: str | None = None
    """The page that asks for the new password, as `redirectTo` of request-password-reset."""
    rate_limit: RateLimit | None = RateLimit(10, per=60)  # noqa: RUF009  a frozen value
    """The limit of the routes."""

    def check(self, services: Services) -> None:
        """Raise ConfigurationError where nothing sends mail."""
        if not services.mail_flows.links.delivers(self.send):
            raise ConfigurationError("NewDevice needs a mailer: pass one to Auth, or `send`")
        if services.mail_flows.links.address is None:
            raise ConfigurationError("NewDevice needs base_url: the link in the mail is built from it")

    async def on_response(self, context: Context, response: Response) -> None:
        """Look at every session that was started, whichever way somebody came in."""
        active = context.new_session
        if active is None or _is_renewed(context, active):
            return
        if await self._is_known(context, active.user):
            return
        cookie, jar = _cookie(context), CookieJar()
        value = f"{_PURPOSE}:{active.user.id}:{int(context.services.runtime.now().timestamp())}"
        jar.set(cookie, sign_cookie(value, context.services.session_cookies.keyring), cookie.max_age)
        response.headers.extend(("set-cookie", line) for line in jar.lines())
        if active.session.created_at - active.user.created_at > _NEWCOMER:
            context.services.mail_flows.links.send_unseen(self._letter(context, active), context.asker)

    async def _is_known(self, context: Context, user: User) -> bool:
        """Tell whether this browser signed in before, and nobody said since that it was not them."""
        given = decode_cookie_value(context.request.cookies.get(_cookie(context).name, ""))
        value = unsign(given, context.services.session_cookies.keyring) or ""
        purpose, _, rest = value.partition(":")
        user_id, _, seconds = rest.rpartition(":")
        if purpose != _PURPOSE or user_id != user.id or not seconds.isdecimal():
            return False
        disowned = await context.verifications.find(_disowned(user.id))
        return disowned is None or disowned.created_at < datetime.fromtimestamp(int(seconds), UTC)

    def _letter(self, context: Context, active: ActiveSession) -> Letter[NewDeviceLink]:
        user, session = active.user, active.session

        async def link(tables: Tables) -> NewDeviceLink:
            """Write the token's row beside the request."""
            token = context.services.runtime.new_token()
            await context.verifications.issue(_identifier(token), user.id, self.link_expires_in, tables)
            return NewDeviceLink(
                user=user,
                url=context.services.mail_flows.links.url("/not-me", token=token),
                token=token,
                device=device_of(session.user_agent),
                ip_address=session.ip_address or None,
                signed_in_at=session.created_at,
            )

        return Letter(
            kind="new-device",
            to=user.email,
            user=user,
            make=link,
            sender=self.send,
            name="NewDevice.send",
            expires_in=self.link_expires_in,
            has_own_share=True,  # else whoever spends the share of an address signs in unseen
        )

    @routes.get("/not-me")
    async def not_me_page(self, query: FromQuery[NotMeLink], context: Context) -> Response:
        """Show the page of the mailed link: opening it changes nothing."""
        del query
        return ask(_QUESTION, context)

    @routes.post("/not-me/confirm", raises=[Errors.INVALID_TOKEN], accepts_form=True, checks_form_origin=True)
    async def not_me(self, body: NotMeLink, context: Context) -> Response:
        """End every session of the token's user and mail a link to a new password; works once."""
        user = await self._disown(body.token, context)
        context.clear_session_cookies()
        mailed = await self._reset(user, context)
        then = "We have sent you a link to choose a new password." if mailed else "Choose a new password now."
        return tell("Everybody is signed out", then, context)

    async def _disown(self, token: str, context: Context) -> User:
        """Spend the token, end the sessions and void the password, or nothing of it."""
        services = context.services
        async with services.store.transaction() as tables:
            user_id = await context.verifications.consume(_identifier(token), tables)
            if user_id is None:
                raise Errors.INVALID_TOKEN(reason="unknown, used or expired")
            await context.sessions.revoke_all(user_id, Ended.DISOWNED, tables=tables)
            if self._mails_resets(context):
                # whoever signed in may have known it: it would bring them back before the owner
                await context.users.void_password(user_id, tables)
            # whoever was in has a cookie that says so: it counts no more
            await context.verifications.issue(_disowned(user_id), user_id, _COOKIE_LIFE, tables)
        user = await context.users.by_id(user_id)
        if user is None:
            raise Errors.INVALID_TOKEN(reason="deleted since")
        return user

    @staticmethod
    def _mails_resets(context: Context) -> bool:
        settings = context.options.email_and_password
        return context.services.mail_flows.links.delivers(settings.send_reset_password)

    async def _reset(self, user: User, context: Context) -> bool:
        if await context.users.credential_account(user.id) is None:
            return False
        try:
            await context.password_reset.request(user.email, self.reset_page, context.asker)
        except AuthError:
            return False  # nothing mails resets here
        return True


def _is_renewed(context: Context, active: ActiveSession) -> bool:
    """Tell whether a session was changed rather than started, or started by somebody who was signed in."""
    if context.services.session_cookies.token(context.request) == active.session.token:
        return True
    return context.active is not None and context.active.user.id == active.user.id


def _cookie(context: Context) -> Cookie:
    return context.services.session_cookies.names.cookie("known_device", _COOKIE_LIFE)


def _identifier(token: str) -> str:
    return f"not-me:{token}"


def _disowned(user_id: str) -> str:
    return f"disowned:{user_id}"
