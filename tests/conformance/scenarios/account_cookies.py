"""The account that somebody came by, carried by the browser."""

from tests.conformance.client import Client
from tests.conformance.normalise import Json
from tests.conformance.scenarios import scenario
from tests.conformance.scenarios.provider_tokens import ENDED
from tests.conformance.scenarios.social import ada, arrive, depart, providers
from tests.conformance.stage import configuration

CARRIED = configuration("carried_account", plugins=providers(), account={"storeAccountCookie": True})
SEALED = configuration(
    "carried_sealed_account",
    plugins=providers(),
    account={"storeAccountCookie": True, "encryptOAuthTokens": True},
    session={"cookieCache": {"enabled": True}},
)
ALONE = configuration("stateless_account", plugins=providers(), stateless=True)
SELECTION: Json = {"useAccountCookie": True}


@scenario(CARRIED, SEALED, ALONE)
def a_browser_carries_its_account(client: Client) -> None:
    client.post("/get-access-token", SELECTION, label="nobody")
    arrive(client, depart(client), **ada(client))
    client.get("/get-session")
    client.post("/get-access-token", SELECTION, label="good")
    client.post("/refresh-token", SELECTION)
    client.post("/get-access-token", SELECTION, label="good again")
    client.post("/get-access-token", {"accountId": "x"}, label="an unknown row")
    client.get("/account-info?useAccountCookie=true")
    arrive(client, depart(client), label="again", **ada(client, name="Countess"))
    client.post("/sign-out", {})
    client.post("/get-access-token", SELECTION, label="signed out")


@scenario(CARRIED, SEALED)
def a_carried_account_ends_and_is_renewed(client: Client) -> None:
    arrive(client, depart(client), **ada(client, life=1))
    client.sql(ENDED, client.email("ada"))
    client.post("/get-access-token", SELECTION, label="ended")
    client.post("/get-access-token", SELECTION, label="good")
    other = client.another("eve")
    other.sign_up("eve")
    other.jar["better-auth.account_data"] = client.jar.get("better-auth.account_data", "")
    other.post("/get-access-token", SELECTION, label="somebody else's")
    other.get("/get-session?disableCookieCache=true", label="with somebody else's account")
