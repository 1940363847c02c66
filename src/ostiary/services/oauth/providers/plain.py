"""Providers without quirks: their addresses, and where a profile says what."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final, TypeAlias

from ostiary.options import known_providers as known
from ostiary.options.social import SocialProvider
from ostiary.services.oauth.provider import Provider
from ostiary.services.oauth.reading import OPENID, by_interface, said, subject_at

Declare: TypeAlias = Callable[..., Provider]

_OPENID_SCOPES: Final = ("openid", "profile", "email")

PLAIN: Final[Mapping[type[SocialProvider], Declare]] = {
    known.Figma: partial(
        Provider,
        authorization_url="https://www.figma.com/oauth",
        token_url="https://api.figma.com/v1/oauth/token",
        default_scopes=("current_user:read",),
        authentication="basic",
        subject=subject_at("id"),
        read=by_interface(
            "https://api.figma.com/v1/me", said(name=("handle",), email="email", image=("img_url",))
        ),
    ),
    known.Gumroad: partial(
        Provider,
        authorization_url="https://gumroad.com/oauth/authorize",
        token_url="https://api.gumroad.com/oauth/token",
        default_scopes=("view_profile",),
        takes_login_hint=True,
        subject=subject_at("user_id"),
        read=by_interface(
            "https://api.gumroad.com/v2/user",
            said(name=("name",), email="email", image=("profile_url",)),
            within="user",
        ),
    ),
    known.HuggingFace: partial(
        Provider,
        authorization_url="https://huggingface.co/oauth/authorize",
        token_url="https://huggingface.co/oauth/token",
        default_scopes=_OPENID_SCOPES,
        subject=subject_at("sub"),
        read=by_interface("https://huggingface.co/oauth/userinfo"),
    ),
    known.Kick: partial(
        Provider,
        authorization_url="https://id.kick.com/oauth/authorize",
        token_url="https://id.kick.com/oauth/token",
        default_scopes=("user:read",),
        subject=subject_at("user_id"),
        read=by_interface(
            "https://api.kick.com/public/v1/users",
            said(name=("name",), email="email", image=("profile_picture",)),
            within=("data", 0),
        ),
    ),
    known.LinkedIn: partial(
        Provider,
        authorization_url="https://www.linkedin.com/oauth/v2/authorization",
        token_url="https://www.linkedin.com/oauth/v2/accessToken",
        default_scopes=("profile", "email", "openid"),
        takes_login_hint=True,
        pkce=False,
        subject=subject_at("sub"),
        read=by_interface(
            "https://api.linkedin.com/v2/userinfo",
            said(name=("name",), email="email", image=("picture",), verified="email_verified"),
        ),
    ),
    known.Patreon: partial(
        Provider,
        authorization_url="https://www.patreon.com/oauth2/authorize",
        token_url="https://www.patreon.com/api/oauth2/token",
        default_scopes=("identity[email]",),
        takes_login_hint=True,
        subject=subject_at("id"),
        read=by_interface(
            "https://www.patreon.com/api/oauth2/v2/identity"
            "?fields[user]=email,full_name,image_url,is_email_verified",
            said(
                name=(("attributes", "full_name"),),
                email=("attributes", "email"),
                image=(("attributes", "image_url"),),
                verified=("attributes", "is_email_verified"),
            ),
            within="data",
        ),
    ),
    known.Polar: partial(
        Provider,
        authorization_url="https://polar.sh/oauth2/authorize",
        token_url="https://api.polar.sh/v1/oauth2/token",
        default_scopes=_OPENID_SCOPES,
        takes_prompt=True,
        subject=subject_at("id"),
        read=by_interface(
            "https://api.polar.sh/v1/oauth2/userinfo",
            said(
                name=("public_name", "username"),
                email="email",
                image=("avatar_url",),
                verified="email_verified",
            ),
        ),
    ),
    known.Railway: partial(
        Provider,
        authorization_url="https://backboard.railway.com/oauth/auth",
        token_url="https://backboard.railway.com/oauth/token",
        default_scopes=("openid", "email", "profile"),
        authentication="basic",
        subject=subject_at("sub"),
        read=by_interface(
            "https://backboard.railway.com/oauth/me", said(name=("name",), email="email", image=("picture",))
        ),
    ),
    known.Slack: partial(
        Provider,
        authorization_url="https://slack.com/openid/connect/authorize",
        token_url="https://slack.com/api/openid.connect.token",
        default_scopes=_OPENID_SCOPES,
        requested_scopes_first=True,
        pkce=False,
        subject=subject_at("https://slack.com/user_id"),
        read=by_interface(
            "https://slack.com/api/openid.connect.userInfo",
            said(
                name=("name",),
                email="email",
                image=("picture", "https://slack.com/user_image_512"),
                verified="email_verified",
            ),
        ),
    ),
    known.Spotify: partial(
        Provider,
        authorization_url="https://accounts.spotify.com/authorize",
        token_url="https://accounts.spotify.com/api/token",
        default_scopes=("user-read-email",),
        subject=subject_at("id"),
        read=by_interface(
            "https://api.spotify.com/v1/me",
            said(name=("display_name",), email="email", image=(("images", 0, "url"),)),
        ),
    ),
    known.Vercel: partial(
        Provider,
        authorization_url="https://vercel.com/oauth/authorize",
        token_url="https://api.vercel.com/login/oauth/token",
        renews_tokens=False,
        subject=subject_at("sub"),
        read=by_interface("https://api.vercel.com/login/oauth/userinfo", OPENID),
    ),
}
"""One declaration for each class of options, lacking only the options."""
