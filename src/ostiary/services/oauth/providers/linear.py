"""Linear: its interface speaks GraphQL."""

from ostiary.crypto.javascript import stringify
from ostiary.options.known_providers import Linear
from ostiary.services.oauth.provider import Provider
from ostiary.services.oauth.reading import by_interface, said, subject_at

_QUERY = "query { viewer { id name email avatarUrl active createdAt updatedAt } }"


def linear(settings: Linear) -> Provider:
    """Declare Linear."""
    return Provider(
        settings=settings,
        authorization_url="https://linear.app/oauth/authorize",
        token_url="https://api.linear.app/oauth/token",
        default_scopes=("read",),
        takes_login_hint=True,
        pkce=False,
        subject=subject_at("id"),
        read=by_interface(
            "https://api.linear.app/graphql",
            said(name=("name",), email="email", image=("avatarUrl",)),
            within=("data", "viewer"),
            body=stringify({"query": _QUERY}),
            content_type="application/json",
        ),
    )
