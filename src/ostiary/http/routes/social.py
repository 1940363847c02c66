"""Sign in by a provider, or link one of its accounts: off to it, or at once by what it gave the client."""

from dataclasses import replace

from ostiary.domain.errors import Errors
from ostiary.http.arrivals import sign_in
from ostiary.http.context import Context
from ostiary.http.endpoint import Routes, SensitiveSession
from ostiary.http.events import log_event
from ostiary.http.social_wire import BroughtTokens, LinkSocial, SignInSocial, ToProvider
from ostiary.http.state_cookies import write_state
from ostiary.http.wire import Linked, SignedIn, SocialRedirect
from ostiary.options import RateLimit
from ostiary.services.oauth.failure import FlowFailed
from ostiary.services.oauth.flow import Departure
from ostiary.services.oauth.linking import Arrival, as_sentence
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
    raises=[
        *REFUSALS,
        Errors.EMAIL_NOT_VERIFIED,
        Errors.OAUTH_LINK_ERROR,
        Errors.FAILED_TO_CREATE_SESSION,
    ],
    rate_limit=RateLimit(3, per=10),
)
async def sign_in_social(body: SignInSocial, context: Context) -> SocialRedirect | SignedIn:
    """Sign in by a provider: answers with its address, or signs in by an ID token."""
    provider = await context.social.require_provider(body.provider)
    if body.id_token is not None:
        return await _signed_in(await identified(context, provider, body.id_token), body, context)
    return await to_provider(context, provider, body, body.departure(context, body.new_user_callback_url))


async def identified(context: Context, provider: Provider, brought: BroughtTokens) -> Arrival:
    """Return whom the client's ID token vouches for; raises the refusals of such tokens."""
    headers = context.request.headers
    return await context.social.identify(provider, brought.tokens, brought.nonce, headers)


async def _signed_in(arrival: Arrival, body: SignInSocial, context: Context) -> SignedIn:
    wanted = bool(body.request_sign_up)
    try:
        resolved, session = await sign_in(
            context, arrival, request_sign_up=wanted, callback_url=body.callback_url
        )
    except FlowFailed as failure:
        raise Errors.OAUTH_LINK_ERROR(as_sentence(failure.code), reason=failure.reason) from failure
    return SignedIn(redirect=False, token=session.token, user=resolved.user)


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
