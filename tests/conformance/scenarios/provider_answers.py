"""What providers answer: refusals, oddities, and people who are hard to make out."""

from tests.conformance.client import Client
from tests.conformance.normalise import Json
from tests.conformance.scenarios import scenario
from tests.conformance.scenarios.provider_tokens import ENDED, account_of, told
from tests.conformance.scenarios.social import SOCIAL, ada, arrive, depart, plain_ada, stored

TOKEN_ANSWERS: dict[str, Json] = {
    "broken": [500, {"error": "server_error"}],
    "refused": [400, {"error": "invalid_grant", "error_description": "used before"}],
    "refused in friendly words": [200, {"ok": False, "error": "invalid_code", "refresh_token": "rt"}],
    "empty": [200, {}],
    "null": [200, None],
    "list": [200, []],
    "text": [200, "access_token=x&token_type=bearer"],
    "no JSON": [200, "<html>"],
    "no body": [204, ""],
}
PEOPLE: dict[str, Json] = {
    "broken": [500, {"id": "1", "email": "x@x.example"}],
    "refused": [401, {"error": "invalid_token"}],
    "empty": [200, {}],
    "null": [200, None],
    "list": [200, []],
    "no JSON": [200, "<html>"],
}


@scenario(SOCIAL)
def a_token_endpoint_may_answer_anything(client: Client) -> None:
    for label, answer in TOKEN_ANSWERS.items():
        for provider in ("openid", "plain"):
            visitor = client.another(f"{label}, {provider}")
            url = depart(visitor, provider, errorCallbackURL="/oh")
            arrive(visitor, url, at=provider, label=label, **ada(client, token_answer=answer))
    stored(client)


@scenario(SOCIAL)
def a_provider_may_not_say_who_somebody_is(client: Client) -> None:
    for label, answer in PEOPLE.items():
        visitor = client.another(label)
        url = depart(visitor, "plain", errorCallbackURL="/oh")
        arrive(visitor, url, at="plain", label=label, **plain_ada(client, user_answer=answer))
    stored(client)


ODD_PEOPLE: dict[str, dict[str, Json]] = {
    "zero": {"id": 0},
    "space": {"id": " "},
    "undefined": {"id": "undefined"},
    "null in letters": {"id": "null"},
    "subject alone": {"sub": "s-1"},
    "subject and number": {"id": 8, "sub": "s-2"},
    "empty number, subject": {"id": "", "sub": "s-3"},
    "no name": {"id": "n-2", "name": None},
    "empty name": {"id": "n-3", "name": ""},
    "empty picture": {"id": "p-1", "picture": ""},
    "null picture": {"id": "p-2", "picture": None},
    "not verified, as text": {"id": "v-1", "email_verified": "false"},
    "verified as number": {"id": "v-2", "email_verified": 1},
    "verified as yes": {"id": "v-3", "email_verified": "yes"},
    "another name for verified": {"id": "v-4", "emailVerified": True},
    "null address": {"id": "e-1", "email": None},
}


@scenario(SOCIAL)
def people_are_described_in_many_ways(client: Client) -> None:
    for number, (label, person) in enumerate(ODD_PEOPLE.items()):
        visitor = client.another(label)
        given = {"email": client.email(f"p{number}"), "name": "P", **person}
        arrive(visitor, depart(visitor, "plain"), at="plain", label=label, **given)
        visitor.get("/get-session", label=label)
        stored(client, f"p{number}")


@scenario(SOCIAL)
def the_subject_is_who_somebody_is(client: Client) -> None:
    for label, more in {
        "an identifier as well": {"id": "reused"},
        "an empty identifier": {"id": ""},
        "a null identifier": {"id": None},
        "a renewed identifier": {"id": "other"},
    }.items():
        visitor = client.another(label)
        arrive(visitor, depart(visitor), label=label, **ada(client, **more))
    stored(client)
    person = ada(client, sub="another", email=client.email("eve"), id="reused")
    visitor = client.another("another subject")
    arrive(visitor, depart(visitor), label="the same identifier", **person)
    stored(client, "eve")
    visitor = client.another("number")
    arrive(visitor, depart(visitor), label="number", **ada(client, sub=4711, email=client.email("number")))
    stored(client, "number")


@scenario(SOCIAL)
def an_address_may_be_told_elsewhere(client: Client) -> None:
    missing: dict[str, Json] = {"email": "..."}
    told_there: dict[str, Json] = {"sub": "there", "email": client.email("there"), "email_verified": True}
    for label, more in {
        "in the second answer": {"sub": "there", "user_answer": [200, {**told_there, "name": "There"}]},
        "of somebody else": {"sub": "there", "user_answer": [200, {**told_there, "sub": "other"}]},
        "of nobody": {"sub": "there", "user_answer": [200, {**told_there, "sub": None}]},
        "nowhere": {"sub": "there", "user_answer": [200, {"sub": "there"}]},
        "refused": {"sub": "there", "user_answer": [403, {}]},
    }.items():
        visitor = client.another(label)
        arrive(visitor, depart(visitor), label=label, **ada(client, claims=missing, **more))
        visitor.get("/get-session", label=label)
    stored(client, "there")


RENEWALS: dict[str, dict[str, Json]] = {
    "no new refresh token": {"lacks": ["refresh_token"]},
    "no end": {"lacks": ["expires_in"]},
    "no access token": {"lacks": ["access_token"]},
    "no ID token": {"lacks": ["id_token"]},
    "fewer scopes": {"scope": "openid"},
    "no scopes": {"lacks": ["scope"]},
}


@scenario(SOCIAL)
def a_renewal_may_bring_less(client: Client) -> None:
    arrive(client, depart(client), **ada(client, scope="openid email files"))
    account: Json = {"accountId": account_of(client)}
    for label, less in RENEWALS.items():
        url = depart(client)
        arrive(client, url, label=label, **ada(client, scope="openid email files", on_renewal=less))
        told(client, "/refresh-token", account, label)
        told(client, "/get-access-token", account, f"{label}, after")
        client.sql(ENDED, client.email("ada"))
        told(client, "/get-access-token", account, f"{label}, ended")
    client.get("/list-accounts")
