"""Come back from a provider."""

from typing import NoReturn

from ostiary.crypto.javascript import form_encoded
from ostiary.crypto.strict_json import Claims, parse_object
from ostiary.domain.errors import AuthError, Errors
from ostiary.http.arrivals import sign_in
from ostiary.http.context import Context
from ostiary.http.endpoint import DEFAULT_LIMIT, FromPath, FromQuery, Routes
from ostiary.http.events import log_event, log_refusal
from ostiary.http.redirect import Redirect
from ostiary.http.social_wire import CallbackMembers
from ostiary.http.state_cookies import expire_state, presented_state, write_state
from ostiary.services.oauth.failure import FlowFailed
from ostiary.services.oauth.flow import Callback, Departure
from ostiary.services.oauth.linking import Arrival
from ostiary.services.oauth.state import Flow, LinkIntent

routes = Routes()


@routes.route(
    "/callback/{provider}", ("GET", "POST"), rate_limit=DEFAULT_LIMIT, accepts_form=True, status=302
)
async def callback(
    provider: FromPath,
    query: FromQuery[CallbackMembers],
    body: CallbackMembers | None,
    context: Context,
) -> NoReturn:
    """Come back from a provider: signs in or links, and always redirects.

    What a provider posts is sent on as a GET request of our own site, to which browsers add our cookies.
    """
    context.headers.append(("content-type", "application/json"))  # wire: though there is no body
    if context.request.method == "POST":
        raise _repeated(context, provider, body, query)
    if query.state is None and query.code:
        await _begin_again(provider, context)
    try:
        flow = await _redeemed(query, context)
    except FlowFailed as failure:
        if failure.is_over:
            expire_state(context)
        raise _failed(context, failure, None) from None
    try:
        raise Redirect(await _arrived(flow, query, provider, context))
    except FlowFailed as failure:
        raise _failed(context, failure, flow) from None
    except AuthError as refusal:
        if refusal.code is None:
            raise
        raise _failed(context, _as_failure(refusal), flow) from None


def _as_failure(refusal: AuthError) -> FlowFailed:
    if refusal.code == Errors.EMAIL_NOT_VERIFIED.name:
        return FlowFailed("email_not_verified", reason="the provider's people need a proved address")
    return FlowFailed(refusal.code or "", refusal.message, reason=refusal.reason or "")


def _repeated(
    context: Context, provider: str, body: CallbackMembers | None, query: CallbackMembers
) -> Redirect:
    posted = body.model_dump(exclude_none=True) if body else {}
    given = {**posted, **query.model_dump(exclude_none=True)}
    ordered = {name: given[name] for name in CallbackMembers.model_fields if name in given}
    return Redirect(f"{context.address(f'/callback/{provider}')}?{form_encoded(ordered)}")


async def _begin_again(provider_id: str, context: Context) -> None:
    """Begin a flow of our own where a provider begins one, if that is allowed: its code is not looked at."""
    provider = await context.social.directory.find(provider_id)
    if provider is None or not provider.allows_idp_initiated:
        return
    departure = Departure(
        callback_url=context.options.origin or "/", redirect_uri=context.address(f"/callback/{provider_id}")
    )
    url, ticket = await context.social.depart(provider, departure)
    write_state(context, ticket)
    raise Redirect(url)


async def _redeemed(query: CallbackMembers, context: Context) -> Flow:
    if not query.state:
        raise FlowFailed("state_not_found")
    flow = await context.social.states.redeem(query.state, presented_state(context))
    expire_state(context)
    return flow


async def _arrived(flow: Flow, query: CallbackMembers, provider: str, context: Context) -> str:
    """Sign in or link whoever came back; return where to go."""
    if query.error:
        raise FlowFailed(query.error, query.error_description, reason="the provider refused")
    redirect_uri = context.address(f"/callback/{provider}")
    answer = Callback(
        provider_id=provider,
        redirect_uri=redirect_uri,
        code=query.code,
        issuer=query.iss,
        device_id=query.device_id,
        posted=_told(query.user),
        headers=context.request.headers,
    )
    arrival = await context.social.arrive(flow, answer)
    if not flow.callback_url:
        raise FlowFailed("no_callback_url")
    if flow.link is not None:
        await _linked(flow.link, arrival, context)
        return flow.callback_url
    if not arrival.profile.email:
        raise FlowFailed("email_not_found")
    resolved, _ = await sign_in(
        context, arrival, request_sign_up=bool(flow.request_sign_up), callback_url=flow.callback_url
    )
    return (flow.new_user_url if resolved.is_new else None) or flow.callback_url


def _told(user: str | None) -> Claims:
    """Return what the browser tells of the person; nothing where that cannot be read."""
    try:
        return parse_object((user or "{}").encode())
    except ValueError:
        return {}


async def _linked(intent: LinkIntent, arrival: Arrival, context: Context) -> None:
    """Link for the session that asked for it, if that is still alive."""
    if context.services.session_reader.stateless:
        active = (await context.read_session()).active
    else:
        active = await context.sessions.by_token(intent.session_token or "")
    if active is None or active.user.id != intent.user_id:
        raise FlowFailed("unable_to_link_account", reason="the session that asked for it is over")
    await context.social.linking.link(arrival, intent)
    log_event(context, "account_linked")


def _error_page(context: Context) -> str:
    """Return where failures go that know no better.

    wire: `/` is where the page at `/error` leads of its own accord, so that it is asked first.
    """
    configured = context.options.on_api_error.error_url
    return configured if configured and configured != "/" else context.address("/error")


def _failed(context: Context, failure: FlowFailed, flow: Flow | None) -> Redirect:
    log_refusal(context, AuthError(302, failure.code, None, reason=failure.reason))
    target = (flow.error_url if flow else None) or failure.error_url
    target = target or _error_page(context)
    redirect = Redirect(target).because(failure.code)
    return redirect.with_query(error_description=failure.description) if failure.description else redirect
