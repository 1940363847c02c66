"""Dropbox: its interface is asked by POST."""

from ostiary.options.particular_providers import Dropbox
from ostiary.services.oauth.provider import Provider
from ostiary.services.oauth.reading import by_interface, said, subject_at


def dropbox(settings: Dropbox) -> Provider:
    """Declare Dropbox."""
    return Provider(
        settings=settings,
        authorization_url="https://www.dropbox.com/oauth2/authorize",
        token_url="https://api.dropboxapi.com/oauth2/token",
        default_scopes=("account_info.read",),
        extra_parameters={"token_access_type": settings.access_type} if settings.access_type else {},
        subject=subject_at("account_id"),
        read=by_interface(
            "https://api.dropboxapi.com/2/users/get_current_account",
            said(
                name=(("name", "display_name"),),
                email="email",
                image=("profile_photo_url",),
                verified="email_verified",
            ),
            body=b"",
        ),
    )
