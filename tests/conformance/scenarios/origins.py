"""Who may ask: origins, referers and fetch metadata."""

from tests.conformance.client import Client
from tests.conformance.scenarios import scenario
from tests.conformance.scenarios.configurations import DEFAULT
from tests.conformance.stage import BASE_URL, configuration

NO_CSRF = configuration("csrf_off", advanced={"disableCSRFCheck": True})
NO_ORIGIN = configuration("origin_off", advanced={"disableOriginCheck": True})
NO_ORIGIN_BUT_CSRF = configuration(
    "origin_off_csrf_on", advanced={"disableOriginCheck": True, "disableCSRFCheck": False}
)
NO_ORIGIN_PATHS = configuration(
    "origin_off_paths", advanced={"disableOriginCheck": ["/sign-in", "/sign-out/", "/update-user"]}
)
NEITHER = configuration("no_checks", advanced={"disableOriginCheck": True, "disableCSRFCheck": True})
UNADDRESSED = configuration(
    "unaddressed",
    baseURL=None,
    trustedOrigins=["https://app.example", "*.wild.example", "myapp://"],
    advanced={"useSecureCookies": False},
)

ORIGINS: dict[str, str | None] = {
    "own": BASE_URL,
    "evil": "https://evil.example",
    "null": "null",
    "missing": None,
    "empty": "",
    "own with path": f"{BASE_URL}/page",
    "own with port": f"{BASE_URL}:80",
    "own with another port": f"{BASE_URL}:8080",
    "https": "https://app.example.test",
    "subdomain": "http://x.app.example.test",
    "suffix": "http://app.example.test.evil.example",
    "upper case": BASE_URL.upper(),
    "user info": "http://app.example.test@evil.example",
    "trailing slash": f"{BASE_URL}/",
    "not a URL": "app.example.test",
    "two": f"{BASE_URL} https://evil.example",
}
REFERERS: dict[str, str] = {
    "own": f"{BASE_URL}/some/page?x=1",
    "evil": "https://evil.example/page",
    "empty": "",
    "null": "null",
    "not a URL": "nonsense",
    "relative": "/page",
}
FETCHES: dict[str, dict[str, str]] = {
    "same-origin": {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"},
    "same-site": {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"},
    "cross-site": {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"},
    "cross-site navigation": {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"},
    "same-site navigation": {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "navigate"},
    "typed": {"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"},
    "mode only": {"Sec-Fetch-Mode": "cors"},
    "blank": {"Sec-Fetch-Site": " ", "Sec-Fetch-Mode": " "},
    "odd case": {"Sec-Fetch-Site": "Cross-Site", "Sec-Fetch-Mode": "NAVIGATE"},
}
PATHS = ("/sign-in/email", "/sign-out", "/update-user")


def _ask(client: Client, path: str, label: str, origin: str | None, headers: dict[str, str]) -> None:
    body = {"email": "nobody", "password": "x", "name": "x"}
    client.post(path, body, origin=origin, headers=headers, cookie=None, label=f"{label}, no cookie")
    client.post(path, body, origin=origin, headers=headers, cookie="theme=dark", label=f"{label}, cookie")


@scenario(DEFAULT)
def origins_are_checked(client: Client) -> None:
    for path in PATHS:
        for label, origin in ORIGINS.items():
            _ask(client, path, f"origin {label}", origin, {})


@scenario(DEFAULT, NO_CSRF, NO_ORIGIN, NO_ORIGIN_BUT_CSRF, NO_ORIGIN_PATHS, NEITHER)
def the_check_of_origins_can_be_weakened(client: Client) -> None:
    for path in (*PATHS, "/sign-up/email"):
        for label in ("evil", "null", "missing"):
            _ask(client, path, f"origin {label}", ORIGINS[label], {})
        cross = FETCHES["cross-site navigation"]
        _ask(client, path, "cross-site navigation", ORIGINS["evil"], cross)
        evil = {"email": "nobody", "password": "x", "name": "x", "callbackURL": "https://evil.example/"}
        client.post(path, evil, label="own origin, evil callback")
        client.post(path, {**evil, "callbackURL": 7}, label="own origin, numeric callback")


@scenario(DEFAULT)
def referers_stand_in_for_origins(client: Client) -> None:
    for label, referer in REFERERS.items():
        _ask(client, "/sign-in/email", f"referer {label}", None, {"Referer": referer})
        _ask(client, "/sign-out", f"referer {label}", None, {"Referer": referer})
    own = {"Referer": f"{BASE_URL}/"}
    _ask(client, "/sign-in/email", "evil origin, own referer", "https://evil.example", own)
    _ask(client, "/sign-in/email", "null origin, own referer", "null", own)
    _ask(client, "/sign-in/email", "empty origin, own referer", "", own)


@scenario(DEFAULT)
def fetch_metadata_counts(client: Client) -> None:
    for path in ("/sign-in/email", "/sign-up/email", "/sign-out"):
        for label, headers in FETCHES.items():
            for origin in ("own", "evil", "null", "missing"):
                _ask(client, path, f"{label}, origin {origin}", ORIGINS[origin], headers)
    for origin in ("own", "evil", "missing"):
        headers = FETCHES["cross-site navigation"] | {"Referer": f"{BASE_URL}/"}
        _ask(client, "/sign-in/email", f"navigation with own referer, {origin}", ORIGINS[origin], headers)


@scenario(DEFAULT)
def a_get_is_never_checked(client: Client) -> None:
    client.arrive()
    client.get("/get-session", origin="https://evil.example", label="evil")
    client.get("/get-session", origin="null", headers=FETCHES["cross-site"], label="null")
    client.get("/get-session?callbackURL=https://evil.example", label="evil callback")
    client.get("/list-sessions", origin="https://evil.example", label="evil")


@scenario(DEFAULT)
def the_origin_is_checked_before_everything_else(client: Client) -> None:
    evil = "https://evil.example"
    client.post("/sign-in/email", {}, origin=evil, cookie="x=1", label="before validation")
    client.post("/unknown", {}, origin=evil, cookie="x=1", label="after routing")
    client.send("PUT", "/sign-out", origin=evil, cookie="x=1", label="after routing")
    client.post(
        "/sign-in/email",
        raw=b"{",
        content_type="application/json",
        origin=evil,
        cookie="x=1",
        label="after parsing",
    )
    client.post(
        "/sign-in/email",
        raw=b"{}",
        content_type="text/plain",
        origin=evil,
        cookie="x=1",
        label="after the type",
    )
    client.post("/get-session", {}, origin=evil, cookie="x=1", label="before the method")
    client.post("/sign-in/email", {"callbackURL": "https://evil.example"}, label="callback before validation")
    client.post(
        "/sign-in/email",
        {"callbackURL": "https://evil.example"},
        origin=evil,
        cookie="x=1",
        label="origin before callback",
    )


@scenario(DEFAULT)
def null_origins_of_the_same_site(client: Client) -> None:
    headers = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    for host in ("app.example.test", "app.example.test:80", "evil.example", "APP.example.test"):
        body = {"email": "nobody", "password": "x"}
        client.post("/sign-in/email", body, origin="null", headers=headers, host=host, label="no cookie")
        client.post("/sign-out", {}, origin="null", headers=headers, host=host, cookie="x=1", label="cookie")


@scenario(UNADDRESSED)
def origins_of_a_server_that_learns_its_address(client: Client) -> None:
    trusted = {
        "own": BASE_URL,
        "trusted": "https://app.example",
        "trusted, no TLS": "http://app.example",
        "beneath a wildcard": "https://a.b.wild.example",
        "wildcard itself": "https://wild.example",
        "behind a wildcard": "https://wild.example.evil.example",
        "application": "myapp://open",
        "another": "https://evil.example",
    }
    for label, origin in trusted.items():
        _ask(client, "/sign-in/email", label, origin, {})
        body = {"email": "nobody", "password": "x", "callbackURL": f"{origin}/in"}
        client.post("/sign-in/email", body, label=f"callback, {label}")
    for host in ("other.example", "other.example:8080"):
        for origin in (f"http://{host}", BASE_URL):
            client.post(
                "/sign-out", {}, origin=origin, host=host, cookie="a=b", label=f"{origin} asks {host}"
            )
