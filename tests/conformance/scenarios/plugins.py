"""Plugins where they meet other flows: bearer and jwt with providers, and bans of admin."""

from tests.conformance.client import Client
from tests.conformance.normalise import Json
from tests.conformance.scenarios import scenario
from tests.conformance.scenarios.linking import id_token
from tests.conformance.scenarios.social import ada, arrive, depart, providers
from tests.conformance.stage import configuration

BEARER = configuration("bearer_social", plugins={**providers(), "bearer": {}, "jwt": {}})
ADMIN = configuration("admin", plugins={**providers(), "admin": {}}, user={"deleteUser": {"enabled": True}})
BANNED = 'UPDATE "user" SET banned = true, "banReason" = $2, "banExpires" = $3::timestamptz WHERE email = $1'


@scenario(BEARER)
def a_provider_hands_out_the_header_as_well(client: Client) -> None:
    answer = arrive(client, depart(client, callbackURL="/in?a=b"), **ada(client))
    token = dict(answer.headers)["set-auth-token"]
    program = client.another("program")
    program.get("/get-session", headers={"Authorization": f"Bearer {token}"})
    program.jar.clear()
    program.post("/sign-in/social", {"provider": "openid", "idToken": {"token": id_token(ada(client))}})
    program.jar.clear()
    header = {"Authorization": f"Bearer {token}"}
    program.post("/link-social", {"provider": "openid"}, headers=header, origin=None, label="link")
    program.jar.clear()
    program.get("/list-accounts", headers=header)
    program.jar.clear()
    program.get("/token", headers={"Authorization": f"Bearer {token}x"}, label="broken")


@scenario(BEARER)
def signing_is_for_the_server_alone(client: Client) -> None:
    client.arrive()
    payload: Json = {"payload": {"sub": "123"}}
    for path in ("/sign-jwt", "/verify-jwt", "/rotate-key", "/jwks"):
        client.post(path, payload)
    client.get("/sign-jwt")


@scenario(ADMIN)
def who_is_banned_does_not_get_in(client: Client) -> None:
    client.sign_up()
    client.rows(
        "user",
        'SELECT role, banned, "banReason", "banExpires" FROM "user" WHERE email = $1',
        client.email("ada"),
    )
    client.post("/sign-out", {})
    client.sql(BANNED, client.email("ada"), "spam", None)
    client.sign_in(label="banned")
    client.sign_in(password="wrong", label="banned, and wrong")
    visitor = client.another("by a provider")
    person = ada(client, email=client.email("bob"))
    arrive(visitor, depart(visitor), **person)
    client.sql(BANNED, client.email("bob"), None, None)
    visitor = client.another("by a provider, banned")
    arrive(visitor, depart(visitor, errorCallbackURL="/oh"), label="banned", **person)
    token = {"token": id_token(person)}
    visitor.post("/sign-in/social", {"provider": "openid", "idToken": token}, label="banned")


@scenario(ADMIN)
def a_ban_may_end(client: Client) -> None:
    client.sign_up()
    client.post("/sign-out", {})
    client.sql(
        'UPDATE "user" SET banned = true, "banExpires" = now() + interval \'1 hour\' WHERE email = $1',
        client.email("ada"),
    )
    client.sign_in(label="not over")
    client.sql(
        'UPDATE "user" SET banned = true, "banExpires" = now() - interval \'1 hour\' WHERE email = $1',
        client.email("ada"),
    )
    client.sign_in(label="over")
    client.get("/get-session")


@scenario(ADMIN)
def roles_and_bans_are_not_for_the_asking(client: Client) -> None:
    for name, fields in {
        "role": {"role": "admin"},
        "banned": {"banned": True},
        "reason": {"banReason": "x", "banExpires": "2030-01-01T00:00:00.000Z"},
    }.items():
        client.another(name).sign_up(name, **fields)
    client.sign_up()
    for body in ({"role": "admin"}, {"banned": False}, {"name": "A", "banReason": None}):
        client.post("/update-user", body)
    client.post("/update-session", {"impersonatedBy": "x"})
    client.get("/get-session")
    client.get("/list-sessions")
