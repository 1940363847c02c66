"""Every cookie of every route: names, attributes, and deletions that hit what was set."""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import pytest

from ostiary import Auth, CookieCache, Options, RateLimitOptions
from ostiary.domain.runtime import FrozenRuntime
from ostiary.options import Advanced, CrossSubdomainCookies, SessionOptions
from tests.builders import PASSWORD, Browser
from tests.security.exchange import exchange
from tests.security.surface import BODIES, routed, surface_auth, surface_options

HTTPS = "https://auth.test"
PAIR = {"currentPassword": PASSWORD, "newPassword": "another horse battery", "revokeOtherSessions": True}


def parsed(line: str) -> tuple[str, str, dict[str, str | None]]:
    """Return name, value and attributes of a Set-Cookie line."""
    pair, *attributes = line.split("; ")
    name, _, value = pair.partition("=")
    members = dict.fromkeys(attributes, None)
    return name, value, {key.partition("=")[0]: key.partition("=")[2] or None for key in members}


def configured(base_url: str, **changes: object) -> Options:
    cache = SessionOptions(cookie_cache=CookieCache(enabled=True))
    limits = RateLimitOptions(custom_rules={"*": None})  # per account only: that one has a cookie
    return surface_options(base_url=base_url, session=cache, rate_limit=limits, **changes)


class Collected(Browser):
    """A browser that keeps every Set-Cookie line by the path that sent it."""

    def __init__(self, auth: Auth, base_url: str) -> None:
        super().__init__(auth, origin=base_url)
        self.base_url = f"{base_url}/api/auth"
        self.lines: dict[str, list[str]] = defaultdict(list)
        self.event_hooks["response"].append(self._collect)

    async def _collect(self, answer: object) -> None:
        lines = answer.headers.get_list("set-cookie")  # type: ignore[attr-defined]
        self.lines[f"{answer.request.method} {answer.request.url.path}"] += lines  # type: ignore[attr-defined]


@asynccontextmanager
async def every_route_called(options: Options, base_url: str) -> AsyncIterator[Collected]:
    """Call every route in states in which it writes or clears cookies."""
    clock = FrozenRuntime()
    auth = surface_auth(options, clock)
    async with Collected(auth, base_url) as browser:
        await browser.sign_up()
        await browser.sign_up("grace@example.com", rememberMe=False)
        await browser.sign_in(rememberMe=False)
        await browser.sign_in()
        clock.advance(days=1, minutes=1)
        await browser.get("/get-session")  # slides
        await browser.post("/get-session")
        await browser.sign_in()
        for method, endpoint in routed(auth):
            if endpoint.path not in {"/sign-out", "/delete-user", "/revoke-sessions", "/sign-up/email"}:
                body = PAIR if endpoint.path == "/change-password" else BODIES.get(endpoint.path)
                await (
                    browser.get(endpoint.path) if method == "GET" else browser.post(endpoint.path, json=body)
                )
        signed_in = (await browser.sign_in(password=PAIR["newPassword"])).json()
        await browser.post("/revoke-session", json={"token": signed_in["token"]})
        for path in ("/revoke-sessions", "/sign-out", "/delete-user"):
            await browser.sign_in(password=PAIR["newPassword"])
            await browser.post(path, json={"password": PAIR["newPassword"]} if "delete" in path else {})
        browser.cookies.clear()
        await browser.sign_up("late@example.com")
        clock.advance(days=100)
        await browser.get("/get-session")  # over
        yield browser
    await auth.close()


def all_lines(browser: Collected) -> Iterable[tuple[str, str, dict[str, str | None]]]:
    return [parsed(line) for lines in browser.lines.values() for line in lines]


@pytest.mark.parametrize("base_url", ["http://auth.test", HTTPS])
async def test_every_cookie_is_hidden_from_scripts_bound_to_the_site_and_to_this_host(base_url: str) -> None:
    """S23: HttpOnly, SameSite=Lax, Path=/, no Domain; over https Secure under a `__Secure-` name."""
    secure = base_url == HTTPS
    async with every_route_called(configured(base_url), base_url) as browser:
        called = {path.removeprefix("POST /api/auth") for path in browser.lines if path.startswith("POST")}
        assert called >= set(BODIES), "some route was never called"
        lines = list(all_lines(browser))
        wrote = {path for path, lines in browser.lines.items() if lines}
    assert {path.rpartition("/api/auth")[2] for path in wrote} >= {
        *(
            "/sign-up/email",
            "/sign-in/email",
            "/sign-out",
            "/get-session",
            "/revoke-session",
            "/revoke-sessions",
        ),
        *("/update-session", "/update-user", "/change-password", "/delete-user"),
    }
    assert {name.rpartition(".")[2] for name, _, _ in lines} == {
        *("session_token", "session_data", "dont_remember", "device", "state"),
    }
    for name, value, attributes in lines:
        assert name.startswith("__Secure-better-auth." if secure else "better-auth."), name
        assert set(attributes) <= {"Max-Age", "Path", "HttpOnly", "Secure", "SameSite"}, attributes
        assert attributes["Path"] == "/"
        assert attributes["SameSite"] == "Lax"
        assert "HttpOnly" in attributes
        assert ("Secure" in attributes) == secure
        assert value == "" or "." in value or name.endswith("session_data"), "only signed values are written"


@pytest.mark.parametrize("base_url", ["http://auth.test", HTTPS])
async def test_a_deletion_names_the_cookie_exactly_as_it_was_set(base_url: str) -> None:
    """S23: same name, path, domain and flags, empty value, Max-Age=0; else the browser keeps it."""
    async with every_route_called(configured(base_url), base_url) as browser:
        lines = list(all_lines(browser))
    shapes: dict[str, set[str]] = defaultdict(set)
    cleared: set[str] = set()
    for name, value, attributes in lines:
        shapes[name].add(str(sorted((k, v) for k, v in attributes.items() if k != "Max-Age")))
        if not value:
            assert attributes["Max-Age"] == "0"
            cleared.add(name)
        else:
            assert attributes.get("Max-Age") != "0"
    assert all(len(shape) == 1 for shape in shapes.values()), shapes
    assert {name.rpartition(".")[2] for name in cleared} == {"session_token", "session_data", "dont_remember"}


@pytest.mark.parametrize("path", ["/sign-out", "/revoke-sessions", "/delete-user"])
async def test_a_browser_is_left_without_a_session_cookie_when_the_session_ends(path: str) -> None:
    """S23: the jar itself is empty afterwards, chunks of a large cached copy included."""
    options = surface_options(session=SessionOptions(cookie_cache=CookieCache(enabled=True)))
    auth = surface_auth(options)
    async with Browser(auth) as browser:
        await browser.sign_up(settings={"notes": "x" * 9000}, rememberMe=False)
        before = {cookie.name.removeprefix("better-auth.") for cookie in browser.cookies.jar}
        assert {"session_token", "session_data.0", "session_data.2", "dont_remember"} <= before
        assert (await browser.post(path, json={})).status_code == 200
        assert {cookie.name for cookie in browser.cookies.jar} == set()


async def test_a_shared_domain_is_sent_only_where_it_was_asked_for_and_cleared_under_it() -> None:
    """S23: Domain is an option, and deletions carry it too."""
    shared = Advanced(cross_sub_domain_cookies=CrossSubdomainCookies(enabled=True, domain="auth.test"))
    async with every_route_called(configured(HTTPS, advanced=shared), HTTPS) as browser:
        assert {attributes["Domain"] for _, _, attributes in all_lines(browser)} == {"auth.test"}


async def test_a_refusal_sets_no_session_cookie() -> None:
    """S23: what was not proved is not remembered."""
    auth = surface_auth()
    async with Browser(auth) as browser:
        await browser.sign_up()
    for body in (
        {"email": "ada@example.com", "password": "wrong password"},
        {"email": "nobody@example.com"},
        {},
    ):
        answer = await exchange(auth, "POST", "/sign-in/email", send=body)
        assert answer.status >= 400
        assert answer.set_cookies == []
