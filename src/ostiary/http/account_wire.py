"""Which account a request is about, and what is said of its tokens."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from ostiary.domain.errors import JsonValue
from ostiary.http.wire import UNSET, OptionalText, Output, Unset, WholeModel, refuse_null


class AccountSelection(WholeModel):
    """One account: by its row, or the one in the browser's cookie."""

    model_config = ConfigDict(extra="forbid")

    account_id: OptionalText = Field(default=None, description="The `id` of the account")
    use_account_cookie: Annotated[Literal[True] | None, AfterValidator(refuse_null)] = Field(
        default=None, description="The account in the cookie, where `account.store_account_cookie` is on"
    )
    user_id: OptionalText = Field(
        default=None, description="Whose account it is, for calls in process without a session"
    )

    @model_validator(mode="before")
    @classmethod
    def _select_once(cls, given: JsonValue) -> JsonValue:
        ways = {"accountId", "useAccountCookie", "account_id", "use_account_cookie"}
        if len(ways.intersection(given)) != 1:
            raise PydanticCustomError("selection", "one way to select an account")
        return given


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken(Output):
    """An access token of a provider, good for now."""

    access_token: str
    access_token_expires_at: datetime | Unset = UNSET
    scopes: list[str]
    id_token: str | Unset = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewedTokens(Output):
    """The tokens that a provider has just handed out."""

    access_token: str
    refresh_token: str
    access_token_expires_at: datetime | Unset = UNSET
    refresh_token_expires_at: datetime | None
    scope: str | None
    id_token: str | None
    provider_id: str
    account_id: str


@dataclass(frozen=True, slots=True)
class AccountKey(Output):
    """An account, and who it is at its provider."""

    id: str
    provider_id: str
    account_id: str


@dataclass(frozen=True, slots=True)
class AccountInfo(Output):
    """What a provider says of a person: as members of a user, and as it said it."""

    user: Mapping[str, JsonValue]
    data: Mapping[str, JsonValue]
    account: AccountKey
