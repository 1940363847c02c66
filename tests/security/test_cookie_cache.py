"""The cached copy of a session: bound to token, user, version and time, and never more than a copy."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import unquote

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ostiary import Auth, CookieCache, EmailAndPassword
from ostiary.crypto.session_cache import decode, encode
from ostiary.domain.entities import Session, User
from ostiary.domain.runtime import FrozenRuntime
from ostiary.options import SessionOptions
from ostiary.storage.store import Store
from tests.builders import ORIGIN, SESSION_COOKIE, Browser, cookie_names, some_auth, some_options
from tests.integration.application import application
from tests.integration.sockets import open_socket
from tests.security.exchange import exchange

DATA = "better-auth.session_data"
STRATEGIES = ("compact", "jwt", "jwe")


def cached_auth(
    clock: FrozenRuntime, strategy: str = "compact", database: Store | None = None, **cache: object
) -> Auth:
    session = SessionOptions(cookie_cache=CookieCache(enabled=True, strategy=strategy, **cache))
    return some_auth(some_options(session=session), clock, database)


async def user_of(auth: Auth, token: str | None, data: str | None) -> str | None:
    """Return whose session these two cookies are taken for."""
    pairs = [
        f"{name}={value}" for name, value in ((SESSION_COOKIE, token), (DATA, data)) if value is not None
    ]
    answer = await exchange(auth, "GET", "/get-session", headers=[("cookie", "; ".join(pairs))])
    assert answer.status == 200
    return answer.json() and answer.json()["user"]["email"]


@pytest.mark.parametrize("strategy", STRATEGIES)
async def test_a_copy_is_worth_nothing_beside_another_session(clock: FrozenRuntime, strategy: str) -> None:
    """S28: copies swapped between users, between sessions of one user, and copies alone."""
    auth = cached_auth(clock, strategy)
    async with Browser(auth) as ada, Browser(auth) as eve, Browser(auth) as ada_elsewhere:
        await ada.sign_up()
        await eve.sign_up("eve@example.com")
        revoked = (await ada_elsewhere.sign_in()).json()["token"]
        await auth.services.sessions.revoke(revoked)
        assert await user_of(auth, eve.cookie(), ada.cookie(DATA)) == "eve@example.com"
        assert await user_of(auth, ada.cookie(), eve.cookie(DATA)) == "ada@example.com"
        assert await user_of(auth, ada_elsewhere.cookie(), ada.cookie(DATA)) is None, "another session's copy"
        assert await user_of(auth, ada_elsewhere.cookie(), ada_elsewhere.cookie(DATA)) == "ada@example.com"
        assert await user_of(auth, None, ada.cookie(DATA)) is None
        unsigned = (ada.cookie() or "").partition(".")[0]
        assert await user_of(auth, unsigned, ada.cookie(DATA)) is None
        assert await user_of(auth, f"{unsigned}.{'A' * 43}%3D", ada.cookie(DATA)) is None


@pytest.mark.parametrize("strategy", STRATEGIES)
async def test_a_revoked_session_stays_readable_for_the_stated_window_and_no_longer(
    clock: FrozenRuntime, strategy: str
) -> None:
    """S28: five minutes from the last reading of the database, by every strategy."""
    auth = cached_auth(clock, strategy)
    async with Browser(auth) as browser:
        token = (await browser.sign_up())["token"]
        cookie, data = browser.cookie(), browser.cookie(DATA)
        await auth.services.sessions.revoke(token)
        clock.advance(minutes=4, seconds=59)
        assert await user_of(auth, cookie, data) == "ada@example.com"
        clock.advance(seconds=1, milliseconds=1)
        assert await user_of(auth, cookie, data) is None


@pytest.mark.parametrize("strategy", STRATEGIES)
async def test_another_version_ends_every_copy_at_once(clock: FrozenRuntime, strategy: str) -> None:
    """S28: raising the version is the operator's switch; a version made of the user follows the user."""
    auth = cached_auth(clock, strategy)
    async with Browser(auth) as browser:
        token = (await browser.sign_up())["token"]
        cookie, data = browser.cookie(), browser.cookie(DATA)
        await auth.services.sessions.revoke(token)
    store = auth.services.store
    by_name: Callable[[Session, User], str] = lambda session, user: f"{user.name}-2"  # noqa: E731
    assert await user_of(cached_auth(clock, strategy, store), cookie, data) == "ada@example.com"
    assert await user_of(cached_auth(clock, strategy, store, version="2"), cookie, data) is None
    assert await user_of(cached_auth(clock, strategy, store, version=by_name), cookie, data) is None


@pytest.mark.parametrize("strategy", STRATEGIES)
async def test_a_copy_is_only_read_where_caching_is_on_and_in_its_own_form(
    clock: FrozenRuntime, strategy: str
) -> None:
    """S28: turning the cache off ends all copies; one strategy's copy is nothing to another."""
    auth = cached_auth(clock, strategy)
    async with Browser(auth) as browser:
        token = (await browser.sign_up())["token"]
        cookie, data = browser.cookie(), browser.cookie(DATA)
        await auth.services.sessions.revoke(token)
    store = auth.services.store
    assert await user_of(some_auth(some_options(), clock, store), cookie, data) is None
    for other in STRATEGIES:
        expected = "ada@example.com" if other == strategy else None
        assert await user_of(cached_auth(clock, other, store), cookie, data) == expected


@pytest.mark.parametrize("strategy", STRATEGIES)
async def test_a_copy_whose_contents_disagree_with_themselves_is_refused(
    clock: FrozenRuntime, strategy: str
) -> None:
    """S28: even under our own signature the embedded session must be this token's and this user's."""
    auth = cached_auth(clock, strategy)
    cookies, runtime = auth.services.session_cookies, auth.services.runtime
    async with Browser(auth) as browser:
        token = (await browser.sign_up())["token"]
        cookie, data = browser.cookie(), browser.cookie(DATA)
        await auth.services.sessions.revoke(token)
        payload = decode(unquote(data or ""), strategy, cookies.keyring, runtime.now())
        assert payload is not None
        session, user = dict(payload.session), dict(payload.user)
        tampered = [
            ({**session, "token": "another"}, user),
            ({**session, "userId": "another"}, user),
            (session, {**user, "id": "another"}),
            ({**session, "expiresAt": "2029-12-31T23:59:59.999Z"}, user),
            ({**session, "expiresAt": None}, user),
            ({name: value for name, value in session.items() if name != "token"}, user),
            (session, {"id": user["id"]}),
            ({}, {}),
        ]
        forged = []
        for changed_session, changed_user in [(session, user), *tampered]:
            copy = payload.__class__(
                session=changed_session,
                user=changed_user,
                updated_at=payload.updated_at,
                version=payload.version,
            )
            forged.append(encode(copy, strategy, timedelta(minutes=5), cookies.keyring, runtime))
        genuine, *wrong = forged
        assert await user_of(auth, cookie, genuine) == "ada@example.com"
        for value in wrong:
            assert await user_of(auth, cookie, value) is None


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_no_changed_character_of_a_copy_is_believed(data: st.DataObject) -> None:
    """S28: integrity of every byte, over HTTP."""

    async def alter() -> None:
        clock = FrozenRuntime()
        auth = cached_auth(clock, data.draw(st.sampled_from(STRATEGIES)))
        async with Browser(auth) as browser:
            token = (await browser.sign_up())["token"]
            cookie, copy = browser.cookie(), browser.cookie(DATA) or ""
        await auth.services.sessions.revoke(token)
        position = data.draw(st.integers(0, len(copy) - 1))
        letter = data.draw(st.sampled_from("ABCabc019-_."))
        altered = copy[:position] + letter + copy[position + 1 :]
        if altered != copy:
            assert await user_of(auth, cookie, altered) is None

    asyncio.run(alter())


async def test_nothing_is_cached_before_a_session_exists(clock: FrozenRuntime) -> None:
    """S28: a sign-up or sign-in that waits for proof of the address writes neither token nor copy."""
    cache = SessionOptions(cookie_cache=CookieCache(enabled=True))
    waits = EmailAndPassword(enabled=True, require_email_verification=True)
    auth = some_auth(some_options(session=cache, email_and_password=waits), clock)
    async with Browser(auth) as browser:
        body = {"name": "Ada", "email": "ada@example.com", "password": "Correct horse battery 7"}
        answer = await browser.post("/sign-up/email", json=body)
        assert (answer.status_code, answer.json()["token"], cookie_names(answer)) == (200, None, [])
        answer = await browser.sign_in()
        assert (answer.status_code, cookie_names(answer)) == (403, [])


@pytest.mark.parametrize("strategy", STRATEGIES)
async def test_a_copy_of_an_ended_session_changes_nothing_in_the_application_either(
    clock: FrozenRuntime, strategy: str
) -> None:
    """S26 S28: no writing, no socket, nothing that asks for a recent sign-in; reading, as stated."""
    auth = cached_auth(clock, strategy)
    app = application(auth)
    async with Browser(auth) as browser:
        token = (await browser.sign_up())["token"]
        cookies = f"{SESSION_COOKIE}={browser.cookie()}; {DATA}={browser.cookie(DATA)}"
    headers = {"cookie": cookies, "origin": ORIGIN}

    async def reached() -> tuple[int, int, int, bool]:
        """Return how a reading, a writing and a sensitive route answer, and whether a socket opens."""
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=ORIGIN) as tab:
            read = await tab.get("/me", headers=headers)
            written = await tab.post("/notes", headers=headers, json={"text": "mine"})
            fresh = await tab.get("/fresh", headers=headers)
        async with open_socket(app, "/socket", cookies) as socket:
            return read.status_code, written.status_code, fresh.status_code, socket.accepted

    assert await reached() == (200, 200, 200, True)
    await auth.services.sessions.revoke(token)
    assert await reached() == (200, 401, 401, False)
