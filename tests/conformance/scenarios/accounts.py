"""Changing and deleting one's own account."""

from tests.conformance.client import PASSWORD, Client
from tests.conformance.normalise import Json
from tests.conformance.scenarios import scenario
from tests.conformance.scenarios.configurations import CACHES, DEFAULT, DELETION, REDIS, REDIS_AND_DATABASE

NEW_PASSWORD = "a new long password"
COUNTS = """
    SELECT (SELECT count(*) FROM "user" WHERE email = $1) AS users,
           (SELECT count(*) FROM account a JOIN "user" u ON u.id = a."userId" WHERE u.email = $1) AS accounts
"""


@scenario(DEFAULT, *CACHES, REDIS, REDIS_AND_DATABASE)
def a_person_changes_name_and_picture(client: Client) -> None:
    client.arrive()
    second = client.another("second")
    second.arrive()
    client.post("/update-user", {"name": "Ada Lovelace", "image": "https://img.example/a.png"})
    client.get("/get-session")
    second.get("/get-session", label="other browser")
    client.post("/update-user", {"image": None})
    client.get("/get-session?disableCookieCache=1")
    client.rows("user", 'SELECT * FROM "user" WHERE email = $1', client.email("ada"))


UPDATES: dict[str, dict[str, Json]] = {
    "empty": {},
    "unknown only": {"colour": "red"},
    "core columns only": {"id": "x", "emailVerified": True, "createdAt": "2001-01-01T00:00:00.000Z"},
    "email": {"email": "new@x.example"},
    "email with name": {"email": "new@x.example", "name": "x"},
    "empty email": {"email": "", "name": "kept"},
    "null email": {"email": None, "name": "kept too"},
    "false email": {"email": False},
    "empty name": {"name": ""},
    "unicode": {"name": "Ädä 🦉"},
    "password": {"password": "x"},
    "with unknown": {"name": "Known", "colour": "red", "role": "admin"},
    "empty picture": {"image": ""},
}


@scenario(DEFAULT)
def update_user_has_rules(client: Client) -> None:
    client.arrive()
    for label, body in UPDATES.items():
        client.post("/update-user", body, label=label)
    client.get("/get-session")


@scenario(DEFAULT, REDIS)
def a_person_changes_the_password(client: Client) -> None:
    client.arrive()
    second = client.another("second")
    second.arrive()
    client.post("/change-password", {"currentPassword": PASSWORD, "newPassword": NEW_PASSWORD})
    second.get("/get-session", label="still signed in")
    client.another("old password").sign_in()
    client.another("new password").sign_in(password=NEW_PASSWORD)
    change: Json = {"currentPassword": NEW_PASSWORD, "newPassword": PASSWORD, "revokeOtherSessions": True}
    client.post("/change-password", change, label="revoke")
    second.get("/get-session", label="revoked")
    client.get("/get-session", label="new session")
    client.get("/list-sessions")
    client.post("/change-password", {"currentPassword": PASSWORD, "newPassword": PASSWORD}, label="the same")
    no_revocation: Json = {"currentPassword": PASSWORD, "newPassword": PASSWORD, "revokeOtherSessions": False}
    client.post("/change-password", no_revocation, label="revoke nothing")


@scenario(DEFAULT)
def changing_the_password_shows_in_the_account(client: Client) -> None:
    client.arrive()
    account = 'FROM account WHERE "userId" = (SELECT id FROM "user" WHERE email = $1)'
    aged = account.replace("FROM account", "UPDATE account SET \"updatedAt\" = '2020-01-01'")
    client.sql(aged, client.email("ada"))
    for label, current in {"refused": "wrong password", "changed": PASSWORD}.items():
        client.post(
            "/change-password", {"currentPassword": current, "newPassword": NEW_PASSWORD}, label=label
        )
        client.rows(label, f'SELECT "providerId", "createdAt", "updatedAt" {account}', client.email("ada"))
    client.get("/list-accounts")


@scenario(*CACHES)
def changing_the_password_renews_the_cache(client: Client) -> None:
    client.arrive()
    second = client.another("second")
    second.arrive()
    change: Json = {"currentPassword": PASSWORD, "newPassword": NEW_PASSWORD}
    client.post("/change-password", change)
    client.post(
        "/change-password",
        {"currentPassword": NEW_PASSWORD, "newPassword": PASSWORD, "revokeOtherSessions": True},
    )
    client.get("/get-session", label="cached")
    second.get("/get-session", label="cached though revoked")
    second.post("/verify-password", {"password": PASSWORD}, label="revoked")


@scenario(DEFAULT)
def change_password_refuses(client: Client) -> None:
    client.arrive()
    for label, current, new in (
        ("wrong", "wrong password", NEW_PASSWORD),
        ("short", PASSWORD, "short"),
        ("empty", PASSWORD, ""),
        ("long", PASSWORD, "x" * 129),
        ("long current", "x" * 129, NEW_PASSWORD),
        ("empty current", "", NEW_PASSWORD),
        ("both bad", "wrong", "short"),
    ):
        client.post("/change-password", {"currentPassword": current, "newPassword": new}, label=label)


@scenario(DEFAULT)
def a_password_can_be_verified(client: Client) -> None:
    client.arrive()
    for label, password in (
        ("right", PASSWORD),
        ("wrong", "wrong password"),
        ("empty", ""),
        ("long", "x" * 129),
        ("short", "x"),
    ):
        client.post("/verify-password", {"password": password}, label=label)


@scenario(DEFAULT)
def some_routes_are_not_there(client: Client) -> None:
    client.arrive()
    client.post("/set-password", {"newPassword": NEW_PASSWORD}, label="server only")
    client.post("/delete-user", {}, label="not enabled")
    client.post("/delete-user", {"password": "wrong password"}, label="not enabled")


@scenario(DELETION)
def a_person_deletes_the_account(client: Client) -> None:
    client.sign_up()
    client.rows("before", COUNTS, client.email("ada"))
    client.post("/delete-user", {"password": "wrong password"}, label="wrong")
    client.post("/delete-user", {"password": "x" * 129}, label="long")
    client.post("/delete-user", {"token": "unknown"}, label="unknown token")
    client.post("/delete-user", {"password": PASSWORD})
    client.rows("after", COUNTS, client.email("ada"))
    client.get("/get-session", label="deleted")
    client.sign_in()
    client.sign_up()


@scenario(DELETION, *CACHES, REDIS, REDIS_AND_DATABASE)
def deletion_signs_out_everywhere(client: Client) -> None:
    client.arrive()
    second = client.another("second")
    second.arrive()
    second.get("/get-session")
    client.post("/delete-user", {})
    client.rows("after", COUNTS, client.email("ada"))
    client.get("/get-session", label="deleted")
    second.get("/get-session?disableCookieCache=true", label="deleted")
    second.post("/update-user", {"name": "x"}, label="deleted")


@scenario(DELETION)
def a_fresh_session_may_delete_without_a_password(client: Client) -> None:
    client.arrive()
    client.post("/delete-user", {"callbackURL": "/bye"})
    client.rows("after", COUNTS, client.email("ada"))
    client.arrive()
    client.post("/delete-user", {"password": ""}, label="empty password")


@scenario(DELETION)
def a_deletion_token_is_spent_once(client: Client) -> None:
    client.arrive()
    write_deletion_token(client, "theirs", whose="'somebody else'")
    write_deletion_token(client, "expired", expires="-1 hour")
    write_deletion_token(client, "mine")
    for token in ("unknown", "theirs", "expired"):
        client.post("/delete-user", {"token": token}, label=token)
    client.rows("before", COUNTS, client.email("ada"))
    client.post("/delete-user", {"token": "mine"}, label="mine")
    client.rows("after", COUNTS, client.email("ada"))
    client.post("/delete-user", {"token": "mine"}, label="again")


def write_deletion_token(client: Client, token: str, *, whose: str = "id", expires: str = "1 hour") -> None:
    """Write the row of a token that a mail would carry."""
    client.sql(
        'INSERT INTO verification (id, identifier, value, "expiresAt", "createdAt", "updatedAt") '
        f"SELECT $1, $2, {whose}, now() + interval '{expires}', now(), now() FROM \"user\" WHERE email = $3",
        f"{token} {client.transcript.scenario}",
        f"delete-account-{token}",
        client.email("ada"),
    )
