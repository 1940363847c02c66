"""Which requests reach which endpoint."""

from tests.conformance.client import Client
from tests.conformance.scenarios import scenario
from tests.conformance.scenarios.configurations import DEFAULT
from tests.conformance.stage import configuration

BASE_PATH = configuration("base_path", basePath="/identity/v2")
ROOT_PATH = configuration("root_path", basePath="/")
BASE_URL_PATH = configuration("base_url_with_path", baseURL="http://app.example.test/identity/")
DISABLED = configuration("disabled_paths", disabledPaths=["/sign-up/email", "/list-sessions", "/ok"])
SLASHES = configuration("trailing_slashes", advanced={"skipTrailingSlashes": True})
DISABLED_SLASHES = configuration(
    "disabled_and_slashes", disabledPaths=["/sign-out"], advanced={"skipTrailingSlashes": True}
)
DISABLED_AT_ROOT = configuration("disabled_at_root", basePath="/", disabledPaths=["/sign-in/email"])
DISABLED_BELOW = configuration(
    "disabled_below", basePath="/identity", disabledPaths=["/sign-in/email", "/identity/ok", "/sign-up/"]
)
BASE_SPELLINGS = [
    configuration("base_url_slashes", baseURL="http://app.example.test////"),
    configuration("base_path_empty", basePath=""),
    configuration("base_path_slash_after", basePath="/identity/"),
]
ERROR_URL = configuration("error_url", onAPIError={"errorURL": "http://app.example.test/oops?from=auth"})
ERROR_PATH = configuration("error_path", onAPIError={"errorURL": "/oops"})

ROUTES = (
    ("POST", "/sign-up/email"),
    ("POST", "/sign-in/email"),
    ("POST", "/sign-out"),
    ("GET", "/get-session"),
    ("GET", "/list-sessions"),
    ("POST", "/revoke-session"),
    ("POST", "/revoke-sessions"),
    ("POST", "/revoke-other-sessions"),
    ("POST", "/update-session"),
    ("POST", "/update-user"),
    ("POST", "/change-password"),
    ("POST", "/verify-password"),
    ("POST", "/delete-user"),
    ("GET", "/ok"),
    ("GET", "/error"),
)


@scenario(DEFAULT)
def the_server_is_ok(client: Client) -> None:
    client.get("/ok")
    client.get("/ok?x=1", label="query")
    client.get("/ok", origin="https://evil.example", label="foreign origin")
    client.get("/ok", cookie="x=1", label="a cookie")


@scenario(DEFAULT)
def methods_are_exact(client: Client) -> None:
    for right, path in ROUTES:
        for method in ("GET", "POST", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"):
            if method != right and not (path == "/get-session" and method == "POST"):
                client.send(method, path, label="wrong method")


@scenario(DEFAULT)
def preflights_are_not_answered(client: Client) -> None:
    headers = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    client.send("OPTIONS", "/sign-in/email", headers=headers, label="own origin")
    client.send("OPTIONS", "/sign-in/email", headers=headers, origin="https://evil.example", label="foreign")


@scenario(DEFAULT)
def paths_are_exact(client: Client) -> None:
    for path in (
        "/",
        "",
        "/unknown",
        "/ok/",
        "/ok//",
        "//ok",
        "/OK",
        "/ok/x",
        "/sign-up",
        "/sign-up/email/",
        "/sign-up//email",
        "/sign%2Dup/email",
        "/%6Fk",
        "/ok%2F",
        "/./ok",
        "/x/../ok",
        "/ok;x=1",
        "/ok?",
        "/get-session/",
    ):
        client.get(path)
    client.post("/sign-out/", {}, label="slash")
    client.post("/sign-out//", {}, label="slashes")
    client.post("//sign-out", {}, label="double slash")
    client.post("/unknown", {}, label="unknown")
    client.post("/unknown", raw=b"{", content_type="application/json", label="unknown, broken")
    client.get("/ok", outside=True, label="outside")
    client.get("/api/auth", outside=True, label="base path")
    client.get("/api/authentic/ok", outside=True, label="longer")
    client.get("/api//auth/ok", outside=True, label="double slash in the base path")
    client.get("/API/auth/ok", outside=True, label="upper case base path")
    client.get("//api/auth/ok", outside=True, label="double slash at the start")


@scenario(BASE_PATH, BASE_URL_PATH, ROOT_PATH)
def the_base_path_can_be_chosen(client: Client) -> None:
    client.get("/ok")
    client.sign_up()
    client.get("/get-session")
    client.get("/api/auth/ok", outside=True, label="the usual one")
    client.get("/ok", outside=True, label="none")
    client.get("/error?error=x")
    client.post("/sign-out", {})


@scenario(DISABLED)
def paths_can_be_disabled(client: Client) -> None:
    client.sign_up()
    client.get("/sign-up/email", label="other method")
    client.post("/sign-up/email/", {}, label="slash")
    client.post("/sign-up//email", {}, label="double slash")
    client.get("/ok?x=1")
    client.send("HEAD", "/ok")
    client.get("/list-sessions", label="before the session")
    client.post("/sign-out", {}, cookie="x=1", origin="https://evil.example", label="not disabled")
    client.post("/sign-up/email", {}, cookie="x=1", origin="https://evil.example", label="before the origin")
    client.get("/get-session")


SPELLINGS = (
    "/sign-in%2Femail",
    "/sign-in%2femail",
    "/sign-in%252Femail",
    "/sign-in/email%2F",
    "/sign-in/email%00",
    "/sign-in/email%09",
    "/sign-in/email%20",
    "/sign-in/%65mail",
    "/%73ign-in/email",
    "/sign-in//email",
    "/sign-in///email",
    "/sign-in/email;x=1",
    "/Sign-In/Email",
    "/SIGN-IN/EMAIL",
    "/sign-in/email?x=/ok",
    "/sign-inemail",
    "/sign-in/emails",
)


@scenario(DISABLED_AT_ROOT, DISABLED_BELOW)
def a_disabled_path_has_no_other_spelling(client: Client) -> None:
    person = {"email": client.email("ada"), "password": "x"}
    client.post("/sign-in/email", person)
    for path in SPELLINGS:
        client.post(path, person)
    client.get("/ok")
    client.sign_up()


@scenario(*BASE_SPELLINGS)
def the_base_path_is_spelled_freely(client: Client) -> None:
    for path in ("/ok", "/api/auth/ok", "/identity/ok", "/identity//ok", "//ok", "//api/auth/ok"):
        client.get(path, outside=True)
    client.post("/api/auth/sign-in/email", {"email": "x", "password": "x"}, outside=True)
    client.get("/api/auth/error?error=x", outside=True)


@scenario(SLASHES)
def trailing_slashes_can_be_skipped(client: Client) -> None:
    for path in ("/ok/", "/ok//", "/get-session/", "//ok", "/unknown/", "/error/?error=x"):
        client.get(path)
    client.post("/sign-out/", {}, label="slash")
    client.get("/list-sessions/", label="slash")


@scenario(DISABLED_SLASHES)
def disabled_paths_have_no_slashes(client: Client) -> None:
    client.post("/sign-out", {})
    client.post("/sign-out/", {}, label="slash")
    client.get("/ok/")


ERRORS = (
    "",
    "?error=INVALID_TOKEN",
    "?error=invalid_token&error_description=Too%20late%20%26%20gone",
    "?error=%3Cscript%3E",
    "?error=a%20b",
    "?error='quoted'",
    "?error=",
    "?error_description=only",
    "?error=a&error=b",
    "?error=x&error_description=%3Cb%3Ebold%3C%2Fb%3E",
    "?error=x&state=y",
    "?error=umlaut%C3%A4",
)


@scenario(DEFAULT, ERROR_URL, ERROR_PATH)
def the_error_page_sends_elsewhere(client: Client) -> None:
    for query in ERRORS:
        client.get(f"/error{query}")
