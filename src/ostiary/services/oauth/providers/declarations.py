"""Which declaration belongs to which class of options."""

from collections.abc import Mapping
from typing import Final

from ostiary.options import frequent_providers as frequent
from ostiary.options import known_providers as known
from ostiary.options import particular_providers as particular
from ostiary.options.social import SocialProvider
from ostiary.services.oauth.failure import ProviderFailed
from ostiary.services.oauth.provider import Provider
from ostiary.services.oauth.providers.apple import apple
from ostiary.services.oauth.providers.atlassian import atlassian
from ostiary.services.oauth.providers.cloudflare import cloudflare
from ostiary.services.oauth.providers.cognito import cognito
from ostiary.services.oauth.providers.discord import discord
from ostiary.services.oauth.providers.dropbox import dropbox
from ostiary.services.oauth.providers.facebook import facebook
from ostiary.services.oauth.providers.github import github
from ostiary.services.oauth.providers.gitlab import gitlab
from ostiary.services.oauth.providers.google import google
from ostiary.services.oauth.providers.hubspot import hubspot
from ostiary.services.oauth.providers.kakao import kakao
from ostiary.services.oauth.providers.line import line
from ostiary.services.oauth.providers.linear import linear
from ostiary.services.oauth.providers.microsoft import microsoft
from ostiary.services.oauth.providers.naver import naver
from ostiary.services.oauth.providers.notion import notion
from ostiary.services.oauth.providers.paybin import paybin
from ostiary.services.oauth.providers.paypal import paypal
from ostiary.services.oauth.providers.plain import PLAIN, Declare
from ostiary.services.oauth.providers.reddit import reddit
from ostiary.services.oauth.providers.roblox import roblox
from ostiary.services.oauth.providers.salesforce import salesforce
from ostiary.services.oauth.providers.tiktok import tiktok
from ostiary.services.oauth.providers.twitch import twitch
from ostiary.services.oauth.providers.twitter import twitter
from ostiary.services.oauth.providers.vk import vk
from ostiary.services.oauth.providers.wechat import wechat
from ostiary.services.oauth.providers.yandex import yandex
from ostiary.services.oauth.providers.zoom import zoom

_DECLARATIONS: Final[Mapping[type[SocialProvider], Declare]] = {
    **PLAIN,
    known.Atlassian: atlassian,
    known.HubSpot: hubspot,
    known.Kakao: kakao,
    known.Line: line,
    known.Linear: linear,
    known.Naver: naver,
    known.Notion: notion,
    known.TikTok: tiktok,
    known.Twitter: twitter,
    known.VK: vk,
    known.Yandex: yandex,
    particular.Apple: apple,
    particular.Cloudflare: cloudflare,
    particular.Cognito: cognito,
    particular.Discord: discord,
    particular.Dropbox: dropbox,
    particular.Facebook: facebook,
    frequent.GitHub: github,
    particular.GitLab: gitlab,
    frequent.Google: google,
    particular.Microsoft: microsoft,
    particular.PayPal: paypal,
    particular.Paybin: paybin,
    particular.Reddit: reddit,
    particular.Roblox: roblox,
    particular.Salesforce: salesforce,
    particular.Twitch: twitch,
    particular.WeChat: wechat,
    particular.Zoom: zoom,
}


def declared(settings: SocialProvider) -> Provider:
    """Return the provider that these options are of; raises ProviderFailed for a class that nobody knows."""
    for kind in type(settings).__mro__:
        if declare := _DECLARATIONS.get(kind):
            return declare(settings=settings)
    raise ProviderFailed(f"nobody knows how to speak to a {type(settings).__name__}")
