"""Providers that are known by name and need no option of their own.

Without fields of their own they are no dataclasses of their own either, of which each takes its time to load.
"""

from ostiary.options.social import SocialProvider


class Atlassian(SocialProvider):
    """Atlassian."""

    known_as = "atlassian"
    needs_secret = True


class Figma(SocialProvider):
    """Figma."""

    known_as = "figma"
    needs_secret = True


class Gumroad(SocialProvider):
    """Gumroad."""

    known_as = "gumroad"


class HubSpot(SocialProvider):
    """HubSpot."""

    known_as = "hubspot"


class HuggingFace(SocialProvider):
    """Hugging Face."""

    known_as = "huggingface"


class Kakao(SocialProvider):
    """Kakao."""

    known_as = "kakao"


class Kick(SocialProvider):
    """Kick."""

    known_as = "kick"


class Line(SocialProvider):
    """LINE; each country has a channel of its own, so that there may be several of these."""

    known_as = "line"


class Linear(SocialProvider):
    """Linear."""

    known_as = "linear"


class LinkedIn(SocialProvider):
    """LinkedIn."""

    known_as = "linkedin"


class Naver(SocialProvider):
    """Naver."""

    known_as = "naver"


class Notion(SocialProvider):
    """Notion."""

    known_as = "notion"
    needs_secret = True


class Patreon(SocialProvider):
    """Patreon."""

    known_as = "patreon"


class Polar(SocialProvider):
    """Polar."""

    known_as = "polar"


class Railway(SocialProvider):
    """Railway."""

    known_as = "railway"
    needs_secret = True


class Slack(SocialProvider):
    """Slack."""

    known_as = "slack"


class Spotify(SocialProvider):
    """Spotify."""

    known_as = "spotify"


class TikTok(SocialProvider):
    """TikTok; its client key is the `client_id`."""

    known_as = "tiktok"
    needs_secret = True


class Twitter(SocialProvider):
    """X, once Twitter."""

    known_as = "twitter"
    needs_secret = True


class Vercel(SocialProvider):
    """Vercel."""

    known_as = "vercel"


class VK(SocialProvider):
    """VK."""

    known_as = "vk"


class Yandex(SocialProvider):
    """Yandex."""

    known_as = "yandex"
