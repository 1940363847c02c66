"""PayPal: play money unless told otherwise; an ID token must speak of the same person as the interface."""

from ostiary.domain.oauth import UserInfo
from ostiary.options.particular_providers import PayPal
from ostiary.services.oauth.failure import ProviderFailed
from ostiary.services.oauth.provider import Grant, IdTokenRules, Provider
from ostiary.services.oauth.reading import first_at, object_at, said, subject_at

_USER = said(name=("name",), email="email", image=("picture",), verified="email_verified")


def paypal(settings: PayPal) -> Provider:
    """Declare PayPal."""
    host = "sandbox.paypal.com" if settings.environment == "sandbox" else "paypal.com"
    api = f"https://api-m.{host}/v1"

    async def read(grant: Grant) -> UserInfo | None:
        """Ask who it is; raises ProviderFailed where the ID token says otherwise."""
        url = f"{api}/identity/oauth2/userinfo?schema=paypalv1.1"
        data = object_at(await grant.ask(url))
        if data is None:
            return None
        if grant.claims is not None and first_at(data, ("sub", "user_id")) != grant.claims["sub"]:
            raise ProviderFailed("the ID token and the interface speak of two people")
        return UserInfo(data=data, user=_USER(data))

    return Provider(
        settings=settings,
        authorization_url=f"https://www.{host}/signin/authorize",
        token_url=f"{api}/oauth2/token",
        takes_scopes=False,
        takes_prompt=True,
        authentication="basic",
        id_token_rules=IdTokenRules(
            issuer=f"https://www.{host}", keys_url=None, client_ids=settings.client_ids
        ),
        subject=subject_at("user_id"),
        read=read,
    )
