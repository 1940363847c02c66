"""Whatever ends a session ends every credential of it: a matrix of events, credentials and routes."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from ostiary import Auth, CookieCache, Options
from ostiary.domain.models import ID, SESSION, USER, SessionFields
from ostiary.domain.roles import BAN_EXPIRES, BANNED, ROLE
from ostiary.domain.runtime import FrozenRuntime
from ostiary.http.messages import Request
from ostiary.options import SessionOptions
from ostiary.storage.memory import MemoryKeyValue
from tests.builders import PASSWORD, Browser, code_of
from tests.security.conftest import Place
from tests.security.exchange import Answer, cookie_header, exchange
from tests.security.surface import BODIES, everything_in, guarded_paths, surface_options

NEW_PASSWORD = "another horse battery"
CHANGE = {"currentPassword": PASSWORD, "newPassword": NEW_PASSWORD, "revokeOtherSessions": True}
WINDOW = timedelta(minutes=5)
KINDS = (None, "compact", "jwt", "jwe")


class Case:
    """A person with two browsers; the cookies of the first were copied before the event."""

    def __init__(self, auth: Auth, clock: FrozenRuntime, victim: Browser, other: Browser) -> None:
        self.auth, self.clock, self.victim, self.other = auth, clock, victim, other
        self.user_id = self.token = self.stolen = ""

    async def begin(self, email: str) -> None:
        signed_up = await self.victim.sign_up(email)
        self.user_id, self.token = signed_up["user"]["id"], signed_up["token"]
        await self.other.sign_in(email)
        self.stolen = cookie_header(self.victim)

    async def replay(self, method: str, path: str) -> Answer:
        headers = [("cookie", self.stolen), ("origin", "http://auth.test")]
        return await exchange(self.auth, method, path, headers=headers, send=BODIES.get(path))


async def _post(browser: Browser, path: str, body: object) -> None:
    answer = await browser.post(path, json=body)
    assert answer.status_code == 200, answer.text


async def sign_out(case: Case) -> None:
    await _post(case.victim, "/sign-out", {})


async def revoke_session(case: Case) -> None:
    await _post(case.other, "/revoke-session", {"token": case.token})


async def revoke_sessions(case: Case) -> None:
    await _post(case.other, "/revoke-sessions", {})


async def revoke_other_sessions(case: Case) -> None:
    await _post(case.other, "/revoke-other-sessions", {})


async def change_password(case: Case) -> None:
    await _post(case.other, "/change-password", CHANGE)


async def change_password_here(case: Case) -> None:
    await _post(case.victim, "/change-password", CHANGE)


async def delete_user(case: Case) -> None:
    await _post(case.other, "/delete-user", {"password": PASSWORD})


async def ban(case: Case) -> None:
    users = case.auth.services.store.rows(USER)
    assert await users.update({BANNED: True}, ID.equals(case.user_id)) is not None


async def ban_for_a_month(case: Case) -> None:
    changes = {BANNED: True, BAN_EXPIRES: case.clock.now() + timedelta(days=30)}
    assert await case.auth.services.store.rows(USER).update(changes, ID.equals(case.user_id)) is not None


async def delete_the_row(case: Case) -> None:
    assert await case.auth.services.store.rows(USER).delete(ID.equals(case.user_id)) == 1


async def delete_the_session_row(case: Case) -> None:
    rows = case.auth.services.store.rows(SESSION)
    assert await rows.delete(SessionFields.TOKEN.equals(case.token)) == 1


async def idle_too_long(case: Case) -> None:
    case.clock.advance(days=7, milliseconds=1)


EVENTS: tuple[Callable[[Case], Awaitable[None]], ...] = (
    *(
        sign_out,
        revoke_session,
        revoke_sessions,
        revoke_other_sessions,
        change_password,
        change_password_here,
    ),
    *(delete_user, ban, ban_for_a_month, delete_the_row, delete_the_session_row, idle_too_long),
)


def options_of(kind: str | None) -> Options:
    cache = CookieCache(enabled=kind is not None, strategy=kind or "compact", max_age=WINDOW)
    return surface_options(session=SessionOptions(cookie_cache=cache))


async def assert_nothing_can_be_done(case: Case) -> None:
    """Every route that changes something refuses, and nothing is written (rows of what is over may go)."""
    before = await everything_in(case.auth.services.store)
    for path in guarded_paths(case.auth):
        answer = await case.replay("POST", path)
        assert answer.status == 401, path
        assert answer.code == "UNAUTHORIZED" or not answer.body, path  # as the reference, some say nothing
        assert not any("session_data=" in line and "Max-Age=0" not in line for line in answer.set_cookies), (
            path
        )
    after = await everything_in(case.auth.services.store)
    sessions = before.pop("session", [])
    assert [row for row in after.pop("session", []) if row not in sessions] == []
    assert after == before


async def assert_nothing_can_be_read(case: Case) -> None:
    assert (await case.replay("GET", "/list-sessions")).status == 401
    answer = await case.replay("GET", "/get-session")
    assert answer.json() is None
    assert any("session_token=;" in line and "Max-Age=0" in line for line in answer.set_cookies)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.__name__)
async def test_a_copied_cookie_dies_with_its_session(
    place: Place, clock: FrozenRuntime, event: Callable[[Case], Awaitable[None]]
) -> None:
    """S25 S26 S27: session cookie and cached copy, at every route, after every event.

    At once for the session cookie and for whatever changes something; a cached copy can still be read, and
    only read, until its window of five minutes has passed.
    """
    for number, kind in enumerate(KINDS if place.url is None else KINDS[:2]):
        auth = await place.open(options_of(kind), clock)
        async with Browser(auth) as victim, Browser(auth) as other:
            case = Case(auth, clock, victim, other)
            await case.begin(f"ada{number}@example.com")
            assert (await case.replay("GET", "/list-sessions")).status == 200
            assert ("session_data" in case.stolen) == (kind is not None)
            await event(case)
            await assert_nothing_can_be_done(case)
            if kind is not None:
                clock.advance(WINDOW + timedelta(milliseconds=1))
            await assert_nothing_can_be_read(case)


@pytest.mark.parametrize("event", EVENTS[:-1], ids=lambda event: event.__name__)
async def test_a_copied_cache_cannot_be_renewed(
    clock: FrozenRuntime, event: Callable[[Case], Awaitable[None]]
) -> None:
    """S26 S28: no route hands out a newer copy for that of a dead session; the window closes for good."""
    auth = await Place(None).open(options_of("compact"), clock)
    async with Browser(auth) as victim, Browser(auth) as other:
        case = Case(auth, clock, victim, other)
        await case.begin("ada@example.com")
        await event(case)
        for path in ["/get-session", "/list-sessions", *guarded_paths(auth)]:
            async with Browser(auth) as thief:
                for pair in case.stolen.split("; "):
                    thief.cookies.set(*pair.split("=", 1), domain="auth.test", path="/")
                clock.advance(seconds=20)
                answer = await (thief.post(path, json=BODIES[path]) if path in BODIES else thief.get(path))
                fresh = [line for line in answer.headers.get_list("set-cookie") if "Max-Age=0" not in line]
                assert fresh == [], (path, fresh)


async def ban_by_the_server(case: Case) -> None:
    user = await case.auth.services.users.by_id(case.user_id)
    assert user is not None
    assert await case.auth.services.users.change(user, {BANNED: True}) is not None


@pytest.mark.parametrize(
    "event", [*EVENTS[:7], ban_by_the_server, idle_too_long], ids=lambda event: event.__name__
)
async def test_sessions_in_the_key_value_store_end_just_the_same(
    clock: FrozenRuntime, event: Callable[[Case], Awaitable[None]]
) -> None:
    """S25 S26: the copies of session and user that live outside the database go with them."""
    options = surface_options(session=SessionOptions(store_in_key_value=True))
    auth = await Place().open(options, clock, key_value=MemoryKeyValue(clock))
    async with Browser(auth) as victim, Browser(auth) as other:
        case = Case(auth, clock, victim, other)
        await case.begin("ada@example.com")
        assert (await case.replay("GET", "/list-sessions")).status == 200
        await event(case)
        await assert_nothing_can_be_done(case)
        await assert_nothing_can_be_read(case)


async def test_a_role_that_was_taken_away_is_gone_at_once(place: Place, clock: FrozenRuntime) -> None:
    """S26: the next reading from the database shows the new role; a cached copy no later than its window."""
    for number, kind in enumerate((None, "compact")):
        auth = await place.open(options_of(kind), clock)
        users = auth.services.store.rows(USER)
        async with Browser(auth) as browser:
            user_id = (await browser.sign_up(f"boss{number}@example.com"))["user"]["id"]
            await users.update({ROLE: "admin"}, ID.equals(user_id))
            clock.advance(WINDOW)
            assert (await browser.session(disableCookieCache="true"))["user"]["role"] == "admin"
            await users.update({ROLE: "user"}, ID.equals(user_id))
            reading = await auth.context(_request_of(browser)).read_session(from_store=True)
            assert reading.active is not None
            assert reading.active.user[ROLE] == "user"
            if kind is not None:
                clock.advance(WINDOW + timedelta(milliseconds=1))
            assert (await browser.session())["user"]["role"] == "user"


def _request_of(browser: Browser) -> Request:
    return Request("GET", "/tasks", {"cookie": cookie_header(browser), "host": "auth.test"})


@pytest.mark.parametrize("event", [ban, delete_user], ids=lambda event: event.__name__)
async def test_a_banned_or_deleted_person_does_not_come_back_by_the_password(
    place: Place, clock: FrozenRuntime, event: Callable[[Case], Awaitable[None]]
) -> None:
    """S26: events about the person bar the next sign-in, not the present sessions alone."""
    auth = await place.open(options_of(None), clock)
    async with Browser(auth) as victim, Browser(auth) as other:
        case = Case(auth, clock, victim, other)
        await case.begin("ada@example.com")
        await event(case)
        answer = await victim.sign_in()
        refused = (403, "BANNED_USER") if event is ban else (401, "INVALID_EMAIL_OR_PASSWORD")
        assert (answer.status_code, code_of(answer)) == refused
        sessions = auth.services.store.rows(SESSION)
        assert (
            await sessions.count(SessionFields.CREATED_AT.at_least(clock.now() + timedelta(seconds=1))) == 0
        )


async def test_a_new_password_leaves_other_sessions_only_where_nobody_asked_to_end_them(place: Place) -> None:
    """S27: ending the others is offered; the old password is dead in any case."""
    auth = await place.open(options_of(None))
    async with Browser(auth) as browser, Browser(auth) as elsewhere:
        await browser.sign_up()
        await elsewhere.sign_in()
        body = {name: value for name, value in CHANGE.items() if name != "revokeOtherSessions"}
        assert (await browser.post("/change-password", json=body)).json()["token"] is None
        assert await elsewhere.session() is not None
        assert (await elsewhere.sign_in()).status_code == 401
        again = {"currentPassword": NEW_PASSWORD, "newPassword": PASSWORD, "revokeOtherSessions": True}
        assert (await browser.post("/change-password", json=again)).status_code == 200
        assert await elsewhere.session() is None
        assert (await elsewhere.post("/update-user", json={"name": "Eve"})).status_code == 401
        assert await browser.session() is not None
