"""Sign in by a provider, or link one of its accounts: off to it, or at once by what it gave the client."""

from dataclasses import replace

from ostiary.domain.errors import Errors
from ostiary.http.context import Context
from ostiary.http.endpoint import Routes, SensitiveSession
from ostiary.http.events import log_arrival, log_event
from ostiary.http.social_wire import BroughtTokens, LinkSocial, SignInSocial, ToProvider
from ostiary.http.state_cookies import write_state
from ostiary.http.wire import Linked, SignedIn, SocialRedirect
from ostiary.options import RateLimit
from ostiary.services.oauth.failure import FlowFailed
from ostiary.services.oauth.flow import Departure
from ostiary.services.oauth.linking import Arrival, Resolved, as_sentence
from ostiary.services.oauth.provider import Provider
from ostiary.services.oauth.state import LinkIntent

routes = Routes()
INVALID_ID_TOKEN = Errors.INVALID_TOKEN.at(401)
REFUSALS = (
    Errors.PROVIDER_NOT_FOUND,
    Errors.ID_TOKEN_NOT_SUPPORTED,
    INVALID_ID_TOKEN,
    Errors.FAILED_TO_GET_USER_INFO,
    Errors.USER_EMAIL_NOT_FOUND,
)


@routes.post(
    "/sign-in/social",
    raises=[*REFUSALS, Errors.OAUTH_LINK_ERROR],
    rate_limit=RateLimit(3, per=10),
)
async def sign_in_social(body: SignInSocial, context: Context) -> SocialRedirect | SignedIn:
    """Sign in by a provider: answers with its address, or signs in by an ID token."""
    provider = await context.social.require_provider(body.provider)
    if body.id_token is not None:
        arrival = await identified(context, provider, body.id_token)
        resolved = await _resolved(context, arrival, request_sign_up=bool(body.request_sign_up))
        session = await context.start_session(resolved.user)
        log_arrival(context, resolved)
        return SignedIn(redirect=False, token=session.token, user=resolved.user)
    return await to_provider(context, provider, body, body.departure(context, body.new_user_callback_url))


async def identified(context: Context, provider: Provider, brought: BroughtTokens) -> Arrival:
    """Return whom the client's ID token vouches for; raises the refusals of such tokens."""
    return await context.social.identify(provider, brought.tokens, brought.nonce)


async def _resolved(context: Context, arrival: Arrival, *, request_sign_up: bool) -> Resolved:
    try:
        return await context.social.linking.resolve(arrival, request_sign_up=request_sign_up)
    except FlowFailed as failure:
        raise Errors.OAUTH_LINK_ERROR(as_sentence(failure.code), reason=failure.reason) from failure


async def to_provider(
    context: Context, provider: Provider, body: ToProvider, departure: Departure
) -> SocialRedirect:
    """Begin a flow and answer with the address of the provider."""
    url, ticket = await context.social.depart(provider, departure)
    write_state(context, ticket)
    if not body.disable_redirect:
        context.headers.append(("location", url))
    return SocialRedirect(url=url, redirect=not body.disable_redirect)


@routes.post(
    "/link-social",
    raises=[
        Errors.UNAUTHORIZED,
        *REFUSALS,
        Errors.SOCIAL_ACCOUNT_ALREADY_LINKED,
        Errors.LINKING_NOT_ALLOWED,
        Errors.LINKING_DIFFERENT_EMAILS_NOT_ALLOWED,
        Errors.LINKING_FAILED,
    ],
)
async def link_social(
    body: LinkSocial, session: SensitiveSession, context: Context
) -> SocialRedirect | Linked:
    """Link an account of a provider: answers with its address, or links at once by an ID token."""
    provider = await context.social.require_provider(body.provider)
    if body.id_token is not None:
        arrival = await identified(context, provider, body.id_token)
        await context.social.linking.link_brought(arrival, session.user)
        log_event(context, "account_linked")
        return Linked(url="", status=True, redirect=False)
    user, token = session.user, session.session.token
    intent = LinkIntent(user_id=user.id, email=user.email, session_token=token)
    return await to_provider(context, provider, body, replace(body.departure(context), link=intent))
