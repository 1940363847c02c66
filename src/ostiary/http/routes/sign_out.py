"""Sign out: of this browser, and of the provider that the person came by."""

from ostiary.domain.audit import Ended
from ostiary.http.context import Context
from ostiary.http.endpoint import Routes
from ostiary.http.events import log_event
from ostiary.http.wire import CallbackURL, OptionalFlag, OptionalText, SignedOut, WireModel

routes = Routes()


class SignOut(WireModel):
    """Where a provider's own sign-out should lead."""

    callback_url: CallbackURL = None
    disable_redirect: OptionalFlag = None
    state: OptionalText = None


@routes.post("/sign-out")
async def sign_out(body: SignOut | None, context: Context) -> SignedOut:
    """End the session of this browser; works without one, too."""
    token = context.services.session_cookies.token(context.request)
    if token is not None:
        context.active = await context.services.sessions.store.find(token)
        await context.sessions.revoke(token, Ended.SIGNED_OUT)
        log_event(context, "signed_out")
    context.clear_session_cookies()
    return await _at_provider(body or SignOut(), context)


async def _at_provider(wish: SignOut, context: Context) -> SignedOut:
    """Lead the browser to the provider that the person came by, where people sign out there as well."""
    active = context.active
    url = active and await context.social.logout.address(active.user.id, wish.callback_url, wish.state)
    if not url:
        return SignedOut(success=True)
    if not wish.disable_redirect:
        context.headers.append(("location", url))
    return SignedOut(success=True, url=url, redirect=not wish.disable_redirect)
