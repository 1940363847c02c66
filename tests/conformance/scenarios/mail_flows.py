"""Flows that need a mail: verification of addresses, password reset, change of address, deletion by link."""

from urllib.parse import quote

from tests.conformance.client import PASSWORD, Client
from tests.conformance.cookie_values import mailed_token
from tests.conformance.normalise import Json
from tests.conformance.scenarios import scenario
from tests.conformance.scenarios.accounts import COUNTS, write_deletion_token
from tests.conformance.scenarios.configurations import DEFAULT, DELETION
from tests.conformance.stage import configuration

VERIFICATION: dict[str, Json] = {
    "sendVerificationEmail": "recorded",
    "beforeEmailVerification": "recorded",
    "afterEmailVerification": "recorded",
}
RESET: dict[str, Json] = {"sendResetPassword": "recorded", "onPasswordReset": "recorded"}
REQUIRED = configuration(
    "mail_required",
    emailAndPassword={"enabled": True, "requireEmailVerification": True, **RESET},
    emailVerification={**VERIFICATION, "sendOnSignIn": True, "autoSignInAfterVerification": True},
)
OPTIONAL = configuration(
    "mail_optional",
    emailAndPassword={"enabled": True, "revokeSessionsOnPasswordReset": True, **RESET},
    emailVerification={**VERIFICATION, "sendOnSignUp": True, "expiresIn": 600},
    user={
        "changeEmail": {"enabled": True},
        "deleteUser": {
            "enabled": True,
            "sendDeleteAccountVerification": "recorded",
            "afterDelete": "recorded",
        },
    },
    verification={"storeIdentifier": "hashed"},
)
BOTH_MAILBOXES = configuration(
    "mail_both",
    emailVerification=VERIFICATION,
    user={"changeEmail": {"enabled": True, "sendChangeEmailConfirmation": "recorded"}},
)
AT_ONCE = configuration(
    "mail_at_once",
    emailVerification=VERIFICATION,
    user={"changeEmail": {"enabled": True, "updateEmailWithoutVerification": True}},
)
NO_VERIFIER = configuration(
    "mail_no_verifier",
    emailAndPassword={"enabled": True, "requireEmailVerification": True},
    user={"changeEmail": {"enabled": True, "sendChangeEmailConfirmation": "recorded"}},
)
FAILING = configuration(
    "mail_failing",
    emailAndPassword={"enabled": True, "sendResetPassword": "failing"},
    emailVerification={"sendVerificationEmail": "failing", "sendOnSignUp": True},
    user={"deleteUser": {"enabled": True, "sendDeleteAccountVerification": "failing"}},
)
CACHED = configuration(
    "mail_cached",
    session={"cookieCache": {"enabled": True, "maxAge": 300}},
    emailVerification={**VERIFICATION, "autoSignInAfterVerification": True},
    user={"changeEmail": {"enabled": True}},
)
USERS = 'SELECT name, email, "emailVerified", "updatedAt" FROM "user" WHERE email LIKE $1 ORDER BY email'


def users(client: Client, label: str) -> None:
    client.rows(label, USERS, client.email("%"))


def verify_address(client: Client, who: str = "ada") -> None:
    client.sql('UPDATE "user" SET "emailVerified" = true WHERE email = $1', client.email(who))


def arrive(client: Client, who: str = "ada") -> None:
    """Arrive; name the user now, because some servers' mails show the identifier first and others' do not."""
    client.arrive(who)
    client.placeholders.name("random", user_id(client, who))


def user_id(client: Client, who: str = "ada") -> str:
    return client.value('SELECT id FROM "user" WHERE email = $1', client.email(who))


@scenario(DEFAULT)
def without_a_sender_there_is_no_mail(client: Client) -> None:
    client.arrive()
    client.get("/delete-user/callback?token=x", label="not enabled")
    client.post("/request-password-reset", {"email": client.email("ada")})
    client.post("/send-verification-email", {"email": client.email("ada")})
    client.post("/change-email", {"newEmail": "new@x.example"})


@scenario(DELETION)
def a_deletion_link_is_followed(client: Client) -> None:
    client.arrive()
    write_deletion_token(client, "linked-theirs", whose="'somebody else'")
    write_deletion_token(client, "linked-expired", expires="-1 hour")
    write_deletion_token(client, "linked-mine")
    link = "/delete-user/callback"
    client.get(link, label="no token")
    for token in ("unknown", "linked-theirs", "linked-expired"):
        client.get(f"{link}?token={token}")
    client.get(f"{link}?token=linked-mine&callbackURL=https://evil.example", label="untrusted")
    client.another("nobody").get(f"{link}?token=linked-mine", label="signed out")
    client.get(f"{link}?token=linked-mine&callbackURL=/bye", label="mine")
    client.get(f"{link}?token=linked-mine", label="again")
    client.rows("after", COUNTS, client.email("ada"))


@scenario(REQUIRED)
def an_address_must_be_verified_before_the_first_session(client: Client) -> None:
    client.sign_up(callbackURL="/welcome?a=b&c=d")
    link = client.link("sign-up")
    client.sign_up()
    client.calls("known")
    client.sign_in(password="wrong password")
    client.calls("wrong")
    client.sign_in(callbackURL="/in")
    client.calls("right")
    client.get(link, label="first")
    client.calls("verified")
    client.get("/get-session", label="signed in")
    client.another("elsewhere").get(link, label="again")
    client.calls("again")
    users(client, "after")
    client.another("later").sign_in()


@scenario(REQUIRED)
def a_link_without_a_page_answers_in_json(client: Client) -> None:
    client.sign_up()
    token = client.link().partition("token=")[2].partition("&")[0]
    client.get(f"/verify-email?token={token}", label="first")
    client.get("/get-session", label="signed in")
    client.get(f"/verify-email?token={token}", label="again")
    client.calls()


@scenario(OPTIONAL)
def whoever_is_signed_in_verifies_the_own_address(client: Client) -> None:
    client.sign_up()
    client.calls("sign-up")
    client.post("/send-verification-email", {"email": client.email("eve")}, label="another address")
    client.post("/send-verification-email", {"email": client.email("ADA"), "callbackURL": "/done"})
    link = client.link("sent")
    client.get(link, label="verified")
    client.calls("verified")
    client.get("/get-session", label="after")
    client.post("/send-verification-email", {"email": client.email("ada")}, label="verified")
    users(client, "after")


@scenario(OPTIONAL)
def whoever_is_signed_out_learns_nothing(client: Client) -> None:
    for who in ("ada", "grace"):
        client.sign_up(who)
        client.calls("sign-up")
    verify_address(client, "grace")
    nobody = client.another("nobody")
    for who in ("ada", "grace", "unknown"):
        nobody.post("/send-verification-email", {"email": client.email(who)}, label=who)
        client.calls(who)
    for label, body in {
        "no address": {},
        "no valid address": {"email": "ada"},
        "number": {"email": 7},
        "evil page": {"email": client.email("ada"), "callbackURL": "https://evil.example"},
        "a number as page": {"email": client.email("ada"), "callbackURL": 7},
    }.items():
        nobody.post("/send-verification-email", body, label=label)
    client.calls("refused")


TOKENS = (
    "expired",
    "wrong key",
    "no email",
    "somebody else",
    "nobody",
    "not a token",
    "number",
    "more",
    "none",
)


def strange_token(client: Client, kind: str) -> str:
    claims: dict[str, Json] = {"email": client.email("ada"), "userId": user_id(client)}
    changes: dict[str, dict[str, Json]] = {
        "no email": {"email": None},
        "somebody else": {"userId": "somebody-else"},
        "nobody": {"email": client.email("nobody")},
        "number": {"userId": 7},
        "more": {"role": "admin"},
    }
    if kind == "not a token":
        return "x.y.z"
    if kind == "none":
        return ""
    given = {name: value for name, value in {**claims, **changes.get(kind, {})}.items() if value is not None}
    secret = "another-secret" if kind == "wrong key" else client.target.secret
    return mailed_token(secret, given, lifetime=-10 if kind == "expired" else 600)


@scenario(OPTIONAL)
def strange_links_are_refused(client: Client) -> None:
    arrive(client)
    nobody = client.another("nobody")
    for kind in TOKENS:
        token = strange_token(client, kind)
        nobody.get(f"/verify-email?token={token}", label=kind)
        nobody.get(f"/verify-email?token={token}&callbackURL={quote('/page?x=1#y')}", label=f"{kind}, page")
    nobody.get("/verify-email", label="nothing")
    good = strange_token(client, "good")
    nobody.get(f"/verify-email?token={good}&callbackURL=https://evil.example", label="evil page")
    nobody.get("/verify-email?callbackURL=https://evil.example", label="evil page, no token")
    nobody.get(f"/verify-email?token={good}&token={good}", label="twice")
    users(client, "still unverified")
    older = mailed_token(client.target.secret, {"email": client.email("ada")})
    nobody.get(f"/verify-email?token={older}&callbackURL=/", label="of an older server")
    users(client, "verified")
    client.calls()


@scenario(OPTIONAL)
def an_account_is_deleted_by_a_mailed_link(client: Client) -> None:
    arrive(client)
    client.post("/delete-user", {"password": "wrong password"}, label="wrong password")
    client.post("/delete-user", {"password": PASSWORD}, label="by password")
    client.calls("by password")
    client.post("/delete-user", {"callbackURL": "/bye"}, label="by link")
    link = client.link("by link")
    client.rows("before", COUNTS, client.email("ada"))
    client.get(link, label="followed")
    client.calls("deleted")
    client.rows("after", COUNTS, client.email("ada"))
    client.get(link, label="again")


@scenario(OPTIONAL)
def a_mailed_deletion_token_can_be_posted(client: Client) -> None:
    arrive(client)
    client.post("/delete-user", {})
    token = client.link().partition("token=")[2].partition("&")[0]
    eve = client.another("eve")
    arrive(eve, "eve")
    eve.post("/delete-user", {"token": token}, label="somebody else")
    client.post("/delete-user", {"token": token}, label="spent by somebody else")
    client.post("/delete-user", {})
    token = client.link().partition("token=")[2].partition("&")[0]
    client.post("/delete-user", {"token": token}, label="posted")
    client.rows("after", COUNTS, client.email("ada"))


@scenario(FAILING)
def a_mail_that_cannot_be_sent_is_nobodys_business(client: Client) -> None:
    client.sign_up()
    client.calls("sign-up")
    client.post("/delete-user", {})
    client.calls("deletion")
    nobody = client.another("nobody")
    nobody.post("/request-password-reset", {"email": client.email("ada")})
    client.calls("reset")
    nobody.post("/send-verification-email", {"email": client.email("ada")}, label="ada")
    nobody.post("/send-verification-email", {"email": client.email("eve")}, label="unknown")
    client.calls("verification")


@scenario(CACHED)
def verifying_renews_the_cached_copy(client: Client) -> None:
    arrive(client)
    client.get("/get-session")
    client.post("/send-verification-email", {"email": client.email("ada"), "callbackURL": "/"})
    client.get(client.link(), label="verified")
    client.get("/get-session", label="cached")
    client.calls()
