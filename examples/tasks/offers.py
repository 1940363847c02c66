"""What a front end may offer: which ways in and which mailed links there are."""

from typing import Final

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

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
    password_reset: bool
    email_verification: bool
    change_email: bool
    providers: list[Provider]


def offers_of(options: Options) -> APIRouter:
    """Return the route that tells what these options allow."""
    password = options.email_and_password
    offers = Offers(
        sign_up=password.enabled and not password.disable_sign_up,
        password_reset=password.send_reset_password is not None,
        email_verification=options.email_verification.send_verification_email is not None,
        change_email=options.user.change_email.enabled,
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
