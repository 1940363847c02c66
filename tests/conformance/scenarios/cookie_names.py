"""Names and attributes of cookies."""

from tests.conformance.client import Client
from tests.conformance.normalise import Json
from tests.conformance.scenarios import scenario
from tests.conformance.stage import Configuration, configuration

CACHE: Json = {"cookieCache": {"enabled": True}}


def _advanced(name: str, base: str = "http://app.example.test", **advanced: Json) -> Configuration:
    return configuration(name, baseURL=base, session=CACHE, advanced=advanced)


NAMED = [
    _advanced("cookie_prefix", cookiePrefix="acme"),
    _advanced("cookie_prefix_empty", cookiePrefix=""),
    _advanced(
        "cookie_names",
        cookies={
            "session_token": {"name": "sid", "attributes": {"sameSite": "strict", "path": "/app"}},
            "session_data": {"name": "cached"},
            "dont_remember": {"name": "forget", "attributes": {"httpOnly": False}},
        },
    ),
    _advanced("cookie_max_age", cookies={"session_token": {"attributes": {"maxAge": 3600}}}),
    _advanced(
        "cookie_attributes",
        defaultCookieAttributes={"sameSite": "none", "secure": True, "partitioned": True, "path": "/"},
    ),
    _advanced(
        "cookie_attributes_open", defaultCookieAttributes={"httpOnly": False, "domain": "example.test"}
    ),
    _advanced("secure_cookies", useSecureCookies=True),
    _advanced("secure_cookies_named", useSecureCookies=True, cookies={"session_token": {"name": "sid"}}),
    _advanced("secure_by_address", base="https://app.example.test"),
    _advanced("insecure_by_choice", base="https://app.example.test", useSecureCookies=False),
    _advanced("cross_subdomain", crossSubDomainCookies={"enabled": True, "domain": "example.test"}),
    _advanced("cross_subdomain_dot", crossSubDomainCookies={"enabled": True, "domain": ".example.test"}),
    _advanced(
        "cross_subdomain_implied",
        base="https://app.example.test:8443",
        crossSubDomainCookies={"enabled": True},
    ),
    _advanced("cross_subdomain_off", crossSubDomainCookies={"enabled": False, "domain": "example.test"}),
]


@scenario(*NAMED)
def cookies_are_named_as_configured(client: Client) -> None:
    client.sign_up()
    client.get("/get-session", label="cached")
    client.get("/get-session?disableCookieCache=1")
    client.post("/update-user", {"name": "x", "image": "y" * 5000}, label="chunks")
    client.post("/sign-out", {})
    client.sign_in(rememberMe=False)
    client.get("/get-session?disableCookieCache=1", label="not remembered")
    client.post("/revoke-sessions", {})
    client.get("/get-session", cookie="better-auth.session_token=x", label="the usual name")
