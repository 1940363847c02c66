"""WeChat: words of its own for everything, codes exchanged by GET, and people known by two names."""

from collections.abc import Mapping

from ostiary.domain.errors import JsonValue
from ostiary.domain.oauth import CodeGrant, UserInfo
from ostiary.options.particular_providers import WeChat
from ostiary.services.oauth.authorization import joined, sparse_address
from ostiary.services.oauth.failure import ProviderFailed
from ostiary.services.oauth.provider import AuthorizationRequest, Calls, Grant, Provider
from ostiary.services.oauth.reading import at, first_at, object_at, placeholder_email, subject_at

_API = "https://api.weixin.qq.com/sns"


def wechat(settings: WeChat) -> Provider:
    """Declare WeChat."""
    who = {"appid": settings.client_ids[0]}
    secret = settings.client_secret or ""

    async def exchange(calls: Calls, grant: CodeGrant) -> Mapping[str, JsonValue]:
        """Exchange a code."""
        asked = {**who, "secret": secret, "code": grant.code, "grant_type": "authorization_code"}
        return await _tokens(calls, f"{_API}/oauth2/access_token", asked)

    async def renew(calls: Calls, refresh_token: str) -> Mapping[str, JsonValue]:
        """Renew tokens."""
        asked = {**who, "grant_type": "refresh_token", "refresh_token": refresh_token}
        return await _tokens(calls, f"{_API}/oauth2/refresh_token", asked)

    return Provider(
        settings=settings,
        authorization_url="https://open.weixin.qq.com/connect/qrconnect",
        token_url=f"{_API}/oauth2/access_token",
        default_scopes=("snsapi_login",),
        extra_parameters={"lang": settings.lang},
        authorize=_authorize,
        client_id_name="appid",
        pkce=False,
        exchange=exchange,
        renew=renew,
        subject=subject_at("unionid", "openid"),
        read=_read,
    )


def _authorize(provider: Provider, request: AuthorizationRequest) -> str:
    return f"{sparse_address(provider, request)}#wechat_redirect"


async def _tokens(calls: Calls, url: str, asked: Mapping[str, str]) -> Mapping[str, JsonValue]:
    answer = object_at(await calls.ask(joined(url, asked)))
    if answer is None or answer.get("errcode"):
        raise ProviderFailed("it answered without tokens")
    scope = answer.get("scope")
    return {**answer, "scope": scope.split(",") if isinstance(scope, str) else []}


async def _read(grant: Grant) -> UserInfo | None:
    who = at(grant.tokens.raw, "openid")
    if not isinstance(who, str):
        return None
    asked = {"access_token": grant.tokens.access_token or "", "openid": who, "lang": "zh_CN"}
    data = object_at(await grant.calls.ask(joined(f"{_API}/userinfo", asked)))
    if data is None or data.get("errcode"):
        return None
    user = {
        "name": data.get("nickname"),
        "email": data.get("email") or placeholder_email(first_at(data, ("unionid", "openid"), who), "wechat"),
        "image": data.get("headimgurl"),
        "emailVerified": False,
    }
    return UserInfo(data=data, user=user)
