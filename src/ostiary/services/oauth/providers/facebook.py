"""Facebook: access tokens of every application look alike, and phones bring an ID token instead."""

from ostiary.crypto.javascript import form_encoded
from ostiary.domain.oauth import UserInfo
from ostiary.options.particular_providers import Facebook
from ostiary.services.oauth.failure import ProviderFailed
from ostiary.services.oauth.provider import Grant, IdTokenRules, Provider
from ostiary.services.oauth.reading import at, object_at, said, subject_at

ISSUER = "https://www.facebook.com"
_GRAPH = "https://graph.facebook.com"
_FIELDS = ("id", "name", "email", "picture")
_LIMITED_LOGIN = said(name=("name",), email="email", image=("picture",))
_BY_GRAPH = said(
    name=("name",), email="email", image=(("picture", "data", "url"),), verified="email_verified"
)


def facebook(settings: Facebook) -> Provider:
    """Declare Facebook."""

    async def read(grant: Grant) -> UserInfo | None:
        """Read the ID token of limited login, else ask whose the access token is."""
        if grant.claims is not None:
            return UserInfo(data=grant.claims, user=_LIMITED_LOGIN(grant.claims))
        subject = await _owner(settings, grant)
        profile = object_at(await grant.ask(f"{_GRAPH}/me?fields={','.join((*_FIELDS, *settings.fields))}"))
        if profile is None or profile.get("id") != subject:
            raise ProviderFailed("the access token is another person's")
        return UserInfo(data=profile, user=_BY_GRAPH(profile))

    return Provider(
        settings=settings,
        authorization_url=f"{ISSUER}/v24.0/dialog/oauth",
        token_url=f"{_GRAPH}/v24.0/oauth/access_token",
        default_scopes=("email", "public_profile"),
        takes_login_hint=True,
        extra_parameters={"config_id": settings.config_id} if settings.config_id else {},
        pkce=False,
        id_token_rules=IdTokenRules(
            issuer=ISSUER,
            keys_url="https://limited.facebook.com/.well-known/oauth/openid/jwks/",
            client_ids=settings.client_ids,
        ),
        takes_opaque_tokens=True,
        subject=subject_at("sub", "id"),
        read=read,
    )


async def _owner(settings: Facebook, grant: Grant) -> str:
    """Return whose an access token is that was given to us; raises ProviderFailed for another's.

    The profile alone proves nothing: any application's token for the same person opens it.
    """
    token = grant.tokens.access_token
    if not token:
        raise ProviderFailed("it gave no access token")
    query = form_encoded(
        {"input_token": token, "access_token": f"{settings.client_ids[0]}|{settings.client_secret}"}
    )
    said_of_it = at(await grant.calls.ask(f"{_GRAPH}/debug_token?{query}"), "data")
    subject, application = at(said_of_it, "user_id"), at(said_of_it, "app_id")
    if at(said_of_it, "is_valid") is not True or application not in settings.client_ids or not subject:
        raise ProviderFailed("the access token was not given to this application")
    return str(subject)
