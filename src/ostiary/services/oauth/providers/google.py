"""Google: OpenID Connect; its word on a person is the ID token."""

from typing import Final

from ostiary.crypto.strict_json import Claims
from ostiary.options.frequent_providers import Google
from ostiary.services.oauth.provider import IdTokenRules, Provider
from ostiary.services.oauth.providers.lives import FRESH
from ostiary.services.oauth.reading import by_id_token, said, subject_at

ISSUER: Final = "https://accounts.google.com"
_ISSUERS: Final = frozenset({ISSUER, ISSUER.removeprefix("https://")})


def google(settings: Google) -> Provider:
    """Declare Google."""

    def is_of_domain(claims: Claims) -> bool:
        """Compare the signed claim: the parameter `hd` of the request is only a wish."""
        domain = claims.get("hd")
        return settings.hd is None or (bool(domain) and settings.hd in {"*", domain})

    return Provider(
        settings=settings,
        authorization_url="https://accounts.google.com/o/oauth2/v2/auth",
        token_url="https://oauth2.googleapis.com/token",
        default_scopes=("email", "profile", "openid"),
        parameters={"display": settings.display, "hd": settings.hd, "access_type": settings.access_type},
        takes_prompt=True,
        takes_login_hint=True,
        extra_parameters={"include_granted_scopes": "true"} if settings.include_granted_scopes else {},
        issuer=ISSUER,
        id_token_rules=IdTokenRules(
            issuer=_issuer_of,
            keys_url="https://www.googleapis.com/oauth2/v3/certs",
            client_ids=settings.client_ids,
            max_age=FRESH,
            accepts=is_of_domain,
        ),
        requires_id_token=True,
        subject=subject_at("sub"),
        read=by_id_token(said(name=("name",), email="email", image=("picture",), verified="email_verified")),
    )


def _issuer_of(claims: Claims) -> str | None:
    """Return the issuer as these claims write it: Google has two ways."""
    issuer = claims.get("iss")
    return issuer if isinstance(issuer, str) and issuer in _ISSUERS else None
