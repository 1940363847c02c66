"""Google: OpenID Connect; its word on a person is the ID token."""

from collections.abc import Callable
from typing import Final

from ostiary.crypto.strict_json import Claims
from ostiary.options.social import Google
from ostiary.outgoing.networks import Network
from ostiary.services.oauth.failure import ProviderFailed
from ostiary.services.oauth.profiles import mapped
from ostiary.services.oauth.provider import Grant, IdTokenRules, IdTokens, Profile, Provider

ISSUER: Final = "https://accounts.google.com"
_KEYS: Final = "https://www.googleapis.com/oauth2/v3/certs"


def google(settings: Google, judge_of: Callable[[IdTokenRules], IdTokens]) -> Provider:
    """Declare Google."""

    async def read_profile(grant: Grant) -> Profile | None:
        """Read the ID token; raises ProviderFailed for a person of another Workspace domain."""
        claims = grant.claims or {}
        _check_domain(settings.hd, claims)
        user = {
            "name": claims.get("name"),
            "email": claims.get("email"),
            "image": claims.get("picture"),
            "emailVerified": claims.get("email_verified"),
        }
        return await mapped(settings, claims.get("sub"), user, claims)

    rules = IdTokenRules(
        issuer=ISSUER,
        keys_url=_KEYS,
        client_ids=settings.client_ids,
        algorithms=frozenset({"RS256"}),
        network=Network.PUBLIC,
    )
    return Provider(
        settings=settings,
        authorization_url="https://accounts.google.com/o/oauth2/v2/auth",
        token_url="https://oauth2.googleapis.com/token",  # noqa: S106  an address
        default_scopes=("email", "profile", "openid"),
        parameters={"display": settings.display, "hd": settings.hd, "access_type": settings.access_type},
        extra_parameters={"include_granted_scopes": "true"} if settings.include_granted_scopes else {},
        issuer=ISSUER,
        id_tokens=judge_of(rules),
        requires_id_token=True,
        read_profile=read_profile,
    )


def _check_domain(wanted: str | None, claims: Claims) -> None:
    """Compare the signed claim: the parameter `hd` of the request is only a wish."""
    domain = claims.get("hd")
    if wanted is not None and (not domain or wanted not in {"*", domain}):
        raise ProviderFailed("the person is of another Workspace domain")
