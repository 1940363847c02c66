"""S33: pages of other origins may call with credentials only where an origin is trusted word for word."""

import itertools
from collections.abc import Mapping, Sequence

import httpx2
from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from ostiary import Options
from tests.builders import Browser, some_auth, some_options
from tests.integration.application import ADA, application

TRUSTED = "https://app.example"
PATHS = ["/me", "/public", "/api/auth/get-session", "/api/auth/nowhere", "/nowhere"]
STRANGERS = [
    "https://evil.com",
    "https://app.example.evil.com",
    "https://evil-app.example",
    "https://evilapp.example",
    "http://app.example",
    "https://app.example:8443",
    "https://app.example/",
    "https://APP.example",
    "https://sub.app.example",
    "https://a.pages.example",  # trusted by a wildcard: enough for the origin rule, not for reading answers
    "https://*.pages.example",
    "null",
    "",
    "*",
    "app.example",
    "file://",
]


def grants(answer: httpx2.Response) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name.startswith("access-control-")}


async def test_a_stranger_is_granted_nothing(ada: Browser) -> None:
    for path, origin in itertools.product(PATHS, STRANGERS):
        answer = await ada.get(path, headers={"origin": origin})
        assert grants(answer) == {}, (path, origin)
        asked = {"origin": origin, "access-control-request-method": "POST"}
        preflight = await ada.options(path, headers=asked)
        assert grants(preflight) == {}, (path, origin)
        assert preflight.status_code in {404, 405}


async def test_a_trusted_origin_may_read_every_answer(ada: Browser) -> None:
    for path in PATHS:
        answer = await ada.get(path, headers={"origin": TRUSTED})
        assert answer.headers["access-control-allow-origin"] == TRUSTED, path
        assert answer.headers["access-control-allow-credentials"] == "true"
        assert "origin" in answer.headers["vary"]


async def test_a_preflight_of_a_trusted_origin_is_answered(tab: Browser) -> None:
    asked = {
        "origin": TRUSTED,
        "access-control-request-method": "PATCH",
        "access-control-request-headers": "content-type, x-captcha-response",
    }
    for path in PATHS:
        answer = await tab.options(path, headers=asked)
        assert (answer.status_code, answer.content) == (204, b""), path
        assert answer.headers["access-control-allow-origin"] == TRUSTED
        assert answer.headers["access-control-allow-credentials"] == "true"
        assert "PATCH" in answer.headers["access-control-allow-methods"]
        assert answer.headers["access-control-allow-headers"] == "content-type, x-captcha-response"
        assert "origin" in answer.headers["vary"]


async def test_an_answer_that_failed_can_be_read_as_well(ada: Browser, app: FastAPI) -> None:
    transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(
        transport=transport, base_url="http://auth.test", cookies=ada.cookies
    ) as page:
        answer = await page.get("/broken", headers={"origin": TRUSTED})
    assert answer.status_code == 500
    assert answer.headers["access-control-allow-origin"] == TRUSTED


async def test_caches_are_told_that_answers_depend_on_the_origin(tab: Browser) -> None:
    assert (await tab.get("/public")).headers["vary"] == "origin"


async def test_an_options_request_that_is_no_preflight_reaches_the_application(tab: Browser) -> None:
    assert (await tab.options("/public", headers={"origin": TRUSTED})).status_code == 405


async def test_without_the_option_nobody_is_granted_anything() -> None:
    server = some_auth(some_options(trusted_origins=(TRUSTED,)))
    async with Browser(application(server), base="") as tab:
        answer = await tab.get("/public", headers={"origin": TRUSTED})
        asked = {"origin": TRUSTED, "access-control-request-method": "GET"}
        preflight = await tab.options("/public", headers=asked)
    assert grants(answer) == grants(preflight) == {}
    assert "vary" not in answer.headers


async def test_origins_computed_for_a_request_count_word_for_word() -> None:
    async def tenants(headers: Mapping[str, str]) -> Sequence[str]:
        return [f"https://{headers.get('x-tenant', 'nobody')}.example", "https://*.wild.example"]

    options: Options = some_options(trusted_origins=tenants, cors=True)
    async with Browser(application(some_auth(options)), base="") as tab:
        for origin, granted in (
            ("https://acme.example", True),
            ("https://other.example", False),
            ("https://a.wild.example", False),
        ):
            answer = await tab.get("/public", headers={"origin": origin, "x-tenant": "acme"})
            assert ("access-control-allow-origin" in answer.headers) is granted


async def test_an_origin_is_granted_once_where_the_application_grants_as_well() -> None:
    app = application(some_auth(some_options(trusted_origins=(TRUSTED,), cors=True)))
    app.add_middleware(CORSMiddleware, allow_origins=["*"])
    async with Browser(app, base="") as tab:
        trusted = await tab.get("/public", headers={"origin": TRUSTED})
        stranger = await tab.get("/public", headers={"origin": "https://evil.com"})
    assert trusted.headers.get_list("access-control-allow-origin") == [TRUSTED]
    assert stranger.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in stranger.headers


async def test_a_front_end_elsewhere_signs_up_and_calls(app: FastAPI) -> None:
    async with Browser(app, base="", origin=TRUSTED) as page:
        signed_up = await page.post("/api/auth/sign-up/email", json=ADA)
        assert signed_up.status_code == 200
        assert (await page.post("/notes", json={"text": "from afar"})).json() == "from afar"
