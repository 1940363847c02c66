"""Paybin: its word on a person is the ID token, whose keys it does not publish."""

from ostiary.options.particular_providers import Paybin
from ostiary.services.oauth.provider import IdTokenRules, Provider
from ostiary.services.oauth.reading import by_id_token, subject_at


def paybin(settings: Paybin) -> Provider:
    """Declare Paybin."""
    return Provider(
        settings=settings,
        authorization_url=f"{settings.issuer}/oauth2/authorize",
        token_url=f"{settings.issuer}/oauth2/token",
        default_scopes=("openid", "email", "profile"),
        takes_login_hint=True,
        takes_prompt=True,
        id_token_rules=IdTokenRules(issuer=settings.issuer, keys_url=None, client_ids=settings.client_ids),
        requires_id_token=True,
        subject=subject_at("sub"),
        read=by_id_token(),
    )
