"""No database and no key-value store: the encrypted cookie is the session."""

from tests.conformance.client import PASSWORD, Client
from tests.conformance.normalise import Json
from tests.conformance.scenarios import scenario
from tests.conformance.scenarios.accounts import NEW_PASSWORD
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


MAILED = configuration(
    "mail_stateless",
    stateless=True,
    emailAndPassword={"enabled": True, "sendResetPassword": "recorded"},
    emailVerification={"sendVerificationEmail": "recorded", "autoSignInAfterVerification": True},
    user={
        "changeEmail": {"enabled": True},
        "deleteUser": {"enabled": True, "sendDeleteAccountVerification": "recorded"},
        "additionalFields": {"nickname": {"type": "string", "required": False}},
    },
    session={"additionalFields": {"theme": {"type": "string", "required": False, "defaultValue": "light"}}},
)


@scenario(STATELESS[0], STATELESS[1])
def people_come_and_go_without_a_database(client: Client) -> None:
    client.sign_up(image=PICTURE)
    for round_ in ("first", "second"):
        client.post("/sign-out", {}, label=round_)
        client.sign_in()
        client.get("/get-session", label=round_)
    client.get("/list-accounts")
    other = client.another("other")
    other.sign_in(rememberMe=False)
    other.get("/get-session")
    change: dict[str, Json] = {"currentPassword": PASSWORD, "newPassword": NEW_PASSWORD}
    client.post("/change-password", {**change, "currentPassword": "wrong password"}, label="wrong")
    client.post("/change-password", change)
    back: Json = {"currentPassword": NEW_PASSWORD, "newPassword": PASSWORD, "revokeOtherSessions": True}
    client.post("/change-password", back, label="revoking")
    client.get("/get-session", label="after the change")
    other.get("/get-session", label="a copy is a copy")
    token = other.get("/get-session", label="again").at("session", "token")
    client.post("/revoke-session", {"token": token})
    other.get("/get-session", label="revoked")
    client.post("/revoke-sessions", {})
    client.get("/get-session", label="revoked")


@scenario(MAILED)
def mailed_links_without_a_database(client: Client) -> None:
    client.sign_up(image=PICTURE, nickname="countess")
    client.post("/update-user", {"nickname": "ada"})
    client.post("/update-session", {"theme": "dark"})
    client.get("/get-session", label="fields")
    client.post("/send-verification-email", {"email": client.email("ada"), "callbackURL": "/in"})
    client.get(client.link("verification"), label="verified")
    client.get("/get-session", label="verified")
    client.post("/change-email", {"newEmail": client.email("new"), "callbackURL": "/in"})
    client.get(client.link("new address"), label="changed")
    client.get("/get-session", label="changed")
    nobody = client.another("nobody")
    nobody.post("/request-password-reset", {"email": client.email("new"), "redirectTo": "/r"})
    link = nobody.link("reset")
    nobody.get(link, label="reset")
    reset = link.removeprefix("/reset-password/").partition("?")[0]
    nobody.post("/reset-password", {"newPassword": NEW_PASSWORD, "token": reset})
    nobody.post("/reset-password", {"newPassword": NEW_PASSWORD, "token": reset}, label="again")
    nobody.sign_in("new", password=NEW_PASSWORD)
    client.post("/delete-user", {"callbackURL": "/bye"})
    client.get(client.link("deletion"), label="deleted")
    client.get("/get-session", label="deleted")
    nobody.sign_in("new", password=NEW_PASSWORD)
