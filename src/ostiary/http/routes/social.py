"""Sign in by a provider: off to it, and back."""

from typing import Annotated, NoReturn

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from ostiary.crypto.javascript import form_encoded
from ostiary.domain.errors import AuthError, Errors, JsonValue
from ostiary.http.context import Context
from ostiary.http.endpoint import DEFAULT_LIMIT, FromPath, FromQuery, Routes
from ostiary.http.events import log_event, log_refusal
from ostiary.http.oauth_wire import OAuthModel
from ostiary.http.redirect import Redirect
from ostiary.http.state_cookies import expire_state, presented_state, write_state
from ostiary.http.wire import (
    CallbackURL,
    OptionalFlag,
    OptionalSecret,
    OptionalText,
    PlainText,
    SignedIn,
    SocialRedirect,
    WireModel,
)
from ostiary.options import RateLimit
from ostiary.services.oauth.authorization import RESERVED
from ostiary.services.oauth.failure import FlowFailed
from ostiary.services.oauth.flow import Callback, Departure
from ostiary.services.oauth.linking import Arrival, Resolved, as_sentence
from ostiary.services.oauth.provider import Provider
from ostiary.services.oauth.state import Flow, LinkIntent
from ostiary.services.oauth.tokens import OAuthTokens

routes = Routes()
INVALID_ID_TOKEN = Errors.INVALID_TOKEN.at(401)


def _refuse_reserved(value: dict[str, str] | None) -> dict[str, str] | None:
    if value is None or not set(RESERVED).isdisjoint(value):
        raise PydanticCustomError(
            "text", f"additionalParams cannot include reserved OAuth parameters: {', '.join(RESERVED)}"
        )
    return value


def _refuse_null(value: JsonValue) -> JsonValue:
    if value is None:
        raise PydanticCustomError("null", "null where a value may only be absent")
    return value


def _address(context: Context, path: str) -> str:
    """Return the address of one of our paths, from configuration only: no header of a request decides it."""
    return f"{context.options.origin or ''}{context.options.mount_path}{path}"


AdditionalParameters = Annotated[dict[str, str] | None, AfterValidator(_refuse_reserved)]
Scopes = Annotated[list[str] | None, AfterValidator(_refuse_null)]
AdditionalData = Annotated[dict[str, JsonValue] | None, AfterValidator(_refuse_null)]


class BroughtTokens(WireModel):
    """What a client got from the provider by itself."""

    token: str = Field(description="ID token of the provider")
    nonce: OptionalSecret = Field(default=None, description="Nonce the token must repeat")
    access_token: OptionalSecret = Field(default=None, description="Access token of the provider")
    refresh_token: OptionalSecret = Field(default=None, description="Refresh token of the provider")

    @property
    def tokens(self) -> OAuthTokens:
        """The tokens as a provider hands them out."""
        return OAuthTokens(
            id_token=self.token, access_token=self.access_token, refresh_token=self.refresh_token
        )


OptionalTokens = Annotated[BroughtTokens | None, AfterValidator(_refuse_null)]


class ToProvider(WireModel):
    """What every request has that leads to a provider."""

    provider: PlainText = Field(description="Name of the provider")
    callback_url: CallbackURL = Field(default=None, description="Where to go in the end")
    error_callback_url: CallbackURL = Field(
        default=None, alias="errorCallbackURL", description="Where to go with `?error=` when something fails"
    )
    disable_redirect: OptionalFlag = Field(
        default=None, description="Answer with the address alone, for the client to go there by itself"
    )
    scopes: Scopes = Field(default=None, description="What to ask the provider for besides")
    login_hint: OptionalText = Field(default=None, description="Who is probably signing in")
    additional_params: AdditionalParameters = Field(
        default=None, description="Parameters to add to the address of the provider"
    )
    additional_data: AdditionalData = Field(
        default=None, description="Data to keep with the state of the flow"
    )
    request_sign_up: OptionalFlag = Field(
        default=None, description="Sign up where the provider does not do so unasked"
    )
    id_token: OptionalTokens = Field(
        default=None, description="Sign in at once by what the client got itself"
    )

    def departure(self, context: Context, new_user_url: str | None = None) -> Departure:
        """Return what is wanted of the provider."""
        return Departure(
            callback_url=self.callback_url or context.options.origin or "/",
            redirect_uri=_address(context, f"/callback/{self.provider}"),
            error_url=self.error_callback_url,
            new_user_url=new_user_url,
            request_sign_up=self.request_sign_up,
            scopes=tuple(self.scopes or ()),
            login_hint=self.login_hint,
            additional_parameters=self.additional_params or {},
            additional_data=self.additional_data or {},
        )


class SignInSocial(ToProvider):
    """Which provider, and where to afterwards."""

    new_user_callback_url: CallbackURL = Field(
        default=None, alias="newUserCallbackURL", description="Where to go in the end after a sign-up"
    )


class CallbackMembers(OAuthModel):
    """What a provider sends back by way of the browser."""

    code: OptionalSecret = Field(default=None, description="Authorization code")
    error: OptionalText = Field(default=None, description="Why there is none")
    device_id: OptionalText = Field(default=None, description="Device, as some providers have it")
    error_description: OptionalText = Field(default=None, description="The same in words")
    state: OptionalSecret = Field(default=None, description="State of the flow")
    user: OptionalSecret = Field(default=None, description="Profile, as some providers send it once")
    iss: OptionalText = Field(default=None, description="Issuer of the answer (RFC 9207)")


@routes.post(
    "/sign-in/social",
    raises=[
        Errors.PROVIDER_NOT_FOUND,
        Errors.ID_TOKEN_NOT_SUPPORTED,
        INVALID_ID_TOKEN,
        Errors.FAILED_TO_GET_USER_INFO,
        Errors.USER_EMAIL_NOT_FOUND,
        Errors.OAUTH_LINK_ERROR,
    ],
    rate_limit=RateLimit(3, per=10),
)
async def sign_in_social(body: SignInSocial, context: Context) -> SocialRedirect | SignedIn:
    """Sign in by a provider: answers with its address, or signs in by an ID token."""
    provider = await context.social.require_provider(body.provider)
    if body.id_token is not None:
        arrival = await identified(context, provider, body.id_token)
        resolved = await _resolved(context, arrival, request_sign_up=bool(body.request_sign_up))
        session = await context.start_session(resolved.user)
        _log_arrival(context, resolved)
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


def _log_arrival(context: Context, resolved: Resolved) -> None:
    if resolved.is_new:
        log_event(context, "signed_up")
    else:
        log_event(context, "signed_in")


async def to_provider(
    context: Context, provider: Provider, body: ToProvider, departure: Departure
) -> SocialRedirect:
    """Begin a flow and answer with the address of the provider."""
    url, ticket = await context.social.depart(provider, departure)
    write_state(context, ticket)
    if not body.disable_redirect:
        context.headers.append(("location", url))
    return SocialRedirect(url=url, redirect=not body.disable_redirect)


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
    try:
        flow = await _redeemed(query, context)
    except FlowFailed as failure:
        raise _failed(context, failure, None) from None
    try:
        raise Redirect(await _arrived(flow, query, provider, context))
    except FlowFailed as failure:
        raise _failed(context, failure, flow) from None
    except AuthError as refusal:
        if refusal.code is None:
            raise
        refused = FlowFailed(refusal.code, refusal.message, reason=refusal.reason or "")
        raise _failed(context, refused, flow) from None


def _repeated(
    context: Context, provider: str, body: CallbackMembers | None, query: CallbackMembers
) -> Redirect:
    posted = body.model_dump(exclude_none=True) if body else {}
    given = {**posted, **query.model_dump(exclude_none=True)}
    ordered = {name: given[name] for name in CallbackMembers.model_fields if name in given}
    return Redirect(f"{_address(context, f'/callback/{provider}')}?{form_encoded(ordered)}")


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
    redirect_uri = _address(context, f"/callback/{provider}")
    answer = Callback(provider_id=provider, redirect_uri=redirect_uri, code=query.code, issuer=query.iss)
    arrival = await context.social.arrive(flow, answer)
    if not flow.callback_url:
        raise FlowFailed("no_callback_url")
    if flow.link is not None:
        await _linked(flow.link, arrival, context)
        return flow.callback_url
    if not arrival.profile.email:
        raise FlowFailed("email_not_found")
    resolved = await context.social.linking.resolve(arrival, request_sign_up=bool(flow.request_sign_up))
    await context.start_session(resolved.user)
    _log_arrival(context, resolved)
    return (flow.new_user_url if resolved.is_new else None) or flow.callback_url


async def _linked(intent: LinkIntent, arrival: Arrival, context: Context) -> None:
    """Link for the session that asked for it, if that is still alive."""
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
    return configured if configured and configured != "/" else _address(context, "/error")


def _failed(context: Context, failure: FlowFailed, flow: Flow | None) -> Redirect:
    log_refusal(context, AuthError(302, failure.code, None, reason=failure.reason))
    target = (flow.error_url if flow else None) or failure.error_url
    target = target or _error_page(context)
    redirect = Redirect(target).because(failure.code)
    return redirect.with_query(error_description=failure.description) if failure.description else redirect
