"""Signing up with email and password."""

from tests.conformance.client import PASSWORD, Client
from tests.conformance.scenarios import scenario
from tests.conformance.scenarios.configurations import DEFAULT
from tests.conformance.stage import configuration

LIMITS = configuration(
    "password_limits", emailAndPassword={"enabled": True, "minPasswordLength": 4, "maxPasswordLength": 12}
)
NO_SIGN_IN = configuration("no_auto_sign_in", emailAndPassword={"enabled": True, "autoSignIn": False})
VERIFICATION = configuration(
    "verification_required", emailAndPassword={"enabled": True, "requireEmailVerification": True}
)
NO_SIGN_UP = configuration("sign_up_disabled", emailAndPassword={"enabled": True, "disableSignUp": True})
NO_PASSWORDS = configuration("passwords_disabled", emailAndPassword={"enabled": False})

ADDRESSES = {
    "empty": "",
    "no at": "ada.example",
    "two ats": "ada@home@x.example",
    "no dot": "ada@localhost",
    "space": "a da@x.example",
    "leading space": " ada@x.example",
    "trailing dot": "ada@x.example.",
    "double dot": "ada..b@x.example",
    "leading dot": ".ada@x.example",
    "quoted": '"ada b"@x.example',
    "umlaut domain": "ada@bücher.example",
    "umlaut local": "ädä@x.example",
    "address literal": "ada@[127.0.0.1]",
    "newline": "ada@x.example\nbcc: b@x.example",
    "hyphen domain": "ada@-x.example",
    "short top level": "ada@x.c",
    "comma": "ada@x.example,b@x.example",
    "long local part": f"{'a' * 65}@x.example",
    "angle brackets": "<ada@x.example>",
}
GOOD_ADDRESSES = {
    "plus": "ada+tag@good.example",
    "apostrophe": "o'neil@good.example",
    "underscore": "ada_b@good.example",
    "digits": "123@good.example",
    "subdomain": "ada@mail.deep.good.example",
    "hyphen": "ada-b@my-good.example",
    "upper": "Ada.UPPER@Good.Example",
    "long": f"{'a' * 60}@good.example",
}


def _user(client: Client, name: str, password: str = PASSWORD) -> dict[str, str]:
    return {"name": name.title(), "email": client.email(name), "password": password}


@scenario(DEFAULT)
def a_person_signs_up_looks_and_leaves(client: Client) -> None:
    client.sign_up()
    client.get("/get-session")
    client.rows("user", 'SELECT * FROM "user" WHERE email = $1', client.email("ada"))
    client.rows("account", _ACCOUNT, client.email("ada"))
    client.rows("session", _SESSION, client.email("ada"))
    client.post("/sign-out", {})
    client.get("/get-session", label="signed out")
    client.rows("no session", _SESSION, client.email("ada"))


_ACCOUNT = 'SELECT a.* FROM account a JOIN "user" u ON u.id = a."userId" WHERE u.email = $1'
_SESSION = 'SELECT s.* FROM session s JOIN "user" u ON u.id = s."userId" WHERE u.email = $1'


@scenario(DEFAULT)
def sign_up_keeps_what_was_given(client: Client) -> None:
    client.sign_up("image", image="https://img.example/a.png")
    client.another("null image").sign_up("null", image=None)
    client.another("empty name").sign_up("nameless", name="")
    client.another("unicode").sign_up("unicode", name='Ädä 🦉 "quoted" <b> \\ / \u2028')
    client.another("unknown fields").sign_up("unknown", colour="red", role="admin", nested={"a": [1]})
    client.another("core columns").sign_up(
        "core",
        emailVerified=True,
        id="mine",
        createdAt="2001-01-01T00:00:00.000Z",
        updatedAt="x",
        banned=True,
    )
    client.another("callback").sign_up("callback", callbackURL="/welcome")
    forgetful = client.another("not remembered")
    forgetful.sign_up("forgetful", rememberMe=False)
    forgetful.get("/get-session")
    forgetful.rows("session", _SESSION, client.email("forgetful"))


@scenario(DEFAULT)
def the_same_address_signs_up_once(client: Client) -> None:
    client.sign_up()
    client.another("same").sign_up()
    client.another("other case").sign_up("x", email=client.email("ada").upper())
    client.sign_up("ada", name="signed in meanwhile")


@scenario(DEFAULT)
def odd_addresses_are_refused(client: Client) -> None:
    for label, address in ADDRESSES.items():
        body = {"name": "Ada", "email": address, "password": PASSWORD}
        client.post("/sign-up/email", body, label=label)


@scenario(DEFAULT)
def good_addresses_are_kept_in_lower_case(client: Client) -> None:
    for label, address in GOOD_ADDRESSES.items():
        body = {"name": "Ada", "email": address, "password": PASSWORD}
        client.another(label).post("/sign-up/email", body)
    sign_in = {"email": "ADA.upper@GOOD.example", "password": PASSWORD}
    client.another("sign in").post("/sign-in/email", sign_in)


@scenario(DEFAULT)
def passwords_have_a_length(client: Client) -> None:
    for label, password in {
        "empty": "",
        "seven": "1234567",
        "eight": "12345678",
        "longest": "x" * 128,
        "too long": "x" * 129,
        "spaces": " " * 8,
        "four owls count double": "🦉" * 4,
        "too many owls": "🦉" * 65,
        "just enough owls": "🦉" * 64,
        "decomposed": "pa\u0308sswo\u0308rd",
    }.items():
        name = label.replace(" ", "-")
        client.another(label).post("/sign-up/email", _user(client, name, password))
    composed = {"email": client.email("decomposed"), "password": "pässwörd"}
    client.another("composed").post("/sign-in/email", composed)


@scenario(LIMITS)
def the_limits_of_passwords_can_be_chosen(client: Client) -> None:
    for length in (3, 4, 12, 13):
        client.another(str(length)).post("/sign-up/email", _user(client, f"p{length}", "x" * length))
    client.post("/sign-in/email", {"email": client.email("p12"), "password": "x" * 13}, label="too long")
    client.post("/sign-in/email", {"email": client.email("p12"), "password": "x"}, label="short")


@scenario(NO_SIGN_IN)
def sign_up_without_sign_in(client: Client) -> None:
    client.sign_up()
    client.sign_up()
    client.sign_up("ada", name="Somebody Else", image="https://img.example/b.png")
    client.sign_up("forgetful", rememberMe=False)
    client.get("/get-session", label="nobody")
    client.sign_in()
    client.get("/get-session")


@scenario(VERIFICATION)
def an_unverified_person_cannot_sign_in(client: Client) -> None:
    client.sign_up()
    client.sign_up("ada", name="Again")
    client.sign_in()
    client.sign_in("ada", callbackURL="/next")
    client.post("/sign-in/email", {"email": client.email("ada"), "password": "wrong password"}, label="wrong")
    client.sql('UPDATE "user" SET "emailVerified" = true WHERE email = $1', client.email("ada"))
    client.sign_in()
    client.get("/get-session")


@scenario(NO_SIGN_UP)
def sign_up_can_be_closed(client: Client) -> None:
    client.sign_up()
    client.post("/sign-up/email", {}, label="validation first")
    client.sign_in()


@scenario(NO_PASSWORDS)
def passwords_can_be_off(client: Client) -> None:
    client.sign_up()
    client.sign_in()
    client.post("/sign-up/email", {}, label="validation first")
    client.post("/sign-in/email", {}, label="validation first")
    client.get("/get-session")
    client.post("/verify-password", {"password": PASSWORD})
