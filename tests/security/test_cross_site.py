"""Requests that another site makes a browser send: refused before anything happens."""

import itertools
import json
from collections.abc import Mapping
from urllib.parse import urlencode

import pytest

from ostiary import Auth
from ostiary.domain.runtime import FrozenRuntime
from tests.builders import PASSWORD, Browser, some_auth, some_options
from tests.security.conftest import Place
from tests.security.exchange import Answer, cookie_header, exchange
from tests.security.surface import (
    BODIES,
    MET_WITH,
    everything_in,
    state_changing_paths,
    surface_auth,
    surface_options,
)

OWN = "http://auth.test"
SHOP = "https://shop.example"
EVIL = "https://evil.example"
BOUNDARY = "boundary"

CONTENT_TYPES = (
    "application/json",
    "application/json; charset=utf-8",
    "text/plain",
    "text/plain; application/json",
    "text/plain;charset=UTF-8",
    "application/x-www-form-urlencoded",
    f"multipart/form-data; boundary={BOUNDARY}",
    "multipart/form-data; boundary=application/json",
    "",
    None,
)
ORIGINS: Mapping[str, tuple[Mapping[str, str], bool]] = {
    "own": ({"origin": OWN}, True),
    "trusted": ({"origin": SHOP}, True),
    "own by referer": ({"referer": f"{OWN}/page?x=1"}, True),
    "evil": ({"origin": EVIL}, False),
    "evil by referer": ({"referer": f"{EVIL}/page"}, False),
    "evil origin, own referer": ({"origin": EVIL, "referer": f"{OWN}/"}, False),
    "none": ({}, False),
    "null": ({"origin": "null"}, False),
    "null, own referer": ({"origin": "null", "referer": f"{OWN}/"}, False),
    "own host as prefix": ({"origin": f"{OWN}.evil.example"}, False),
    "own host as suffix": ({"origin": "http://evilauth.test"}, False),
    "own host as user": ({"origin": "http://auth.test@evil.example"}, False),
    "own host in the referer's path": ({"referer": f"{EVIL}/{OWN}"}, False),
    "other scheme": ({"origin": "https://auth.test"}, False),
    "other port": ({"origin": "http://auth.test:8080"}, False),
    "shop downgraded": ({"origin": "http://shop.example"}, False),
    "two origins": ({"origin": f"{OWN} {EVIL}"}, False),
    "a path": ({"origin": "/"}, False),
    "garbage": ({"origin": "\t;"}, False),
}
SEC_FETCH: Mapping[str, Mapping[str, str]] = {
    "no metadata": {},
    "same-origin": {"site": "same-origin", "mode": "cors", "dest": "empty"},
    "cross-site fetch": {"site": "cross-site", "mode": "no-cors", "dest": "empty"},
    "cross-site form": {"site": "cross-site", "mode": "navigate", "dest": "document"},
}


def encoded(content_type: str | None, body: Mapping[str, object] | None) -> bytes:
    """Write a body the way its declared type would have it, JSON where the type is none of a form's."""
    if content_type and content_type.startswith("application/x-www"):
        return urlencode(dict(body or {})).encode()
    if content_type and content_type.startswith("multipart"):
        parts = [
            f'--{BOUNDARY}\r\ncontent-disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in (body or {}).items()
        ]
        return ("".join(parts) + f"--{BOUNDARY}--\r\n").encode()
    return json.dumps(body or {}).encode()


def fetch_headers(metadata: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(f"sec-fetch-{part}", value) for part, value in metadata.items()]


async def attempt(
    auth: Auth,
    path: str,
    *,
    content_type: str | None = "application/json",
    origin: Mapping[str, str] | None = None,
    metadata: Mapping[str, str] | None = None,
    cookie: str | None = None,
    body: Mapping[str, object] | None = None,
) -> Answer:
    headers = [*(origin or {}).items(), *fetch_headers(metadata or {})]
    headers += [("content-type", content_type)] if content_type is not None else []
    headers += [("cookie", cookie)] if cookie is not None else []
    content = encoded(content_type, BODIES[path] if body is None else body)
    return await exchange(auth, "POST", path, headers=headers, body=content)


def served(clock: FrozenRuntime | None = None) -> Auth:
    return surface_auth(surface_options(trusted_origins=(SHOP,)), clock)


ALL_PATHS = state_changing_paths(served())


def test_the_grid_covers_every_route_that_changes_something() -> None:
    """S30: a new route without a body in the table fails here."""
    assert set(ALL_PATHS) == set(BODIES)


@pytest.mark.parametrize("path", ALL_PATHS)
async def test_no_other_site_reaches_a_route_with_the_persons_cookies(path: str) -> None:
    """S30: the grid of content type, origin, fetch metadata and cookie: refused, and nothing is written."""
    auth = served()
    async with Browser(auth) as browser:
        await browser.sign_up()
        cookie = cookie_header(browser)
    before = await everything_in(auth.services.store)
    untrusted = {name: headers for name, (headers, trusted) in ORIGINS.items() if not trusted}
    allowed = set()
    grid = itertools.product(CONTENT_TYPES, untrusted.items(), SEC_FETCH.items(), (cookie, "theme=dark"))
    for content_type, (origin_name, origin), (fetch_name, metadata), sent in grid:
        if origin_name.startswith("null") and fetch_name == "same-origin":
            continue  # a page of our own under a no-referrer policy; no other site can send this pair
        answer = await attempt(
            auth, path, content_type=content_type, origin=origin, metadata=metadata, cookie=sent
        )
        if answer.status not in {400, 403, 405, 415}:
            allowed.add((content_type, origin_name, fetch_name, answer.status))
        assert answer.set_cookies == []
        if content_type == "application/json":
            assert answer.status == 403, (origin_name, fetch_name, answer.body)
            assert answer.code in {"INVALID_ORIGIN", "MISSING_OR_NULL_ORIGIN"}
    assert allowed == set()
    assert await everything_in(auth.services.store) == before


@pytest.mark.parametrize("path", ALL_PATHS)
async def test_trusted_origins_reach_every_route_as_json(path: str) -> None:
    """S30: the other half of the grid, without which refusing everything would pass."""
    for origin, trusted in ORIGINS.values():
        if not trusted:
            continue
        for metadata in SEC_FETCH.values():
            auth = served()
            async with Browser(auth) as browser:
                await browser.sign_up()
                cookie = cookie_header(browser)
            answer = await attempt(auth, path, origin=origin, metadata=metadata, cookie=cookie)
            assert answer.status == MET_WITH.get(path, 200), (origin, metadata, answer.body)


@pytest.mark.parametrize("path", ALL_PATHS)
async def test_a_simple_content_type_is_never_parsed_as_json(path: str) -> None:
    """S30: what a form or `fetch` may send without asking first is refused even from our own origin."""
    auth = served()
    async with Browser(auth) as browser:
        await browser.sign_up()
        cookie = cookie_header(browser)
    before = await everything_in(auth.services.store)
    for content_type in CONTENT_TYPES[2:]:
        if path in {"/sign-in/email", "/sign-up/email"} and content_type and "urlencoded" in content_type:
            continue  # forms may sign in, under the rules of the next test
        answer = await attempt(auth, path, content_type=content_type, origin={"origin": OWN}, cookie=cookie)
        body_needed = path not in {"/sign-out", "/get-session", "/revoke-sessions", "/revoke-other-sessions"}
        if body_needed:
            assert answer.status in {400, 415}, (content_type, answer.body)
            assert await everything_in(auth.services.store) == before


LOGINS = {
    "/sign-in/email": {"email": "ada@example.com", "password": PASSWORD},
    "/sign-up/email": {"name": "Eve", "email": "eve@example.com", "password": PASSWORD},
}


@pytest.mark.parametrize("path", LOGINS)
@pytest.mark.parametrize("content_type", [*CONTENT_TYPES])
async def test_no_other_site_signs_a_person_in(place: Place, path: str, content_type: str | None) -> None:
    """S31: into the attacker's account, without any cookie; by form, by navigation, by text/plain JSON."""
    auth = await place.open(surface_options(trusted_origins=(SHOP,)))
    async with Browser(auth) as browser:
        await browser.sign_up()
    before = await everything_in(auth.services.store)
    untrusted = {name: headers for name, (headers, trusted) in ORIGINS.items() if not trusted}
    if place.url is not None:
        untrusted = {name: untrusted[name] for name in ("evil", "none", "null")}
    for (origin_name, origin), (fetch_name, metadata) in itertools.product(
        untrusted.items(), SEC_FETCH.items()
    ):
        no_browser = origin_name == "none" and not metadata
        null_of_ours = origin_name.startswith("null") and fetch_name == "same-origin"
        if no_browser or null_of_ours:
            continue
        answer = await attempt(
            auth, path, content_type=content_type, origin=origin, metadata=metadata, body=LOGINS[path]
        )
        assert answer.status in {400, 403, 415}, (origin_name, fetch_name, answer.body)
        assert answer.set_cookies == []
        if content_type in {"application/json", "application/x-www-form-urlencoded"}:
            assert answer.status == 403
            if fetch_name == "cross-site form":
                assert answer.code == "CROSS_SITE_NAVIGATION_LOGIN_BLOCKED"
    assert await everything_in(auth.services.store) == before


@pytest.mark.parametrize("path", LOGINS)
async def test_a_navigation_from_another_site_is_blocked_whatever_origin_it_names(path: str) -> None:
    """S31: fetch metadata cannot be forged by a page, so it outweighs a trusted Origin header."""
    auth = served()
    async with Browser(auth) as browser:
        await browser.sign_up()
    for content_type in ("application/json", "application/x-www-form-urlencoded"):
        for origin in ({}, {"origin": OWN}, {"origin": SHOP}, {"referer": f"{OWN}/"}):
            metadata = {"site": "cross-site", "mode": "navigate"}
            answer = await attempt(
                auth, path, content_type=content_type, origin=origin, metadata=metadata, body=LOGINS[path]
            )
            assert (answer.status, answer.code) == (403, "CROSS_SITE_NAVIGATION_LOGIN_BLOCKED")
            assert answer.set_cookies == []


@pytest.mark.parametrize("path", LOGINS)
async def test_forms_of_our_own_pages_and_programs_may_sign_in(path: str) -> None:
    """S31: the other half: own forms, trusted origins, and clients that are no browser."""
    honest = (
        ({"origin": OWN}, {"site": "same-origin", "mode": "navigate", "dest": "document"}),
        ({"origin": OWN}, {}),
        ({"origin": SHOP}, {"site": "cross-site", "mode": "cors", "dest": "empty"}),
        ({"referer": f"{OWN}/login"}, {"site": "same-origin", "mode": "navigate"}),
        ({}, {}),
    )
    for origin, metadata in honest:
        for content_type in ("application/json", "application/x-www-form-urlencoded"):
            auth = served()
            if path == "/sign-in/email":
                async with Browser(auth) as browser:
                    await browser.sign_up()
            body = LOGINS[path]
            answer = await attempt(
                auth, path, content_type=content_type, origin=origin, metadata=metadata, body=body
            )
            assert answer.status == 200, (origin, metadata, content_type, answer.body)
            assert any("session_token=" in line for line in answer.set_cookies)


@pytest.mark.parametrize(
    ("host", "status"), [("auth.test", 200), ("*", 403), ("*.test", 403), ("auth.tes?", 403)]
)
async def test_without_a_base_url_the_host_header_names_one_host_and_never_many(
    host: str, status: int
) -> None:
    auth = some_auth(some_options(base_url=None))
    async with Browser(auth) as browser:
        await browser.sign_up()
        body = {"email": "ada@example.com", "password": PASSWORD}
        headers = {"host": host, "origin": OWN, "cookie": "kept=1"}
        assert (await browser.post("/sign-in/email", json=body, headers=headers)).status_code == status
    await auth.close()
