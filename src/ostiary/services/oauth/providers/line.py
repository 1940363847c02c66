"""LINE: ID tokens are signed by our own secret, so that LINE itself is asked about those of others."""

from ostiary.crypto.javascript import form_encoded
from ostiary.crypto.strict_json import Claims
from ostiary.domain.oauth import UserInfo
from ostiary.options.known_providers import Line
from ostiary.services.oauth.failure import IdTokenRefused
from ostiary.services.oauth.provider import Calls, Confirm, Grant, IdTokenRules, Provider
from ostiary.services.oauth.reading import object_at, said, subject_at

_API = "https://api.line.me/oauth2/v2.1"
_USER = said(name=("name",), email="email", image=("picture",))


def line(settings: Line) -> Provider:
    """Declare a channel of LINE."""
    return Provider(
        settings=settings,
        authorization_url="https://access.line.me/oauth2/v2.1/authorize",
        token_url=f"{_API}/token",
        default_scopes=("openid", "profile", "email"),
        takes_login_hint=True,
        id_token_rules=IdTokenRules(
            issuer="https://access.line.me", keys_url=None, client_ids=settings.client_ids
        ),
        confirm=_confirmed(settings.client_ids[0]),
        subject=subject_at("sub"),
        read=_read,
    )


async def _read(grant: Grant) -> UserInfo | None:
    data = grant.claims or object_at(await grant.ask(f"{_API}/userinfo"))
    return None if data is None else UserInfo(data=data, user=_USER(data))


def _confirmed(client_id: str) -> Confirm:
    async def confirm(calls: Calls, token: str, nonce: str | None) -> Claims:
        """Return the claims as LINE reads them; raises ProviderFailed."""
        form = {"id_token": token, "client_id": client_id, **({"nonce": nonce} if nonce else {})}
        headers = {"content-type": "application/x-www-form-urlencoded"}
        claims = await calls.ask(f"{_API}/verify", headers, form_encoded(form).encode())
        if not isinstance(claims, dict) or claims.get("aud") != client_id:
            raise IdTokenRefused("its ID token is for somebody else")
        if claims.get("nonce") and claims["nonce"] != nonce:
            raise IdTokenRefused("its ID token answers another request")
        return claims

    return confirm
