"""The cookie that ties a flow with a provider to the browser it began in."""

from ostiary.crypto.signing import encode_uri_component, sign_cookie, unsign
from ostiary.http.context import Context
from ostiary.services.oauth.state import Ticket


def write_state(context: Context, ticket: Ticket) -> None:
    """Give the browser its state: signed, or the whole flow sealed where nothing is kept here."""
    cookies = context.services.session_cookies
    if ticket.carried is None:
        cookie = cookies.names.state
        context.cookies.set(cookie, sign_cookie(ticket.state, cookies.keyring), cookie.max_age)
    else:
        cookie = cookies.names.oauth_state
        context.cookies.set(cookie, encode_uri_component(ticket.carried), cookie.max_age)


def presented_state(context: Context) -> str | None:
    """Return what the browser carries: a state that we signed, or a sealed flow."""
    cookies = context.services.session_cookies
    if context.social.states.in_cookie:
        return context.request.cookies.get(cookies.names.oauth_state.name)
    value = context.request.cookies.get(cookies.names.state.name)
    return unsign(value, cookies.keyring) if value else None


def expire_state(context: Context) -> None:
    """Take the cookie back: a flow ends once."""
    names = context.services.session_cookies.names
    context.cookies.expire(names.oauth_state if context.social.states.in_cookie else names.state)
