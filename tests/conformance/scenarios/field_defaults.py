"""What additional fields hold when nobody says anything, and columns of accounts with other names."""

from tests.conformance.client import Client
from tests.conformance.normalise import Json
from tests.conformance.scenarios import scenario
from tests.conformance.stage import configuration

USER_FIELDS: Json = {
    "active": {"type": "boolean", "defaultValue": True, "input": False},
    "muted": {"type": "boolean", "required": False, "defaultValue": True},
    "credits": {"type": "number", "required": False, "defaultValue": 0},
    "bio": {"type": "string", "defaultValue": ""},
    "plan": {"type": "string", "defaultValue": "free"},
    "long": {"type": "string", "defaultValue": "x" * 3000, "returned": False},
    "tags": {"type": "string[]", "required": False, "defaultValue": ["new"]},
    "flags": {"type": "json", "required": False, "defaultValue": {"beta": False}},
    "handle": {"type": "string", "required": False, "unique": True},
}
SESSION_FIELDS: Json = {
    "scope": {"type": "string", "defaultValue": "user"},
    "preferences": {"type": "json", "required": False, "defaultValue": {"theme": "dark"}},
    "roles": {"type": "string[]", "required": False},
    "since": {"type": "date", "required": False},
    "inner": {"type": "string", "required": False, "defaultValue": "hidden", "returned": False},
    "renamed": {"type": "string", "required": False, "fieldName": "other_name"},
}
DEFAULTS = [
    configuration(
        name,
        redis=redis,
        user={"additionalFields": USER_FIELDS},
        session={"additionalFields": SESSION_FIELDS, **cache},
        account={"fields": {"providerId": "provider_id", "accountId": "account_id"}},
    )
    for name, redis, cache in (
        ("field_defaults", False, {}),
        ("field_defaults_cached", False, {"cookieCache": {"enabled": True, "strategy": "jwe"}}),
        ("field_defaults_redis", True, {}),
    )
]
QUIET = configuration(
    "field_defaults_unverified",
    emailAndPassword={"enabled": True, "requireEmailVerification": True},
    user={"additionalFields": USER_FIELDS},
)
SET: Json = {"muted": False, "credits": 7, "bio": "Countess", "plan": "paid", "tags": [], "flags": {}}
KINDS = configuration(
    "field_kinds",
    user={
        "additionalFields": {
            "handle": {"type": "string", "required": False, "unique": True},
            "points": {"type": "number", "required": False, "bigint": True},
            "ranked": {"type": "number", "required": False, "index": True},
            "seen": {"type": "date", "required": False},
            "hidden": {"type": "boolean", "required": False, "returned": False, "defaultValue": True},
        }
    },
    session={"additionalFields": {"badge": {"type": "string", "required": False, "unique": True}}},
)


@scenario(KINDS)
def values_that_must_be_unique(client: Client) -> None:
    client.sign_up(handle="ada", points=9007199254740991, ranked=-1)
    client.get("/get-session")
    eve = client.another("eve")
    eve.sign_up("eve", handle="ada")
    eve.sign_up("eve", handle="Ada", seen="1990-12-10T08:00:00.000Z")
    eve.post("/update-user", {"handle": "ada"}, label="taken")
    eve.get("/get-session", label="unchanged")
    eve.post("/update-user", {"handle": None, "name": "Eve L."}, label="none")
    client.another("nobody").sign_up("nobody", handle=None)
    client.post("/update-session", {"badge": "gold"})
    eve.post("/update-session", {"badge": "gold"}, label="taken")
    eve.get("/get-session", label="after")
    client.rows("people", 'SELECT name, handle, points, ranked, seen, hidden FROM "user" ORDER BY email')


@scenario(*DEFAULTS)
def fields_begin_with_their_defaults(client: Client) -> None:
    client.sign_up()
    client.get("/get-session")
    client.get("/get-session?disableCookieCache=true")
    client.rows("user", 'SELECT * FROM "user" WHERE email = $1', client.email("ada"))
    client.rows(
        "account",
        'SELECT a.* FROM account a JOIN "user" u ON u.id = a."userId" WHERE u.email = $1',
        client.email("ada"),
    )
    client.another("again").sign_in()
    client.get("/list-accounts")
    client.get("/list-sessions")


@scenario(*DEFAULTS)
def an_update_leaves_other_fields_alone(client: Client) -> None:
    client.sign_up()
    client.post("/update-user", SET)
    client.post("/update-user", {"name": "Renamed"})
    client.get("/get-session?disableCookieCache=true", label="not the defaults again")
    client.post("/update-user", {"active": False}, label="input false")
    client.post("/update-user", {"name": "x", "active": True}, label="input false, the same")
    client.post(
        "/update-session", {"scope": "admin", "roles": ["a", "b"], "preferences": {"deep": {"x": [1]}}}
    )
    client.post("/update-session", {"since": "1988-02-29T12:00:00.000Z", "renamed": "x"})
    client.get("/get-session", label="session fields")
    client.get("/get-session?disableCookieCache=true", label="session fields")
    client.post("/update-session", {"preferences": None, "roles": None, "since": None, "renamed": None})
    client.get("/get-session", label="nulls")
    client.another("second").sign_in()
    client.get("/list-sessions")


@scenario(QUIET)
def an_invented_person_has_the_defaults_too(client: Client) -> None:
    client.sign_up()
    client.sign_up(name="Again")
    client.sign_up("ada", **{"bio": "x", "credits": 5})
    client.sign_up("ada", active=False)
    client.sign_up("eve", handle="eve")
    client.sign_up("joan", handle="eve")
    client.sign_up("ada", handle="eve", name="Known")
    client.sign_up("joan", handle="joan")
