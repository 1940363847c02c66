"""Identifiers that are not random strings."""

from tests.conformance.client import PASSWORD, Client
from tests.conformance.normalise import Json
from tests.conformance.scenarios import scenario
from tests.conformance.stage import configuration

IDS = [
    configuration(
        f"ids_{kind}",
        advanced={"database": {"generateId": kind}},
        user={"deleteUser": {"enabled": True}},
    )
    for kind in ("uuid", "serial")
]
IDS_CACHED = configuration(
    "ids_serial_cache",
    advanced={"database": {"generateId": "serial"}},
    session={"cookieCache": {"enabled": True}},
)
IDS_REDIS = configuration("ids_uuid_redis", redis=True, advanced={"database": {"generateId": "uuid"}})
IDS_QUIET = configuration(
    "ids_serial_unverified",
    advanced={"database": {"generateId": "serial"}},
    emailAndPassword={"enabled": True, "autoSignIn": False},
)


@scenario(*IDS, IDS_CACHED, IDS_REDIS)
def a_person_has_an_identifier(client: Client) -> None:
    client.sign_up()
    client.get("/get-session")
    client.rows("user", 'SELECT * FROM "user" WHERE email = $1', client.email("ada"))
    client.rows(
        "account",
        'SELECT a.* FROM account a JOIN "user" u ON u.id = a."userId" WHERE u.email = $1',
        client.email("ada"),
    )
    second = client.another("second")
    second.sign_in()
    client.get("/list-sessions")
    client.post("/update-user", {"name": "x"})
    change: Json = {"currentPassword": PASSWORD, "newPassword": PASSWORD, "revokeOtherSessions": True}
    client.post("/change-password", change)
    second.get("/get-session?disableCookieCache=1", label="revoked")
    client.another("bob").sign_up("bob")
    client.post("/delete-user", {"password": PASSWORD})
    client.post("/sign-out", {})


@scenario(IDS_QUIET)
def an_invented_person_has_an_identifier_too(client: Client) -> None:
    client.sign_up()
    client.sign_up()
