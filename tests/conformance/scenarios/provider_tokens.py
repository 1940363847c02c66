"""Tokens of linked accounts: handed out, renewed, and used to ask the provider."""

from tests.conformance.client import Client
from tests.conformance.normalise import Json
from tests.conformance.scenarios import scenario
from tests.conformance.scenarios.linking import identifiers, link
from tests.conformance.scenarios.social import SOCIAL, ada, arrive, depart, plain_ada, providers
from tests.conformance.stage import configuration

ENCRYPTED = configuration(
    "encrypted_tokens",
    plugins=providers(),
    account={"encryptOAuthTokens": True, "accountLinking": {"trustedProviders": ["plain"]}},
)
WHOSE = 'IN (SELECT id FROM "user" WHERE email = $1)'
TOKENS = f"""
    SELECT "providerId", "accessToken" IS NOT NULL AS access, "refreshToken" IS NOT NULL AS refresh,
        "accessToken" LIKE 'at.%' AS plain, "idToken" IS NOT NULL AS id, scope, "accessTokenExpiresAt"
    FROM account WHERE "userId" {WHOSE} ORDER BY 1
"""
ENDED = f"""
    UPDATE account SET "accessTokenExpiresAt" = date_trunc('milliseconds', now() - interval '1 hour')
    WHERE "userId" {WHOSE}
"""

FORGOTTEN = f'UPDATE account SET "accessToken" = NULL, "idToken" = NULL WHERE "userId" {WHOSE}'
QUERIES = ("", "?accountId=x", "?providerId=openid", "?useAccountCookie=true", "?accountId=x&accountId=y")


def account_of(client: Client, *, at: int = -1) -> str:
    """Return the identifier of an account of the person, by the provider's name."""
    return identifiers(client.get("/list-accounts"))[at]


def told(client: Client, path: str, body: Json, label: str = "") -> None:
    """Ask, and look what is kept."""
    client.post(path, body, label=label)
    client.rows("kept", TOKENS, client.email("ada"))


@scenario(SOCIAL, ENCRYPTED)
def tokens_are_renewed_when_they_have_ended(client: Client) -> None:
    arrive(client, depart(client), **ada(client))
    account = {"accountId": account_of(client)}
    told(client, "/get-access-token", account, "good")
    client.get(f"/account-info?accountId={account['accountId']}", label="good")
    client.sql(ENDED, client.email("ada"))
    told(client, "/get-access-token", account, "ended")
    told(client, "/get-access-token", account, "good again")
    told(client, "/refresh-token", account, "on request")
    client.sql(ENDED, client.email("ada"))
    client.get(f"/account-info?accountId={account['accountId']}", label="ended")
    client.rows("kept", TOKENS, client.email("ada"))


@scenario(SOCIAL, ENCRYPTED)
def tokens_of_a_plain_provider(client: Client) -> None:
    arrive(client, depart(client, "plain"), at="plain", **plain_ada(client, email_verified=True, life=1))
    account = {"accountId": account_of(client)}
    told(client, "/get-access-token", account, "ended at once")
    told(client, "/refresh-token", account)
    client.get(f"/account-info?accountId={account['accountId']}")


@scenario(SOCIAL)
def a_provider_that_renews_nothing(client: Client) -> None:
    arrive(client, depart(client), **ada(client, revoked=True))
    account = {"accountId": account_of(client)}
    told(client, "/get-access-token", account, "good")
    told(client, "/refresh-token", account, "refused")
    client.sql(ENDED, client.email("ada"))
    told(client, "/get-access-token", account, "refused")
    client.get(f"/account-info?accountId={account['accountId']}", label="refused")


@scenario(SOCIAL)
def accounts_without_tokens(client: Client) -> None:
    client.sign_up()
    account = account_of(client)
    for path in ("/get-access-token", "/refresh-token"):
        client.post(path, {"accountId": account}, label="a password")
    client.get(f"/account-info?accountId={account}", label="a password")
    arrive(client, link(client), **ada(client, lacks=["refresh_token", "expires_in", "scope"]))
    account = account_of(client)
    for path in ("/get-access-token", "/refresh-token"):
        client.post(path, {"accountId": account}, label="no refresh token")
    client.sql(
        f'UPDATE account SET "accessToken" = NULL, "idToken" = NULL WHERE "userId" {WHOSE}',
        client.email("ada"),
    )
    client.post("/get-access-token", {"accountId": account}, label="no access token")
    client.get(f"/account-info?accountId={account}", label="no access token")


@scenario(SOCIAL)
def selections_are_exact(client: Client) -> None:
    bodies: dict[str, Json] = {
        "empty": {},
        "number": {"accountId": 7},
        "null": {"accountId": None},
        "unknown": {"accountId": "x"},
        "somebody": {"accountId": "x", "userId": "y"},
        "odd user": {"accountId": "x", "userId": 7},
        "provider": {"providerId": "openid"},
        "provider and account": {"providerId": "openid", "accountId": "x"},
        "cookie": {"useAccountCookie": True},
        "no cookie": {"useAccountCookie": False},
        "cookie and more": {"useAccountCookie": True, "a": 1, "b": 2},
        "account and more": {"accountId": "x", "a": 1},
        "wrong and more": {"accountId": 7, "a": 1},
        "both": {"useAccountCookie": True, "accountId": "x"},
        "list": [],
    }
    for who in (client.another("nobody"), client):
        if who is client:
            client.arrive()
        for label, body in bodies.items():
            for path in ("/get-access-token", "/refresh-token"):
                who.post(path, body, label=label)
        for query in QUERIES:
            who.get(f"/account-info{query}")


SINCE_BEFORE = {
    "opaque": "ya29.opaque-token",
    "odd digits": "deadbeef0",
    "digits": "deadbeef",
    "long digits": "0123456789abcdef" * 8,
    "upper digits": "DEADBEEF",
    "marked": "$ba$1$deadbeef",
    "marked, odd": "$ba$nonsense",
    "marked, no version": "$ba$",
    "unknown version": "$ba$7$" + "0123456789abcdef" * 8,
    "not a letter of it": "déadbeef",
    "digits and a line": "deadbeef\n",
    "empty": "",
}


@scenario(ENCRYPTED, SOCIAL)
def tokens_from_before_they_were_encrypted(client: Client) -> None:
    arrive(client, depart(client), **ada(client))
    account = {"accountId": account_of(client)}
    for column in ("accessToken", "idToken"):
        for label, token in SINCE_BEFORE.items():
            client.sql(
                f'UPDATE account SET "{column}" = $2 WHERE "userId" {WHOSE}', client.email("ada"), token
            )
            client.post("/get-access-token", account, label=f"{column}, {label}")
    told(client, "/refresh-token", account, "nothing left of it")
    client.sql(f'UPDATE account SET "accessToken" = \'deadbeef\' WHERE "userId" {WHOSE}', client.email("ada"))
    told(client, "/refresh-token", account, "another that nothing opens")
    for label, token in SINCE_BEFORE.items():
        client.sql(
            f'UPDATE account SET "refreshToken" = $2 WHERE "userId" {WHOSE}', client.email("ada"), token
        )
        client.post("/get-access-token", account, label=f"good, and to be renewed with {label}")
        told(client, "/refresh-token", account, label)
        client.sql(ENDED, client.email("ada"))
        told(client, "/get-access-token", account, f"ended, to be renewed with {label}")
        arrive(client, depart(client), **ada(client))
