"""What requests say that lead to a provider, and what a provider's answer says."""

from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from ostiary.domain.errors import JsonValue
from ostiary.domain.oauth import OAuthTokens
from ostiary.http.context import Context
from ostiary.http.oauth_wire import OAuthModel
from ostiary.http.wire import (
    CallbackURL,
    OptionalFlag,
    OptionalSecret,
    OptionalText,
    PlainText,
    WireModel,
    refuse_null,
)
from ostiary.services.oauth.authorization import RESERVED
from ostiary.services.oauth.flow import Departure


def _refuse_reserved(value: dict[str, str] | None) -> dict[str, str] | None:
    if value is None or not set(RESERVED).isdisjoint(value):
        raise PydanticCustomError(
            "text", f"additionalParams cannot include reserved OAuth parameters: {', '.join(RESERVED)}"
        )
    return value


AdditionalParameters = Annotated[dict[str, str] | None, AfterValidator(_refuse_reserved)]
Scopes = Annotated[list[str] | None, AfterValidator(refuse_null)]
AdditionalData = Annotated[dict[str, JsonValue] | None, AfterValidator(refuse_null)]


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


OptionalTokens = Annotated[BroughtTokens | None, AfterValidator(refuse_null)]


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
            redirect_uri=context.address(f"/callback/{self.provider}"),
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


class LinkSocial(ToProvider):
    """Whose account to link, and where to afterwards."""


class CallbackMembers(OAuthModel):
    """What a provider sends back by way of the browser."""

    code: OptionalSecret = Field(default=None, description="Authorization code")
    error: OptionalText = Field(default=None, description="Why there is none")
    device_id: OptionalText = Field(default=None, description="Device, as some providers have it")
    error_description: OptionalText = Field(default=None, description="The same in words")
    state: OptionalSecret = Field(default=None, description="State of the flow")
    user: OptionalSecret = Field(default=None, description="Profile, as some providers send it once")
    iss: OptionalText = Field(default=None, description="Issuer of the answer (RFC 9207)")
