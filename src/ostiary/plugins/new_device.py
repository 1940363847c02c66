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
from ostiary.domain.errors import ConfigurationError, Errors
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
_QUESTION: Final = Question("/not-me/confirm", "not-me")


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

    reset_page: str
    """Your page that asks for the new password, as `redirectTo` of request-password-reset."""
    send: Callable[[NewDeviceLink], Awaitable[None]] | None = None
    """Sends the mail; None: the mailer does."""
    link_expires_in: timedelta = timedelta(days=7)
    """How long the way back is open."""
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
        if not await self._is_sign_up(context, active):
            # in the outbox before the answer: else whoever stops us in between signs in unseen
            await context.services.mail_flows.links.send(self._letter(context, active), context.asker)

    @staticmethod
    async def _is_sign_up(context: Context, active: ActiveSession) -> bool:
        """Tell whether a session belongs to the sign-up: begun right after it, with no other beside it."""
        if active.session.created_at - active.user.created_at > _NEWCOMER:
            return False
        return len(await context.sessions.of_user(active.user.id)) <= 1

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
        is_mailed = await self._disown(body.token, context)
        context.clear_session_cookies()
        return tell("signed-out.title", "signed-out.mailed" if is_mailed else "signed-out.unmailed", context)

    async def _disown(self, token: str, context: Context) -> bool:
        """Spend the token, end the sessions, void the password and mail the way to another, or nothing of it.

        Tells whether that is mailed.
        """
        user = await self._owner(token, context)
        is_mailed = await self._mails_reset(user, context)
        async with context.services.store.transaction() as tables:
            if await context.verifications.consume(_identifier(token), tables) is None:
                raise Errors.INVALID_TOKEN(reason="used meanwhile")
            if is_mailed:
                # whoever signed in may have known it: it would bring them back before the owner
                await context.users.void_password(user.id, tables)
                await context.password_reset.enclose(user, self.reset_page, context.asker, tables)
            await context.sessions.revoke_all(user.id, Ended.DISOWNED, tables=tables)
            # whoever was in has a cookie that says so: it counts no more
            await context.verifications.issue(_disowned(user.id), user.id, _COOKIE_LIFE, tables)
        return is_mailed

    @staticmethod
    async def _owner(token: str, context: Context) -> User:
        row = await context.verifications.find(_identifier(token))
        user = None if row is None else await context.users.by_id(row.value)
        if user is None:
            raise Errors.INVALID_TOKEN(reason="unknown, used, expired, or its user is deleted")
        return user

    @staticmethod
    async def _mails_reset(user: User, context: Context) -> bool:
        return (
            context.password_reset.is_available
            and await context.users.credential_account(user.id) is not None
        )


def _is_renewed(context: Context, active: ActiveSession) -> bool:
    """Tell whether a session was changed rather than started, or started by somebody who was signed in."""
    if context.services.session_cookies.token(context.request) == active.session.token:
        return True
    return context.active is not None and context.active.user.id == active.user.id


def _cookie(context: Context) -> Cookie:
    return context.services.session_cookies.names.cookie(
        "known_device", _COOKIE_LIFE, context.device_attributes
    )


def _identifier(token: str) -> str:
    return f"not-me:{token}"


def _disowned(user_id: str) -> str:
    return f"disowned:{user_id}"
