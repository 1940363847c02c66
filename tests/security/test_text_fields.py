"""Every text of every route, filled with what no person types: a clear refusal, never an error of ours."""

import asyncio
import json
import time
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.security.exchange import exchange
from tests.security.fields import FIELDS, TEXTS, Visitor, refused
from tests.security.surface import BODIES, everything_in, routed

MEGABYTE = 1_000_000


OPAQUE = {  # secrets that are compared, never stored or shown: any character may be in them
    ("/sign-in/email", "password"),
    ("/sign-in/email", "email"),
    ("/change-password", "currentPassword"),
    ("/verify-password", "password"),
    ("/delete-user", "password"),
}


def test_the_fields_come_from_the_route_table() -> None:
    """S57: routes, models and additional fields as they are declared; nothing is listed by hand."""
    assert {path for path, _, _ in FIELDS} == {
        path
        for path, body in BODIES.items()
        if body is not None and path not in {"/revoke-sessions", "/revoke-other-sessions"}
    }
    assert set(TEXTS) >= {
        *(
            ("/sign-up/email", name)
            for name in ("name", "email", "password", "image", "callbackURL", "nickname")
        ),
        *(("/sign-in/email", name) for name in ("email", "password", "callbackURL")),
        *(("/update-user", name) for name in ("name", "image", "nickname")),
        *(("/change-password", name) for name in ("newPassword", "currentPassword")),
        *(("/delete-user", name) for name in ("password", "token", "callbackURL")),
        *(("/update-session", "theme"), ("/revoke-session", "token"), ("/verify-password", "password")),
    }


UNREADABLE = {(400, "VALIDATION_ERROR"), (400, "BAD_REQUEST")}
PLACES = st.integers(0, 12)


def planted(text: str, place: int, bad: str) -> str:
    return text[:place] + bad + text[place:]


@settings(max_examples=25, deadline=None)
@given(
    text=st.text(max_size=12), place=PLACES, bad=st.sampled_from(["\0", "\ud800", "\udfff", "\udc00\ud800"])
)
def test_text_that_no_database_holds_is_refused_in_every_field(text: str, place: int, bad: str) -> None:
    """S57: NUL and lone surrogates, anywhere in any text, escaped or raw, also in names and nested values."""

    async def try_everywhere() -> None:
        visitor = await Visitor.arrive()
        before = await everything_in(visitor.auth.services.store)
        value = planted(text, place, bad)
        for path, name in TEXTS:
            answer = await visitor.fill(path, name, value)
            assert (answer.status, answer.code) in UNREADABLE, (path, name)
            assert refused(answer)
        for path, nested in (
            ("/update-user", {"settings": {"a": [{"b": value}]}}),
            ("/update-user", {"settings": {value: 1}}),
            ("/update-user", {"tags": ["ok", value]}),
            ("/update-user", {"name": "Ada", value: 1}),
            ("/update-session", {"theme": "dark", value: value}),
        ):
            answer = await visitor.send(path, json.dumps(nested).encode())
            assert (answer.status, answer.code) in UNREADABLE, nested
        raw = json.dumps({**BODIES["/update-user"], "name": "MARK"}).encode()
        answer = await visitor.send(
            "/update-user", raw.replace(b"MARK", value.encode("utf-8", "surrogatepass"))
        )
        assert answer.status == 400
        assert await everything_in(visitor.auth.services.store) == before

    asyncio.run(try_everywhere())


@settings(max_examples=20, deadline=None)
@given(
    text=st.text("abcא漢", max_size=12),
    place=PLACES,
    bad=st.sampled_from("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"),
)
def test_text_that_reads_as_another_is_refused_wherever_it_would_be_kept_or_shown(
    text: str, place: int, bad: str
) -> None:
    """S57: direction overrides in every field but secrets that are merely compared."""

    async def try_everywhere() -> None:
        visitor = await Visitor.arrive()
        before = await everything_in(visitor.auth.services.store)
        for path, name in TEXTS:
            value = planted(text, place, bad)
            is_target = name == "redirectTo" or name.lower().endswith("callbackurl")
            answer = await visitor.fill(path, name, f"/{value}" if is_target else value)
            if (path, name) in OPAQUE:
                assert answer.status in {400, 401}, (path, name)
            else:
                assert (answer.status, answer.code) == (400, "VALIDATION_ERROR"), (path, name, answer.body)
        answer = await visitor.fill("/update-user", "tags", ["ok", planted(text, place, bad)])
        assert (answer.status, answer.code) == (400, "VALIDATION_ERROR")
        assert await everything_in(visitor.auth.services.store) == before

    asyncio.run(try_everywhere())


@pytest.mark.parametrize(("path", "name"), TEXTS)
async def test_a_megabyte_in_any_field_is_refused(path: str, name: str) -> None:
    """S57: one million characters are 413; a little less is a refusal or an ordinary answer, at once."""
    visitor = await Visitor.arrive()
    before = await everything_in(visitor.auth.services.store)
    for character in ("a", "é", "\\", "🦉"):
        answer = await visitor.fill(path, name, character * MEGABYTE)
        assert (answer.status, answer.code) == (413, "PAYLOAD_TOO_LARGE")
    assert await everything_in(visitor.auth.services.store) == before
    for filler in ("a", "@", "%2f", "\u00e9", "a."):
        value = (filler * MEGABYTE)[: 900_000 // max(1, len(json.dumps(filler)) - 2)]
        for prefix in ("", "/", "https://"):
            began = time.process_time()
            answer = await visitor.fill(path, name, prefix + value)
            assert answer.status == 200 or refused(answer), (filler, prefix, answer.status, answer.body[:200])
            assert time.process_time() - began < 0.25, (filler, prefix)


@settings(max_examples=40, deadline=None)
@given(texts=st.lists(st.text(max_size=300), min_size=1, max_size=3), data=st.data())
def test_no_text_at_all_makes_an_error(texts: list[str], data: st.DataObject) -> None:
    """S57: any Unicode in any field: an answer or a refusal, and what is accepted comes back unchanged."""

    async def try_some() -> None:
        for text in texts:
            visitor = await Visitor.arrive()  # the one before may have deleted the account
            path, name = data.draw(st.sampled_from(TEXTS))
            answer = await visitor.fill(path, name, text)
            assert answer.status == 200 or refused(answer), (path, name, answer.body)
            if path == "/update-user" and answer.status == 200:
                headers = [("cookie", visitor.cookie)]
                session = await exchange(visitor.auth, "GET", "/get-session", headers=headers)
                assert session.json()["user"][name] == text

    asyncio.run(try_some())


@pytest.mark.parametrize("path", ["/sign-in/email", "/sign-up/email"])
async def test_forms_are_no_way_around(path: str) -> None:
    """S57: percent-encoded NUL, broken UTF-8 and surrogates in a form."""
    visitor = await Visitor.arrive()
    form = "application/x-www-form-urlencoded"
    for name, value in (BODIES[path] or {}).items():
        for bad in ("%00", "%ED%A0%80", "%FF", "%C3%28", "%F5%80%80%80"):
            rest = urlencode({n: v for n, v in (BODIES[path] or {}).items() if n != name})
            answer = await visitor.send(path, f"{rest}&{name}={quote(value)}{bad}".encode(), form)
            assert (answer.status, answer.code) == (400, "VALIDATION_ERROR"), (name, bad)
    assert (await visitor.send(path, b"&".join(b"a=b" for _ in range(5000)), form)).status == 400


@pytest.mark.parametrize(
    "text",
    ["\x00", "%00", "%ED%A0%80", "%FF", "%", "\u202e", "a" * 60_000, "<script>", "%0d%0aset-cookie:a=b"],
)
async def test_queries_and_headers_are_texts_too(text: str) -> None:
    """S57: of every GET route, and the headers that are kept with a session."""
    visitor = await Visitor.arrive()
    for path in ("/get-session", "/error", "/ok", "/list-sessions"):
        for name in (
            "disableCookieCache",
            "disableRefresh",
            "error",
            "error_description",
            "callbackURL",
            text,
        ):
            query = f"{name}={text}&{name}={text}"
            answer = await exchange(
                visitor.auth, "GET", path, query=query, headers=[("cookie", visitor.cookie)]
            )
            assert answer.status < 500
            body = answer.body.decode()
            assert "\0" not in body
            assert "\u202e" not in body
            assert "<script>" not in body
            assert not any("a=b" in value for value in answer.set_cookies)
    for header in ("user-agent", "x-forwarded-for", "accept-language", "referer", "x-anything"):
        headers = [(header, text.encode("utf-8", "surrogatepass")), ("origin", "http://auth.test")]
        answer = await exchange(
            visitor.auth, "POST", "/sign-in/email", headers=headers, send=BODIES["/sign-in/email"]
        )
        assert answer.status == 200 or refused(answer), (header, answer.status)


async def test_a_query_of_thousands_of_parameters_is_an_error_of_whoever_sends_it() -> None:
    """S57: to every route, alone and beside what the route asks for; two hundred are an ordinary query."""
    visitor = await Visitor.arrive()
    headers = [("cookie", visitor.cookie), ("origin", "http://auth.test")]
    for method, endpoint in routed(visitor.auth):
        for asked, count in (("token=a&callbackURL=/", 199), ("", 5000)):
            query = "&".join([asked, *(f"p{number}=1" for number in range(count))])
            path = endpoint.path.replace("{provider}", "github").replace("{token}", "a-token")
            answer = await exchange(
                visitor.auth, method, path, headers=headers, send=BODIES.get(path), query=query
            )
            assert answer.status < 500, (path, answer.status)
    few = "&".join(f"p{number}=1" for number in range(200))
    assert (await exchange(visitor.auth, "GET", "/get-session", query=few)).status == 200
    refusal = await exchange(visitor.auth, "GET", "/get-session", query=f"{few}&p=1")
    assert (refusal.status, refusal.code) == (400, "VALIDATION_ERROR")


async def test_a_redirect_target_in_any_script_is_an_answer_with_a_header_that_servers_can_send() -> None:
    """S57: what is echoed in a Location header neither breaks it nor adds another."""
    visitor = await Visitor.arrive()
    for target in ("/ä", "/漢字", "/🦉", "/a b", "/a?x=\u2028", "/é" * 2000):
        answer = await visitor.fill("/sign-in/email", "callbackURL", target)
        assert answer.status == 200 or refused(answer), target
        location = [value for name, value in answer.headers if name == "location"]
        assert all("\n" not in value and "\r" not in value for value in location)
