"""A forgotten password, and who may set a new one."""

from urllib.parse import quote

from tests.conformance.client import Client
from tests.conformance.normalise import Json
from tests.conformance.scenarios import scenario
from tests.conformance.scenarios.accounts import COUNTS, NEW_PASSWORD
from tests.conformance.scenarios.mail_flows import (
    OPTIONAL,
    REQUIRED,
    RESET,
    VERIFICATION,
    arrive,
    user_id,
    users,
)
from tests.conformance.stage import configuration

BRIEF = configuration(
    "mail_brief_reset",
    emailAndPassword={"enabled": True, "resetPasswordTokenExpiresIn": 300, **RESET},
    emailVerification={**VERIFICATION, "expiresIn": 30},
)
ACCOUNT = 'SELECT "providerId", "createdAt", "updatedAt" FROM account WHERE "userId" = $1'


@scenario(OPTIONAL)
def a_forgotten_password_is_replaced(client: Client) -> None:
    arrive(client)
    other = client.another("other")
    other.post("/request-password-reset", {"email": client.email("ADA"), "redirectTo": "/reset?x=1#y"})
    link = other.link("mailed")
    token = link.removeprefix("/reset-password/").partition("?")[0]
    other.rows("stored", 'SELECT value, "expiresAt" FROM verification WHERE value = $1', user_id(client))
    other.get(link, label="link")
    other.get(link, label="link again")
    other.post("/reset-password", {"newPassword": "short", "token": token}, label="short")
    other.post("/reset-password", {"newPassword": "x" * 129, "token": token}, label="long")
    other.post("/reset-password", {"newPassword": NEW_PASSWORD, "token": token}, label="set")
    other.calls("set")
    other.post("/reset-password", {"newPassword": NEW_PASSWORD, "token": token}, label="again")
    other.get(link, label="link of a used token")
    client.get("/get-session", label="revoked")
    other.sign_in()
    other.sign_in(password=NEW_PASSWORD)
    other.rows("gone", "SELECT count(*) FROM verification WHERE value = $1", user_id(client))


@scenario(REQUIRED)
def a_reset_signs_nobody_in_and_verifies_nothing(client: Client) -> None:
    arrive(client)
    other = client.another("other")
    other.post("/request-password-reset", {"email": client.email("ada")})
    link = other.link("no page")
    other.get(link, label="no page")
    token = link.removeprefix("/reset-password/").partition("?")[0]
    other.post(f"/reset-password?token={token}", {"newPassword": NEW_PASSWORD}, label="token in the query")
    client.get("/get-session", label="still signed in")
    other.sign_in(password=NEW_PASSWORD)
    users(client, "after")
    client.calls()


@scenario(OPTIONAL)
def a_reset_gives_a_first_password(client: Client) -> None:
    arrive(client)
    client.sql('DELETE FROM account WHERE "userId" = $1', user_id(client))
    other = client.another("other")
    other.post("/request-password-reset", {"email": client.email("ada"), "redirectTo": "/r"})
    token = other.link().removeprefix("/reset-password/").partition("?")[0]
    other.post("/reset-password", {"newPassword": NEW_PASSWORD, "token": token})
    other.sign_in(password=NEW_PASSWORD)
    client.rows("after", COUNTS, client.email("ada"))


@scenario(OPTIONAL)
def strange_resets_are_refused(client: Client) -> None:
    arrive(client)
    nobody = client.another("nobody")
    for label, body in {
        "unknown": {"email": client.email("unknown")},
        "no valid address": {"email": "ada"},
        "nothing": {},
        "evil page": {"email": client.email("ada"), "redirectTo": "https://evil.example"},
        "a number as page": {"email": client.email("ada"), "redirectTo": 7},
        "null as page": {"email": client.email("ada"), "redirectTo": None},
    }.items():
        nobody.post("/request-password-reset", body, label=label)
    client.calls()
    for label, body in {
        "no token": {"newPassword": NEW_PASSWORD},
        "empty token": {"newPassword": NEW_PASSWORD, "token": ""},
        "unknown token": {"newPassword": NEW_PASSWORD, "token": "x" * 24},
        "short and unknown": {"newPassword": "short", "token": "x" * 24},
        "short and none": {"newPassword": "short"},
        "a number": {"newPassword": 7, "token": "x" * 24},
        "nothing": {},
    }.items():
        nobody.post("/reset-password", body, label=label)
    for page in (
        "/page",
        "/page?token=mine&error=none&x=%20y~z*",
        "/page#part",
        "",
        "https://evil.example",
        "//evil.example",
        "http://app.example.test",
        "http://app.example.test/a b",
    ):
        nobody.get(f"/reset-password/{'x' * 24}?callbackURL={quote(page, safe='')}", label=page or "empty")
    nobody.get("/reset-password/x", label="no page")
    nobody.get("/reset-password/", label="no token")
    nobody.get("/reset-password/x/y?callbackURL=/", label="deeper")
    nobody.get("/reset-password/a%20b%2f%ff?callbackURL=/", label="encoded")
    nobody.get("/reset-password?callbackURL=/", label="get")


@scenario(OPTIONAL)
def a_reset_link_leads_to_its_page(client: Client) -> None:
    arrive(client)
    for page in ("/page?token=mine&error=none&x=%20y~z*", "/page#part", "http://app.example.test"):
        client.post("/request-password-reset", {"email": client.email("ada"), "redirectTo": page})
        client.get(client.link(page), label=page)


@scenario(OPTIONAL, BRIEF)
def a_reset_has_its_time(client: Client) -> None:
    arrive(client)
    client.rows("before", ACCOUNT, user_id(client))
    client.sql('UPDATE account SET "updatedAt" = \'2020-01-01\' WHERE "userId" = $1', user_id(client))
    nobody = client.another("nobody")
    for label, minutes in {"in time": 1, "too late": 61}.items():
        nobody.post("/request-password-reset", {"email": client.email("ada"), "redirectTo": "/r"})
        link = nobody.link(label)
        nobody.rows(label, 'SELECT "expiresAt" FROM verification WHERE value = $1', user_id(client))
        earlier = f"\"expiresAt\" - interval '{minutes} minutes'"
        nobody.sql(f'UPDATE verification SET "expiresAt" = {earlier} WHERE value = $1', user_id(client))
        token = link.removeprefix("/reset-password/").partition("?")[0]
        nobody.get(link, label=label)
        nobody.post("/reset-password", {"newPassword": NEW_PASSWORD, "token": token}, label=label)
        client.rows(label, ACCOUNT, user_id(client))
    nobody.calls("set")
    nobody.sign_in(password=NEW_PASSWORD)


@scenario(OPTIONAL)
def the_token_of_a_reset_may_stand_in_the_query(client: Client) -> None:
    arrive(client)
    client.post("/request-password-reset", {"email": client.email("ada"), "redirectTo": "/r?a=1&b=2"})
    token = client.link().removeprefix("/reset-password/").partition("?")[0]
    new: Json = {"newPassword": NEW_PASSWORD}
    client.post("/reset-password?token=", new, label="empty in the query")
    client.post(f"/reset-password?token={token}", {**new, "token": "x" * 24}, label="another in the body")
    client.post(f"/reset-password?token={token}&token=x", new, label="two in the query")
    client.post(f"/reset-password?token={token}", {**new, "token": None}, label="null in the body")
    client.post(f"/reset-password?token={token}", {**new, "token": ""}, label="empty in the body")
    client.calls()


@scenario(OPTIONAL)
def an_older_link_follows_a_new_password(client: Client) -> None:
    arrive(client)
    tokens: list[str] = []
    for _ in range(2):
        client.post("/request-password-reset", {"email": client.email("ada"), "redirectTo": "/r"})
        tokens.append(client.link().removeprefix("/reset-password/").partition("?")[0])
    for label, token in zip(("newer", "older"), reversed(tokens), strict=True):
        client.post(
            "/reset-password", {"newPassword": NEW_PASSWORD, "token": token}, cookie=None, label=label
        )
    client.calls()


@scenario(OPTIONAL)
def a_reset_for_somebody_who_is_gone_is_refused(client: Client) -> None:
    arrive(client)
    client.post("/request-password-reset", {"email": client.email("ada"), "redirectTo": "/r"})
    token = client.link().removeprefix("/reset-password/").partition("?")[0]
    client.sql('DELETE FROM "user" WHERE email = $1', client.email("ada"))
    client.post("/reset-password", {"newPassword": NEW_PASSWORD, "token": token}, cookie=None)
