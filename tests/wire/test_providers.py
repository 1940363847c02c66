"""People sign in by every provider, and what an application decides about one is what happens."""

import hashlib
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc.jwk import ECKey

from ostiary import Auth, GenericOAuth, Options
from ostiary.crypto.json_web_keys import read_public
from ostiary.crypto.json_web_signatures import parse_token
from ostiary.domain.runtime import SystemRuntime
from ostiary.options import SocialProvider
from ostiary.providers import (
    Apple,
    CodeGrant,
    Discord,
    Facebook,
    Line,
    Microsoft,
    OAuthTokens,
    Twitch,
    UserInfo,
)
from ostiary.services.oauth.profiles import is_true
from tests.builders import ORIGIN, SECRET, Browser, code_of, some_auth, some_options
from tests.mint import Mint
from tests.provider_cases import CASES, TOKEN, answers_of
from tests.stand_ins import LedAside, StandIns, stand_ins

WHO: Mapping[str, Any] = {"client_id": "our client", "client_secret": "our secret"}
COMPLETE = [
    name
    for name, case in CASES.items()
    if not name.endswith(
        (
            "-success",
            "-token",
            "-profile",
            "-blocked",
            "-locked",
            "-domain",
            "-nobody",
            "-oid",
            "-refused",
            "-person",
            "-people",
        )
    )
]
TENANT = "72f988bf-86f1-41af-91ab-2d7cd011db47"
PERSONAL = "9188040d-6c67-4c5b-b112-36a304b66dad"
ADA = {"sub": "1", "oid": "1", "email": "ada@example.com", "email_verified": True}


@pytest.fixture(scope="module")
def providers() -> Iterator[StandIns]:
    with stand_ins() as running:
        running.answers.update({name: answers_of(case) for name, case in CASES.items()})
        yield running


@asynccontextmanager
async def visiting(providers: StandIns, options: Options, case: str) -> AsyncIterator[Browser]:
    """Open a browser on a server whose providers answer as a case says."""
    client = LedAside(providers.origin, f"ours.{case}")
    auth: Auth = some_auth(options, SystemRuntime(), http_client=client)  # type: ignore[arg-type]
    async with Browser(auth) as browser:
        yield browser
    await auth.close()


def knowing(provider: SocialProvider) -> Options:
    return some_options(social_providers=(provider,))


async def come_by(browser: Browser, provider: str, **query: str) -> str:
    """Go to a provider and come back; return where that leads."""
    body = {"provider": provider, "callbackURL": "/in", "errorCallbackURL": "/oh"}
    answer = await browser.post("/sign-in/social", json=body)
    assert answer.status_code == 200, answer.text
    [state] = parse_qs(urlsplit(answer.json()["url"]).query)["state"]
    came = await browser.get(f"/callback/{provider}", params={"code": "c", "state": state, **query})
    return str(came.headers["location"])


def minted(issuer: str, audience: str = "our client", **claims: Any) -> str:
    return Mint(issuer, SystemRuntime()).token("RS256", aud=audience, **{**ADA, **claims})  # type: ignore[arg-type]


async def bring(browser: Browser, provider: str, token: str, **more: Any) -> Any:
    """Sign in by an ID token that a client got itself."""
    return await browser.post(
        "/sign-in/social", json={"provider": provider, "idToken": {"token": token, **more}}
    )


@pytest.mark.parametrize("name", COMPLETE)
async def test_a_person_signs_in_by_every_provider(providers: StandIns, name: str) -> None:
    case = CASES[name]
    mapping = {"secret": SECRET, "baseURL": ORIGIN, "rateLimit": {"enabled": False}}
    options = Options.from_mapping({**mapping, "socialProviders": {case["provider"]: case["options"]}})
    query = {"device_id": case["deviceId"]} if "deviceId" in case else {}
    async with visiting(providers, options, name) as browser:
        came = await come_by(browser, case["provider"], **query)
        session = await browser.session()
    if came == "/in":
        assert session["user"]["email"]
    else:
        assert name in {"vk-no-address", "discord-no-picture-old-name", "kakao-bare", "line-interface"}
        assert came in {"/oh?error=email_not_found", "/oh?error=unable_to_get_user_info"}
        assert session is None


async def test_apple_posts_its_answer_and_the_name_of_a_new_person(providers: StandIns) -> None:
    user = '{"name":{"firstName":"Ada","lastName":"Lovelace"},"email":"ada@evil.example"}'
    async with visiting(providers, knowing(Apple(**WHO)), "apple-later") as browser:
        body = {"provider": "apple", "callbackURL": "/in"}
        url = (await browser.post("/sign-in/social", json=body)).json()["url"]
        [state] = parse_qs(urlsplit(url).query)["state"]
        kept = dict(browser.cookies)
        browser.cookies.clear()  # from another site a browser posts without them
        posted = await browser.post(
            "/callback/apple",
            data={"code": "c", "state": state, "user": user},
            headers={"origin": "https://appleid.apple.com"},
        )
        browser.cookies.update(kept)
        assert posted.status_code == 302
        assert (await browser.get(posted.headers["location"])).headers["location"] == "/in"
        told = (await browser.session())["user"]
        assert (told["name"], told["email"]) == ("Ada Lovelace", "ada@example.com"), "the token's address"


@pytest.mark.parametrize("user", ["{", "[]", "7", '{"name":7}', '{"name":{"firstName":[]}}', "\ud7ff"])
async def test_what_the_browser_makes_of_the_name_breaks_nothing(providers: StandIns, user: str) -> None:
    async with visiting(providers, knowing(Apple(**WHO)), "apple-later") as browser:
        assert await come_by(browser, "apple", user=user) == "/in"


async def test_the_secret_for_apple_is_made_from_the_key(providers: StandIns) -> None:
    key = ECKey.generate_key("P-256")
    settings = Apple(
        client_id="our client",
        team_id="TEAM",
        key_id="KEY",
        private_key=key.as_pem(private=True).decode(),
    )
    async with visiting(providers, knowing(settings), "apple-later") as browser:
        before = len(providers.asked.get("ours.apple-later", []))
        assert await come_by(browser, "apple") == "/in"
    form = dict(providers.asked["ours.apple-later"][before]["body"])
    token = parse_token(form["client_secret"])
    claims = token.proved_by(read_public({**key.as_dict(private=False), "kid": "KEY"}))
    assert token.header.kid == "KEY"
    assert (claims["iss"], claims["sub"], claims["aud"]) == (
        "TEAM",
        "our client",
        "https://appleid.apple.com",
    )
    assert 0 < claims["exp"] - claims["iat"] <= 600


@pytest.mark.parametrize(
    ("tenant", "of", "code"),
    [
        ("common", TENANT, None),
        ("common", PERSONAL, None),
        ("organizations", TENANT, None),
        ("organizations", PERSONAL, "INVALID_TOKEN"),
        ("consumers", PERSONAL, None),
        ("consumers", TENANT, "INVALID_TOKEN"),
        (TENANT, TENANT, None),
        (TENANT, PERSONAL, "INVALID_TOKEN"),
    ],
)
async def test_a_tenant_of_microsoft_lets_in_its_own(
    providers: StandIns, tenant: str, of: str, code: str | None
) -> None:
    """S20: one set of keys for all tenants proves nothing about which one a person is of."""
    settings = Microsoft(client_id="our client", tenant_id=tenant)
    async with visiting(providers, knowing(settings), "microsoft-no-photo-wanted") as browser:
        token = minted(f"https://login.microsoftonline.com/{of}/v2.0", tid=of)
        answer = await bring(browser, "microsoft", token)
        assert code_of(answer) == code, answer.text
        forged = minted(
            f"https://login.microsoftonline.com/{of}/v2.0", tid=TENANT if of == PERSONAL else PERSONAL
        )
        assert code_of(await bring(browser, "microsoft", forged)) == "INVALID_TOKEN"


async def test_an_access_token_of_another_application_opens_nothing(providers: StandIns) -> None:
    """S20: phones bring Facebook's access tokens, which look alike for every application."""
    for case, code in (
        ("facebook-interface", None),
        ("facebook-another-application's-token", "FAILED_TO_GET_USER_INFO"),
        ("facebook-another-person's-profile", "FAILED_TO_GET_USER_INFO"),
    ):
        async with visiting(providers, knowing(Facebook(**WHO)), case) as browser:
            answer = await bring(browser, "facebook", "opaque", accessToken="opaque")
            assert code_of(answer) == code, answer.text


async def test_line_is_asked_about_id_tokens_that_clients_bring(providers: StandIns) -> None:
    said = {
        "iss": "https://access.line.me",
        "sub": "U1",
        "email": "ada@example.com",
        "name": "Ada",
        "nonce": "n",
    }
    for audience, nonce, code in (
        ("our client", "n", None),
        ("another", "n", "INVALID_TOKEN"),
        ("our client", "m", "INVALID_TOKEN"),
    ):
        providers.answers["line"] = {
            "api.line.me/oauth2/v2.1/verify": {**said, "aud": audience},
            "token": TOKEN,
        }
        async with visiting(providers, knowing(Line(**WHO)), "line") as browser:
            assert code_of(await bring(browser, "line", "any", nonce=nonce)) == code


@pytest.mark.parametrize("age", [0, 3500, 3700, 90_000])
async def test_an_id_token_that_a_client_brings_is_of_the_last_hour(providers: StandIns, age: int) -> None:
    """S20"""
    now = int(SystemRuntime().now().timestamp())
    async with visiting(providers, knowing(Apple(**WHO)), "apple-later") as browser:
        token = minted("https://appleid.apple.com", iat=now - age, exp=now + 600)
        assert code_of(await bring(browser, "apple", token)) == (None if age < 3600 else "INVALID_TOKEN")


async def test_apples_applications_send_the_hash_of_the_nonce(providers: StandIns) -> None:
    digest = hashlib.sha256(b"the nonce").hexdigest()
    for nonce, code in (
        ("the nonce", None),
        (digest, None),
        ("another", "INVALID_TOKEN"),
    ):
        async with visiting(providers, knowing(Apple(**WHO)), "apple-later") as browser:
            token = minted("https://appleid.apple.com", nonce=digest)
            assert code_of(await bring(browser, "apple", token, nonce=nonce)) == code


async def test_an_application_may_judge_id_tokens_and_ask_who_somebody_is_itself(providers: StandIns) -> None:
    judged: list[tuple[str, str | None]] = []

    async def verify(token: str, nonce: str | None) -> bool:
        judged.append((token, nonce))
        return nonce == "good"

    async def ask(tokens: OAuthTokens) -> UserInfo | None:
        if tokens.id_token is None:
            return None
        return UserInfo(
            data={"id": "7"}, user={"email": "own@example.com", "name": "Own", "emailVerified": True}
        )

    async def rename(profile: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"name": f"No. {profile['id']}"}

    provider = Discord(**WHO, verify_id_token=verify, get_user_info=ask, map_profile_to_user=rename)
    async with visiting(providers, knowing(provider), "discord-picture") as browser:
        assert code_of(await bring(browser, "discord", "t", nonce="bad")) == "INVALID_TOKEN"
        answer = await bring(browser, "discord", "t", nonce="good")
        assert (answer.json()["user"]["name"], answer.json()["user"]["email"]) == ("No. 7", "own@example.com")
        assert judged == [("t", "bad"), ("t", "good")]
        assert await come_by(browser, "discord") == "/oh?error=unable_to_get_user_info", "without an ID token"


async def test_a_provider_without_keys_takes_no_id_token_that_a_client_brings(providers: StandIns) -> None:
    """S20: TLS vouches for what comes from the provider, and for nothing that comes from a browser."""
    for name in ("twitch-usual", "paybin-usual", "paypal-live", "github-no-name"):
        case = CASES[name]
        mapping = {"secret": SECRET, "baseURL": ORIGIN, "rateLimit": {"enabled": False}}
        options = Options.from_mapping({**mapping, "socialProviders": {case["provider"]: case["options"]}})
        async with visiting(providers, options, name) as browser:
            answer = await bring(browser, case["provider"], minted("https://id.twitch.tv/oauth2"))
            assert code_of(answer) == "ID_TOKEN_NOT_SUPPORTED"


@pytest.mark.parametrize(
    "change", [{"aud": "another"}, {"iss": "https://evil.example"}, {"exp": 1000}, {"sub": ""}]
)
async def test_an_id_token_that_tls_vouches_for_is_still_for_us(
    providers: StandIns, change: dict[str, Any]
) -> None:
    """S20"""
    claims = {"iss": "https://id.twitch.tv/oauth2", "aud": "our client", **ADA, **change}
    providers.answers["twitch"] = {
        "token": {**TOKEN, "id_token": Mint("", SystemRuntime()).token("RS256", **claims)}
    }  # type: ignore[arg-type]
    async with visiting(providers, knowing(Twitch(**WHO)), "twitch") as browser:
        assert await come_by(browser, "twitch") == "/oh?error=unable_to_get_user_info"


async def test_a_provider_that_nobody_knows_is_asked_as_the_application_says(providers: StandIns) -> None:
    exchanged: list[CodeGrant] = []

    async def exchange(grant: CodeGrant) -> OAuthTokens:
        exchanged.append(grant)
        return OAuthTokens(access_token="own")

    async def subject(info: UserInfo) -> str:
        return f"no. {info.data['number']}"

    providers.answers["forge"] = {
        "forge.example/me": {"number": 7, "email": "ada@example.com"},
        "token": TOKEN,
    }
    forge = GenericOAuth(
        provider_id="forge",
        client_id="our client",
        authorization_url="https://forge.example/authorize",
        user_info_url="https://forge.example/me",
        get_token=exchange,
        account_subject=subject,
        pkce=False,
        response_type="code token",
        response_mode="form_post",
        prompt="login",
        access_type="offline",
        authorization_url_params={"tenant": "7"},
    )
    async with visiting(providers, knowing(forge), "forge") as browser:
        url = (await browser.post("/sign-in/social", json={"provider": "forge"})).json()["url"]
        asked = {name: value for name, [value] in parse_qs(urlsplit(url).query).items()}
        assert "code_challenge" not in asked
        assert asked["response_type"] == "code token"
        assert (asked["response_mode"], asked["access_type"], asked["tenant"]) == (
            "form_post",
            "offline",
            "7",
        )
        assert await come_by(browser, "forge") == "/in"
        [account] = (await browser.get("/list-accounts")).json()
        assert account["accountId"] == "no. 7"
    assert [each.code for each in exchanged] == ["c"]
    assert providers.asked["ours.forge"][0]["headers"]["authorization"] == "Bearer own"


@pytest.mark.parametrize(
    ("word", "meant"), [(True, True), ("true", True), ("false", False), (1, False), (None, False)]
)
def test_only_a_clear_yes_is_a_proof(word: Any, meant: bool) -> None:
    assert is_true(word) is meant
