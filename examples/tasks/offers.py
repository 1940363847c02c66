"""What a front end may offer: which ways in there are, and whether there is mail."""

from typing import Final

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from examples.tasks.settings import Settings
from ostiary import Options

NAMES: Final = {"google": "Google", "github": "GitHub", "oidc": "single sign-on"}


class Provider(BaseModel):
    """A provider that people may sign in with."""

    id: str
    name: str


class Offers(BaseModel):
    """What may be offered; nothing of it is secret."""

    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True)

    sign_up: bool
    mail: bool
    mail_page: str | None
    providers: list[Provider]


def offers_of(options: Options, settings: Settings) -> APIRouter:
    """Return the route that tells what this server allows."""
    password, mailer = options.email_and_password, settings.mailer
    stays_here = mailer is not None and mailer.transport is None
    offers = Offers(
        sign_up=password.enabled and not password.disable_sign_up,
        mail=mailer is not None,
        mail_page=f"http://{settings.host}:{settings.port}/dev/mail" if stays_here else None,
        providers=[
            Provider(id=each.provider_id, name=NAMES.get(each.provider_id, each.provider_id.title()))
            for each in options.social_providers
        ],
    )
    router = APIRouter(tags=["offers"])

    @router.get("")
    async def read_offers() -> Offers:
        """Tell what a sign-in page may show."""
        return offers

    return router
