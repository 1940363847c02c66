"""What is decided about people who come by providers: proof of their mailbox, and how flows begin and end."""

from tests.conformance.client import Client
from tests.conformance.scenarios import scenario
from tests.conformance.scenarios.linking import id_token
from tests.conformance.scenarios.mail_flows import VERIFICATION
from tests.conformance.scenarios.social import ada, arrive, depart, plain_ada, providers, stored
from tests.conformance.stage import configuration

PROVED = configuration(
    "social_proved",
    plugins=providers(requireEmailVerification=True),
    emailVerification={**VERIFICATION, "sendOnSignIn": True},
)
PROVED_QUIETLY = configuration(
    "social_proved_quietly",
    plugins=providers(requireEmailVerification=True),
    emailVerification={**VERIFICATION, "sendOnSignUp": False},
)
WELCOMED = configuration(
    "social_welcomed",
    plugins=providers(),
    emailVerification={**VERIFICATION, "sendOnSignUp": True, "sendOnSignIn": True},
)
BEGUN = configuration("social_begun", plugins=providers(allowIdpInitiated=True))
ANY_BROWSER = configuration("social_any_browser", plugins=providers(), account={"skipStateCookieCheck": True})


@scenario(PROVED, PROVED_QUIETLY, WELCOMED)
def people_of_a_provider_prove_their_mailbox(client: Client) -> None:
    unproved = ada(client, email_verified=False)
    arrive(client, depart(client, errorCallbackURL="/oh"), label="first", **unproved)
    client.get("/get-session", label="first")
    client.calls("first")
    arrive(client, depart(client, errorCallbackURL="/oh"), label="again", **unproved)
    client.calls("again")
    visitor = client.another("a program")
    body = {"provider": "openid", "callbackURL": "/in", "idToken": {"token": id_token(unproved)}}
    visitor.post("/sign-in/social", body, label="ID token")
    client.calls("ID token")
    stored(client)
    arrive(client, depart(client, errorCallbackURL="/oh"), label="proved", **ada(client))
    client.calls("proved")
    client.get("/get-session")
    stored(client)
    bob = {"sub": f"bob {client.email('bob')}", "email": client.email("bob"), "email_verified": True}
    visitor = client.another("bob")
    arrive(visitor, depart(visitor), label="proved at once", **bob)
    client.calls("proved at once")


@scenario(BEGUN)
def a_provider_begins_a_flow(client: Client) -> None:
    answer = client.get("/callback/openid?code=of-the-provider", label="begun by the provider")
    location = dict(answer.headers)["location"]
    arrive(client, location, label="and ended", **ada(client))
    client.get("/callback/openid?code=x&state=", label="an empty state")
    client.get("/callback/openid?error=x", label="no code")
    client.get("/callback/nobody?code=x", label="no provider")
    answer = client.get("/callback/plain?code=of-the-provider", label="a plain provider")
    arrive(client, dict(answer.headers)["location"], at="plain", label="and ended", **plain_ada(client))


@scenario(ANY_BROWSER)
def a_flow_ends_in_another_browser(client: Client) -> None:
    url = depart(client, errorCallbackURL="/oh")
    other = client.another("another")
    arrive(other, url, label="another browser", **ada(client))
    arrive(client, url, label="again", **ada(client))
