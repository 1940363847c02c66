"""Whatever stands in a Cookie header: never an error of ours, never a session without our signature."""

import asyncio
import json
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ostiary import Auth, CookieCache
from ostiary.crypto.signing import Keyring, sign, sign_cookie, unsign
from ostiary.domain.runtime import FrozenRuntime
from ostiary.http.cookies import parse_cookie_header
from ostiary.options import RateLimitOptions, SessionOptions
from tests.builders import SECRET, SESSION_COOKIE, Browser
from tests.security.exchange import Answer, cookie_header, exchange
from tests.security.surface import BODIES, guarded_paths, surface_auth, surface_options

DATA = "better-auth.session_data"
SECURE = f"__Secure-{SESSION_COOKIE}"
NAMES = (
    *(
        SESSION_COOKIE,
        SECURE,
        DATA,
        f"{DATA}.0",
        f"{DATA}.1",
        f"{DATA}.00",
        f"{DATA}.-1",
        f"{DATA}.9999999999999999",
    ),
    *("better-auth.dont_remember", "better-auth.device", f"{SESSION_COOKIE}.0", "", " ", "theme", "prefs"),
)
JSON_COOKIE = quote(json.dumps({"a": [1, {"b": "c;d=e"}], "better-auth.session_token": "x"}))
VALUES = st.one_of(
    st.sampled_from(
        [
            "",
            '"',
            '""',
            '"x',
            "%",
            "%zz",
            "%00",
            "%C3",
            "%ED%A0%80",
            "%u0041",
            "=",
            "==",
            ".",
            "..",
            JSON_COOKIE,
        ]
    ),
    st.text(max_size=40),
    st.binary(max_size=40).map(lambda raw: raw.decode("latin-1")),
    st.text("ABCabc012.%=-_", max_size=90),
    st.builds(
        "{}.{}".format,
        st.text("abc", max_size=5),
        st.text("ABCabc+/", min_size=43, max_size=43).map("{}=".format),
    ),
    st.integers(1, 60_000).map(lambda size: "A" * size),
)
PAIRS = st.one_of(
    st.builds("{}={}".format, st.sampled_from(NAMES), VALUES),
    VALUES,
    st.builds("{}={}".format, VALUES, VALUES),
)
HEADERS = st.lists(PAIRS, max_size=12).map("; ".join)


def auth_with_cache(strategy: str = "compact", base_url: str = "http://auth.test") -> Auth:
    session = SessionOptions(cookie_cache=CookieCache(enabled=True, strategy=strategy))
    limits = RateLimitOptions(custom_rules={"*": None})
    return surface_auth(
        surface_options(session=session, base_url=base_url, rate_limit=limits), FrozenRuntime()
    )


async def ask(auth: Auth, cookie: str | bytes, path: str = "/get-session", method: str = "GET") -> Answer:
    raw = cookie if isinstance(cookie, bytes) else cookie.encode("utf-8", "surrogatepass")
    headers = [("cookie", raw), ("origin", auth.options.origin or "")]
    return await exchange(auth, method, path, headers=headers, send=BODIES.get(path))


@settings(max_examples=120, deadline=None)
@given(header=HEADERS, secure=st.booleans(), strategy=st.sampled_from(["compact", "jwt", "jwe"]))
def test_no_header_that_we_did_not_sign_is_anybodys_session(header: str, secure: bool, strategy: str) -> None:
    """S34: a property of all headers: 200 and null where anybody may ask, 401 everywhere else, never 500."""

    async def try_everywhere() -> None:
        auth = auth_with_cache(strategy, "https://auth.test" if secure else "http://auth.test")
        answer = await ask(auth, header)
        assert (answer.status, answer.json()) == (200, None)
        assert (await ask(auth, header, "/list-sessions")).status == 401
        for path in guarded_paths(auth):
            assert (await ask(auth, header, path, "POST")).status == 401, path
        assert (await ask(auth, header, "/sign-out", "POST")).status == 200
        body = {"email": "ada@example.com", "password": "wrong password"}
        headers = [("cookie", header.encode("utf-8", "surrogatepass")), ("origin", auth.options.origin or "")]
        assert (await exchange(auth, "POST", "/sign-in/email", headers=headers, send=body)).status == 401

    asyncio.run(try_everywhere())


@settings(max_examples=60, deadline=None)
@given(junk=HEADERS, data=st.data())
def test_junk_beside_the_real_cookies_does_not_harm(junk: str, data: st.DataObject) -> None:
    """S34: other applications' cookies, before or after ours, neither break a session nor make an error."""

    async def mix() -> None:
        auth = auth_with_cache(data.draw(st.sampled_from(["compact", "jwt", "jwe"])))
        async with Browser(auth) as browser:
            await browser.sign_up()
            genuine = cookie_header(browser)
        answer = await ask(auth, f"{genuine}; {junk}")
        assert answer.status == 200
        assert answer.json()["user"]["email"] == "ada@example.com"
        if not any(
            name in parse_cookie_header(junk) for name in (SESSION_COOKIE, "better-auth.dont_remember")
        ):
            answer = await ask(auth, f"{junk}; {genuine}")
            assert answer.json()["user"]["email"] == "ada@example.com"

    asyncio.run(mix())


async def test_of_two_cookies_of_one_name_the_first_alone_is_judged() -> None:
    """S34: duplicates, as cookie tossing from a sister domain makes them, never add up to a session."""
    auth = auth_with_cache()
    async with Browser(auth) as ada, Browser(auth) as eve:
        await ada.sign_up()
        await eve.sign_up("eve@example.com")
        mine, hers = f"{SESSION_COOKIE}={ada.cookie()}", f"{SESSION_COOKIE}={eve.cookie()}"
    assert (await ask(auth, f"{mine}; {hers}")).json()["user"]["email"] == "ada@example.com"
    assert (await ask(auth, f"{hers}; {mine}")).json()["user"]["email"] == "eve@example.com"
    assert (await ask(auth, f"{SESSION_COOKIE}=junk; {mine}")).json() is None
    headers = [("cookie", mine), ("cookie", hers)]
    assert (await exchange(auth, "GET", "/get-session", headers=headers)).json()["user"][
        "email"
    ] == "ada@example.com"


async def test_the_plain_name_and_the_secure_name_are_two_cookies() -> None:
    """S34: over https only the `__Secure-` name counts, which no insecure page can set."""
    for base_url, right, wrong in (
        ("http://auth.test", SESSION_COOKIE, SECURE),
        ("https://auth.test", SECURE, SESSION_COOKIE),
    ):
        auth = auth_with_cache(base_url=base_url)
        body = {"name": "Ada", "email": "ada@example.com", "password": "Correct horse battery 7"}
        answer = await exchange(auth, "POST", "/sign-up/email", headers=[("origin", base_url)], send=body)
        value = sign_cookie(answer.json()["token"], Keyring.of(SECRET))
        assert any(line.startswith(f"{right}={value};") for line in answer.set_cookies)
        assert (await ask(auth, f"{right}={value}")).json() is not None
        assert (await ask(auth, f"{wrong}={value}")).json() is None
        assert (await ask(auth, f"{wrong}=x; {right}={value}")).json() is not None
        for imitation in (right.upper(), f" {right} x", f"{right}.0", right.replace("session", "Session")):
            assert (await ask(auth, f"{imitation}={value}")).json() is None


@pytest.mark.parametrize("value", ["%", "%zz", "abc%", "%C3%28", "%00.%00", "%ED%A0%80", "a%2Eb%2E%3D"])
async def test_a_percent_sign_that_encodes_nothing_is_a_character(value: str) -> None:
    """S34."""
    auth = auth_with_cache()
    async with Browser(auth) as browser:
        await browser.sign_up()
        genuine = browser.cookie()
    assert (await ask(auth, f"{SESSION_COOKIE}={value}")).json() is None
    assert (await ask(auth, f"prefs={value}; {SESSION_COOKIE}={genuine}")).json() is not None
    assert (await ask(auth, f"{DATA}={value}; {SESSION_COOKIE}={genuine}")).json() is not None
    assert (await ask(auth, f'{SESSION_COOKIE}="{genuine}"')).json() is not None, "quotes are no part of it"


async def test_chunks_that_do_not_add_up_are_ignored_and_cleaned_away() -> None:
    """S34: missing, swapped, repeated, foreign and too many chunks."""
    auth = auth_with_cache()
    async with Browser(auth) as browser, Browser(auth) as eve:
        await browser.sign_up(settings={"notes": "x" * 7500})
        await eve.sign_up("eve@example.com", settings={"notes": "y" * 7500})
        jars = [{cookie.name: cookie.value for cookie in each.cookies.jar} for each in (browser, eve)]
    ada, other = jars
    token = f"{SESSION_COOKIE}={ada[SESSION_COOKIE]}"
    chunks = [ada[f"{DATA}.{number}"] for number in range(3)]
    foreign = [other[f"{DATA}.{number}"] for number in range(3)]
    await auth.services.sessions.revoke(
        unsign(parse_cookie_header(token)[SESSION_COOKIE], Keyring.of(SECRET)) or ""
    )

    async def believed(*pieces: tuple[str, str]) -> bool:
        header = "; ".join([token, *(f"{DATA}{suffix}={value}" for suffix, value in pieces)])
        return (await ask(auth, header)).json() is not None

    assert await believed((".0", chunks[0]), (".1", chunks[1]), (".2", chunks[2]))
    assert await believed((".2", chunks[2]), (".0", chunks[0]), (".1", chunks[1])), "order is by number"
    assert not await believed((".0", chunks[0]), (".2", chunks[2]))
    assert not await believed((".1", chunks[0]), (".0", chunks[1]), (".2", chunks[2]))
    assert not await believed((".0", chunks[0]), (".1", foreign[1]), (".2", chunks[2]))
    assert not await believed(*((f".{number}", piece) for number, piece in enumerate(foreign)))
    assert not await believed((".0", chunks[0]), (".1", chunks[1]), (".2", chunks[2]), (".3", chunks[2]))
    assert not await believed(*((f".{number}", "A" * 50) for number in range(1000)))
    assert not await believed(("", "x"), (".0", chunks[0]), (".1", chunks[1]), (".2", chunks[2]))


async def test_other_values_that_we_signed_are_no_session() -> None:
    """S34: the wish not to be remembered, the device cookie, signed nonsense."""
    auth = auth_with_cache()
    async with Browser(auth) as browser:
        await browser.sign_up(rememberMe=False)
        jar = {cookie.name: cookie.value for cookie in browser.cookies.jar}
    assert set(jar) == {SESSION_COOKIE, DATA, "better-auth.dont_remember", "better-auth.device"}
    for name, value in jar.items():
        expected = name == SESSION_COOKIE
        assert ((await ask(auth, f"{SESSION_COOKIE}={value}")).json() is not None) == expected, name
    keyring = Keyring.of(SECRET)
    for text in ("true", "undefined", "null", "0", " ", "a" * 5000, "é", "' OR 1=1 --", "%"):
        assert (await ask(auth, f"{SESSION_COOKIE}={quote(sign(text, keyring))}")).json() is None


async def test_a_header_of_many_thousand_cookies_costs_next_to_nothing() -> None:
    """S34: work grows with the header's length and no faster."""
    auth = auth_with_cache()
    clock = asyncio.get_running_loop().time
    for header in (
        "a=b;" * 16_000,
        ";" * 64_000,
        "=" * 64_000,
        f"{DATA}.1=x;" * 4000,
        '"' * 64_000,
        "%41" * 21_000,
    ):
        began = clock()
        assert (await ask(auth, header)).json() is None
        assert clock() - began < 0.5
