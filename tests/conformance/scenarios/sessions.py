"""Reading, listing, changing and revoking sessions."""

from tests.conformance.client import PASSWORD, UNSET, Client
from tests.conformance.scenarios import scenario
from tests.conformance.scenarios.configurations import CACHES, DEFAULT, REDIS, REDIS_AND_DATABASE

TRUTHS = ("true", "false", "1", "0", "", "x")


@scenario(DEFAULT)
def nobody_has_no_session(client: Client) -> None:
    client.get("/get-session")
    client.post("/get-session", {}, label="POST")
    client.post("/get-session", label="POST without a body")
    for method, path in (
        ("GET", "/list-sessions"),
        ("POST", "/revoke-session"),
        ("POST", "/revoke-sessions"),
        ("POST", "/revoke-other-sessions"),
        ("POST", "/update-session"),
        ("POST", "/update-user"),
        ("POST", "/change-password"),
        ("POST", "/verify-password"),
        ("POST", "/delete-user"),
    ):
        client.send(method, path, body={} if method == "POST" else UNSET, label="empty")
    client.post("/revoke-session", {"token": "x"}, label="valid body")
    change = {"currentPassword": PASSWORD, "newPassword": "a new password"}
    client.post("/change-password", change, label="valid body")
    client.post("/verify-password", {"password": PASSWORD}, label="valid body")
    client.post("/update-user", {"name": "x"}, label="valid body")


@scenario(DEFAULT)
def get_session_has_flags(client: Client) -> None:
    client.arrive()
    for flag in ("disableRefresh", "disableCookieCache"):
        for truth in TRUTHS:
            client.get(f"/get-session?{flag}={truth}")
    client.get("/get-session?disableRefresh=a&disableRefresh=b", label="repeated")
    client.get("/get-session?unknown=1", label="unknown")
    client.get("/get-session?disableRefresh", label="no value")
    client.get("/list-sessions?disableRefresh=true&disableCookieCache=true")
    client.post("/get-session", {}, label="POST")


@scenario(DEFAULT, *CACHES, REDIS, REDIS_AND_DATABASE)
def sessions_are_listed_and_revoked(client: Client) -> None:
    client.arrive()
    second, third = client.another("second"), client.another("third")
    second.arrive()
    third.arrive(remember=False)
    client.get("/get-session")
    tokens = [browser.get("/get-session").at("session", "token") for browser in (second, third)]
    client.get("/list-sessions")
    client.post("/revoke-session", {"token": tokens[0]})
    second.get("/get-session?disableCookieCache=true", label="revoked")
    client.post("/revoke-session", {"token": "unknown"}, label="unknown")
    client.post("/revoke-session", {"token": ""}, label="empty")
    stranger = client.another("stranger")
    stranger.arrive("eve")
    stranger.post("/revoke-session", {"token": tokens[1]}, label="not mine")
    third.get("/get-session?disableCookieCache=true", label="alive")
    client.post("/revoke-other-sessions", {})
    third.get("/get-session?disableCookieCache=true", label="revoked")
    client.get("/list-sessions")
    client.post("/revoke-sessions", {})
    client.get("/get-session?disableCookieCache=true", label="all revoked")


@scenario(DEFAULT, *CACHES, REDIS)
def revoking_ones_own_session_signs_out(client: Client) -> None:
    token = client.arrive()
    client.get("/get-session")
    before = dict(client.jar)
    client.post("/revoke-session", {"token": token})
    client.get("/get-session", label="signed out")
    client.jar = before
    client.get("/get-session", label="old cookies")
    client.jar = before
    client.post("/revoke-session", {"token": token}, label="old cookies")
    client.jar = before
    client.post("/update-user", {"name": "after"}, label="old cookies")
    client.jar = before
    client.get("/list-sessions", label="old cookies")


@scenario(DEFAULT)
def revoking_takes_no_body(client: Client) -> None:
    client.arrive()
    client.post("/revoke-other-sessions", label="no body")
    client.post("/revoke-other-sessions", [1], label="a list")
    client.post("/revoke-other-sessions", {"token": 7}, label="ignored")
    client.post("/revoke-sessions", label="no body")


@scenario(DEFAULT, *CACHES, REDIS)
def update_session_has_nothing_to_update_here(client: Client) -> None:
    client.arrive()
    client.post("/update-session", {}, label="empty")
    client.post("/update-session", {"token": "mine", "expiresAt": "2099-01-01"}, label="core columns")
    client.post("/update-session", {"colour": "red"}, label="unknown")
    client.post("/update-session", label="no body")


@scenario(DEFAULT, REDIS, REDIS_AND_DATABASE)
def the_session_remembers_browser_and_address(client: Client) -> None:
    client.arrive()
    browser = {"User-Agent": "Mozilla/5.0 (Ünïcode) Owl/1.0", "X-Forwarded-For": "203.0.113.9"}
    second = client.another("second")
    second.post(
        "/sign-in/email",
        {"email": client.email("ada"), "password": PASSWORD},
        headers=browser,
        label="browser",
    )
    second.get("/get-session")
    client.get("/list-sessions")
    third = client.another("third")
    person = {"name": "Eve", "email": client.email("eve"), "password": PASSWORD}
    third.post("/sign-up/email", person, headers={**browser, "X-Forwarded-For": "2001:db8::9"})
    third.get("/get-session", headers={"X-Forwarded-For": "198.51.100.7"}, label="from elsewhere")
    change = {"currentPassword": PASSWORD, "newPassword": "another password", "revokeOtherSessions": True}
    third.post(
        "/change-password", change, headers={"X-Forwarded-For": "198.51.100.7"}, label="from elsewhere"
    )
    third.get("/list-sessions")


@scenario(DEFAULT, *CACHES)
def an_expired_session_is_no_session(client: Client) -> None:
    client.arrive()
    before = dict(client.jar)
    client.sql(_EXPIRE, client.email("ada"))
    client.get("/get-session?disableCookieCache=1", label="expired")
    client.rows("gone", _COUNT, client.email("ada"))
    client.jar = before
    client.get("/get-session?disableCookieCache=1", label="gone")
    client.arrive()
    client.sql(_EXPIRE, client.email("ada"))
    client.post("/change-password", {"currentPassword": PASSWORD, "newPassword": "x" * 10}, label="expired")
    client.arrive()
    client.sql(_EXPIRE, client.email("ada"))
    client.post("/sign-out", {}, label="expired")


@scenario(DEFAULT, REDIS_AND_DATABASE)
def expired_sessions_are_not_listed(client: Client) -> None:
    client.arrive()
    client.sql(_EXPIRE, client.email("ada"))
    client.another("second").arrive()
    client.arrive()
    client.get("/list-sessions")


_OWNER = '"userId" = (SELECT id FROM "user" WHERE email = $1)'
_EXPIRE = f"UPDATE session SET \"expiresAt\" = now() - interval '2 minutes' WHERE {_OWNER}"
_COUNT = f"SELECT count(*) AS sessions FROM session WHERE {_OWNER}"
