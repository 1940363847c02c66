"""Sessions in Redis, in Better Auth's layout."""

from tests.conformance.client import PASSWORD, Client
from tests.conformance.normalise import Json
from tests.conformance.scenarios import scenario
from tests.conformance.scenarios.configurations import REDIS, REDIS_AND_DATABASE
from tests.conformance.stage import configuration

PRESERVED = configuration(
    "redis_preserved",
    redis=True,
    session={"storeSessionInDatabase": True, "preserveSessionInDatabase": True},
    user={"deleteUser": {"enabled": True}},
)
CACHED = configuration(
    "redis_cache",
    redis=True,
    session={"cookieCache": {"enabled": True}},
    user={"deleteUser": {"enabled": True}},
)
VERIFICATIONS = configuration(
    "redis_verifications_in_database", redis=True, verification={"storeInDatabase": True}
)
EVERY = (REDIS, REDIS_AND_DATABASE, PRESERVED, CACHED, VERIFICATIONS)
WITH_ROWS = (REDIS_AND_DATABASE, PRESERVED)
ROWS = (
    'SELECT s.* FROM session s JOIN "user" u ON u.id = s."userId" WHERE u.email = $1 ORDER BY s."createdAt"'
)


@scenario(*EVERY)
def a_session_is_kept_in_redis(client: Client) -> None:
    answer = client.sign_up()
    token, person = answer.at("token"), answer.at("user", "id")
    client.stored("session", token)
    client.stored("active sessions", f"active-sessions-{person}")
    client.get("/get-session")
    second = client.another("second")
    second.sign_in(rememberMe=False)
    client.stored("active sessions", f"active-sessions-{person}")
    client.get("/list-sessions")
    client.post("/update-user", {"name": "Renamed"})
    client.stored("session, renamed", token)
    second.get("/get-session", label="renamed")
    second.post("/sign-out", {})
    client.stored("active sessions", f"active-sessions-{person}")
    client.post("/sign-out", {})
    client.stored("session, gone", token)
    client.stored("active sessions, none", f"active-sessions-{person}")
    client.stored("revocation", f"revoked-sessions-before-{person}")


@scenario(*EVERY)
def sessions_are_revoked_in_redis(client: Client) -> None:
    person = client.sign_up().at("user", "id")
    second = client.another("second")
    token = second.sign_in().at("token")
    change: Json = {"currentPassword": PASSWORD, "newPassword": PASSWORD, "revokeOtherSessions": True}
    client.post("/change-password", change)
    client.stored("second session", token)
    client.stored("revocation", f"revoked-sessions-before-{person}")
    client.stored("active sessions", f"active-sessions-{person}")
    second.get("/get-session?disableCookieCache=1", label="revoked")
    client.get("/get-session?disableCookieCache=1")
    client.post("/revoke-sessions", {})
    client.stored("active sessions", f"active-sessions-{person}")
    client.stored("revocation", f"revoked-sessions-before-{person}")
    client.sign_in()
    client.get("/get-session?disableCookieCache=1", label="signed in again")


@scenario(REDIS, REDIS_AND_DATABASE, PRESERVED, CACHED)
def deleting_the_account_empties_redis(client: Client) -> None:
    answer = client.sign_up()
    token, person = answer.at("token"), answer.at("user", "id")
    client.post("/delete-user", {"password": PASSWORD})
    client.stored("session", token)
    client.stored("active sessions", f"active-sessions-{person}")
    client.stored("revocation", f"revoked-sessions-before-{person}")


@scenario(*WITH_ROWS)
def sessions_are_rows_as_well(client: Client) -> None:
    client.sign_up()
    second = client.another("second")
    second.sign_in()
    client.rows("two", ROWS, client.email("ada"))
    second.post("/sign-out", {})
    client.rows("after sign-out", ROWS, client.email("ada"))
    client.post("/revoke-sessions", {})
    client.rows("after revocation", ROWS, client.email("ada"))
