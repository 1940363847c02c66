"""Notion: people are the owners of the integration's bot."""

from ostiary.options.known_providers import Notion
from ostiary.services.oauth.provider import Provider
from ostiary.services.oauth.reading import by_interface, said, subject_at


def notion(settings: Notion) -> Provider:
    """Declare Notion."""
    return Provider(
        settings=settings,
        authorization_url="https://api.notion.com/v1/oauth/authorize",
        token_url="https://api.notion.com/v1/oauth/token",
        takes_login_hint=True,
        fixed_parameters={"owner": "user"},
        pkce=False,
        authentication="basic",
        refresh_authentication="post",
        subject=subject_at("id"),
        read=by_interface(
            "https://api.notion.com/v1/users/me",
            said(name=("name",), email=("person", "email"), image=("avatar_url",)),
            within=("bot", "owner", "user"),
            notion_version="2022-06-28",
        ),
    )
