"""Additional fields of users and sessions, and renamed tables and columns."""

from tests.conformance.client import Client
from tests.conformance.normalise import Json
from tests.conformance.scenarios import scenario
from tests.conformance.stage import configuration

USER_FIELDS: Json = {
    "nickname": {"type": "string", "required": False},
    "language": {"type": "string", "required": False, "defaultValue": "en"},
    "role": {"type": "string", "required": False, "defaultValue": "member", "input": False},
    "note": {"type": "string", "required": False, "input": False},
    "secretNote": {"type": "string", "required": False, "returned": False},
    "age": {"type": "number", "required": False},
    "newsletter": {"type": "boolean", "required": False, "defaultValue": False},
    "birthday": {"type": "date", "required": False},
    "settings": {"type": "json", "required": False},
    "tags": {"type": "string[]", "required": False},
    "scores": {"type": "number[]", "required": False},
    "column": {"type": "string", "required": False, "fieldName": "renamed_column"},
}
SESSION_FIELDS: Json = {
    "theme": {"type": "string", "required": False, "defaultValue": "light"},
    "device": {"type": "string", "required": False},
    "visits": {"type": "number", "required": False},
    "trusted": {"type": "boolean", "required": False, "defaultValue": False, "input": False},
    "hidden": {"type": "string", "required": False, "returned": False, "defaultValue": "unseen"},
}
FIELDS = configuration(
    "additional_fields", user={"additionalFields": USER_FIELDS}, session={"additionalFields": SESSION_FIELDS}
)
FIELDS_CACHED = [
    configuration(
        f"additional_fields_{strategy}",
        user={"additionalFields": USER_FIELDS},
        session={"additionalFields": SESSION_FIELDS, "cookieCache": {"enabled": True, "strategy": strategy}},
    )
    for strategy in ("compact", "jwe")
]
FIELDS_REDIS = configuration(
    "additional_fields_redis",
    redis=True,
    user={"additionalFields": USER_FIELDS},
    session={"additionalFields": SESSION_FIELDS},
)
REQUIRED = configuration(
    "required_fields",
    user={
        "additionalFields": {
            "company": {"type": "string", "required": True},
            "seat": {"type": "number", "required": True, "defaultValue": 1},
            "badge": {"type": "string"},
        }
    },
)
FIELDS_QUIET = configuration(
    "additional_fields_unverified",
    user={"additionalFields": USER_FIELDS},
    emailAndPassword={"enabled": True, "requireEmailVerification": True},
)
RENAMED = configuration(
    "renamed",
    user={
        "modelName": "people",
        "fields": {"email": "mail", "emailVerified": "mail_verified", "name": "full_name"},
    },
    session={
        "modelName": "visits",
        "fields": {"userId": "person_id", "token": "visit_token", "expiresAt": "ends_at"},
    },
    account={"modelName": "links", "fields": {"userId": "person_id", "password": "password_hash"}},
    verification={"modelName": "proofs", "fields": {"value": "content"}},
)

EVERY_FIELD: dict[str, Json] = {
    "nickname": "countess",
    "language": "de",
    "secretNote": "hush",
    "age": 36,
    "newsletter": True,
    "birthday": "1990-12-10T00:00:00.000Z",
    "settings": {"theme": "dark", "panels": [1, 2, {"a": None}]},
    "tags": ["a", "b"],
    "scores": [1, 2.5],
    "column": "renamed",
}


@scenario(FIELDS, FIELDS_REDIS, FIELDS_QUIET, *FIELDS_CACHED)
def additional_fields_are_kept(client: Client) -> None:
    client.sign_up(**EVERY_FIELD)
    client.get("/get-session")
    client.get("/get-session?disableCookieCache=1")
    client.rows("user", 'SELECT * FROM "user" WHERE email = $1', client.email("ada"))
    client.another("none").sign_up("none")
    client.another("nulls").sign_up("nulls", **dict.fromkeys(EVERY_FIELD))
    client.another("again").sign_up(**EVERY_FIELD)


RULED_FIELDS: dict[str, dict[str, Json]] = {
    "input false with default": {"role": "admin"},
    "input false without default": {"note": "x"},
    "input false, empty": {"note": ""},
    "input false, null": {"note": None},
    "unknown": {"other": "x"},
    "column name": {"renamed_column": "x"},
}


@scenario(FIELDS)
def additional_fields_have_rules_at_sign_up(client: Client) -> None:
    for label, fields in RULED_FIELDS.items():
        client.another(label).sign_up(label.replace(" ", "-").replace(",", ""), **fields)


WRONG_TYPES: tuple[tuple[str, Json], ...] = (
    ("age", "thirty"),
    ("age", "36"),
    ("age", 36.5),
    ("newsletter", "yes"),
    ("newsletter", 1),
    ("nickname", 7),
    ("nickname", {"a": 1}),
    ("birthday", "not a day"),
    ("birthday", 0),
    ("birthday", "1990-12-10"),
    ("settings", "text"),
    ("tags", "text"),
    ("tags", [1, 2]),
    ("age", True),
)


@scenario(FIELDS)
def additional_fields_of_the_wrong_type(client: Client) -> None:
    for number, (field, value) in enumerate(WRONG_TYPES):
        client.another(f"{field} {value!r}").sign_up(f"p{number}", **{field: value})


UPDATES: dict[str, dict[str, Json]] = {
    "input false with default": {"role": "admin"},
    "input false without default": {"note": "x"},
    "input false, null": {"note": None},
    "with name": {"name": "Ada L.", "nickname": "ada"},
    "unknown": {"other": "x"},
    "nulls": dict.fromkeys(EVERY_FIELD),
}


@scenario(FIELDS, *FIELDS_CACHED)
def additional_fields_are_updated(client: Client) -> None:
    client.sign_up()
    client.post("/update-user", EVERY_FIELD, label="every field")
    client.get("/get-session")
    for label, body in UPDATES.items():
        client.post("/update-user", body, label=label)
    client.get("/get-session?disableCookieCache=1")
    client.rows("user", 'SELECT * FROM "user" WHERE email = $1', client.email("ada"))


SESSION_UPDATES: dict[str, dict[str, Json]] = {
    "one": {"theme": "dark"},
    "all": {"theme": "blue", "device": "phone", "visits": 3, "hidden": "seen"},
    "null": {"device": None},
    "input false": {"trusted": True},
    "input false, false": {"trusted": False},
    "core": {"userId": "x", "token": "y", "expiresAt": "2099-01-01T00:00:00.000Z"},
    "core with one": {"token": "y", "theme": "light"},
    "unknown": {"other": 1},
    "empty": {},
    "wrong type": {"theme": {"a": 1}},
}


@scenario(FIELDS, FIELDS_REDIS, *FIELDS_CACHED)
def session_fields_are_updated(client: Client) -> None:
    client.sign_up()
    for label, body in SESSION_UPDATES.items():
        client.post("/update-session", body, label=label)
    client.get("/get-session", label="afterwards")
    client.get("/list-sessions")


@scenario(REQUIRED)
def required_fields_are_required(client: Client) -> None:
    client.sign_up()
    client.sign_up(company="Analytical Engines")
    client.sign_up(company=None, badge="x")
    client.sign_up(company="", badge="x")
    client.sign_up(company="Analytical Engines", badge="007")
    client.post("/update-user", {"company": None}, label="null")
    client.post("/update-user", {"company": "Babbage & Co"})
    client.get("/get-session")


@scenario(RENAMED)
def tables_and_columns_may_have_other_names(client: Client) -> None:
    client.sign_up()
    second = client.another("second")
    second.sign_in(rememberMe=False)
    client.get("/get-session")
    client.post("/update-user", {"name": "Renamed"})
    client.rows("user", "SELECT * FROM people WHERE mail = $1", client.email("ada"))
    client.rows(
        "account",
        "SELECT l.* FROM links l JOIN people p ON p.id = l.person_id WHERE mail = $1",
        client.email("ada"),
    )
    client.get("/list-sessions")
    client.post("/revoke-other-sessions", {})
    second.get("/get-session")
    client.post("/sign-out", {})
    client.another("again").sign_up()
