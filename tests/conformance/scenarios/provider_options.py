"""What a provider of one's own can be configured with, as the provider sees it."""

from tests.conformance.client import Client
from tests.conformance.normalise import Json
from tests.conformance.scenarios import scenario
from tests.conformance.scenarios.provider_tokens import ENDED, account_of
from tests.conformance.scenarios.social import PROVIDER, WHO, ada, arrive, depart, plain_ada
from tests.conformance.stage import configuration
from tests.identity_provider import unpacked

DISCOVERED: Json = {"discoveryUrl": f"{PROVIDER.issuer}/.well-known/openid-configuration", **WHO}
ADDRESSES: Json = {
    "authorizationUrl": f"{PROVIDER.issuer}/plain/authorize?fixed=1",
    "tokenUrl": f"{PROVIDER.issuer}/plain/token",
    "userInfoUrl": f"{PROVIDER.issuer}/plain/user",
    **WHO,
}
EXTRAS: Json = {
    "audience": "files",
    "grant_type": "password",
    "refresh_token": "x",
    "code": "y",
    "scope": "z",
}
OWN: dict[str, dict[str, Json]] = {
    "parameters": {
        **ADDRESSES,
        "authorizationUrlParams": {"audience": "files", "nonce": "ours", "prompt": "none", "state": "s"},
        "tokenUrlParams": EXTRAS,
        "refreshTokenParams": EXTRAS,
        "authorizationHeaders": {"X-Tenant": "ours"},
        "prompt": "select_account",
        "accessType": "offline",
        "responseType": "code id_token",
        "responseMode": "form_post",
    },
    "unproved": {**ADDRESSES, "pkce": False, "authentication": "basic", "accessTokenExpiresIn": 7200},
    "unbound": {**DISCOVERED, "disableIdTokenNonceBinding": True, "scopes": ["email", "files"]},
    "named": {**DISCOVERED, "requireIssuerValidation": True, "name": "Named", "redirectURI": "/relative"},
    "basic": {**DISCOVERED, "authentication": "basic", "disableSignUp": True},
    "explicit": {**DISCOVERED, "tokenEndpointAuth": {"method": "client_secret_basic"}, "scopes": ["openid"]},
}
CONFIGURED = configuration(
    "social_configured",
    plugins={"genericOAuth": {"config": [{"providerId": name, **each} for name, each in OWN.items()]}},
)


@scenario(CONFIGURED)
def people_are_sent_as_configured(client: Client) -> None:
    for name in OWN:
        client.post("/sign-in/social", {"provider": name}, label=name)
        body: Json = {"provider": name, "scopes": ["email", "more"], "loginHint": "ada"}
        client.post(
            "/sign-in/social", {**body, "additionalParams": {"prompt": "login", "x": "y"}}, label=name
        )


@scenario(CONFIGURED)
def tokens_are_asked_for_as_configured(client: Client) -> None:
    for name in ("parameters", "unproved"):
        visitor = client.another(name)
        url = depart(visitor, name)
        arrive(visitor, url, at=name, label=name, **plain_ada(client, echo=True, email=client.email(name)))
        account: Json = {"accountId": account_of(visitor)}
        token = visitor.post("/get-access-token", account, label=name).at("accessToken")
        visitor.note(f"{name}, exchanged", asked_with(token))
        token = visitor.post("/refresh-token", account, label=name).at("accessToken")
        visitor.note(f"{name}, renewed", asked_with(token))


@scenario(CONFIGURED)
def tokens_that_tell_no_end_are_given_one(client: Client) -> None:
    person = plain_ada(client, lacks=["expires_in"])
    arrive(client, depart(client, "unproved"), at="unproved", **person)
    account: Json = {"accountId": account_of(client)}
    client.post("/get-access-token", account, label="good")
    client.sql(ENDED, client.email("ada"))
    client.post("/get-access-token", account, label="ended")


@scenario(CONFIGURED)
def a_nonce_may_be_left_out(client: Client) -> None:
    arrive(client, depart(client, "unbound"), at="unbound", **ada(client, claims={"nonce": "another"}))
    visitor = client.another("explicit")
    arrive(
        visitor, depart(visitor, "explicit"), at="explicit", **ada(client, sub="e", email=client.email("e"))
    )
    visitor = client.another("basic")
    url = depart(visitor, "basic", errorCallbackURL="/oh")
    arrive(visitor, url, at="basic", label="a stranger", **ada(client, sub="b", email=client.email("b")))


def asked_with(token: str) -> Json:
    """Return what a token was asked for with, as the provider tells in the token itself."""
    told: Json = unpacked(token.removeprefix("at."))["asked_with"]
    return told
