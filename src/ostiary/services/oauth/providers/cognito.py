"""Amazon Cognito: one's own pages, the pool's own keys, and a scope that is encoded its own way."""

from urllib.parse import parse_qsl, quote, urlsplit

from ostiary.domain.oauth import UserInfo
from ostiary.options.particular_providers import Cognito
from ostiary.services.oauth.authorization import joined, standard_address
from ostiary.services.oauth.profiles import is_true
from ostiary.services.oauth.provider import AuthorizationRequest, Grant, IdTokenRules, Provider
from ostiary.services.oauth.providers.lives import FRESH
from ostiary.services.oauth.reading import first_at, object_at, subject_at

_UNESCAPED = "!'()*"  # by encodeURIComponent, besides letters and digits
_NAMES = ("name", "given_name", "username")


def cognito(settings: Cognito) -> Provider:
    """Declare a user pool."""
    base = f"https://{settings.domain.removeprefix('https://').removeprefix('http://')}"
    issuer = f"https://cognito-idp.{settings.region}.amazonaws.com/{settings.user_pool_id}"

    async def read(grant: Grant) -> UserInfo | None:
        """Read the ID token, else ask the pool."""
        if grant.claims is not None:
            data = {**grant.claims, "name": first_at(grant.claims, _NAMES, "")}
        else:
            data = {**(object_at(await grant.ask(f"{base}/oauth2/userinfo")) or {})}
        user = {
            "name": first_at(data, _NAMES, ""),
            "email": data.get("email"),
            "image": data.get("picture"),
            "emailVerified": is_true(data.get("email_verified")),
        }
        return UserInfo(data=data, user=user) if data else None

    own = {"identity_provider": settings.identity_provider} if settings.identity_provider else {}
    return Provider(
        settings=settings,
        authorization_url=f"{base}/oauth2/authorize",
        token_url=f"{base}/oauth2/token",
        default_scopes=("openid", "profile", "email"),
        takes_prompt=True,
        extra_parameters=own,
        authorize=_authorize,
        issuer=issuer,
        id_token_rules=IdTokenRules(
            issuer=issuer,
            keys_url=f"{issuer}/.well-known/jwks.json",
            client_ids=settings.client_ids,
            max_age=FRESH,
        ),
        subject=subject_at("sub"),
        read=read,
    )


def _authorize(provider: Provider, request: AuthorizationRequest) -> str:
    """Put the scopes last, spaces as %20: the pages do not read a plus sign."""
    parts = urlsplit(standard_address(provider, request))
    parameters = dict(parse_qsl(parts.query))
    scope = parameters.pop("scope", None)
    address = joined(parts._replace(query="").geturl(), parameters)
    return address if scope is None else f"{address}&scope={quote(scope, safe=_UNESCAPED)}"
