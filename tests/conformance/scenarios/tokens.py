"""The plugins jwt and bearer."""

from tests.conformance.client import PASSWORD, Client
from tests.conformance.scenarios import scenario
from tests.conformance.stage import configuration

PLAIN = configuration("jwt_and_bearer", plugins={"jwt": {}, "bearer": {}})
SIGNED = configuration("bearer_signed", plugins={"bearer": {"requireSignature": True}})
CACHED = configuration(
    "jwt_and_cache", plugins={"jwt": {}, "bearer": {}}, session={"cookieCache": {"enabled": True}}
)
ALGORITHMS = [
    configuration(
        f"jwt_{algorithm.lower()}", plugins={"jwt": {"jwks": {"keyPairConfig": {"alg": algorithm}}}}
    )
    for algorithm in ("ES256", "ES512", "PS256", "RS256")
]
CONFIGURED = configuration(
    "jwt_configured",
    plugins={
        "jwt": {
            "jwks": {"jwksPath": "/keys", "disablePrivateKeyEncryption": True, "rotationInterval": 86_400},
            "jwt": {"issuer": "https://issuer.example", "audience": "tasks"},
            "disableSettingJwtHeader": True,
        },
    },
)
KEYS = 'SELECT id, alg, crv, "expiresAt", left("privateKey", 1) AS form FROM jwks ORDER BY "createdAt"'


@scenario(PLAIN, CACHED, *ALGORITHMS)
def a_token_comes_with_the_session_and_on_demand(client: Client) -> None:
    client.get("/token", label="signed out")
    client.get("/get-session", label="signed out")
    client.sign_up()
    client.get("/token")
    client.get("/jwks")
    client.get("/get-session")
    client.get("/get-session?disableCookieCache=true")
    client.post("/update-user", {"name": "Renamed"})
    client.get("/token", label="renamed")
    client.post("/token", {}, label="another method")
    client.post("/sign-out", {})
    client.get("/token", label="signed out again")
    client.get("/jwks", label="signed out")


@scenario(PLAIN, *ALGORITHMS, CONFIGURED)
def the_key_is_kept_as_the_reference_keeps_it(client: Client) -> None:
    client.get("/keys" if client.transcript.scenario.startswith("jwt_configured") else "/jwks")
    client.rows("keys", KEYS)


@scenario(CONFIGURED)
def a_configured_token(client: Client) -> None:
    client.sign_up()
    client.get("/token")
    client.get("/get-session")
    client.get("/keys")
    client.get("/jwks", label="the other path")


@scenario(PLAIN, SIGNED)
def a_session_token_in_the_header(client: Client) -> None:
    answer = client.sign_up()
    signed = dict(answer.headers)["set-auth-token"]
    bare = answer.at("token")
    program = client.another("program")
    for label, value in {
        "signed": f"Bearer {signed}",
        "lower case": f"bearer {signed}",
        "percent-encoded": "Bearer " + signed.replace("+", "%2B").replace("/", "%2F").replace("=", "%3D"),
        "bare": f"Bearer {bare}",
        "another scheme": f"Basic {signed}",
        "nothing": "Bearer ",
        "no scheme": signed,
        "broken": f"Bearer {signed[:-5]}AAAA=",
        "no signature": f"Bearer {bare}.",
        "three parts": f"Bearer {signed}.x",
        "of nobody": "Bearer abcdefghijklmnopqrstuvwxyzABCDEF",
    }.items():
        program.jar.clear()
        program.get("/get-session", headers={"Authorization": value}, label=label)


@scenario(PLAIN)
def a_program_lives_by_its_header(client: Client) -> None:
    signed = dict(client.sign_up().headers)["set-auth-token"]
    program = client.another("program")
    header = {"Authorization": f"Bearer {signed}"}
    for path, body in {
        "/update-user": {"name": "Renamed"},
        "/verify-password": {"password": PASSWORD},
        "/change-password": {"currentPassword": PASSWORD, "newPassword": "another password"},
        "/sign-out": {},
    }.items():
        program.jar.clear()
        program.post(path, body, headers=header, origin=None)
    program.jar.clear()
    program.get("/list-sessions", headers=header, label="signed out")
    client.get("/get-session", label="in the browser")


@scenario(PLAIN)
def a_header_beside_a_cookie(client: Client) -> None:
    signed = dict(client.sign_up().headers)["set-auth-token"]
    other = client.another("other")
    other.sign_up("bob")
    header = {"Authorization": f"Bearer {signed}"}
    other.get("/get-session", headers=header, label="the header's")
    other.get("/token", headers=header, label="the header's")
    other.post("/update-user", {"name": "Renamed"}, headers=header, origin="https://evil.example")
    other.get("/get-session", headers={"Authorization": "Bearer broken.signature"}, label="the cookie's")


@scenario(PLAIN)
def a_sign_in_hands_out_the_header(client: Client) -> None:
    client.sign_up()
    client.sign_in()
    client.sign_in(rememberMe=False)
    client.sign_in(password="wrong")
    client.post("/sign-out", {})
