"""Flows in between: how long a state lives, what it may carry, and where people go at the end."""

from tests.conformance.client import Client
from tests.conformance.normalise import Json
from tests.conformance.scenarios import scenario
from tests.conformance.scenarios.linking import id_token, link
from tests.conformance.scenarios.mail_flows import VERIFICATION
from tests.conformance.scenarios.social import (
    ASKED_SIGN_UP,
    BUILT_IN,
    IN_COOKIE,
    NO_LINKING,
    NO_SIGN_UP,
    SOCIAL,
    TRUSTED,
    WHO,
    ada,
    arrive,
    depart,
    plain_ada,
    providers,
    stored,
)
from tests.conformance.stage import configuration
from tests.identity_provider import asked

HASHED = configuration("social_hashed", plugins=providers(), verification={"storeIdentifier": "hashed"})
REDIS = configuration("redis_social", redis=True, plugins=providers())
UNMAILED = configuration("social_unmailed", plugins=providers(requireEmailVerification=True))
PASSWORDS_PROVED = configuration(
    "social_passwords_proved",
    plugins=providers(),
    emailAndPassword={"enabled": True, "requireEmailVerification": True},
    emailVerification=VERIFICATION,
)
MAILED = configuration(
    "social_mailed",
    plugins=providers(),
    emailVerification={**VERIFICATION, "sendOnSignUp": True},
    user={"deleteUser": {"enabled": True, "sendDeleteAccountVerification": "recorded"}},
)
SYNCED = configuration(
    "social_synced",
    plugins=providers(),
    account={"accountLinking": {"trustedProviders": ["plain"], "updateUserInfoOnLink": True}},
    session={"cookieCache": {"enabled": True}},
    user={"additionalFields": {"nickname": {"type": "string", "required": False}}},
)
OVERRIDDEN = configuration(
    "social_overridden", plugins=providers(overrideUserInfo=True), session={"cookieCache": {"enabled": True}}
)
PARTICULAR = configuration(
    "social_particular",
    basePath="/identity",
    plugins=providers(),
    socialProviders={
        "google": {
            "clientId": ["first", "second"],
            "clientSecret": "s",
            "includeGrantedScopes": False,
            "hd": "site.example",
            "accessType": "offline",
            "display": "popup",
            "prompt": "select_account",
            "redirectURI": "https://elsewhere.example/back",
            "disableDefaultScope": True,
            "scope": ["one"],
        },
        "github": {**WHO, "redirectURI": "https://elsewhere.example/hub", "disableSignUp": True},
        "microsoft": {"clientId": "public", "disableIdTokenSignIn": True},
    },
)


@scenario(SOCIAL, IN_COOKIE, HASHED, REDIS)
def a_whole_flow(client: Client) -> None:
    arrive(client, depart(client), **ada(client))
    client.get("/get-session")
    client.post("/sign-out", {})
    url = depart(client, errorCallbackURL="/oh")
    client.get(f"/callback/openid?code=x&state={asked(url)['state']}x", label="another state")
    client.get("/callback/openid?code=x&state=attacker", label="a made-up state")
    arrive(client, url, label="the right one after all", **ada(client))


OVER = """
    UPDATE verification SET "expiresAt" = now() - interval '1 minute',
        value = regexp_replace(value, '"expiresAt":[0-9]+', '"expiresAt":1')
    WHERE value LIKE $1
"""


@scenario(SOCIAL)
def a_state_does_not_live_for_ever(client: Client) -> None:
    url = depart(client, errorCallbackURL="/oh?a=b")
    client.sql(OVER, f"%{asked(url)['state']}%")
    arrive(client.another("elsewhere"), url, label="over, and without the cookie", **ada(client))
    url = depart(client, errorCallbackURL="/oh?a=b")
    client.sql(OVER, f"%{asked(url)['state']}%")
    arrive(client, url, label="over", **ada(client))
    arrive(client, url, label="over and gone", **ada(client))


FORGED: Json = {
    "callbackURL": "/forged",
    "errorURL": "/forged",
    "newUserURL": "/forged",
    "link": {"email": "x@x.example", "userId": "x"},
    "requestSignUp": True,
    "expiresAt": 1,
    "codeVerifier": "x" * 43,
    "oauthState": "x",
    "idTokenNonce": "x",
    "serverContext": {"a": 1},
    "providerId": "plain",
    "invitedBy": "eve",
}


@scenario(SOCIAL, IN_COOKIE, ASKED_SIGN_UP, NO_SIGN_UP)
def additional_data_decides_nothing(client: Client) -> None:
    url = depart(client, errorCallbackURL="/oh", additionalData=FORGED)
    arrive(client, url, **ada(client))
    client.get("/get-session")
    url = depart(client, additionalData=FORGED)
    client.get(f"/callback/openid?error=refused&state={asked(url)['state']}", label="refused")
    stored(client)


@scenario(SOCIAL)
def people_go_home_when_nothing_else_is_said(client: Client) -> None:
    url = client.post("/sign-in/social", {"provider": "openid"}).at("url")
    arrive(client, url, label="home", **ada(client))
    visitor = client.another("new")
    url = depart(visitor, newUserCallbackURL="https://site.example/new?a=b&c=d#e")
    arrive(visitor, url, label="new", **ada(client, sub="2", email=client.email("new")))
    visitor = client.another("elsewhere")
    url = depart(visitor, callbackURL="https://site.example/in?a=b&c=d#e")
    arrive(visitor, url, label="elsewhere", **ada(client))
    visitor = client.another("refused")
    url = depart(visitor, errorCallbackURL="https://site.example/oh?a=b#e")
    visitor.get(f"/callback/openid?error=no&error_description=a%20%26%20b&state={asked(url)['state']}")


@scenario(UNMAILED, PASSWORDS_PROVED)
def a_proof_of_the_mailbox_may_be_asked_for(client: Client) -> None:
    unproved = ada(client, email_verified=False)
    arrive(client, depart(client, errorCallbackURL="/oh"), label="first", **unproved)
    arrive(client, depart(client, errorCallbackURL="/oh"), label="again", **unproved)
    client.post("/sign-in/social", {"provider": "openid", "idToken": {"token": id_token(unproved)}})
    client.get("/get-session")
    stored(client)


@scenario(MAILED)
def links_that_are_mailed_to_people_of_providers(client: Client) -> None:
    url = depart(client, callbackURL="/welcome?ref=a&plan=b#c")
    arrive(client, url, **ada(client, email_verified=False))
    client.get(client.link("verification"))
    client.get("/get-session")
    client.post("/delete-user", {"callbackURL": "/bye?a=b&c=d"})
    client.get(client.link("deletion"))
    client.get("/get-session", label="deleted")
    stored(client)


@scenario(SYNCED, OVERRIDDEN)
def what_a_provider_says_shows_at_once(client: Client) -> None:
    client.sign_up()
    client.sql('UPDATE "user" SET "emailVerified" = true WHERE email = $1', client.email("ada"))
    client.post("/sign-out", {})
    person = ada(client, name="Countess", picture="https://i.example/c", nickname="ada")
    arrive(client, depart(client), label="linked", **person)
    client.get("/get-session", label="the copy")
    arrive(client, depart(client), label="again", **{**person, "name": "Lady", "email_verified": False})
    client.get("/get-session", label="the copy")
    token = {"token": id_token({**person, "name": "Told by a token"})}
    client.post("/sign-in/social", {"provider": "openid", "idToken": token})
    client.get("/get-session", label="the copy")
    changed = {**person, "name": "L", "email": client.email("elsewhere"), "email_verified": True}
    arrive(client, depart(client), label="another address", **changed)
    client.get("/get-session", label="the copy")
    stored(client)
    stored(client, "elsewhere")


@scenario(SOCIAL, TRUSTED, NO_LINKING, NO_SIGN_UP, ASKED_SIGN_UP)
def an_id_token_meets_people_we_know_and_strangers(client: Client) -> None:
    client.sign_up()
    client.post("/sign-out", {})
    body: Json = {"provider": "openid", "idToken": {"token": id_token(ada(client))}}
    client.post("/sign-in/social", body, label="unproved here")
    client.sql('UPDATE "user" SET "emailVerified" = true WHERE email = $1', client.email("ada"))
    client.post("/sign-in/social", body, label="proved on both sides")
    client.post("/sign-in/social", body, label="again")
    stored(client)
    stranger = id_token(ada(client, sub="s", email=client.email("bob"), email_verified=False))
    body = {"provider": "openid", "idToken": {"token": stranger, "accessToken": "given", "expiresAt": 1}}
    client.post("/sign-in/social", body, label="a stranger")
    client.post("/sign-in/social", {**body, "requestSignUp": True}, label="a stranger who asks")
    stored(client, "bob")


@scenario(NO_LINKING)
def linking_on_request_where_it_does_not_happen_by_itself(client: Client) -> None:
    client.sign_up()
    arrive(client, link(client), **ada(client))
    client.post("/link-social", {"provider": "openid", "idToken": {"token": id_token(ada(client, sub="2"))}})
    visitor = client.another("new")
    arrive(
        visitor, depart(visitor, "plain"), at="plain", **plain_ada(client, id="n", email=client.email("new"))
    )
    client.get("/list-accounts")


@scenario(PARTICULAR)
def addresses_follow_the_base_path(client: Client) -> None:
    arrive(client, depart(client), **ada(client))
    client.get("/callback/openid", label="nothing")


@scenario(PARTICULAR)
def providers_have_options_of_their_own(client: Client) -> None:
    for provider in ("google", "github", "microsoft"):
        client.post("/sign-in/social", {"provider": provider})
        client.post(
            "/sign-in/social", {"provider": provider, "idToken": {"token": "a.b.c"}}, label="ID token"
        )
    for label, parameters in {
        "set again": {"include_granted_scopes": "true", "hd": "other.example", "prompt": "none"},
        "reserved": {"redirect_uri": "https://evil.example"},
        "all reserved": {
            "state": "x",
            "scope": "y",
            "client_id": "z",
            "nonce": "n",
            "response_type": "token",
        },
        "empty": {"": "x"},
        "login hint": {"login_hint": "eve"},
    }.items():
        body: Json = {
            "provider": "google",
            "additionalParams": parameters,
            "loginHint": "ada",
            "scopes": ["two"],
        }
        client.post("/sign-in/social", body, label=label)


@scenario(SOCIAL)
def parameters_of_a_link_are_sent_on(client: Client) -> None:
    client.arrive()
    more: Json = {"access_type": "offline", "prompt": "consent"}
    for provider in (*BUILT_IN, "openid", "plain"):
        body: Json = {"provider": provider, "loginHint": "ada", "scopes": ["files"], "additionalParams": more}
        client.post("/link-social", {**body, "disableRedirect": True}, label=provider)
