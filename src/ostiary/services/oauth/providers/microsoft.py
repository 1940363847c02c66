"""Microsoft: one set of keys for every tenant, so that the tenant of a token is checked apart."""

from base64 import b64encode
from typing import Final

from ostiary.crypto.strict_json import Claims
from ostiary.domain.errors import JsonValue
from ostiary.domain.oauth import UserInfo
from ostiary.options.particular_providers import MANY_TENANTS, Microsoft
from ostiary.services.oauth.failure import ProviderFailed
from ostiary.services.oauth.profiles import is_true
from ostiary.services.oauth.provider import Grant, IdTokenRules, Provider
from ostiary.services.oauth.providers.lives import FRESH
from ostiary.services.oauth.reading import subject_at

PERSONAL_ACCOUNTS: Final = "9188040d-6c67-4c5b-b112-36a304b66dad"
"""The tenant of everybody who is of none."""
_SCOPES: Final = ("openid", "profile", "email", "User.Read", "offline_access")
_PHOTO: Final = "https://graph.microsoft.com/v1.0/me/photos"


def microsoft(settings: Microsoft) -> Provider:
    """Declare Microsoft."""
    tenant, authority = settings.tenant_id, settings.authority.rstrip("/")

    def issuer_of(claims: Claims) -> str | None:
        """Return who must have issued these claims; None for tenants that do not come in here."""
        of = claims.get("tid")
        personal = of == PERSONAL_ACCOUNTS
        if not isinstance(of, str) or (tenant, personal) in {("organizations", True), ("consumers", False)}:
            return None
        return f"{authority}/{of}/v2.0" if tenant in {*MANY_TENANTS, of} else None

    async def read(grant: Grant) -> UserInfo | None:
        """Read the ID token, and fetch the picture."""
        claims = grant.claims or {}
        picture = None if settings.disable_profile_photo else await _picture(settings, grant)
        data = {**claims, "picture": picture} if picture else claims
        user = {
            "name": data.get("name"),
            "email": data.get("email"),
            "image": data.get("picture"),
            "emailVerified": _is_proved(claims),
        }
        return UserInfo(data=data, user=user)

    defaults = () if settings.disable_default_scope else _SCOPES
    return Provider(
        settings=settings,
        authorization_url=f"{authority}/{tenant}/oauth2/v2.0/authorize",
        token_url=f"{authority}/{tenant}/oauth2/v2.0/token",
        default_scopes=_SCOPES,
        takes_login_hint=True,
        takes_prompt=True,
        id_token_rules=IdTokenRules(
            issuer=issuer_of,
            keys_url=f"{authority}/{tenant}/discovery/v2.0/keys",
            client_ids=settings.client_ids,
            max_age=FRESH,
        ),
        requires_id_token=True,
        refresh_parameters={"scope": " ".join((*defaults, *settings.scope))},
        subject=subject_at("oid"),
        read=read,
    )


async def _picture(settings: Microsoft, grant: Grant) -> str | None:
    """Return the picture as a data address; None where there is none, which keeps nobody out."""
    if not grant.tokens.access_token:
        return None
    size = settings.profile_photo_size
    try:
        answer = await grant.calls.send(f"{_PHOTO}/{size}x{size}/$value", grant.bearer)
    except ProviderFailed:
        return None
    if answer.status != 200:
        return None
    return f"data:image/jpeg;base64, {b64encode(answer.body).decode()}"


def _is_proved(claims: Claims) -> bool:
    """Tell whether Microsoft has proof of the address: most tenants let their administrators write any."""
    if "email_verified" in claims:
        return is_true(claims["email_verified"])
    proved: list[JsonValue] = [
        each
        for name in ("verified_primary_email", "verified_secondary_email")
        if isinstance(claims.get(name), list)
        for each in claims[name]
    ]
    return bool(claims.get("email")) and claims["email"] in proved
