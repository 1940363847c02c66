"""The tokens of linked accounts, and what the providers say by them."""

from ostiary.domain.entities import Account, stored_scopes
from ostiary.domain.errors import AuthError, Errors
from ostiary.http.account_wire import AccessToken, AccountInfo, AccountKey, AccountSelection, RenewedTokens
from ostiary.http.context import Context
from ostiary.http.endpoint import FromQuery, Routes, SensitiveSession
from ostiary.http.wire import UNSET

routes = Routes()


def _wordless(refusal: AuthError) -> AuthError:
    """wire: the reference answers nobody here without a body."""
    if refusal.code != Errors.UNAUTHORIZED.name:
        return refusal
    return AuthError(refusal.status, None, None, reason=refusal.reason)


@routes.post(
    "/get-access-token",
    raises=[
        Errors.UNAUTHORIZED,
        Errors.USER_ID_OR_SESSION_REQUIRED,
        Errors.ACCOUNT_NOT_FOUND,
        Errors.PROVIDER_NOT_SUPPORTED,
        Errors.FAILED_TO_GET_ACCESS_TOKEN,
    ],
    rewrite_refusal=_wordless,
)
async def get_access_token(
    body: AccountSelection, session: SensitiveSession | None, context: Context
) -> AccessToken:
    """Return an access token of a linked account, renewed at its provider where it has ended."""
    selected = await _selected(body, session, context)
    account = await context.provider_tokens.current(selected)
    if account is not selected:
        context.carry_account(account)
    tokens = context.provider_tokens.opened(account)
    return AccessToken(
        access_token=tokens.access_token or "",
        access_token_expires_at=tokens.access_token_expires_at or UNSET,
        scopes=stored_scopes(account.scope),
        id_token=UNSET if tokens.id_token is None else tokens.id_token,
    )


@routes.post(
    "/refresh-token",
    raises=[
        Errors.UNAUTHORIZED,
        Errors.USER_ID_OR_SESSION_REQUIRED,
        Errors.ACCOUNT_NOT_FOUND,
        Errors.PROVIDER_NOT_SUPPORTED,
        Errors.TOKEN_REFRESH_NOT_SUPPORTED,
        Errors.REFRESH_TOKEN_NOT_FOUND,
        Errors.FAILED_TO_REFRESH_ACCESS_TOKEN,
    ],
    rewrite_refusal=_wordless,
)
async def refresh_token(
    body: AccountSelection, session: SensitiveSession | None, context: Context
) -> RenewedTokens:
    """Renew the tokens of a linked account at its provider, ended or not."""
    account = await context.provider_tokens.renew(await _selected(body, session, context))
    if body.use_account_cookie:
        context.carry_account(account)
    failure = Errors.FAILED_TO_REFRESH_ACCESS_TOKEN
    tokens = context.provider_tokens.opened(account, failure)
    return RenewedTokens(
        access_token=tokens.access_token or "",
        refresh_token=context.provider_tokens.refresh_token(account, failure),
        access_token_expires_at=tokens.access_token_expires_at or UNSET,
        refresh_token_expires_at=tokens.refresh_token_expires_at,
        scope=account.scope,
        id_token=tokens.id_token,
        provider_id=account.provider_id,
        account_id=account.id,
    )


@routes.get(
    "/account-info",
    raises=[
        Errors.UNAUTHORIZED,
        Errors.USER_ID_OR_SESSION_REQUIRED,
        Errors.ACCOUNT_NOT_FOUND,
        Errors.PROVIDER_NOT_CONFIGURED,
        Errors.ACCESS_TOKEN_NOT_FOUND,
        Errors.FAILED_TO_GET_ACCESS_TOKEN,
        Errors.FAILED_TO_GET_USER_INFO,
    ],
    rewrite_refusal=_wordless,
)
async def account_info(
    query: FromQuery[AccountSelection], session: SensitiveSession | None, context: Context
) -> AccountInfo:
    """Return what the provider of a linked account says of the person."""
    account = await _selected(query, session, context)
    profile = await context.provider_tokens.profile(account)
    key = AccountKey(account.id, account.provider_id, account.account_id)
    return AccountInfo(profile.user, profile.data, key)


async def _selected(
    selection: AccountSelection, session: SensitiveSession | None, context: Context
) -> Account:
    """Return the account that is meant, of the session's user whoever else is named."""
    user_id = session.user.id if session else selection.user_id
    if not user_id:
        raise Errors.USER_ID_OR_SESSION_REQUIRED()
    if selection.account_id is not None:
        return await context.provider_tokens.require(user_id, selection.account_id)
    carried = context.carried_account
    if carried is None:
        raise Errors.ACCOUNT_NOT_FOUND(reason="the browser carries no account")
    # with a database the cookie only says which account: what was dropped or renewed since counts at once
    stateless = context.provider_tokens.stateless
    return carried if stateless else await context.provider_tokens.require(user_id, carried.id)
