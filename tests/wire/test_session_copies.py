"""Copies of sessions are proved once; what may end them is judged again each time."""

from dataclasses import replace
from datetime import timedelta

import pytest

from ostiary import CookieCache, Session, SessionOptions, User
from ostiary.crypto.session_cache import CachePayload, Strategy, encode
from ostiary.crypto.signing import Keyring
from ostiary.domain.models import SESSION, USER
from ostiary.domain.runtime import FrozenRuntime
from ostiary.domain.schema import Schema
from ostiary.http.context import Context
from ostiary.http.hooks import Hooks
from ostiary.http.rendering import Renderer
from ostiary.http.session_copies import LONGEST_REMEMBERED, MOST_REMEMBERED, SessionCopies
from ostiary.http.wire import Cached
from tests.builders import SECRET, SESSION_COOKIE, Browser, some_auth, some_options

AGAIN = 3  # times that a copy comes: the first is forgotten, the second remembered, the third known
SCHEMA = Schema((USER, SESSION))
COPY = "better-auth.session_data"


def with_copies(**cache: object) -> SessionOptions:
    return SessionOptions(cookie_cache=CookieCache(enabled=True, **cache))


def some_copies(secret: str = SECRET) -> SessionCopies:
    return SessionCopies("compact", Keyring.of(secret), SCHEMA, Renderer(SCHEMA))


def a_payload(clock: FrozenRuntime, name: str = "Ada") -> CachePayload:
    now, render = clock.now(), Renderer(SCHEMA)
    user = User(
        id="u",
        name=name,
        email="ada@example.com",
        email_verified=True,
        image=None,
        created_at=now,
        updated_at=now,
    )
    session = Session(
        id="s",
        expires_at=now + timedelta(days=7),
        token="t",
        created_at=now,
        updated_at=now,
        ip_address=None,
        user_agent=None,
        user_id="u",
    )
    return CachePayload(render.session(session), render.user(user), int(now.timestamp() * 1000))


def copied(payload: CachePayload, clock: FrozenRuntime) -> str:
    return encode(payload, "compact", timedelta(minutes=5), Keyring.of(SECRET), clock)


def a_copy(clock: FrozenRuntime, name: str = "Ada") -> str:
    return copied(a_payload(clock, name), clock)


@pytest.mark.parametrize("strategy", ["compact", "jwt", "jwe"])
async def test_a_remembered_copy_ends_with_its_time(clock: FrozenRuntime, strategy: Strategy) -> None:
    """S28."""
    auth = some_auth(some_options(session=with_copies(strategy=strategy)), clock)
    async with Browser(auth) as browser:
        signed_up = await browser.sign_up()
        await auth.services.sessions.revoke(signed_up["token"])
        first, *_ = [await browser.session() for _ in range(AGAIN)]
        clock.advance(minutes=4, seconds=59)
        assert await browser.session() == first
        clock.advance(seconds=1, milliseconds=1)
        assert await browser.session() is None


async def test_a_remembered_copy_belongs_to_its_own_token(clock: FrozenRuntime) -> None:
    auth = some_auth(some_options(session=with_copies()), clock)
    async with Browser(auth) as ada, Browser(auth) as eve:
        await ada.sign_up()
        for _ in range(AGAIN):
            assert (await ada.session())["user"]["email"] == "ada@example.com"
        await eve.sign_up("eve@example.com")
        stolen = {SESSION_COOKIE: eve.cookie(), COPY: ada.cookie(COPY)}
        header = "; ".join(f"{name}={value}" for name, value in stolen.items())
        async with Browser(auth) as mixed:
            answer = await mixed.get("/get-session", headers={"cookie": header})
            assert answer.json()["user"]["email"] == "eve@example.com"


async def test_a_new_version_ends_remembered_copies(clock: FrozenRuntime) -> None:
    version = "1"
    auth = some_auth(some_options(session=with_copies(version=lambda *_: version)), clock)
    async with Browser(auth) as browser:
        signed_up = await browser.sign_up()
        await auth.services.sessions.revoke(signed_up["token"])
        for _ in range(AGAIN):
            assert await browser.session() is not None
        version = "2"
        assert await browser.session() is None


def test_a_remembered_copy_is_not_read_again(clock: FrozenRuntime) -> None:
    copies = some_copies()
    text = a_copy(clock)
    once, twice, again = (copies.read(text, clock.now()) for _ in range(AGAIN))
    assert once == twice
    assert twice is again


def test_a_copy_that_proves_nothing_is_not_remembered(clock: FrozenRuntime) -> None:
    copies = some_copies("another-secret-of-thirty-two-characters")
    for _ in range(AGAIN):
        assert copies.read(a_copy(clock), clock.now()) is None
    assert copies.remembered == 0


def test_only_so_many_copies_are_remembered(clock: FrozenRuntime) -> None:
    copies = some_copies()
    for number in range(MOST_REMEMBERED + 10):
        text = a_copy(clock, f"Ada {number}")
        for _ in range(AGAIN):
            assert copies.read(text, clock.now()) is not None
    assert copies.remembered == MOST_REMEMBERED


def test_a_long_copy_is_believed_but_not_remembered(clock: FrozenRuntime) -> None:
    copies = some_copies()
    text = a_copy(clock, "A" * LONGEST_REMEMBERED)
    for _ in range(AGAIN):
        assert copies.read(text, clock.now()) is not None
    assert copies.remembered == 0


def test_a_copy_says_what_its_entities_hold(clock: FrozenRuntime) -> None:
    payload = a_payload(clock)
    session = {**payload.session, "secret": "of a field that nobody declared"}
    copy = some_copies().read(copied(replace(payload, session=session), clock), clock.now())
    assert copy is not None
    render, active = Renderer(SCHEMA), copy.active
    assert list(copy.output.session.items()) == list(render.cached_session(active.session).items())
    assert list(copy.output.user.items()) == list(render.cached_user(active.user).items())


@pytest.mark.parametrize(
    "written",
    [
        "2026-03-01T10:00:00Z",
        "2026-03-01 10:00:00.000Z",
        "2026-03-01T10:00:00.000999Z",
        "2026-03-01T12:00:00.000+02:00",
        "2026-W09-7T10:00:00.000Z",
        "2026-03-01T10:00:00,000Z",
        "20260301T100000.000Z",
    ],
)
def test_a_moment_that_others_write_in_another_form_is_said_in_ours(
    clock: FrozenRuntime, written: str
) -> None:
    payload = a_payload(clock)
    user = {**payload.user, "createdAt": written}
    copy = some_copies().read(copied(replace(payload, user=user), clock), clock.now())
    assert copy is not None
    assert copy.output.user["createdAt"] == "2026-03-01T10:00:00.000Z"


async def test_what_a_hook_does_to_an_answer_stays_out_of_the_next_one(clock: FrozenRuntime) -> None:
    seen: list[Cached] = []
    hooks = Hooks()

    @hooks.after("get_session")
    async def rename(_: Context, result: object) -> None:
        assert isinstance(result, Cached)
        seen.append(result)
        result.user["name"] = "Eve"

    auth = some_auth(some_options(session=with_copies()), clock, hooks=hooks)
    async with Browser(auth) as browser:
        await browser.sign_up()
        answers = [await browser.session() for _ in range(AGAIN)]
        assert answers[0] == answers[1] == answers[2]
    assert seen[0].user["name"] == answers[0]["user"]["name"] != "Eve"
    assert seen[0].session["userId"] == seen[0].user["id"]
