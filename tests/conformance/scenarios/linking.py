"""Accounts of providers: linked on request, listed, dropped."""

from tests.conformance.client import Client
from tests.conformance.http_exchange import Answer
from tests.conformance.scenarios import scenario
from tests.conformance.scenarios.social import (
    PROVIDER,
    SOCIAL,
    ada,
    arrive,
    depart,
    plain_ada,
    providers,
    stored,
)
from tests.conformance.stage import configuration

LINKING = configuration(
    "linking",
    plugins=providers(),
    account={
        "accountLinking": {
            "trustedProviders": ["plain"],
            "allowDifferentEmails": True,
            "allowUnlinkingAll": True,
            "updateUserInfoOnLink": True,
        }
    },
)
UNLINKED = configuration("linking_off", plugins=providers(), account={"accountLinking": {"enabled": False}})


def link(client: Client, provider: str = "openid", **body: object) -> str:
    """Begin to link an account; return the address of the provider."""
    given = {"provider": provider, "callbackURL": "/in", "errorCallbackURL": "/oh", **body}
    return client.post("/link-social", given).at("url")


def id_token(person: dict[str, object]) -> str:
    """Return an ID token as a client gets it from the provider of OpenID Connect."""
    return PROVIDER.id_token(**person)


def identifiers(answer: Answer) -> list[str]:
    """Return the identifiers of listed accounts, by provider."""
    listed = answer.data
    assert isinstance(listed, list)
    return [
        answer.at(place, "id")
        for place in sorted(range(len(listed)), key=lambda at: answer.at(at, "providerId"))
    ]


@scenario(SOCIAL, LINKING, UNLINKED)
def an_account_is_linked_by_way_of_its_provider(client: Client) -> None:
    client.sign_up()
    client.get("/list-accounts", label="a password alone")
    arrive(
        client, link(client), label="OpenID Connect", **ada(client, name="Countess", picture="https://i/x")
    )
    client.get("/get-session")
    arrive(client, link(client, "plain"), at="plain", label="unproved", **plain_ada(client, name="Lady"))
    client.get("/get-session")
    arrive(client, link(client), label="another address", **ada(client, sub="2", email=client.email("new")))
    arrive(client, link(client), label="no address", **ada(client, sub="3", email=None))
    arrive(client, link(client), label="again", **ada(client, scope="openid email files"))
    client.get("/list-accounts", label="all of them")
    stored(client)


@scenario(SOCIAL)
def an_account_has_one_owner(client: Client) -> None:
    arrive(client, depart(client), **ada(client))
    other = client.another("eve")
    other.sign_up("eve")
    arrive(other, link(other), label="somebody else's", **ada(client, email=client.email("eve")))
    other.get("/list-accounts")


@scenario(SOCIAL)
def a_link_needs_the_session_that_asked_for_it(client: Client) -> None:
    client.sign_up()
    url = link(client)
    client.post("/sign-out", {})
    arrive(client, url, label="signed out", **ada(client))
    client.sign_in()
    client.get("/list-accounts")


@scenario(SOCIAL)
def requests_to_link_are_checked(client: Client) -> None:
    client.post("/link-social", {"provider": "openid"}, label="signed out")
    client.post("/link-social", {}, label="signed out, empty")
    client.arrive()
    for label, body in {
        "unknown": {"provider": "nobody"},
        "none": {},
        "number": {"provider": 7},
        "github": {"provider": "github", "scopes": ["gist"], "loginHint": "ada"},
        "google": {"provider": "google", "additionalParams": {"hd": "site.example"}},
        "quiet": {"provider": "openid", "disableRedirect": True},
        "all": {"provider": "openid", "requestSignUp": True, "additionalData": {"link": {"userId": "x"}}},
        "reserved": {"provider": "openid", "additionalParams": {"state": "x"}},
        "odd token": {"provider": "openid", "idToken": "x"},
        "empty token": {"provider": "openid", "idToken": {}},
        "bad token": {"provider": "openid", "idToken": {"token": "x"}},
        "token of GitHub": {"provider": "github", "idToken": {"token": "x"}},
        "null": {"provider": "openid", "idToken": None},
        "evil": {"provider": "openid", "callbackURL": "https://evil.example"},
        "evil error": {"provider": "openid", "errorCallbackURL": "//evil.example"},
    }.items():
        client.post("/link-social", body, label=label)


@scenario(SOCIAL, LINKING, UNLINKED)
def an_account_is_linked_by_an_id_token(client: Client) -> None:
    client.sign_up()
    for label, person in {
        "unproved": ada(client, email_verified=False),
        "another address": ada(client, sub="2", email=client.email("new")),
        "no address": ada(client, sub="3", email="..."),
        "proved": ada(client, name="Countess"),
        "again": ada(client, name="Lady"),
    }.items():
        token = id_token(person)
        more = {"accessToken": "given", "refreshToken": "too"} if label == "again" else {}
        client.post("/link-social", {"provider": "openid", "idToken": {"token": token, **more}}, label=label)
        client.get("/get-session")
    client.get("/list-accounts")
    stored(client)
    other = client.another("eve")
    other.arrive("eve")
    token = id_token(ada(client))
    other.post("/link-social", {"provider": "openid", "idToken": {"token": token}}, label="somebody else's")


@scenario(SOCIAL, LINKING)
def accounts_are_dropped_by_their_rows(client: Client) -> None:
    client.sign_up()
    arrive(client, link(client), **ada(client))
    openid = identifiers(client.get("/list-accounts"))[-1]
    for label, body in {
        "empty": {},
        "number": {"accountId": 7},
        "null": {"accountId": None},
        "provider": {"accountId": "openid"},
        "unknown": {"accountId": "x"},
        "old form": {"providerId": "openid"},
    }.items():
        client.post("/unlink-account", body, label=label)
    other = client.another("eve")
    other.arrive("eve")
    other.post("/unlink-account", {"accountId": openid}, label="somebody else's")
    client.post("/unlink-account", {"accountId": openid}, label="one's own")
    client.post("/unlink-account", {"accountId": openid}, label="again")
    [last] = identifiers(client.get("/list-accounts"))
    client.post("/unlink-account", {"accountId": last}, label="the last")
    client.get("/list-accounts")


@scenario(SOCIAL)
def accounts_are_seen_and_dropped_with_a_session(client: Client) -> None:
    client.get("/list-accounts", label="signed out")
    client.post("/unlink-account", {"accountId": "x"}, label="signed out")
    client.post("/unlink-account", {}, label="signed out, empty")
    client.arrive()
    client.sql(
        'UPDATE session SET "createdAt" = now() - interval \'25 hours\' WHERE "userId" IN '
        '(SELECT id FROM "user" WHERE email = $1)',
        client.email("ada"),
    )
    client.get("/list-accounts", label="an old session")
    client.post("/unlink-account", {"accountId": "x"}, label="an old session")
