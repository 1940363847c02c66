"""The flat shape, written as its clients write it."""

import pytest

from ostiary import EmailAndPassword, Field, PasswordPolicy, RateLimitOptions, UserOptions
from ostiary.crypto.json_web_signatures import parse_token
from ostiary.domain.errors import ConfigurationError
from ostiary.domain.runtime import FrozenRuntime
from ostiary.options import Advanced, CookieAttributes, CookieOverride
from ostiary.plugins import Tokens
from tests.builders import ORIGIN, PASSWORD, Browser, cookie_names, set_cookies, some_options
from tests.pairs import (
    EMAIL,
    Pair,
    bearer,
    families,
    logged_in,
    pair_auth,
    program,
    refresh,
    refreshed,
    signed_up,
)

USER = {"id", "email", "name", "image", "email_verified", "is_active", "role", "created_at", "last_login_at"}
TAKEN = {"detail": "Email already registered", "code": "USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL"}
WRONG = {"detail": "Incorrect email or password", "code": "INVALID_EMAIL_OR_PASSWORD"}


async def test_registration_makes_an_account_and_gives_no_token() -> None:
    auth = pair_auth()
    async with program(auth) as client:
        answer = await client.post("/register", json={"email": EMAIL, "password": PASSWORD, "name": "Ada"})
        assert answer.status_code == 201
        body = answer.json()
        assert body == {"user_id": body["user_id"], "email": EMAIL, "message": "Registration successful"}
        assert await families(auth) == []
        assert (await logged_in(client)).body["user"]["name"] == "Ada"


async def test_registration_says_that_an_address_is_taken_and_which_rule_a_password_breaks() -> None:
    options = some_options(password_policy=PasswordPolicy.strict())
    async with program(pair_auth(options=options)) as client:
        weak = await client.post("/register", json={"email": EMAIL, "password": "Lower-case"})
        assert (weak.status_code, weak.json()) == (
            400,
            {"detail": "Password must contain a digit", "code": "PASSWORD_MISSING_DIGIT"},
        )
        good = {"email": EMAIL, "password": "Analytical-Engine-1"}
        assert (await client.post("/register", json=good)).status_code == 201
        for path in ("/register", "/signup"):
            taken = await client.post(path, json=good)
            assert (taken.status_code, taken.json()) == (400, TAKEN)


@pytest.mark.parametrize("path", ["/register", "/signup"])
@pytest.mark.parametrize(
    "body",
    [b"{", b"[]", b'{"email": "ada"}', b'{"email": 5, "password": "x"}', b'{"email": "ada@example.com"}'],
)
async def test_a_malformed_body_is_422_with_a_sentence(path: str, body: bytes) -> None:
    async with program(pair_auth()) as client:
        answer = await client.post(path, content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 422
    assert set(answer.json()) == {"detail", "code"}
    assert isinstance(answer.json()["detail"], str)


@pytest.mark.parametrize(
    "settings",
    [
        EmailAndPassword(enabled=True, require_email_verification=True),
        EmailAndPassword(enabled=True, auto_sign_in=False),
    ],
    ids=["verification", "no auto sign-in"],
)
@pytest.mark.parametrize("path", ["/register", "/signup"])
async def test_where_the_core_hides_known_addresses_registration_does_too(
    settings: EmailAndPassword, path: str
) -> None:
    """S48"""
    auth = pair_auth(options=some_options(email_and_password=settings))
    async with program(auth) as client:
        answers = [await client.post(path, json={"email": EMAIL, "password": PASSWORD}) for _ in range(2)]
    new, known = (answer.json() for answer in answers)
    assert [answer.status_code for answer in answers] == [201, 201]
    assert set(new) == {"user_id", "email", "message"}
    assert {**new, "user_id": ""} == {**known, "user_id": ""}
    assert len(new["user_id"]) == len(known["user_id"])
    assert await families(auth) == []


async def test_the_options_of_sign_up_hold_here_too() -> None:
    country = Field[str](name="country")
    closed = some_options(email_and_password=EmailAndPassword(enabled=True, disable_sign_up=True))
    async with program(pair_auth(options=closed)) as client:
        refused = await client.post("/register", json={"email": EMAIL, "password": PASSWORD})
        assert (refused.status_code, refused.json()["code"]) == (400, "EMAIL_PASSWORD_SIGN_UP_DISABLED")
    asking = some_options(user=UserOptions(additional_fields=(country,)))
    auth = pair_auth(options=asking)
    async with program(auth) as client:
        body = {"email": EMAIL, "password": PASSWORD}
        assert (await client.post("/signup", json=body)).json()["detail"] == "country is required"
        pair = Pair.of(await client.post("/signup", json={**body, "country": "GB"}), 201)
        user = await auth.services.users.by_id(pair.body["user"]["id"])
        assert user is not None
        assert user[country] == "GB"
        given = await client.post("/register", json={**body, "country": "GB", "role": "admin"})
        assert (given.status_code, given.json()["code"]) == (400, "FIELD_NOT_ALLOWED")


async def test_signing_up_signs_in() -> None:
    async with program(pair_auth()) as client:
        pair = await signed_up(client)
        assert list(pair.body) == ["access_token", "refresh_token", "token_type", "expires_in", "user"]
        assert (pair.body["token_type"], pair.body["expires_in"]) == ("bearer", 900)
        assert set(pair.body["user"]) == USER


@pytest.mark.parametrize(
    "request_",
    [
        {"json": {"email": EMAIL, "password": PASSWORD}},
        {"json": {"email": EMAIL.upper(), "password": PASSWORD}},
        {"data": {"username": EMAIL, "password": PASSWORD}},
        {
            "data": {
                "grant_type": "password",
                "username": EMAIL,
                "password": PASSWORD,
                "scope": "",
                "client_id": "",
            }
        },
    ],
    ids=["json", "capitals", "form", "swagger"],
)
async def test_signing_in_gives_a_pair(request_: dict[str, dict[str, str]]) -> None:
    async with program(pair_auth()) as client:
        await signed_up(client)
        answer = await client.post("/login", **request_)
        body = Pair.of(answer).body
    assert list(body) == [
        *("access_token", "refresh_token", "token_type", "expires_in", "user", "user_id", "email"),
    ]
    assert (body["user_id"], body["email"], body["token_type"]) == (body["user"]["id"], EMAIL, "bearer")
    assert answer.headers["cache-control"] == "no-store"
    assert cookie_names(answer) == []


async def test_an_access_token_has_exactly_the_claims_its_verifiers_know(clock: FrozenRuntime) -> None:
    auth = pair_auth(clock=clock)
    async with program(auth) as client:
        token = parse_token((await signed_up(client)).access)
    assert (token.header.typ, token.header.alg) == ("at+jwt", "EdDSA")
    assert list(token.claims) == ["sub", "email", "name", "role", "sid", "iss", "aud", "iat", "exp", "jti"]
    [family] = await families(auth)
    assert (token.claims["sub"], token.claims["sid"]) == (family.user_id, family.session_id)
    assert (token.claims["role"], token.claims["iss"], token.claims["aud"]) == ("user", ORIGIN, ORIGIN)
    assert token.claims["exp"] - token.claims["iat"] == 900


async def test_scopes_are_told_where_there_are_some() -> None:
    async def scopes(user: object) -> set[str]:
        return {"tasks:write", "tasks:read"}

    async with program(pair_auth(Tokens(scopes=scopes))) as client:
        claims = parse_token((await signed_up(client)).access).claims
    assert claims["scope"] == "tasks:read tasks:write"


async def test_an_unknown_address_a_wrong_password_and_no_password_are_one_answer() -> None:
    """S48"""
    auth = pair_auth()
    async with program(auth) as client:
        user_id = (await signed_up(client)).body["user"]["id"]
        answers = [
            await client.post("/login", json={"email": email, "password": password})
            for email, password in [(EMAIL, "wrong horse"), ("eve@example.com", PASSWORD), ("nonsense", "x")]
        ]
        account = await auth.services.users.credential_account(user_id)
        assert account is not None
        await auth.services.users.set_password_hash(None, account, None)  # type: ignore[arg-type]  # takes it away
        answers.append(await client.post("/login", json={"email": EMAIL, "password": PASSWORD}))
    assert len({(answer.status_code, str(answer.headers.raw), answer.content) for answer in answers}) == 1
    assert (answers[0].status_code, answers[0].json()) == (401, WRONG)
    assert answers[0].headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("path", ["/api/auth/login", "/api/v1/auth/login", "/api/v1/auth/login/json"])
async def test_the_sixth_sign_in_of_a_minute_is_refused(path: str, clock: FrozenRuntime) -> None:
    """S51"""
    options = some_options(rate_limit=RateLimitOptions())
    async with program(pair_auth(options=options, clock=clock), base="") as client:
        statuses = []
        for _ in range(6):
            answer = await client.post(path, json={"email": EMAIL, "password": "wrong"})
            statuses.append(answer.status_code)
    assert statuses == [401] * 5 + [429]
    assert answer.json()["code"] == "TOO_MANY_REQUESTS"
    assert int(answer.headers["retry-after"]) > 0


async def test_an_unverified_address_gets_no_token() -> None:
    settings = EmailAndPassword(enabled=True, require_email_verification=True)
    auth = pair_auth(options=some_options(email_and_password=settings))
    async with program(auth) as client:
        await client.post("/register", json={"email": EMAIL, "password": PASSWORD})
        answer = await client.post("/login", json={"email": EMAIL, "password": PASSWORD})
    assert (answer.status_code, answer.json()["code"]) == (403, "EMAIL_NOT_VERIFIED")
    assert await families(auth) == []


async def test_the_user_of_a_token_is_read_from_the_store(clock: FrozenRuntime) -> None:
    auth = pair_auth(clock=clock)
    async with program(auth) as client:
        pair = await signed_up(client)
        signed_up_at = pair.body["user"]["created_at"]
        clock.advance(minutes=5)
        async with Browser(auth) as browser:
            await browser.sign_in()
            await browser.post("/update-user", json={"name": "Countess"})
        me = await client.get("/me", headers=pair.bearer)
    assert me.json() == {
        "id": pair.body["user"]["id"],
        "email": EMAIL,
        "name": "Countess",
        "image": None,
        "email_verified": False,
        "is_active": True,
        "role": "user",
        "created_at": signed_up_at,
        "last_login_at": "2030-01-01T00:05:00.000Z",
    }


@pytest.mark.parametrize(
    ("headers", "detail", "challenge"),
    [
        ({}, "Authorization header required", "Bearer"),
        ({"authorization": "Basic eDp5"}, "Invalid authorization format", "Bearer"),
        ({"authorization": "Bearer"}, "Invalid authorization format", "Bearer"),
        (bearer("nonsense"), "Token error: malformed-token", "malformed-token"),
        (bearer("a.b.c"), "Token error: malformed-token", "malformed-token"),
    ],
)
@pytest.mark.parametrize("path", ["/api/auth/me", "/api/v1/auth/me"])
async def test_a_missing_or_failed_token_is_told_apart(
    headers: dict[str, str], detail: str, challenge: str, path: str
) -> None:
    async with program(pair_auth(), base="") as client:
        answer = await client.get(path, headers=headers)
    assert (answer.status_code, answer.json()["detail"]) == (401, detail)
    if challenge != "Bearer":
        challenge = f'Bearer error="invalid_token", error_description="{challenge}"'
    assert answer.headers["www-authenticate"] == challenge


async def test_an_expired_and_a_forged_token_name_their_cause(clock: FrozenRuntime) -> None:
    async with program(pair_auth(clock=clock)) as client, program(pair_auth(clock=clock)) as elsewhere:
        pair, foreign = await signed_up(client), await signed_up(elsewhere)
        forged = await client.get("/me", headers=foreign.bearer)
        assert forged.json() == {"detail": "Token error: invalid-signature", "code": "INVALID_SIGNATURE"}
        clock.advance(minutes=15)
        expired = await client.get("/me", headers=pair.bearer)
        assert expired.json() == {"detail": "Token error: expired-token", "code": "EXPIRED_TOKEN"}


async def test_the_refresh_token_may_live_in_a_cookie_that_no_script_reads() -> None:
    """S23, S30"""
    auth = pair_auth(options=some_options(base_url="https://auth.test"))
    async with Browser(auth, origin="https://auth.test") as browser:
        browser.base_url = "https://auth.test/api/auth"
        body = {"email": EMAIL, "password": PASSWORD, "use_cookie": True}
        answer = await browser.post("/signup", json=body)
        assert (answer.status_code, "refresh_token" in answer.json()) == (201, False)
        [line] = set_cookies(answer)
        name = "__Secure-better-auth.refresh_token"
        assert line.startswith(f"{name}=rt_")
        assert line.endswith("; Max-Age=604800; Path=/api/auth; HttpOnly; Secure; SameSite=Lax")
        first = browser.cookie(name)
        answer = await browser.post("/refresh")
        assert (answer.status_code, "refresh_token" in answer.json()) == (200, False)
        assert browser.cookie(name) not in {None, first}
        for origin in ({"origin": "https://evil.example"}, {"origin": "null"}):
            refused = await browser.post("/refresh", headers=origin)
            assert (refused.status_code, set(refused.json())) == (403, {"detail", "code"})
        assert (await browser.post("/logout")).status_code == 204
        assert browser.cookie(name) is None
        assert await families(auth) == []


async def test_a_front_end_on_another_site_gets_a_cookie_that_crosses() -> None:
    """S23, S30, S52"""
    here, there = "https://auth.test", "https://front.example"
    options = some_options(base_url=here, trusted_origins=(there,), rate_limit=RateLimitOptions())
    auth = pair_auth(Tokens(cookie=True, cross_site=True), options=options)
    async with Browser(auth, origin=there) as browser:
        browser.base_url = f"{here}/api/auth"
        lines = set_cookies(await browser.post("/signup", json={"email": EMAIL, "password": PASSWORD}))
        crossing = "; Max-Age=604800; Path=/api/auth; HttpOnly; Secure; SameSite=None; Partitioned"
        [line] = [each for each in lines if "refresh_token" in each]
        assert line.endswith(crossing)
        [device] = [each for each in lines if "device" in each]
        assert device.endswith("; Path=/; HttpOnly; Secure; SameSite=None; Partitioned")
        assert len(lines) == 2
        # nothing but the origin tells a stranger's page from ours now
        for origin in ("https://evil.example", "null", f"{there}.evil.example"):
            assert (await browser.post("/refresh", headers={"origin": origin})).status_code == 403
        assert (await browser.post("/refresh")).status_code == 200
        [cleared] = set_cookies(await browser.post("/logout"))
        assert cleared.endswith(crossing.replace("604800", "0"))


@pytest.mark.parametrize("base_url", ["http://127.0.0.1:8000", "http://localhost:8000", "https://auth.test"])
def test_a_cookie_that_crosses_sites_works_where_browsers_keep_secure_cookies(base_url: str) -> None:
    assert pair_auth(Tokens(cross_site=True), options=some_options(base_url=base_url))
    with pytest.raises(ConfigurationError, match="cross_site needs https"):
        pair_auth(Tokens(cross_site=True), options=some_options(base_url="http://auth.test"))


async def test_what_the_configuration_says_of_the_cookie_comes_first() -> None:
    override = CookieOverride(attributes=CookieAttributes(partitioned=False, path="/api/auth/refresh"))
    advanced = Advanced(
        cookies={"refresh_token": override}, default_cookie_attributes=CookieAttributes(same_site="strict")
    )
    options = some_options(base_url="https://auth.test", advanced=advanced)
    for tokens, same_site in (
        (Tokens(cookie=True), "Strict"),
        (Tokens(cookie=True, cross_site=True), "None"),
    ):
        async with Browser(pair_auth(tokens, options=options), origin="https://auth.test") as browser:
            browser.base_url = "https://auth.test/api/auth"
            lines = set_cookies(await browser.post("/signup", json={"email": EMAIL, "password": PASSWORD}))
            [line] = [each for each in lines if "refresh_token" in each]
            assert line.endswith(f"; Path=/api/auth/refresh; HttpOnly; Secure; SameSite={same_site}")


async def test_signing_in_again_in_a_browser_ends_the_session_it_came_with() -> None:
    """S21, S52"""
    auth = pair_auth(Tokens(cookie=True), options=some_options(rate_limit=RateLimitOptions()))
    async with Browser(auth) as browser:
        body = {"email": EMAIL, "password": PASSWORD}
        first = (await browser.post("/signup", json=body)).json()["access_token"]
        assert browser.cookie("better-auth.device") is not None
        assert (await browser.post("/login", json=body)).status_code == 200
        assert (await browser.get("/me", headers=bearer(first))).status_code == 401
        assert len(await families(auth)) == 1
        assert (await browser.post("/refresh")).status_code == 200


async def test_a_logout_of_what_is_over_takes_the_cookie_along() -> None:
    """S25"""
    auth = pair_auth(Tokens(cookie=True))
    async with Browser(auth) as browser:
        await browser.post("/signup", json={"email": EMAIL, "password": PASSWORD})
        [family] = await families(auth)
        await auth.services.sessions.revoke(family.session_token)
        assert (await browser.post("/logout")).status_code == 401
        assert browser.cookie("better-auth.refresh_token") is None


async def test_an_option_puts_every_refresh_token_into_the_cookie() -> None:
    async with Browser(pair_auth(Tokens(cookie=True))) as browser:
        answer = await browser.post("/signup", json={"email": EMAIL, "password": PASSWORD})
        assert "refresh_token" not in answer.json()
        wanted = {"email": EMAIL, "password": PASSWORD, "use_cookie": False}
        assert "refresh_token" in (await browser.post("/login", json=wanted)).json()


async def test_a_form_refreshes_as_oauth_clients_do_and_nothing_else_is_a_refresh() -> None:
    """S41"""
    async with program(pair_auth()) as client:
        pair = await signed_up(client)
        form = {"grant_type": "refresh_token", "refresh_token": pair.refresh}
        again = Pair.of(await client.post("/refresh", data=form))
        assert again.refresh != pair.refresh
        by_query = await client.post("/refresh", params={"refresh_token": again.refresh})
        assert (by_query.status_code, by_query.json()["code"]) == (401, "REFRESH_TOKEN_REQUIRED")
        assert (await client.get("/refresh", params={"refresh_token": again.refresh})).status_code == 404
        for text in (
            "",
            again.access,
            "rt_",
            "rt_x",
            again.refresh + "x",
            again.refresh[:-1],
            "rt_" + "ä" * 63,
        ):
            refused = await refresh(client, text)
            assert refused.status_code == 401
            assert refused.headers["www-authenticate"].startswith("Bearer")


async def test_a_refresh_token_is_bound_to_the_client_that_was_named() -> None:
    """S40"""
    async with program(pair_auth()) as client:
        await signed_up(client)
        form = {"username": EMAIL, "password": PASSWORD, "client_id": "phone"}
        pair = Pair.of(await client.post("/login", data=form))
        for other in ({}, {"client_id": "laptop"}):
            refused = await client.post("/refresh", json={"refresh_token": pair.refresh, **other})
            assert refused.status_code == 401
        Pair.of(await client.post("/refresh", json={"refresh_token": pair.refresh, "client_id": "phone"}))


async def test_logging_out_takes_any_of_the_credentials_and_asks_for_one() -> None:
    """S25"""
    auth = pair_auth()
    async with program(auth) as client:
        await signed_up(client)
        nobody = await client.post("/logout")
        assert (nobody.status_code, nobody.json()["code"]) == (401, "AUTHORIZATION_REQUIRED")
        by_access, by_refresh = await logged_in(client), await logged_in(client)
        answers = [
            await client.post("/logout", headers=by_access.bearer),
            await client.post("/logout", json={"refresh_token": by_refresh.refresh}),
        ]
        assert [(answer.status_code, answer.content) for answer in answers] == [(204, b"")] * 2
        for pair in (by_access, by_refresh):
            assert (await client.get("/me", headers=pair.bearer)).status_code == 401
            assert (await refresh(client, pair.refresh)).status_code == 401
            assert (await client.post("/logout", headers=pair.bearer)).status_code == 401
        assert len(await families(auth)) == 1


async def test_every_endpoint_can_be_called_in_process() -> None:
    auth = pair_auth()
    await auth.api.exchange("register", {"email": EMAIL, "password": PASSWORD})
    pair, _ = await auth.api.exchange("login", {"email": EMAIL, "password": PASSWORD})
    assert pair.access_token.count(".") == 2  # type: ignore[attr-defined]  # a TokenPair


async def test_a_stale_refresh_token_does_not_hide_the_access_token_at_logout() -> None:
    """S25"""
    auth = pair_auth()
    async with program(auth) as client:
        gone, pair = await signed_up(client), await logged_in(client)
        assert (await client.post("/logout", json={"refresh_token": gone.refresh})).status_code == 204
        both = {"json": {"refresh_token": gone.refresh}, "headers": pair.bearer}
        assert (await client.post("/logout", **both)).status_code == 204
        assert (await client.get("/me", headers=pair.bearer)).status_code == 401
        assert await families(auth) == []


async def test_null_is_no_refresh_token_so_the_cookie_is_meant() -> None:
    async with Browser(pair_auth(Tokens(cookie=True))) as client:
        assert (await client.post("/signup", json={"email": EMAIL, "password": PASSWORD})).status_code == 201
        assert (await client.post("/refresh", json={"refresh_token": None})).status_code == 200


async def test_the_database_holds_no_part_of_a_refresh_token() -> None:
    """S22"""
    auth = pair_auth()
    async with program(auth) as client:
        pair = await refreshed(client, (await signed_up(client)).refresh)
    [family] = await families(auth)
    kept = repr([getattr(family, name) for name in type(family).__dataclass_fields__])
    body = pair.refresh.removeprefix("rt_")
    assert [body[at : at + 12] for at in range(len(body) - 11) if body[at : at + 12] in kept] == []
