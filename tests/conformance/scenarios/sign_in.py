"""Signing in and out."""

from tests.conformance.client import PASSWORD, Client
from tests.conformance.normalise import Json
from tests.conformance.scenarios import scenario
from tests.conformance.scenarios.configurations import DEFAULT


@scenario(DEFAULT)
def a_person_signs_in_from_two_browsers(client: Client) -> None:
    client.arrive()
    second = client.another("second")
    second.sign_in()
    second.get("/list-sessions")
    second.post("/sign-out", {})
    client.get("/get-session")
    client.get("/list-sessions")


@scenario(DEFAULT)
def wrong_credentials_are_one_refusal(client: Client) -> None:
    client.arrive()
    visitor = client.another("visitor")
    for label, email, password in (
        ("wrong password", client.email("ada"), "wrong password"),
        ("empty password", client.email("ada"), ""),
        ("short password", client.email("ada"), "x"),
        ("long password", client.email("ada"), "x" * 129),
        ("unknown", client.email("nobody"), PASSWORD),
        ("unknown long", client.email("nobody"), "x" * 129),
        ("bad address", "not an address", PASSWORD),
        ("empty address", "", PASSWORD),
        ("upper case", client.email("ada").upper(), PASSWORD),
        ("padded", f" {client.email('ada')}", PASSWORD),
    ):
        visitor.post("/sign-in/email", {"email": email, "password": password}, label=label)


@scenario(DEFAULT)
def accounts_without_a_usable_password_refuse(client: Client) -> None:
    client.arrive()
    visitor = client.another("visitor")
    account = 'UPDATE account SET {} WHERE "userId" = (SELECT id FROM "user" WHERE email = $1)'
    client.sql(account.format("password = NULL"), client.email("ada"))
    visitor.sign_in()
    client.post("/verify-password", {"password": PASSWORD}, label="no password")
    change: Json = {"currentPassword": PASSWORD, "newPassword": "a new long password"}
    client.post("/change-password", change, label="no password")
    client.sql(account.format("password = 'not a hash'"), client.email("ada"))
    visitor.sign_in()
    client.sql(account.format("\"providerId\" = 'github'"), client.email("ada"))
    visitor.sign_in()
    client.sql(
        'DELETE FROM account WHERE "userId" = (SELECT id FROM "user" WHERE email = $1)', client.email("ada")
    )
    visitor.sign_in()
    client.post("/verify-password", {"password": PASSWORD}, label="no account")
    client.post("/change-password", change, label="no account")


@scenario(DEFAULT)
def sign_in_answers_with_where_to_go(client: Client) -> None:
    client.arrive()
    for label, target in {
        "relative": "/dashboard?tab=1#top",
        "absolute": "http://app.example.test/home",
        "empty": "",
        "non-ascii": "/straße",
        "space": "/a b",
    }.items():
        client.another(label).sign_in(callbackURL=target)


@scenario(DEFAULT)
def not_being_remembered(client: Client) -> None:
    client.arrive()
    client.sign_in(rememberMe=False)
    client.get("/get-session")
    client.post("/update-user", {"name": "Ada L."})
    client.get("/list-sessions")
    client.sign_in(rememberMe=True)
    client.get("/get-session", label="remembered again")
    forgetful = client.another("forgetful")
    forgetful.sign_in(rememberMe=False)
    change: Json = {
        "currentPassword": PASSWORD,
        "newPassword": "another password",
        "revokeOtherSessions": True,
    }
    forgetful.post("/change-password", change)
    forgetful.get("/get-session")
    forgetful.post("/sign-out", {})


@scenario(DEFAULT)
def sign_in_by_form(client: Client) -> None:
    client.arrive()
    visitor = client.another("form")
    email = client.email("ada")
    visitor.post("/sign-in/email", form={"email": email, "password": PASSWORD})
    for label, extra in {
        "remember": {"rememberMe": "false"},
        "remember true": {"rememberMe": "true"},
        "callback": {"callbackURL": "/next"},
        "bad callback": {"callbackURL": "https://evil.example"},
        "unknown": {"colour": "red"},
    }.items():
        client.another(label).post("/sign-in/email", form={"email": email, "password": PASSWORD, **extra})
    other = client.another("odd form")
    other.post("/sign-in/email", form={"email": email}, label="no password")
    other.post("/sign-in/email", raw=b"", content_type="application/x-www-form-urlencoded", label="empty")
    twice = f"email={email}&email=b@x.example&password=x".encode()
    other.post("/sign-in/email", raw=twice, content_type="application/x-www-form-urlencoded", label="twice")
    charset = "application/x-www-form-urlencoded; charset=UTF-8"
    body = f"email={email.replace('@', '%40')}&password={PASSWORD.replace(' ', '+')}".encode()
    other.post("/sign-in/email", raw=body, content_type=charset, label="charset")
    other.post("/sign-out", {})


@scenario(DEFAULT)
def sign_up_by_form(client: Client) -> None:
    fields = {"name": "Form", "email": client.email("form"), "password": PASSWORD}
    client.post("/sign-up/email", form=fields)
    client.another("image").post("/sign-up/email", form={**fields, "email": client.email("b"), "image": ""})
    client.another("remember").post("/sign-up/email", form={**fields, "rememberMe": "false"})


@scenario(DEFAULT)
def signing_out_needs_no_session(client: Client) -> None:
    client.post("/sign-out", {}, label="no session")
    client.post("/sign-out", label="no body")
    client.post("/sign-out", {"callbackURL": "/bye", "disableRedirect": True, "state": "x"}, label="options")
    client.post("/sign-out", {"callbackURL": 7}, label="wrong type")
    client.post("/sign-out", {"disableRedirect": "yes"}, label="wrong type")
    client.post("/sign-out", [], label="a list")
    client.post("/sign-out", form={}, label="a form")
    client.arrive()
    token = client.jar["better-auth.session_token"]
    client.post("/sign-out", label="signed in, no body")
    client.post("/sign-out", {}, cookie=f"better-auth.session_token={token}", label="twice")
    client.get("/get-session", cookie=f"better-auth.session_token={token}", label="old cookie")


@scenario(DEFAULT)
def signing_in_twice_in_one_browser_makes_two_sessions(client: Client) -> None:
    client.arrive()
    client.sign_in()
    client.get("/list-sessions")
    client.rows(
        "sessions",
        'SELECT count(*) AS sessions FROM session s JOIN "user" u ON u.id = s."userId" WHERE u.email = $1',
        client.email("ada"),
    )
