"""Salesforce: theirs, their sandbox, or a domain of one's own."""

from ostiary.options.particular_providers import Salesforce
from ostiary.services.oauth.provider import Provider
from ostiary.services.oauth.reading import by_interface, said, subject_at


def salesforce(settings: Salesforce) -> Provider:
    """Declare Salesforce."""
    usual = "test.salesforce.com" if settings.environment == "sandbox" else "login.salesforce.com"
    base = f"https://{settings.login_url or usual}/services/oauth2"
    return Provider(
        settings=settings,
        authorization_url=f"{base}/authorize",
        token_url=f"{base}/token",
        default_scopes=("openid", "email", "profile"),
        subject=subject_at("user_id"),
        read=by_interface(
            f"{base}/userinfo",
            said(
                name=("name",),
                email="email",
                image=(("photos", "picture"), ("photos", "thumbnail")),
                verified="email_verified",
            ),
        ),
    )
