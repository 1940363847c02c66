"""How sessions slide, end and grow stale."""

from tests.conformance.client import PASSWORD, Client
from tests.conformance.scenarios import scenario
from tests.conformance.scenarios.configurations import CACHES, DEFAULT, DELETION
from tests.conformance.stage import configuration

OWNER = '"userId" = (SELECT id FROM "user" WHERE email = $1)'
SESSION = f'SELECT "expiresAt", "updatedAt", "createdAt" FROM session WHERE {OWNER}'

SHORT = configuration("short_session", session={"expiresIn": 3600, "updateAge": 600})
ALWAYS = configuration("always_refreshed", session={"updateAge": 0})
NEVER = configuration("never_refreshed", session={"disableSessionRefresh": True})
DEFERRED = configuration("deferred_refresh", session={"deferSessionRefresh": True})
DEFERRED_CACHE = configuration(
    "deferred_refresh_cache", session={"deferSessionRefresh": True, "cookieCache": {"enabled": True}}
)
FRESH_OFF = configuration("freshness_off", session={"freshAge": 0}, user={"deleteUser": {"enabled": True}})
FRESH_SHORT = configuration(
    "freshness_short", session={"freshAge": 120}, user={"deleteUser": {"enabled": True}}
)


def age(client: Client, minutes: int, name: str = "ada") -> None:
    """Make the session's row look as if it had been used the last time that long ago."""
    client.sql(
        f'UPDATE session SET "expiresAt" = "expiresAt" - interval \'{minutes} minutes\','
        f' "updatedAt" = "updatedAt" - interval \'{minutes} minutes\','
        f' "createdAt" = "createdAt" - interval \'{minutes} minutes\' WHERE {OWNER}',
        client.email(name),
    )


@scenario(DEFAULT, *CACHES)
def a_used_session_slides_once_a_day(client: Client) -> None:
    client.arrive()
    age(client, 23 * 60)
    client.get("/get-session?disableCookieCache=1", label="after 23 hours")
    client.rows("unchanged", SESSION, client.email("ada"))
    age(client, 2 * 60)
    client.get("/get-session?disableCookieCache=1&disableRefresh=1", label="asked not to")
    client.rows("unchanged", SESSION, client.email("ada"))
    client.get("/get-session?disableCookieCache=1", label="after 25 hours")
    client.rows("slid", SESSION, client.email("ada"))
    client.get("/get-session?disableCookieCache=1", label="again")


@scenario(DEFAULT)
def any_route_slides_the_session(client: Client) -> None:
    client.arrive()
    age(client, 25 * 60)
    client.post("/update-user", {"name": "Slid"})
    client.rows("slid", SESSION, client.email("ada"))
    age(client, 25 * 60)
    client.post("/verify-password", {"password": PASSWORD})
    client.rows("slid", SESSION, client.email("ada"))
    age(client, 25 * 60)
    client.post("/verify-password", {"password": "wrong password"}, label="refused")
    client.rows("slid", SESSION, client.email("ada"))
    age(client, 25 * 60)
    client.post("/revoke-other-sessions", {})
    age(client, 25 * 60)
    client.post("/sign-out", {})


@scenario(DEFAULT, CACHES[0])
def a_session_that_is_not_remembered_does_not_slide(client: Client) -> None:
    client.arrive(remember=False)
    age(client, 20 * 60)
    client.get("/get-session?disableCookieCache=1", label="after 20 hours")
    client.rows("unchanged", SESSION, client.email("ada"))
    age(client, 5 * 60)
    client.get("/get-session?disableCookieCache=1", label="after 25 hours")


@scenario(SHORT)
def life_and_slide_can_be_chosen(client: Client) -> None:
    client.sign_up()
    client.get("/get-session")
    age(client, 11)
    client.get("/get-session", label="after 11 minutes")
    client.rows("slid", SESSION, client.email("ada"))
    age(client, 61)
    client.get("/get-session", label="after 61 minutes")
    client.sign_in(rememberMe=False)
    client.rows("one day all the same", SESSION, client.email("ada"))
    client.get("/get-session")


@scenario(ALWAYS)
def a_session_can_slide_on_every_use(client: Client) -> None:
    client.arrive()
    client.get("/get-session")
    age(client, 5)
    client.get("/get-session", label="after 5 minutes")
    client.rows("slid", SESSION, client.email("ada"))
    client.post("/update-user", {"name": "x"})
    client.get("/list-sessions")


@scenario(NEVER)
def a_session_may_never_slide(client: Client) -> None:
    client.arrive()
    age(client, 6 * 24 * 60)
    client.get("/get-session", label="after 6 days")
    client.rows("unchanged", SESSION, client.email("ada"))
    client.post("/update-user", {"name": "x"})


@scenario(DEFERRED, DEFERRED_CACHE)
def a_get_may_leave_the_refresh_to_a_post(client: Client) -> None:
    client.get("/get-session", label="nobody")
    client.post("/get-session", {}, label="nobody")
    client.arrive()
    client.get("/get-session")
    client.post("/get-session", {}, label="nothing due")
    age(client, 25 * 60)
    client.get("/get-session?disableCookieCache=1", label="due")
    client.rows("unchanged", SESSION, client.email("ada"))
    client.post("/get-session?disableCookieCache=1", {"ignored": True}, label="due")
    client.rows("slid", SESSION, client.email("ada"))
    client.get("/get-session?disableCookieCache=1", label="done")
    client.get("/get-session?disableRefresh=1&disableCookieCache=1", label="asked not to")
    age(client, 25 * 60)
    client.post("/update-user", {"name": "x"}, label="due elsewhere")
    client.rows("after update-user", SESSION, client.email("ada"))
    client.get("/list-sessions", label="due elsewhere")
    age(client, 8 * 24 * 60)
    client.get("/get-session?disableCookieCache=1", label="expired")
    client.rows("kept by GET", f"SELECT count(*) AS sessions FROM session WHERE {OWNER}", client.email("ada"))


@scenario(DEFERRED)
def an_expired_session_is_cleared_by_post(client: Client) -> None:
    client.arrive()
    age(client, 8 * 24 * 60)
    client.post("/get-session", {}, label="expired")
    client.rows("gone", f"SELECT count(*) AS sessions FROM session WHERE {OWNER}", client.email("ada"))
    client.sign_in(rememberMe=False)
    client.get("/get-session", label="not remembered")
    client.post("/get-session", {}, label="not remembered")


@scenario(DELETION)
def stale_sessions_cannot_list_or_delete(client: Client) -> None:
    client.arrive()
    age(client, 25 * 60)
    client.get("/list-sessions", label="stale")
    client.post("/delete-user", {}, label="stale")
    client.post("/delete-user", {"password": "wrong password"}, label="stale, wrong password")
    client.post("/delete-user", {"password": PASSWORD}, label="stale, password")
    client.get("/get-session", label="deleted")


@scenario(FRESH_OFF)
def freshness_can_be_off(client: Client) -> None:
    client.arrive()
    age(client, 6 * 24 * 60)
    client.get("/list-sessions")
    client.post("/delete-user", {})


@scenario(FRESH_SHORT)
def freshness_can_be_short(client: Client) -> None:
    client.arrive()
    client.get("/list-sessions", label="fresh")
    age(client, 3)
    client.get("/list-sessions", label="stale")
    client.post("/delete-user", {}, label="stale")
    client.sign_in()
    client.get("/list-sessions", label="fresh again")
    client.post("/delete-user", {}, label="fresh again")
