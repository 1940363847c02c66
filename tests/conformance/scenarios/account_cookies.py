"""The account that somebody came by, carried by the browser."""

from tests.conformance.client import PASSWORD, Client
from tests.conformance.normalise import Json
from tests.conformance.scenarios import scenario
from tests.conformance.scenarios.linking import id_token, identifiers, link
from tests.conformance.scenarios.provider_tokens import ENDED
from tests.conformance.scenarios.social import ada, arrive, depart, providers, stored
from tests.conformance.stage import configuration

CARRIED = configuration("carried_account", plugins=providers(), account={"storeAccountCookie": True})
SEALED = configuration(
    "carried_sealed_account",
    plugins=providers(),
    account={"storeAccountCookie": True, "encryptOAuthTokens": True},
    session={"cookieCache": {"enabled": True}},
)
KEPT = configuration(
    "carried_kept_account",
    plugins=providers(),
    account={
        "storeAccountCookie": True,
        "updateAccountOnSignIn": False,
        "accountLinking": {"allowUnlinkingAll": True},
    },
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


@scenario(CARRIED, KEPT)
def what_is_carried_when_somebody_comes_again(client: Client) -> None:
    arrive(client, depart(client), label="first", **ada(client, scope="openid"))
    client.post("/sign-out", {})
    again = client.another("again")
    arrive(again, depart(again), label="again", **ada(client, scope="openid files"))
    again.post("/get-access-token", SELECTION)
    again.get("/account-info?useAccountCookie=true")
    stored(client)


@scenario(KEPT)
def an_account_that_is_dropped_is_not_carried_on(client: Client) -> None:
    arrive(client, depart(client), **ada(client))
    client.post("/unlink-account", {"accountId": identifiers(client.get("/list-accounts"))[0]})
    for path in ("/get-access-token", "/refresh-token"):
        client.post(path, SELECTION, label="dropped")
    client.get("/account-info?useAccountCookie=true", label="dropped")
    client.get("/get-session")


@scenario(CARRIED, SEALED, ALONE)
def the_next_person_does_not_carry_the_account(client: Client) -> None:
    client.another("eve").sign_up("eve", image="https://i.example/e")
    arrive(client, depart(client), **ada(client, picture="https://i.example/a"))
    client.sign_up("bob", image="https://i.example/b")
    client.post("/get-access-token", SELECTION, label="signed up")
    arrive(client, depart(client), label="again", **ada(client, picture="https://i.example/a"))
    client.sign_in("eve")
    client.post("/get-access-token", SELECTION, label="signed in")


@scenario(CARRIED)
def a_linked_account_is_carried_on(client: Client) -> None:
    client.sign_up()
    arrive(client, link(client), **ada(client))
    client.post("/get-access-token", SELECTION, label="linked")
    client.post("/link-social", {"provider": "openid", "idToken": {"token": id_token(ada(client))}})
    client.post("/get-access-token", SELECTION, label="linked by an ID token")
    arrive(client, depart(client), label="by the account", **ada(client))
    change: Json = {"currentPassword": PASSWORD, "newPassword": "another password"}
    client.post("/change-password", {**change, "revokeOtherSessions": True})
    client.post("/get-access-token", SELECTION, label="after a change of the password")


@scenario(CARRIED, SEALED)
def a_large_account_is_carried_in_pieces(client: Client) -> None:
    arrive(client, depart(client), **ada(client, notes="x" * 700))
    client.get("/account-info?useAccountCookie=true")
    client.get("/get-session?disableCookieCache=true")
    arrive(client, depart(client), label="smaller", **ada(client))
    arrive(client, depart(client), label="large again", **ada(client, notes="y" * 700))
    client.post("/sign-out", {})


@scenario(SEALED)
def a_carried_account_ends_with_its_session(client: Client) -> None:
    arrive(client, depart(client), **ada(client))
    client.sql(
        'UPDATE session SET "expiresAt" = now() + interval \'5 days\' WHERE "userId" IN '
        '(SELECT id FROM "user" WHERE email = $1)',
        client.email("ada"),
    )
    client.get("/get-session?disableCookieCache=true", label="the session is prolonged")
    client.sql(
        'DELETE FROM session WHERE "userId" IN (SELECT id FROM "user" WHERE email = $1)', client.email("ada")
    )
    for path in ("/get-access-token", "/get-access-token?disableCookieCache=", "/refresh-token"):
        client.post(path, SELECTION, label="revoked")
    client.get("/account-info?useAccountCookie=true", label="revoked")
    client.get("/account-info?useAccountCookie=true&disableCookieCache=false", label="revoked")
    client.get("/get-session", label="the copy")
    client.get("/list-accounts", label="the copy")


@scenario(ALONE)
def somebody_signs_in_without_a_database_by_an_id_token(client: Client) -> None:
    token = {"token": id_token(ada(client, picture="https://i.example/a")), "accessToken": "given"}
    client.post("/sign-in/social", {"provider": "openid", "idToken": {**token, "refreshToken": "too"}})
    client.get("/get-session")
    client.post("/get-access-token", SELECTION)
    client.post("/refresh-token", SELECTION, label="a token of another place")


@scenario(ALONE)
def accounts_are_linked_without_a_database(client: Client) -> None:
    client.sign_up(image="https://i.example/a")
    arrive(client, link(client), **ada(client))
    client.post("/get-access-token", SELECTION, label="linked")
    client.get("/list-accounts")
    other = client.another("eve")
    other.sign_up("eve", image="https://i.example/e")
    other.jar["better-auth.account_data"] = client.jar.get("better-auth.account_data", "")
    other.post("/get-access-token", SELECTION, label="somebody else's")
    other.get("/get-session")


LABELLED_ROWS = """
    SELECT "providerId", region, tier, hidden, since IS NOT NULL AS since, tags, free FROM account
    WHERE "userId" IN (SELECT id FROM "user" WHERE email = $1) ORDER BY 1
"""
LABELLED = configuration(
    "labelled_accounts",
    plugins=providers(),
    account={
        "storeAccountCookie": True,
        "additionalFields": {
            "region": {"type": "string", "required": False, "defaultValue": "eu"},
            "tier": {"type": "number", "required": True, "defaultValue": 3},
            "hidden": {"type": "string", "required": False, "defaultValue": "h", "returned": False},
            "since": {"type": "date", "required": False},
            "tags": {"type": "string[]", "required": False, "input": False},
            "free": {"type": "boolean", "required": False, "defaultValue": True},
        },
    },
)


@scenario(LABELLED)
def fields_of_the_applications_own_in_accounts(client: Client) -> None:
    arrive(client, depart(client), label="a stranger", **ada(client))
    client.get("/list-accounts")
    client.post("/get-access-token", SELECTION)
    client.post("/refresh-token", SELECTION)
    client.get("/account-info?useAccountCookie=true")
    client.sign_up("bob")
    arrive(client, link(client), label="linked", **ada(client, sub="b", email=client.email("bob")))
    client.get("/list-accounts", label="two")
    for who in ("ada", "bob"):
        client.rows("kept", LABELLED_ROWS, client.email(who))
    client.sql("UPDATE account SET region = 'us', hidden = NULL, tier = 0")
    arrive(client, depart(client), label="again", **ada(client))
    client.get("/list-accounts", label="changed")
    client.rows("kept", LABELLED_ROWS, client.email("ada"))
