"""Which account is meant: other people's, those of providers that are gone, and identifiers that coincide."""

from tests.conformance.client import Client
from tests.conformance.normalise import Json
from tests.conformance.scenarios import scenario
from tests.conformance.scenarios.linking import LINKING, id_token, identifiers, link
from tests.conformance.scenarios.provider_tokens import TOKENS, WHOSE, account_of, told
from tests.conformance.scenarios.social import PROVIDER, SOCIAL, WHO, ada, arrive, depart, plain_ada, stored
from tests.conformance.stage import configuration

DISCOVERY = f"{PROVIDER.issuer}/.well-known/openid-configuration"
ALIASES = configuration(
    "social_aliases",
    plugins={
        "genericOAuth": {
            "config": [{"providerId": each, "discoveryUrl": DISCOVERY, **WHO} for each in ("web", "mobile")]
        }
    },
)


def asked_for(client: Client, account: str, label: str) -> None:
    """Ask for the tokens of an account in every way."""
    for path in ("/get-access-token", "/refresh-token"):
        client.post(path, {"accountId": account}, label=label)
    client.get(f"/account-info?accountId={account}", label=label)


@scenario(SOCIAL)
def accounts_of_others_are_unknown(client: Client) -> None:
    arrive(client, depart(client), **ada(client))
    account = account_of(client)
    eve = client.another("eve")
    owner = eve.sign_up("eve").at("user", "id")
    asked_for(eve, account, "somebody else's")
    for path in ("/get-access-token", "/refresh-token"):
        eve.post(path, {"accountId": account, "userId": owner}, label="with one's own name")
        client.post(path, {"accountId": account, "userId": owner}, label="with another's name")
    nobody = client.another("nobody")
    asked_for(nobody, account, "signed out")
    nobody.get(f"/account-info?accountId={account}&userId={owner}", label="signed out, with a name")
    client.post("/get-access-token", {"accountId": f"openid {client.email('ada')}"}, label="not the row")


@scenario(SOCIAL)
def a_provider_that_is_gone(client: Client) -> None:
    arrive(client, depart(client), **ada(client))
    account = account_of(client)
    client.sql(f'UPDATE account SET "providerId" = \'gone\' WHERE "userId" {WHOSE}', client.email("ada"))
    asked_for(client, account, "gone")
    client.get("/list-accounts")


@scenario(SOCIAL)
def a_token_that_the_provider_does_not_know(client: Client) -> None:
    arrive(client, depart(client, "plain"), at="plain", **plain_ada(client))
    account = account_of(client)
    client.sql(f'UPDATE account SET "accessToken" = \'foreign\' WHERE "userId" {WHOSE}', client.email("ada"))
    client.get(f"/account-info?accountId={account}", label="foreign")
    client.post("/get-access-token", {"accountId": account}, label="foreign")
    client.sql(f'UPDATE account SET "refreshToken" = \'\' WHERE "userId" {WHOSE}', client.email("ada"))
    client.post("/refresh-token", {"accountId": account}, label="an empty refresh token")


@scenario(SOCIAL)
def scopes_as_they_are_stored(client: Client) -> None:
    arrive(client, depart(client), **ada(client))
    account = {"accountId": account_of(client)}
    for scope in ("", " ", "a, b ,,c", "a b", ","):
        client.sql(f'UPDATE account SET scope = $2 WHERE "userId" {WHOSE}', client.email("ada"), scope)
        client.get("/list-accounts", label=repr(scope))
        client.post("/get-access-token", account, label=repr(scope))
        client.post("/refresh-token", account, label=repr(scope))
    client.sql(f'UPDATE account SET scope = NULL WHERE "userId" {WHOSE}', client.email("ada"))
    client.post("/get-access-token", account, label="none")
    client.post("/refresh-token", account, label="none")
    arrive(client, depart(client), label="again", **ada(client, scope="openid  openid email"))
    client.rows("kept", TOKENS, client.email("ada"))


@scenario(SOCIAL)
def scopes_are_never_lost(client: Client) -> None:
    arrive(client, depart(client), **ada(client, scope="openid email files"))
    arrive(client, depart(client), label="fewer", **ada(client, scope="openid"))
    stored(client)
    arrive(client, link(client, scopes=["calendar"]), label="one more", **ada(client, scope="calendar"))
    stored(client)
    account = {"accountId": account_of(client)}
    told(client, "/refresh-token", account, "as many as kept")
    arrive(client, link(client), label="none", **ada(client, lacks=["scope", "refresh_token"]))
    stored(client)
    arrive(client, depart(client), label="none", **ada(client, lacks=["scope", "refresh_token"]))
    stored(client)


@scenario(SOCIAL, LINKING)
def identifiers_of_two_providers_may_coincide(client: Client) -> None:
    arrive(client, depart(client), **ada(client, sub="shared"))
    other = client.another("eve")
    other.sign_up("eve")
    eve = plain_ada(client, id="shared", email=client.email("eve"), email_verified=True)
    arrive(other, link(other, "plain"), at="plain", label="another person", **eve)
    other.get("/list-accounts")
    stored(client)
    stored(client, "eve")
    arrive(
        client,
        link(client, "plain"),
        at="plain",
        label="the same person",
        **{**eve, "email": client.email("ada")},
    )
    client.get("/list-accounts")


@scenario(ALIASES)
def one_issuer_by_two_names(client: Client) -> None:
    arrive(client, depart(client, "web"), at="web", **ada(client))
    other = client.another("on the phone")
    arrive(other, depart(other, "mobile"), at="mobile", **ada(client))
    stored(client)
    other.post("/link-social", {"provider": "mobile", "idToken": {"token": id_token(ada(client))}})
    other.get("/list-accounts")


@scenario(LINKING)
def letters_of_an_address_do_not_matter(client: Client) -> None:
    client.sign_up()
    client.sql('UPDATE "user" SET "emailVerified" = true WHERE email = $1', client.email("ada"))
    loud = {"email": client.email("ada").upper()}
    arrive(client, link(client), **ada(client, **loud))
    token = id_token(ada(client, sub="by a token", **loud))
    client.post("/link-social", {"provider": "openid", "idToken": {"token": token}})
    other = client.another("signed out")
    arrive(other, depart(other, "plain"), at="plain", **plain_ada(client, **loud))
    other.get("/get-session")
    stored(client)


@scenario(LINKING)
def accounts_of_one_provider_are_dropped_one_by_one(client: Client) -> None:
    client.sign_up()
    for number in range(3):
        arrive(client, link(client), **ada(client, sub=f"number {number}"))
    for account in identifiers(client.get("/list-accounts")):
        client.post("/unlink-account", {"accountId": account})
    client.get("/list-accounts")
    selection: Json = {"accountId": "x"}
    client.post("/get-access-token", selection, label="no account at all")
