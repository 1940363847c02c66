"""Atlassian: whose interface tokens are for is part of the request."""

from ostiary.options.known_providers import Atlassian
from ostiary.services.oauth.provider import Provider
from ostiary.services.oauth.reading import by_interface, said, subject_at


def atlassian(settings: Atlassian) -> Provider:
    """Declare Atlassian."""
    return Provider(
        settings=settings,
        authorization_url="https://auth.atlassian.com/authorize",
        token_url="https://auth.atlassian.com/oauth/token",
        default_scopes=("read:jira-user", "offline_access"),
        takes_prompt=True,
        fixed_parameters={"audience": "api.atlassian.com"},
        subject=subject_at("account_id"),
        read=by_interface(
            "https://api.atlassian.com/me", said(name=("name",), email="email", image=("picture",))
        ),
    )
