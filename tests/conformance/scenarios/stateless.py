"""No database and no key-value store: the encrypted cookie is the session."""

from tests.conformance.client import PASSWORD, Client
from tests.conformance.scenarios import scenario
from tests.conformance.stage import configuration

STATELESS = [
    configuration("stateless", stateless=True, user={"deleteUser": {"enabled": True}}),
    *(
        configuration(
            f"stateless_{strategy}",
            stateless=True,
            session={"cookieCache": {"enabled": True, "strategy": strategy, "refreshCache": True}},
        )
        for strategy in ("compact", "jwt", "jwe")
    ),
]
REFRESHED = configuration(
    "stateless_refreshed",
    stateless=True,
    session={"cookieCache": {"enabled": True, "maxAge": 60, "refreshCache": {"updateAge": 60}}},
)
PARTLY = configuration(
    "stateless_partly_configured", stateless=True, session={"cookieCache": {"enabled": True}}
)
DATA = "better-auth.session_data"
PICTURE = "https://a.test/a.png"


@scenario(*STATELESS, PARTLY)
def a_session_lives_in_the_cookie(client: Client) -> None:
    client.get("/get-session", label="nobody")
    client.sign_up(image=PICTURE)
    client.get("/get-session")
    client.get("/list-sessions")
    client.post("/update-user", {"name": "Countess", "image": "https://a.test/ada.png"})
    client.get("/get-session", label="changed")
    client.post("/sign-out", {})
    client.get("/get-session", label="signed out")
    client.sign_in()
    client.get("/get-session", label="signed in again")


@scenario(*STATELESS)
def cookies_that_are_lost_or_altered(client: Client) -> None:
    client.sign_up(image=PICTURE)
    token = dict(client.jar)
    client.jar.pop(DATA, None)
    client.get("/get-session", label="copy lost")
    client.get("/get-session?disableCookieCache=true", label="not from the copy")
    client.post("/update-user", {"name": "Countess"}, label="copy lost")
    client.jar.clear()
    client.jar.update(token)
    client.jar.pop("better-auth.session_token", None)
    client.get("/get-session", label="token lost")


@scenario(STATELESS[0])
def passwords_and_deletion(client: Client) -> None:
    client.sign_up(image=PICTURE)
    client.post("/verify-password", {"password": PASSWORD})
    client.post("/verify-password", {"password": "wrong password"}, label="refused")
    client.post("/revoke-other-sessions", {})
    client.post("/delete-user", {"password": PASSWORD})
    client.get("/get-session", label="deleted")


@scenario(REFRESHED)
def a_copy_that_is_about_to_end_is_renewed(client: Client) -> None:
    client.sign_up(image=PICTURE)
    client.get("/get-session", label="renewed")


@scenario(STATELESS[0])
def a_person_without_a_picture(client: Client) -> None:
    client.sign_up()
