"""Where an answer may lead: the rules of trusted places."""

from urllib.parse import quote

from tests.conformance.client import PASSWORD, Client
from tests.conformance.scenarios import scenario
from tests.conformance.stage import configuration

TRUSTED = configuration(
    "trusted_origins",
    trustedOrigins=[
        "https://app.example.com",
        "https://*.wild.example",
        "*.host.example:8080",
        "myapp://",
        "exp://192.168.*.*:*/**",
        "10.0.*.*",
        "http://localhost:3000",
        "https://?.single.example",
        "https://UPPER.example",
        "https://slash.example/",
        "https://path.example/app",
        "custom://host/path",
    ],
)
TARGETS = (
    "/",
    "/a?b=c#d",
    "//evil",
    "///evil",
    "/\\evil",
    "\\\\evil",
    "/a%2Fb",
    "/%5c",
    "/%2f%2fevil",
    "/a?x=%2F",
    "relative",
    "./relative",
    "/ä",
    "/a b",
    "/\tx",
    "/a\nb",
    "/a\x00b",
    "/@evil",
    "/a@evil",
    "/.",
    "/..//evil",
    "javascript:alert(1)",
    "JavaScript:alert(1)",
    "data:text/html,x",
    "vbscript:x",
    "file:///etc/passwd",
    "https://app.example.com",
    "https://app.example.com:443",
    "https://app.example.com:444",
    "https://app.example.com/deep/path?x=1#y",
    "https://APP.example.com",
    "https://app.example.com.evil",
    "https://app.example.com@evil.example",
    "https://user:pass@app.example.com/",
    "http://app.example.com",
    "https://a.b.wild.example",
    "https://a.wild.example/path",
    "https://wild.example",
    "http://a.wild.example",
    "https://a.wild.example.evil",
    "https://evil/.wild.example",
    "https://evil?.wild.example",
    "https://evil#.wild.example",
    "https://evil\\.wild.example",
    "https://a.wild.example:8443",
    "https://x.host.example:8080/q",
    "http://x.host.example:8080/q",
    "x.host.example:8080",
    "https://x.host.example",
    "myapp://anything/here",
    "myapp:",
    "myapp:/x",
    "myapps://x",
    "MYAPP://x",
    "exp://192.168.1.5:8081/--/x",
    "exp://192.168.1.5:8081",
    "exp://192.169.1.5:8081/x",
    "http://10.0.3.4/",
    "http://10.0.evil.com/",
    "http://10.0.3.4:8080/",
    "https://10.0.3.4.evil.com/",
    "http://localhost:3000/x",
    "http://localhost:3001/x",
    "http://127.0.0.1:3000/",
    "https://a.single.example",
    "https://ab.single.example",
    "https://upper.example",
    "https://slash.example",
    "https://slash.example/x",
    "https://path.example/app",
    "https://path.example/other",
    "https://path.example",
    "custom://host/path",
    "custom://host/path/deeper",
    "custom://host/pathology",
    "custom://other/path",
    "custom://host",
    "http://app.example.test/inside",
    "http://app.example.test:80/inside",
    "http://app.example.test:81/",
    "http://[::1]/",
    "https://аpp.example.com",
    " https://app.example.com",
    "https://app.example.com ",
    "https:app.example.com",
    "https:/app.example.com",
    "https:///app.example.com",
    "HTTPS://app.example.com",
    "blob:https://app.example.com/x",
)


@scenario(TRUSTED)
def callbacks_lead_to_trusted_places(client: Client) -> None:
    for target in TARGETS:
        client.post("/sign-in/email", {"email": "nobody", "callbackURL": target}, label=repr(target))


@scenario(TRUSTED)
def origins_are_matched_by_the_same_rules(client: Client) -> None:
    for target in TARGETS:
        if target.isascii() and target.isprintable():
            body = {"email": "nobody", "password": "x"}
            client.post("/sign-in/email", body, origin=target, label=f"origin {target!r}")


@scenario(TRUSTED)
def every_url_of_a_body_is_checked(client: Client) -> None:
    for field in ("callbackURL", "redirectTo", "errorCallbackURL", "newUserCallbackURL"):
        for label, value in {
            "trusted": "https://app.example.com/x",
            "evil": "https://evil.example",
            "empty": "",
            "null": None,
            "false": False,
            "zero": 0,
            "number": 7,
            "list": ["/x"],
            "object": {"x": 1},
            "true": True,
        }.items():
            client.post("/sign-in/email", {"email": "nobody", field: value}, label=f"{field} {label}")
            client.post("/sign-out", {field: value}, cookie=None, origin=None, label=f"{field} {label}")
    evil = quote("https://evil.example", safe="")
    client.post(f"/sign-out?callbackURL={evil}", {}, label="query")
    client.post(f"/sign-out?callbackURL={evil}&callbackURL=/x", {}, label="query twice")
    client.post(f"/sign-out?callbackURL={evil}", {"callbackURL": "/x"}, label="body before query")
    client.post(f"/sign-out?redirectTo={evil}&errorCallbackURL={evil}", {}, label="other names in the query")
    client.post("/sign-out", form={"callbackURL": "https://evil.example"}, label="form")
    client.post("/sign-in/email", form={"email": "x", "callbackURL": "https://evil.example"}, label="form")
    both = {"callbackURL": "https://evil.example", "redirectTo": "https://evil.example"}
    client.post("/sign-out", both, label="the first of two")


@scenario(TRUSTED)
def a_trusted_site_signs_in(client: Client) -> None:
    site = "https://deep.wild.example"
    person = {"name": "Ada", "email": client.email("ada"), "password": PASSWORD, "callbackURL": f"{site}/in"}
    client.post("/sign-up/email", person, origin=site)
    client.post("/sign-in/email", person, origin=site, cookie=None)
    client.post("/update-user", {"name": "x"}, origin=site)
    client.post("/update-user", {"name": "x"}, origin="myapp://", label="application")
    client.post("/update-user", {"name": "x"}, origin="https://evil.example", label="evil")
    client.post("/sign-out", {}, origin=None, headers={"Referer": f"{site}/page"}, label="referer")
