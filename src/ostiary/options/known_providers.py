"""Providers that are known by name and need no option of their own."""

from dataclasses import dataclass
from typing import ClassVar

from ostiary.options.social import SocialProvider


@dataclass(frozen=True, kw_only=True)
class Atlassian(SocialProvider):
    """Atlassian."""

    known_as: ClassVar[str] = "atlassian"
    needs_secret: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class Figma(SocialProvider):
    """Figma."""

    known_as: ClassVar[str] = "figma"
    needs_secret: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class Gumroad(SocialProvider):
    """Gumroad."""

    known_as: ClassVar[str] = "gumroad"


@dataclass(frozen=True, kw_only=True)
class HubSpot(SocialProvider):
    """HubSpot."""

    known_as: ClassVar[str] = "hubspot"


@dataclass(frozen=True, kw_only=True)
class HuggingFace(SocialProvider):
    """Hugging Face."""

    known_as: ClassVar[str] = "huggingface"


@dataclass(frozen=True, kw_only=True)
class Kakao(SocialProvider):
    """Kakao."""

    known_as: ClassVar[str] = "kakao"


@dataclass(frozen=True, kw_only=True)
class Kick(SocialProvider):
    """Kick."""

    known_as: ClassVar[str] = "kick"


@dataclass(frozen=True, kw_only=True)
class Line(SocialProvider):
    """LINE; each country has a channel of its own, so that there may be several of these."""

    known_as: ClassVar[str] = "line"


@dataclass(frozen=True, kw_only=True)
class Linear(SocialProvider):
    """Linear."""

    known_as: ClassVar[str] = "linear"


@dataclass(frozen=True, kw_only=True)
class LinkedIn(SocialProvider):
    """LinkedIn."""

    known_as: ClassVar[str] = "linkedin"


@dataclass(frozen=True, kw_only=True)
class Naver(SocialProvider):
    """Naver."""

    known_as: ClassVar[str] = "naver"


@dataclass(frozen=True, kw_only=True)
class Notion(SocialProvider):
    """Notion."""

    known_as: ClassVar[str] = "notion"
    needs_secret: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class Patreon(SocialProvider):
    """Patreon."""

    known_as: ClassVar[str] = "patreon"


@dataclass(frozen=True, kw_only=True)
class Polar(SocialProvider):
    """Polar."""

    known_as: ClassVar[str] = "polar"


@dataclass(frozen=True, kw_only=True)
class Railway(SocialProvider):
    """Railway."""

    known_as: ClassVar[str] = "railway"
    needs_secret: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class Slack(SocialProvider):
    """Slack."""

    known_as: ClassVar[str] = "slack"


@dataclass(frozen=True, kw_only=True)
class Spotify(SocialProvider):
    """Spotify."""

    known_as: ClassVar[str] = "spotify"


@dataclass(frozen=True, kw_only=True)
class TikTok(SocialProvider):
    """TikTok; its client key is the `client_id`."""

    known_as: ClassVar[str] = "tiktok"
    needs_secret: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class Twitter(SocialProvider):
    """X, once Twitter."""

    known_as: ClassVar[str] = "twitter"
    needs_secret: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class Vercel(SocialProvider):
    """Vercel."""

    known_as: ClassVar[str] = "vercel"


@dataclass(frozen=True, kw_only=True)
class VK(SocialProvider):
    """VK."""

    known_as: ClassVar[str] = "vk"


@dataclass(frozen=True, kw_only=True)
class Yandex(SocialProvider):
    """Yandex."""

    known_as: ClassVar[str] = "yandex"
