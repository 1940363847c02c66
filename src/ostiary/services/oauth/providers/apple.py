"""Apple: the answer is posted, the name comes once and by the browser, the secret is a JWT."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from ostiary.domain.errors import JsonValue
from ostiary.domain.oauth import UserInfo
from ostiary.options.particular_providers import Apple
from ostiary.services.oauth.profiles import is_true
from ostiary.services.oauth.provider import Grant, IdTokenRules, Provider
from ostiary.services.oauth.providers.lives import FRESH
from ostiary.services.oauth.reading import at, subject_at

ISSUER: Final = "https://appleid.apple.com"
_SECRET_LIFE: Final = 300  # seconds: one request takes one secret


def apple(settings: Apple) -> Provider:
    """Declare Apple."""
    own = settings.audience or ((settings.app_bundle_identifier,) if settings.app_bundle_identifier else ())
    return Provider(
        settings=settings,
        authorization_url=f"{ISSUER}/auth/authorize",
        token_url=f"{ISSUER}/auth/token",
        default_scopes=("email", "name"),
        parameters={"response_type": "code id_token", "response_mode": "form_post"},
        secret=_secret_of(settings),
        issuer=ISSUER,
        id_token_rules=IdTokenRules(
            issuer=ISSUER,
            keys_url=f"{ISSUER}/auth/keys",
            client_ids=(*settings.client_ids, *own),
            max_age=FRESH,
            hashed_nonce=True,
        ),
        requires_id_token=True,
        subject=subject_at("sub"),
        read=_read,
    )


async def _read(grant: Grant) -> UserInfo | None:
    claims = grant.claims or {}
    name = _posted_name(grant.posted)
    data = {**claims, "name": (claims.get("name") or "") if name is None else name}
    user = {
        "name": data["name"],
        "email": claims.get("email"),
        "emailVerified": is_true(claims.get("email_verified")),
    }
    return UserInfo(data=data, user=user)


def _posted_name(posted: Mapping[str, JsonValue]) -> str | None:
    """Return the name that Apple sends at the first sign-in only."""
    if at(posted, "name") is None:
        return None
    parts = (at(posted, ("name", each)) for each in ("firstName", "lastName"))
    return " ".join(part for part in parts if isinstance(part, str)).strip()


def _secret_of(settings: Apple) -> "_Secret | None":
    return None if settings.private_key is None else _Secret(settings)


class _Secret:
    """Signs a client secret for every request, so that none has to be renewed by hand."""

    def __init__(self, settings: Apple) -> None:
        self._settings = settings

    def __call__(self, now: datetime) -> str:
        """Return a secret for the next minutes."""
        from ostiary.crypto.json_web_keys import read_private_pem  # noqa: PLC0415  JOSE is slow to import
        from ostiary.crypto.json_web_signatures import sign_token  # noqa: PLC0415  JOSE is slow to import

        settings, issued = self._settings, int(now.timestamp())
        claims = {
            "iss": settings.team_id,
            "iat": issued,
            "exp": issued + _SECRET_LIFE,
            "aud": ISSUER,
            "sub": settings.client_ids[0],
        }
        return sign_token(claims, read_private_pem(settings.private_key or "", kid=settings.key_id or ""))
