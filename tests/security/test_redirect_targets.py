"""S70: no parameter of any route leads a browser elsewhere; both come from the declarations."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pytest
from pydantic import BaseModel

from ostiary import Auth, GitHub
from ostiary.domain.models import VERIFICATION
from ostiary.http.endpoint import Endpoint
from ostiary.plugins import Admin, Bearer, Jwt, Tokens
from tests.builders import ORIGIN, Browser, some_auth
from tests.security.exchange import Answer, cookie_header, exchange
from tests.security.surface import BODIES, everything_in, routed, surface_auth, surface_options
from tests.security.targets import TARGETS

LEADS = re.compile(r"url|uri|redirect(?!$)|location|\bto$|target|next", re.IGNORECASE)
"""What the name of a parameter with an address looks like; `disableRedirect` is none."""
KNOWN = {
    "/change-email": {"callbackURL"},
    "/delete-user": {"callbackURL"},
    "/delete-user/callback": {"callbackURL"},
    "/link-social": {"callbackURL", "errorCallbackURL"},
    "/request-password-reset": {"redirectTo"},
    "/reset-password/{token}": {"callbackURL"},
    "/send-verification-email": {"callbackURL"},
    "/sign-in/email": {"callbackURL"},
    "/sign-in/social": {"callbackURL", "errorCallbackURL", "newUserCallbackURL"},
    "/sign-out": {"callbackURL"},
    "/sign-up/email": {"callbackURL"},
    "/verify-email": {"callbackURL"},
}
NAMES = sorted({name for names in KNOWN.values() for name in names})


@dataclass(frozen=True)
class Parameter:
    """One parameter of one method of one route."""

    method: str
    path: str
    source: str
    name: str

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.name}"


def server() -> Auth:
    """Return a server with every route there is."""
    github = GitHub(client_id="our-client", client_secret="our-secret")
    options = surface_options(social_providers=(github,))
    return some_auth(options, plugins=[Admin(), Bearer(), Jwt(), Tokens()])


def names_of(endpoint: Endpoint, source: str) -> Iterator[str]:
    """Return the wire names of what an endpoint declares to take from its body or query."""
    parameter = endpoint.parameter(source)
    if parameter is not None and issubclass(parameter.type, BaseModel):
        for name, field in parameter.type.model_fields.items():
            yield field.alias or name
    if source == "body" and (recorded := endpoint.parameter("object")) is not None:
        declared = recorded.type.declared
        yield from (f.alias or n for n, f in declared.model_fields.items()) if declared else ()


def parameters() -> list[Parameter]:
    """Return every parameter of every route that looks like an address."""
    return [
        Parameter(method, endpoint.mount + endpoint.path, source, name)
        for method, endpoint in routed(server())
        for source in ("body", "query")
        if method != "GET" or source == "query"
        for name in names_of(endpoint, source)
        if LEADS.search(name)
    ]


class Visitor:
    """Somebody who is signed in, and sends what a link of an attacker would have them send."""

    def __init__(self, auth: Auth, cookie: str) -> None:
        self.auth, self.cookie = auth, cookie

    async def send(self, method: str, path: str, body: Any, query: str = "") -> Answer:
        place = re.sub(r"\{.*\}", "unknown", path)
        headers = [("origin", ORIGIN)]
        headers += [("cookie", self.cookie)] if not path.startswith(("/sign-in", "/sign-up")) else []
        send = body if method != "GET" else None
        return await exchange(self.auth, method, place, headers=headers, send=send, query=query)


async def visitor() -> Visitor:
    auth = server()
    async with Browser(auth) as browser:
        await browser.sign_up()
        return Visitor(auth, cookie_header(browser))


def leads_away(answer: Answer) -> bool:
    """Tell whether an answer sends the browser, or the client that goes by itself, to another place."""
    location = dict(answer.headers).get("location")
    told = answer.json() if answer.body.startswith(b"{") else {}
    urls = [each for each in (location, told.get("url")) if each]
    return any(not each.startswith((f"{ORIGIN}/", "https://github.com/login/")) for each in urls)


def test_there_are_sixty_addresses_and_the_parameters_are_those_that_are_checked() -> None:
    """S70: a route that takes an address by another name is seen here first."""
    assert len(set(TARGETS)) >= 60
    found: dict[str, set[str]] = {}
    for each in parameters():
        found.setdefault(each.path, set()).add(each.name)
    assert found == KNOWN


@pytest.mark.parametrize("parameter", parameters(), ids=str)
async def test_no_declared_parameter_leads_elsewhere(parameter: Parameter) -> None:
    """S70: sixty addresses in each; a refusal, and nothing is done."""
    somebody = await visitor()
    before = await everything_in(somebody.auth.services.store)
    for target in TARGETS:
        query, body = "", {**(BODIES.get(parameter.path) or {})}
        if parameter.source == "body":
            body[parameter.name] = target
        else:
            query = f"token=x&{parameter.name}={quote(target, safe='')}"
        answer = await somebody.send(parameter.method, parameter.path, body, query)
        assert answer.status in {400, 403}, (target, answer.status, answer.body)
        assert "location" not in dict(answer.headers)
        assert answer.set_cookies == [], target
    assert await everything_in(somebody.auth.services.store) == before


@pytest.mark.parametrize("place", ["query", "body"])
async def test_no_undeclared_parameter_leads_elsewhere(place: str) -> None:
    """S70: every name that is known anywhere, on every route, whether or not it is declared there."""
    somebody = await visitor()
    places = {(method, e.path) for method, e in routed(somebody.auth) if not e.mount}
    for method, path in sorted(places):
        if method == "GET" and place == "body":
            continue
        for target in TARGETS[::5]:
            given = dict.fromkeys(NAMES, target)
            query = "&".join(f"{name}={quote(target, safe='')}" for name in NAMES) if place == "query" else ""
            body = {**(BODIES.get(path) or {}), **(given if place == "body" else {})}
            answer = await somebody.send(method, path, body, query)
            assert answer.status < 500, (method, path, target)
            assert not leads_away(answer), (method, path, target, answer.headers)
            if path in {"/sign-out", "/revoke-sessions", "/delete-user", "/change-password"}:
                somebody = await visitor()


async def test_no_refused_departure_is_remembered() -> None:
    """S70: what is not begun cannot come back."""
    somebody = await visitor()
    for target in TARGETS:
        for name in ("callbackURL", "errorCallbackURL", "newUserCallbackURL"):
            for path in ("/sign-in/social", "/link-social"):
                if name in KNOWN[path]:
                    await somebody.send("POST", path, {"provider": "github", name: target})
    assert await somebody.auth.services.store.rows(VERIFICATION).count() == 0


@pytest.mark.parametrize(
    ("target", "pattern"),
    [
        *(
            (f"{scheme}://a.app.test/%0aalert(1)", "*.app.test")
            for scheme in ("javascript", "DATA", "vbscript")
        ),
        ("javascript://anything/%0aalert(1)", "*"),
        *(
            (f"app://host/cb{way}", "app://host/cb")
            for way in ("/../evil", "/%2e%2e/evil", "/..%2fevil", "/x/../../evil", "\\..\\evil", "/%2E./evil")
        ),
        *((f"app://host/{way}", "app://host/cb/*") for way in ("cb/../evil", "cb/x/%2e%2e/%2e%2e/evil")),
        ("app://host/evil?x=/cb/", "app://host/*/cb"),
        ("app://host/evil#/x/cb", "app://host/*/cb"),
        *(
            (f"https://{host}/x", pattern)
            for host, pattern in (
                ("busine\u00df.example", "https://business.example"),
                ("BUSINE\u1e9e.example", "https://business.example"),
                ("pa\u00df.app.test", "*.app.test"),
                ("a.pa\u00df.test", "https://*.pass.test"),
                ("\u03c2.example", "https://xn--4xa.example"),
                ("\U0001d6d3.example", "https://xn--4xa.example"),
                ("busi\u200dness.example", "https://business.example"),
                ("busi\u200cness.example", "https://business.example"),
            )
        ),
        *(
            (f"https://{before}[v1.app.test]/x", pattern)
            for before in ("", "evil.example", "$")
            for pattern in ("https://v1.app.test", "https://*.app.test", "*.app.test")
        ),
        *(
            (f"app://{host}/cb", "app://host")
            for host in ("evil@host", "evil:secret@host", "evil<host", "a host")
        ),
        ("app://host/a/b", "app://host/*"),
        ("app://host/a/b/cb", "app://host/*/cb"),
        ("app:///nowhere", "*"),
        *((f"app://{host}", "app://") for host in ("[", "[::1", "x]/[", "a@[b", "x:y", "\u2100")),
    ],
)
async def test_a_target_that_only_looks_like_what_is_trusted_is_refused(target: str, pattern: str) -> None:
    """S70: scripts behind a host of ours, ways out of an application, hosts that are none or another."""
    options = surface_options(trusted_origins=(pattern,))
    for path, name in (("/reset-password/unknown", "callbackURL"), ("/verify-email", "callbackURL")):
        query = f"token=x&{name}={quote(target, safe='')}"
        answer = await exchange(surface_auth(options), "GET", path, query=query)
        assert (answer.status, answer.code) == (403, "INVALID_CALLBACK_URL"), path


@pytest.mark.parametrize(
    ("target", "pattern"),
    [
        ("app://anything/here", "app://"),
        *((f"app://host{path}", "app://host/*") for path in ("", "/", "/a")),
        *((f"app://host{path}", "app://host/**") for path in ("", "/", "/a", "/a/b")),
        *((f"app://host{path}/cb", "app://host/**/cb") for path in ("", "/a", "/a/b")),
        *(
            (f"app://HOST/cb{way}", "app://host/cb")
            for way in ("", "/", "/x", "/./x", "//x?a=b#c", "/x/../y")
        ),
        ("exp://192.168.1.5:8081/--/x", "exp://192.168.*.*:*/**"),
        ("app://a.app.test/x", "*.app.test"),
        ("https://b\u00fccher.example/x", "https://xn--bcher-kva.example"),
        ("https://\uff41.\u017fhop.example/x", "https://a.shop.example"),
    ],
)
async def test_a_target_within_what_is_trusted_is_accepted(target: str, pattern: str) -> None:
    """S70: a scheme of one's own, with or without a host and a path; a host that all readers spell alike."""
    auth = surface_auth(surface_options(trusted_origins=(pattern,)))
    query = f"callbackURL={quote(target, safe='')}"
    answer = await exchange(auth, "GET", "/reset-password/unknown", query=query)
    assert answer.status == 302
    assert dict(answer.headers)["location"].lower().startswith(("app://", "exp://", "https://"))
