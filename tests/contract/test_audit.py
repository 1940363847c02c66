"""The audit log on every store: written with the act, linked into a chain, never in anybody's way."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ostiary import Auth
from ostiary.composition import Parts, schema_of
from ostiary.domain.audit import AUDIT_EVENT, AuditEvent, AuditFields
from ostiary.domain.entities import Session
from ostiary.domain.errors import Errors, StorageUnavailable
from ostiary.domain.models import ID, SESSION, USER
from ostiary.domain.runtime import FrozenRuntime
from ostiary.domain.schema import Condition
from ostiary.plugins import Admin
from ostiary.services.audit_chain import BATCH, AuditChain
from ostiary.services.write_hooks import DatabaseHooks, ModelHooks
from ostiary.storage.store import OrderBy, Store
from tests.builders import Browser, code_of, some_auth, some_options
from tests.contract.audit_logs import OPTIONS, chained

OLDEST_FIRST = OrderBy(AuditFields.CREATED_AT)


@pytest.fixture
async def store(store_of: Callable[[Any], Awaitable[Store]]) -> Store:
    return await store_of(schema_of(OPTIONS, Parts(plugins=[Admin()])))


@pytest.fixture
async def open_auth(store: Store, clock: FrozenRuntime) -> AsyncIterator[Callable[..., Auth]]:
    opened: list[Auth] = []

    def make(**parts: Any) -> Auth:
        opened.append(some_auth(OPTIONS, clock, store, plugins=[Admin()], **parts))
        return opened[-1]

    yield make
    for auth in opened:
        auth.services.audit.linker.hurry()
        await auth.services.background.drain()


async def events(store: Store, *where: Condition) -> list[AuditEvent]:
    return list(await store.rows(AUDIT_EVENT).all(*where, order_by=OLDEST_FIRST, limit=1000))


async def kinds(store: Store) -> list[str]:
    return sorted(event.kind for event in await events(store))


async def test_a_life_leaves_one_record_for_each_act(
    open_auth: Callable[..., Auth], store: Store, clock: FrozenRuntime
) -> None:
    """S88: what a person does, in order, with who, from where and through which door."""
    auth = open_auth()
    async with Browser(auth, headers={"user-agent": "Lynx"}) as browser:
        user_id = (await browser.sign_up())["user"]["id"]
        for act, body in (
            ("change-email", {"newEmail": "lovelace@example.com"}),
            (
                "change-password",
                {"currentPassword": "Correct horse battery 7", "newPassword": "Another 1 here"},
            ),
            ("change-password", {"currentPassword": "wrong", "newPassword": "Yet another 1"}),
            ("sign-out", {}),
        ):
            clock.advance(minutes=1)
            await browser.post(f"/{act}", json=body)
        clock.advance(minutes=1)
        assert (await browser.sign_in("lovelace@example.com", "not it")).status_code == 401
        clock.advance(minutes=1)
        assert (await browser.sign_in("lovelace@example.com", "Another 1 here")).status_code == 200
        clock.advance(minutes=1)
        assert (await browser.post("/delete-user", json={"password": "Another 1 here"})).status_code == 200
    found = await events(store)
    assert sorted(event.kind for event in found[:2]) == ["signed_in", "signed_up"]
    assert [event.kind for event in found[2:7]] == [
        "email_changed",
        "password_changed",
        "password_refused",
        "signed_out",
        "sign_in_refused",
    ]
    assert sorted(event.kind for event in found[8:]) == ["session_revoked", "user_deleted"]
    assert {event.user_id for event in found} == {user_id}
    assert {event.ip_address for event in found} == {"198.51.100.7"}
    assert {event.user_agent for event in found} == {"Lynx"}
    assert [event.endpoint for event in found[2:7]] == [
        "change_email",
        "change_password",
        "change_password",
        "sign_out",
        "sign_in_email",
    ]
    assert (found[2].detail, found[2].actor_id) == ("lovelace@example.com", user_id)
    assert (found[6].reason, found[6].detail) == ("wrong password", "lovelace@example.com")


async def refuse(row: Any) -> Any:
    raise Errors.FORBIDDEN(reason="not you")


async def test_an_act_that_is_rolled_back_leaves_no_record(
    open_auth: Callable[..., Auth], store: Store
) -> None:
    """S88: the user was written and remarked when the session was refused; neither remains."""
    auth = open_auth(database_hooks=DatabaseHooks(session=ModelHooks[Session](before_create=refuse)))
    async with Browser(auth) as browser:
        body = {"name": "Ada", "email": "ada@example.com", "password": "Correct horse battery 7"}
        assert (await browser.post("/sign-up/email", json=body)).status_code == 403
    assert await store.rows(USER).count() == 0
    assert await events(store) == []


async def test_an_act_that_cannot_be_recorded_does_not_happen(
    open_auth: Callable[..., Auth], store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S88: the other way round: no session begins and none ends where the record fails."""
    auth = open_auth()
    async with Browser(auth) as browser:
        await browser.sign_up()
        recorded = await kinds(store)
        event = auth.services.audit.event
        # a value that no table keeps: the insert itself fails
        monkeypatch.setattr(
            auth.services.audit, "event", lambda *a, **k: replace(event(*a, **k), reason="\0")
        )
        assert (await browser.sign_in()).status_code >= 400
        assert (await browser.post("/sign-out", json={})).status_code >= 400
        monkeypatch.undo()
        assert await store.rows(SESSION).count() == 1
        assert await kinds(store) == recorded
        assert await browser.session() is not None


async def test_reading_a_session_writes_nothing(open_auth: Callable[..., Auth], store: Store) -> None:
    auth = open_auth()
    async with Browser(auth) as browser:
        await browser.sign_up()
        before = await events(store)
        for _ in range(3):
            assert await browser.session() is not None
        assert await events(store) == before


async def test_no_token_password_or_hash_is_in_a_record(open_auth: Callable[..., Auth], store: Store) -> None:
    """S85: a session is named by a hash that opens nothing."""
    auth = open_auth()
    async with Browser(auth) as browser:
        token = (await browser.sign_up())["token"]
        await browser.sign_in(password="Wrong password 9")
        await browser.post("/sign-out", json={})
    text = repr(await events(store))
    for secret in (token, "Correct horse battery 7", "Wrong password 9"):
        assert secret not in text


async def test_the_end_of_a_session_tells_why(
    open_auth: Callable[..., Auth], store: Store, clock: FrozenRuntime
) -> None:
    """The reason is kept with the dead session: for whoever carries its signed cookie, and nobody else."""
    auth = open_auth()
    async with Browser(auth) as here, Browser(auth) as there, Browser(auth) as forger:
        await here.sign_up()
        await there.sign_in()
        cookie = str(there.cookie())
        await here.post("/revoke-other-sessions", json={})
        forger.cookies.set("better-auth.session_token", cookie.replace(".", "x."), domain="auth.test")
        assert "x-session-ended" not in (await forger.get("/get-session")).headers
        answer = await there.get("/get-session")
        assert (answer.json(), answer.headers["x-session-ended"]) == (None, "revoked")
        clock.advance(timedelta(days=8))
        assert (await here.get("/get-session")).headers["x-session-ended"] == "expired"
        assert "x-session-ended" not in (await forger.get("/get-session")).headers


@pytest.mark.parametrize(
    ("act", "why"),
    [
        ("/sign-out", "signed_out"),
        ("/revoke-sessions", "revoked"),
        ("/change-password", "password_changed"),
        ("/delete-user", "user_deleted"),
        ("/sign-in/email", "replaced"),
    ],
)
async def test_every_way_to_end_a_session_has_its_reason(
    open_auth: Callable[..., Auth], act: str, why: str
) -> None:
    auth = open_auth()
    password = "Correct horse battery 7"
    bodies = {
        "/change-password": {
            "currentPassword": password,
            "newPassword": "Another 1 here",
            "revokeOtherSessions": True,
        },
        "/delete-user": {"password": password},
        "/sign-in/email": {"email": "ada@example.com", "password": password},
    }
    async with Browser(auth) as browser, Browser(auth) as holder:
        await browser.sign_up()
        holder.cookies.set("better-auth.session_token", str(browser.cookie()), domain="auth.test")
        answer = await browser.post(act, json=bodies.get(act, {}))
        assert answer.status_code == 200, code_of(answer)
        assert (await holder.get("/get-session")).headers["x-session-ended"] == why


async def test_a_ban_by_an_operator_is_recorded_as_such(open_auth: Callable[..., Auth], store: Store) -> None:
    from ostiary.cli.people import People

    auth = open_auth()
    async with Browser(auth) as browser:
        await browser.sign_up()
        await People(auth).set_roles("ada@example.com", ["admin", "editor"])
        await People(auth).ban("ada@example.com", "spam", None)
        assert (await browser.get("/get-session")).headers["x-session-ended"] == "banned"
        assert (await browser.sign_in()).status_code == 403
    by_kind = {event.kind: event for event in await events(store)}
    assert by_kind["role_changed"].detail == "admin,editor"
    assert by_kind["banned"].reason == "spam"
    assert by_kind["session_revoked"].reason == "banned"
    assert by_kind["sign_in_refused"].reason == "spam"


async def test_events_of_many_at_once_are_linked_without_a_gap(
    open_auth: Callable[..., Auth], store: Store
) -> None:
    """Sign-ins of two servers in parallel, linkers in parallel: every event has one place."""
    auths = [open_auth(), open_auth()]
    async with Browser(auths[0]) as browser:
        await browser.sign_up()

    async def sign_in(number: int) -> None:
        async with Browser(auths[number % 2]) as browser:
            assert (await browser.sign_in()).status_code == 200

    await asyncio.gather(*(sign_in(number) for number in range(12)))
    chain = AuditChain(store)
    await asyncio.gather(*(chain.link() for _ in range(3)))
    found = await events(store)
    assert sorted(event.position or 0 for event in found) == list(range(1, 15))
    verdict = await chain.verify()
    assert (verdict.faults, verdict.waiting, verdict.head.position) == ([], 0, 14)


async def test_a_chain_longer_than_a_batch_holds(store: Store, clock: FrozenRuntime) -> None:
    chain, head = await chained(store, clock, BATCH + 5)
    assert head.position == BATCH + 5
    assert (await chain.verify([head])).faults == []


@pytest.mark.parametrize("field", [f for f in AUDIT_EVENT.fields if f.type == "string"], ids=lambda f: f.name)
async def test_a_changed_event_is_named(store: Store, clock: FrozenRuntime, field: Any) -> None:
    chain, _ = await chained(store, clock, 5)
    await store.rows(AUDIT_EVENT).update({field: "f" * 64}, AuditFields.POSITION.equals(3))
    assert [fault.position for fault in (await chain.verify()).faults] == (
        [3, 4] if field is AuditFields.HASH else [3]
    )


async def test_a_removed_event_is_missed(store: Store, clock: FrozenRuntime) -> None:
    chain, _ = await chained(store, clock, 5)
    await store.rows(AUDIT_EVENT).delete(AuditFields.POSITION.equals(2))
    [fault] = (await chain.verify()).faults
    assert (fault.position, fault.what) == (2, "missing, up to 2")


async def test_a_removed_end_shows_against_a_head_that_was_noted(store: Store, clock: FrozenRuntime) -> None:
    chain, head = await chained(store, clock, 5)
    await store.rows(AUDIT_EVENT).delete(AuditFields.POSITION.at_least(4))
    assert (await chain.verify()).faults == []
    assert [fault.position for fault in (await chain.verify([head])).faults] == [5]


async def test_a_chain_that_was_computed_anew_shows_against_a_head_that_was_noted(
    store: Store, clock: FrozenRuntime
) -> None:
    chain, head = await chained(store, clock, 5)
    rows = store.rows(AUDIT_EVENT)
    await rows.update({AuditFields.REASON: "nothing happened"}, AuditFields.POSITION.equals(2))
    await rows.update_all({AuditFields.POSITION: None, AuditFields.HASH: None}, ID.differs("nobody"))
    await chain.link()
    assert (await chain.verify()).faults == []
    assert (await chain.verify([head])).faults != []


async def test_a_backdated_event_is_counted(store: Store, clock: FrozenRuntime) -> None:
    chain, _ = await chained(store, clock, 2)
    clock.advance(hours=-1)
    await chained(store, clock, 1)
    assert (await chain.verify()).late == 1


async def test_a_database_that_is_gone_refuses_rather_than_acting_in_secret(
    open_auth: Callable[..., Auth], store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S86, S88: a refused sign-in that cannot be recorded is a 503 like any other failure of the store."""
    auth = open_auth()

    def gone(*args: Any, **kwargs: Any) -> AuditEvent:
        raise StorageUnavailable("gone")

    async with Browser(auth) as browser:
        await browser.sign_up()
        monkeypatch.setattr(auth.services.audit, "event", gone)
        assert (await browser.sign_in(password="not it")).status_code == 503
        monkeypatch.undo()


def test_users_of_the_library_pay_nothing_until_they_ask_for_it() -> None:
    assert "auditEvent" not in schema_of(some_options(), Parts()).by_name
