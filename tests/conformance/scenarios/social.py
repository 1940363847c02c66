"""Sign-in by providers: off to one, and back."""

import atexit
from contextlib import ExitStack
from urllib.parse import quote

from tests.conformance.client import Client
from tests.conformance.http_exchange import Answer
from tests.conformance.scenarios import scenario
from tests.conformance.stage import configuration
from tests.identity_provider import CLIENT_ID, SECRET, asked, code_for, identity_provider

_RUNNING = ExitStack()
PROVIDER = _RUNNING.enter_context(identity_provider())
"""One provider for every server and scenario; it ends with the process."""
# Left to the interpreter's finalization, the generator would wait for a thread that no longer runs.
atexit.register(_RUNNING.close)
WHO = {"clientId": CLIENT_ID, "clientSecret": SECRET}


def providers(**changes: object) -> dict[str, object]:
    """Return the options of the reference's plugin for two providers: OpenID Connect, and plain OAuth 2."""
    openid = {"providerId": "openid", "discoveryUrl": f"{PROVIDER.issuer}/.well-known/openid-configuration"}
    plain = {
        "providerId": "plain",
        "authorizationUrl": f"{PROVIDER.issuer}/plain/authorize",
        "tokenUrl": f"{PROVIDER.issuer}/plain/token",
        "userInfoUrl": f"{PROVIDER.issuer}/plain/user",
        "scopes": ["profile", "email"],
        "authentication": "basic",
    }
    return {"genericOAuth": {"config": [{**openid, **WHO, **changes}, {**plain, **WHO, **changes}]}}


BUILT_IN = {"google": WHO, "github": {**WHO, "scope": ["repo"], "prompt": "consent"}}
SOCIAL = configuration(
    "social", plugins=providers(), socialProviders=BUILT_IN, trustedOrigins=["https://site.example"]
)
NO_SIGN_UP = configuration("social_no_sign_up", plugins=providers(disableSignUp=True))
ASKED_SIGN_UP = configuration("social_asked_sign_up", plugins=providers(disableImplicitSignUp=True))
TRUSTED = configuration(
    "social_trusted",
    plugins=providers(),
    account={"accountLinking": {"trustedProviders": ["plain"], "requireLocalEmailVerified": False}},
)
NO_LINKING = configuration(
    "social_no_linking", plugins=providers(), account={"accountLinking": {"disableImplicitLinking": True}}
)
OVERRIDING = configuration("social_overriding", plugins=providers(overrideUserInfo=True))
IN_COOKIE = configuration("social_in_cookie", plugins=providers(), account={"storeStateStrategy": "cookie"})
ERROR_PAGE = configuration(
    "social_error_page", plugins=providers(), onAPIError={"errorURL": "http://app.example.test/oops?x=1#y"}
)
LOGOUT = configuration(
    "social_logout",
    plugins=providers(postLogoutRedirectURI="/out"),
    trustedOrigins=["https://site.example"],
)
ACCOUNTS = """
    SELECT a."providerId", a."accountId", a.scope, a.password, a."accessToken" IS NOT NULL AS access,
        a."refreshToken" IS NOT NULL AS refresh, a."idToken" IS NOT NULL AS id, a."accessTokenExpiresAt"
    FROM account a JOIN "user" u ON u.id = a."userId" WHERE u.email = $1 ORDER BY 1, 2
"""
USERS = 'SELECT name, email, "emailVerified", image FROM "user" WHERE email = $1'


def depart(client: Client, provider: str = "openid", **body: object) -> str:
    """Begin a flow; return the address of the provider."""
    return client.post("/sign-in/social", {"provider": provider, "callbackURL": "/in", **body}).at("url")


def arrive(client: Client, url: str, *, at: str = "openid", label: str = "", **person: object) -> Answer:
    """Come back with the code that a person grants."""
    code = code_for(url, **person)
    return client.get(f"/callback/{at}?code={code}&state={asked(url)['state']}", label=label)


def ada(client: Client, **more: object) -> dict[str, object]:
    """Return somebody as the provider of OpenID Connect knows them."""
    email = client.email("ada")
    return {"sub": f"openid {email}", "email": email, "email_verified": True, "name": "Ada", **more}


def plain_ada(client: Client, **more: object) -> dict[str, object]:
    """Return somebody as the plain provider knows them."""
    email = client.email("ada")
    return {"id": f"plain {email}", "email": email, "name": "Ada", **more}


def stored(client: Client, name: str = "ada") -> None:
    client.rows("user", USERS, client.email(name))
    client.rows("accounts", ACCOUNTS, client.email(name))


@scenario(SOCIAL, IN_COOKIE)
def a_person_comes_by_a_provider_and_comes_again(client: Client) -> None:
    url = depart(client, newUserCallbackURL="/welcome", errorCallbackURL="/oh")
    arrive(client, url, **ada(client, picture="https://img.example/a.png"))
    client.get("/get-session")
    stored(client)
    client.post("/sign-out", {})
    url = depart(client, newUserCallbackURL="/welcome")
    arrive(client, url, **ada(client, name="Countess", scope="openid email more"))
    client.get("/get-session")
    stored(client)


@scenario(SOCIAL)
def a_plain_provider_is_asked_who_it_is(client: Client) -> None:
    arrive(client, depart(client, "plain"), at="plain", **plain_ada(client, picture="https://img.example/p"))
    client.get("/get-session")
    stored(client)
    arrive(client, depart(client, "plain"), at="plain", label="number", id=4711, email=client.email("bob"))
    stored(client, "bob")
    for label, person in {
        "no id": {"email": client.email("eve"), "name": "Eve"},
        "null id": {"id": None, "email": client.email("eve")},
        "empty id": {"id": "", "email": client.email("eve")},
        "no email": {"id": "1"},
        "empty email": {"id": "1", "email": ""},
        "verified as text": {"id": "2", "email": client.email("two"), "email_verified": "true"},
        "upper case": {"id": "4", "email": client.email("FOUR").upper(), "email_verified": True},
        "no access token": {"id": "5", "email": client.email("five"), "lacks": ["access_token"]},
        "no refresh token": {"id": "6", "email": client.email("six"), "lacks": ["refresh_token"]},
        "no scope": {"id": "7", "email": client.email("seven"), "lacks": ["scope", "expires_in"]},
    }.items():
        visitor = client.another(label)
        arrive(visitor, depart(visitor, "plain"), at="plain", label=label, **person)
        visitor.get("/get-session")


@scenario(SOCIAL)
def requests_to_providers_are_checked(client: Client) -> None:
    for label, body in {
        "unknown": {"provider": "nobody"},
        "none": {},
        "number": {"provider": 7},
        "github": {"provider": "github", "scopes": ["gist"], "loginHint": "ada"},
        "google": {"provider": "google", "scopes": ["calendar"], "additionalParams": {"hd": "site.example"}},
        "replaced": {"provider": "google", "additionalParams": {"include_granted_scopes": "false"}},
        "quiet": {"provider": "openid", "disableRedirect": True},
        "scopes": {"provider": "openid", "scopes": ["email", "openid"], "loginHint": "ä b+c&d"},
        "empty": {"provider": "plain", "callbackURL": "", "scopes": [], "loginHint": ""},
        "reserved": {"provider": "openid", "additionalParams": {"state": "x"}},
        "odd additional": {"provider": "openid", "additionalParams": {"a": 7}},
        "additional data": {"provider": "openid", "additionalData": {"callbackURL": "https://evil.example"}},
        "odd data": {"provider": "openid", "additionalData": []},
        "odd scopes": {"provider": "openid", "scopes": "email"},
        "odd flag": {"provider": "openid", "disableRedirect": "yes"},
        "null": {"provider": "openid", "loginHint": None},
    }.items():
        client.another(label).post("/sign-in/social", body, label=label)
    for field in ("callbackURL", "errorCallbackURL", "newUserCallbackURL"):
        for value in (
            "https://evil.example",
            "//evil.example",
            "https://site.example/x",
            "javascript:alert(1)",
        ):
            client.post("/sign-in/social", {"provider": "openid", field: value}, label=f"{field} {value}")


@scenario(SOCIAL, ERROR_PAGE)
def a_flow_that_fails_says_why(client: Client) -> None:
    client.get("/callback/openid", label="nothing")
    client.get("/callback/openid?code=x", label="no state")
    client.get("/callback/openid?state=", label="empty state")
    client.get("/callback/openid?code=x&state=unknown", label="unknown state")
    client.get("/callback/nobody?code=x&state=unknown", label="unknown state, unknown provider")
    for label, query, at in (
        ("refused", "error=access_denied&error_description=not%20now", "openid"),
        ("refused without words", "error=access_denied", "openid"),
        ("no code", "", "openid"),
        ("empty code", "code=", "openid"),
        ("unknown provider", "code=x", "nobody"),
        ("unknown code", "code=x", "openid"),
        ("another issuer", "code=x&iss=https%3A%2F%2Fevil.example", "openid"),
        ("our issuer", f"code=x&iss={quote(PROVIDER.issuer, safe='')}", "openid"),
    ):
        visitor = client.another(label)
        url = depart(visitor, errorCallbackURL="/oh?a=b#c")
        visitor.get(f"/callback/{at}?{query}&state={asked(url)['state']}", label=label)
    visitor = client.another("without an error page")
    visitor.get(f"/callback/openid?state={asked(depart(visitor))['state']}", label="no code")


@scenario(SOCIAL, IN_COOKIE)
def a_flow_belongs_to_a_browser_and_ends_once(client: Client) -> None:
    url = depart(client, errorCallbackURL="/oh")
    thief = client.another("thief")
    arrive(thief, url, label="no cookie", **ada(client))
    other = depart(thief, errorCallbackURL="/oh")
    arrive(thief, url, label="another cookie", **ada(client))
    arrive(client, url, label="the right browser", **ada(client))
    arrive(client, url, label="again", **ada(client))
    arrive(client, other, label="another flow", **ada(client))


@scenario(SOCIAL)
def what_is_posted_is_sent_on(client: Client) -> None:
    form = {"state": "s t", "code": "c&d", "user": '{"a":1}', "iss": "https://i.example", "extra": "x"}
    client.post("/callback/openid", form=form, cookie=None, origin=None, label="form")
    client.post("/callback/openid?code=q", form=form, cookie=None, origin=None, label="form and query")
    client.post("/callback/openid", {"error": "no", "error_description": "ä"}, cookie=None, label="JSON")
    client.post("/callback/openid", {}, cookie=None, label="empty")
    client.post("/callback/openid", cookie=None, label="no body")
    client.post("/callback/nobody", {"code": "c"}, cookie=None, label="unknown provider")
    client.post("/callback/openid", {"code": 7}, cookie=None, label="number")


@scenario(SOCIAL)
def an_id_token_is_for_us_and_for_this_sign_in(client: Client) -> None:
    for label, claims in {
        "another audience": {"aud": "somebody-else"},
        "another issuer": {"iss": "https://evil.example"},
        "expired": {"exp": 1000},
        "another nonce": {"nonce": "made up"},
        "no nonce": {"nonce": "..."},
    }.items():
        visitor = client.another(label)
        arrive(visitor, depart(visitor), label=label, **ada(client, claims=claims))
    visitor = client.another("no ID token")
    arrive(visitor, depart(visitor), label="none", **ada(client, lacks=["id_token", "scope"]))
    stored(client)


@scenario(SOCIAL, TRUSTED, NO_LINKING, OVERRIDING)
def an_address_that_is_known_is_linked_only_where_it_is_proved(client: Client) -> None:
    client.sign_up()
    client.post("/sign-out", {})
    arrive(client, depart(client), label="unproved here", **ada(client))
    stored(client)
    client.sql('UPDATE "user" SET "emailVerified" = true WHERE email = $1', client.email("ada"))
    arrive(client, depart(client, "plain"), at="plain", label="unproved there", **plain_ada(client))
    stored(client)
    arrive(client, depart(client), label="proved on both sides", **ada(client, name="Countess"))
    stored(client)
    arrive(client, depart(client), label="another address", **{**ada(client), "email": client.email("new")})
    stored(client)
    stored(client, "new")


@scenario(SOCIAL)
def an_account_without_its_user_opens_nothing(client: Client) -> None:
    arrive(client, depart(client), **ada(client))
    client.sql('ALTER TABLE account DROP CONSTRAINT "account_userId_fkey"')
    client.sql(
        'DELETE FROM session WHERE "userId" IN (SELECT id FROM "user" WHERE email = $1)', client.email("ada")
    )
    client.sql('DELETE FROM "user" WHERE email = $1', client.email("ada"))
    arrive(client, depart(client), **ada(client))


@scenario(NO_SIGN_UP, ASKED_SIGN_UP)
def strangers_may_be_turned_away(client: Client) -> None:
    url = depart(client, newUserCallbackURL="/welcome")
    arrive(client, url, label="unasked", **ada(client))
    url = depart(client, requestSignUp=True, newUserCallbackURL="/welcome")
    arrive(client, url, label="asked", **ada(client))
    client.get("/get-session")


@scenario(SOCIAL, LOGOUT)
def whoever_signs_out_may_go_to_the_provider(client: Client) -> None:
    for label, body in {
        "plain": {},
        "quiet": {"disableRedirect": True},
        "back": {"callbackURL": "/bye", "state": "s t"},
        "back elsewhere": {"callbackURL": "https://site.example/bye"},
        "state alone": {"state": "s"},
        "untrusted": {"callbackURL": "https://evil.example"},
    }.items():
        visitor = client.another(label)
        arrive(visitor, depart(visitor), label=f"arrives {label}", **ada(visitor))
        visitor.post("/sign-out", body, label=label)
        visitor.get("/get-session", label=f"after {label}")
    visitor = client.another("plain provider")
    arrive(visitor, depart(visitor, "plain"), at="plain", **plain_ada(visitor, sub="x"))
    visitor.post("/sign-out", {}, label="of a plain provider")
    client.another("nobody").post("/sign-out", {"callbackURL": "/bye"}, label="nobody")
