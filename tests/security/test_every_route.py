"""What holds for every route there is, found in the table of routes and not in a list of ours."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from ostiary import Auth
from ostiary.domain.models import ACCOUNT, SESSION, AccountFields, SessionFields
from ostiary.domain.runtime import FrozenRuntime
from ostiary.http.endpoint import Endpoint
from ostiary.options import Advanced, RateLimit, RateLimitOptions
from ostiary.plugins import Admin, Bearer, Jwt, Tokens
from tests.builders import Browser, some_auth
from tests.security.exchange import exchange
from tests.security.surface import BODIES, everything_in, routed, surface_options

SERVICE = "the key of a service, of at least thirty-two characters"


@pytest.fixture
async def auth(clock: FrozenRuntime) -> AsyncIterator[Auth]:
    """Return a server with every plugin."""
    plugins = [Admin(), Bearer(), Jwt(), Tokens(services={"tasks": SERVICE})]
    server = some_auth(surface_options(), clock, plugins=plugins)
    yield server
    await server.close()


def names_of(endpoint: Endpoint) -> set[str]:
    """Return what a client may name in body and query, as it is called on the wire."""
    models = [endpoint.parameter(source) for source in ("body", "query")]
    return {
        field.alias or name
        for parameter in models
        if parameter is not None
        for name, field in getattr(parameter.type, "model_fields", {}).items()
    }


async def possessions(auth: Auth, email: str) -> dict[str, Any]:
    """Return every row that is somebody's."""
    user = await auth.services.users.by_email(email)
    assert user is not None
    store = auth.services.store
    return {
        "user": user,
        "sessions": await store.rows(SESSION).all(SessionFields.USER_ID.equals(user.id)),
        "accounts": await store.rows(ACCOUNT).all(AccountFields.USER_ID.equals(user.id)),
    }


REFERS = ("id", "token", "code", "key", "user", "session")
OF_NOBODY = {"idToken", "client_id", "device_id", "additionalData"}
"""Names that end like a reference and lead to no row."""


async def references(auth: Auth) -> dict[str, str]:
    """Return what names something of Ada's, by each name a client could give it."""
    theirs = await possessions(auth, "ada@example.com")
    user, session, account = theirs["user"].id, theirs["sessions"][0].id, theirs["accounts"][0].id
    of_session = ("sessionId", "session", "token", "access_token", "refresh_token", "refreshToken", "code")
    return {
        **dict.fromkeys(("id", "userId", "user_id", "sub", "user"), user),
        **dict.fromkeys(of_session, session),  # its token is what only Ada has
        "accountId": account,
    }


async def test_no_reference_to_what_is_somebody_elses_leads_there(auth: Auth) -> None:
    """S75: every route, with everything that names Ada's rows, by Eve who is signed in."""
    async with Browser(auth) as ada:
        await ada.sign_up(name="Ada, whom nobody knows")
    hers, known = await references(auth), await possessions(auth, "ada@example.com")
    for method, endpoint in routed(auth):
        unknown = {n for n in names_of(endpoint) - {*hers, *OF_NOBODY} if n.lower().endswith(REFERS)}
        assert not unknown, f"{endpoint.path} takes {unknown}: say above what they refer to"
        path = endpoint.path.partition("{")[0] + (hers["id"] if "{" in endpoint.path else "")
        async with Browser(auth, base="") as eve:
            own = {
                "email": f"eve-{method}-{endpoint.name}@example.com".lower(),
                "password": "Eves own horse 7",
            }
            signed_up = await eve.post("/api/auth/sign-up/email", json={"name": "Eve", **own})
            assert signed_up.status_code == 200
            body = None if method == "GET" else {**(BODIES.get(endpoint.path) or {}), **hers, **own}
            url = f"{endpoint.mount or '/api/auth'}{path}"
            answer = await eve.request(method, url, params=hers if body is None else {}, json=body)
        assert answer.status_code < 500, url
        assert "whom nobody knows" not in answer.text, url
        assert await possessions(auth, "ada@example.com") == known, url


SENSITIVE = {
    "/list-sessions": None,
    "/unlink-account": {"accountId": "x"},
}
"""Routes that only a fresh session opens, whatever else is said; the password opens the others."""
WITH_PASSWORD = {
    "/change-password": {"currentPassword": "not mine", "newPassword": "Another horse 7"},
    "/delete-user": {"password": "not mine"},
    "/verify-password": {"password": "not mine"},
}


async def test_what_a_stolen_session_would_do_first_asks_for_the_password_or_a_fresh_sign_in(
    auth: Auth, clock: FrozenRuntime
) -> None:
    """S78"""
    async with Browser(auth) as browser:
        await browser.sign_up()
        clock.advance(hours=25)
        for path, body in SENSITIVE.items():
            method = "GET" if body is None else "POST"
            answer = await browser.request(method, path, json=body)
            assert (answer.status_code, answer.json()["code"]) == (403, "SESSION_NOT_FRESH"), path
        for path, wrong in WITH_PASSWORD.items():
            assert (await browser.post(path, json=wrong)).json()["code"] == "INVALID_PASSWORD", path
        assert (await browser.post("/delete-user", json={})).json()["code"] == "SESSION_EXPIRED"
        assert (await browser.session())["user"]["email"] == "ada@example.com"


def spellings(path: str) -> list[str]:
    """Return other ways to write a path, which some router or proxy may take for the same."""
    head, _, last = path.rpartition("/")
    encoded = "".join(f"%{ord(each):02x}" for each in last)
    return [
        f"/{path}",
        f"{path}/",
        f"{path}//",
        path.replace("/", "//"),
        path.replace("/", "%2f"),
        path.replace("/", "%2F"),
        f"/.{path}",
        f"/x/..{path}",
        f"/%2e%2e{path}",
        f"{head}/%2e/{last}",
        f"{head}/./{last}",
        path.upper(),
        path.title(),
        f"{head}/{encoded}",
        f"{head}/%{encoded.replace('%', '%25')}",
        f"{path};x=1",
        f"{path}%00",
        f"{path}%20",
        f"{path}\\",
        path.replace("/", "\\"),
        f"{path}.json",
        f"{path}?x".replace("?", "%3f"),
        f"{path}#x".replace("#", "%23"),
    ]


@pytest.mark.parametrize("skips_slashes", [False, True])
async def test_no_spelling_of_a_disabled_path_reaches_it(clock: FrozenRuntime, skips_slashes: bool) -> None:
    """S77"""
    options = surface_options(
        disabled_paths=tuple(BODIES), advanced=Advanced(skip_trailing_slashes=skips_slashes)
    )
    auth = some_auth(options, clock, plugins=[Admin()])
    before = await everything_in(auth.services.store)
    for path, body in BODIES.items():
        for spelling in [path, *spellings(path)]:
            for method in ("POST", "GET", "HEAD", "PUT"):
                headers = [("origin", "http://auth.test")]
                answer = await exchange(auth, method, spelling, headers=headers, send=body or {})
                assert answer.status == 404, (method, spelling)
    assert await everything_in(auth.services.store) == before


async def test_no_spelling_of_a_path_has_a_budget_of_its_own(clock: FrozenRuntime) -> None:
    """S77: whatever reaches a route was counted by its limit."""
    limits = RateLimitOptions(custom_rules={"/sign-in/email": RateLimit(3, per=60)})
    options = surface_options(rate_limit=limits, advanced=Advanced(skip_trailing_slashes=True))
    auth = some_auth(options, clock, plugins=[Admin()])
    statuses = [
        (await exchange(auth, "POST", spelling, send=BODIES["/sign-in/email"])).status
        for spelling in ["/sign-in/email", *spellings("/sign-in/email")] * 3
    ]
    assert statuses.count(401) == 3
    assert set(statuses) == {401, 404, 429}


async def test_every_answer_says_that_nobody_may_keep_or_misread_it(auth: Auth) -> None:
    """S87: every route, well asked and badly, and what is no route at all."""
    places = [(method, f"{e.mount or '/api/auth'}{e.path}") for method, e in routed(auth)]
    for method, path in [*places, ("GET", "/api/auth/nowhere"), ("POST", "/api/auth/ok")]:
        for body in (None, {}, BODIES.get(path.removeprefix("/api/auth"))):
            async with Browser(auth, base="") as browser:
                answer = await browser.request(method, path.replace("{", "").replace("}", ""), json=body)
            assert answer.headers["x-content-type-options"] == "nosniff", path
            assert answer.headers["referrer-policy"] == "no-referrer", path
            kept = answer.headers.get_list("cache-control")
            assert kept == ["no-store"] or (path.endswith("/jwks") and kept[0].startswith("public")), path
            if answer.headers.get("content-type", "").startswith("text/html"):
                assert "frame-ancestors 'none'" in answer.headers["content-security-policy"], path
                assert "default-src 'none'" in answer.headers["content-security-policy"], path
