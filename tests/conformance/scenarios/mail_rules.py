"""Which requests send a mail, and what its link does for whom."""

from urllib.parse import quote

from tests.conformance.client import PASSWORD, Client
from tests.conformance.normalise import Json
from tests.conformance.scenarios import scenario
from tests.conformance.scenarios.accounts import COUNTS, NEW_PASSWORD
from tests.conformance.scenarios.mail_flows import RESET, VERIFICATION, users, verify_address
from tests.conformance.stage import configuration

MUST: Json = {"enabled": True, "requireEmailVerification": True, "onExistingUserSignUp": "recorded"}
ONLY_AT_SIGN_UP = configuration("mail_at_sign_up", emailAndPassword=MUST, emailVerification=VERIFICATION)
NEVER = configuration(
    "mail_never",
    emailAndPassword=MUST,
    emailVerification={**VERIFICATION, "sendOnSignUp": False, "sendOnSignIn": False},
)
ONLY_AT_SIGN_IN = configuration(
    "mail_at_sign_in",
    emailAndPassword=MUST,
    emailVerification={**VERIFICATION, "sendOnSignUp": False, "sendOnSignIn": True},
)
NOT_REQUIRED = configuration(
    "mail_not_required",
    emailVerification={**VERIFICATION, "sendOnSignIn": True, "autoSignInAfterVerification": True},
)
BY_HEADER = configuration(
    "mail_and_bearer",
    emailAndPassword={**MUST, **RESET},
    emailVerification={**VERIFICATION, "autoSignInAfterVerification": True},
    plugins={"bearer": {}},
)
IN_REDIS = configuration(
    "mail_and_redis",
    redis=True,
    emailAndPassword={"enabled": True, "revokeSessionsOnPasswordReset": True, **RESET},
    emailVerification={**VERIFICATION, "autoSignInAfterVerification": True},
    user={
        "changeEmail": {"enabled": True, "sendChangeEmailConfirmation": "recorded"},
        "deleteUser": {
            "enabled": True,
            "sendDeleteAccountVerification": "recorded",
            "beforeDelete": "recorded",
            "afterDelete": "recorded",
            "deleteTokenExpiresIn": 600,
        },
    },
)


@scenario(ONLY_AT_SIGN_UP, NEVER, ONLY_AT_SIGN_IN, NOT_REQUIRED)
def mails_are_sent_where_they_are_wanted(client: Client) -> None:
    client.sign_up(callbackURL="/welcome")
    client.calls("sign-up")
    client.another("again").sign_up(name="Again")
    client.calls("known address")
    visitor = client.another("visitor")
    visitor.sign_in(password="wrong password")
    client.calls("wrong password")
    visitor.sign_in(callbackURL="/in")
    client.calls("sign-in")
    visitor.post("/update-user", {"name": "x"}, label="not signed in")
    client.another("asks").post("/send-verification-email", {"email": client.email("ada")})
    client.calls("asked for")
    verify_address(client)
    client.another("later").sign_in()
    client.calls("verified")


PAGES = (
    "/in?who=ada%2Btag%40x.example",
    "/in?a=1&b=2",
    "/in?error=old",
    "/in#part",
    "http://app.example.test/in?next=%2Fhome",
)


@scenario(NOT_REQUIRED)
def links_keep_the_page_they_lead_to(client: Client) -> None:
    client.sign_up()
    for page in PAGES:
        client.sql('UPDATE "user" SET "emailVerified" = false WHERE email = $1', client.email("ada"))
        client.jar.clear()
        client.post("/send-verification-email", {"email": client.email("ada"), "callbackURL": page})
        link = client.link(page)
        broken = link.replace("token=", "token=x")
        client.get(broken, label=f"{page}, broken")
        client.get(f"{link.partition('&')[0]}&callbackURL={quote(page, safe='')}", label=page)


@scenario(NOT_REQUIRED)
def a_link_is_opened_by_somebody_else(client: Client) -> None:
    client.sign_up()
    client.post("/send-verification-email", {"email": client.email("ada")})
    token = client.link().partition("token=")[2].partition("&")[0]
    eve = client.another("eve")
    eve.sign_up("eve")
    eve.get(f"/verify-email?token={token}", label="opened")
    eve.get("/get-session", label="signed in as")
    eve.get(f"/verify-email?token={token}", label="opened again")
    client.get("/get-session", label="still signed in")
    client.calls("verified")
    users(client, "after")


@scenario(NOT_REQUIRED)
def the_owner_opens_a_link_in_the_same_browser(client: Client) -> None:
    client.sign_up(rememberMe=False)
    client.post("/send-verification-email", {"email": client.email("ada"), "callbackURL": "/in"})
    client.get(client.link(), label="opened")
    client.calls("verified")
    client.get("/get-session")
    client.get("/list-sessions")


@scenario(BY_HEADER)
def a_program_verifies_and_resets(client: Client) -> None:
    client.sign_up()
    link = client.link("sign-up")
    token = link.partition("token=")[2].partition("&")[0]
    program = client.another("program")
    answer = program.get(f"/verify-email?token={token}", label="verified")
    header = {"Authorization": f"Bearer {dict(answer.headers).get('set-auth-token', '')}"}
    program.get("/get-session", headers=header, cookie=None, label="by header")
    program.post("/update-user", {"name": "Program"}, headers=header, cookie=None)
    program.post("/request-password-reset", {"email": client.email("ada")}, cookie=None)
    reset = program.link("reset").removeprefix("/reset-password/").partition("?")[0]
    program.post("/reset-password", {"newPassword": NEW_PASSWORD, "token": reset}, cookie=None)
    change = {"currentPassword": NEW_PASSWORD, "newPassword": PASSWORD, "revokeOtherSessions": True}
    answer = program.post("/change-password", change, headers=header, cookie=None, label="revoking")
    program.get("/get-session", headers=header, cookie=None, label="old header")
    header = {"Authorization": f"Bearer {answer.at('token')}"}
    program.get("/get-session", headers=header, cookie=None, label="new token")
    program.post("/revoke-sessions", {}, headers=header, cookie=None)
    program.get("/get-session", headers=header, cookie=None, label="revoked")


@scenario(IN_REDIS)
def mailed_links_change_every_session_in_redis(client: Client) -> None:
    person = client.sign_up().at("user", "id")
    client.placeholders.name("random", person)
    second = client.another("second")
    token = second.sign_in(rememberMe=False).at("token")
    nobody = client.another("nobody")
    nobody.post("/send-verification-email", {"email": client.email("ada")})
    link = client.link("verification")
    nobody.get(link, label="verified")
    nobody.get("/get-session", label="signed in")
    second.get("/get-session", label="verified elsewhere")
    client.stored("second session", token)
    client.post("/change-email", {"newEmail": client.email("new")})
    nobody.get(client.link("confirmation"), label="confirmed")
    nobody.get(client.link("new address"), label="changed")
    client.get("/get-session", label="changed")
    second.get("/get-session", label="changed elsewhere")
    users(client, "changed")


@scenario(IN_REDIS)
def a_reset_revokes_sessions_in_redis(client: Client) -> None:
    person = client.sign_up().at("user", "id")
    client.placeholders.name("random", person)
    second = client.another("second")
    token = second.sign_in().at("token")
    nobody = client.another("nobody")
    nobody.post("/request-password-reset", {"email": client.email("ada"), "redirectTo": "/r"})
    link = nobody.link()
    nobody.get(link, label="link")
    reset = link.removeprefix("/reset-password/").partition("?")[0]
    nobody.post("/reset-password", {"newPassword": NEW_PASSWORD, "token": reset})
    nobody.post("/reset-password", {"newPassword": NEW_PASSWORD, "token": reset}, label="again")
    second.get("/get-session", label="revoked")
    client.get("/get-session", label="revoked")
    client.stored("second session", token)
    client.stored("active sessions", f"active-sessions-{person}")
    client.sign_in(password=NEW_PASSWORD)
    client.get("/get-session", label="new session")


@scenario(IN_REDIS)
def a_mailed_deletion_empties_redis(client: Client) -> None:
    answer = client.sign_up()
    person, token = answer.at("user", "id"), answer.at("token")
    client.placeholders.name("random", person)
    second = client.another("second")
    second.sign_in()
    client.post("/delete-user", {"callbackURL": "/bye?x=1&y=2"})
    link = client.link("mailed")
    client.another("nobody").get(link, label="signed out")
    client.get(link, label="followed")
    client.calls("deleted")
    client.rows("after", COUNTS, client.email("ada"))
    second.get("/get-session", label="deleted")
    client.stored("session", token)
    client.stored("active sessions", f"active-sessions-{person}")
