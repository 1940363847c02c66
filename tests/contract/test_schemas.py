"""Renamed tables and columns, added fields and models, and the three kinds of identifier."""

import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from ostiary.domain.entities import Entity
from ostiary.domain.errors import AlreadyExists, InvalidValue
from ostiary.domain.models import (
    ACCOUNT,
    ID,
    RATE_LIMIT,
    SESSION,
    USER,
    VERIFICATION,
    SessionFields,
    UserFields,
)
from ostiary.domain.schema import Field, Index, Model, Reference, Schema
from ostiary.storage.store import OrderBy, Store
from tests.contract.rows import ADDED, NICKNAME, SCORE, a_session, a_user, a_verification, an_account

StoreOf = Callable[[Schema], Awaitable[Store]]

CORE = (USER.extended(ADDED), SESSION, ACCOUNT, VERIFICATION, RATE_LIMIT)
RENAMED = Schema(
    (
        CORE[0].renamed(
            "people", {"email": "email_address", "emailVerified": "verified", "nickname": "order"}
        ),
        SESSION.renamed("login sessions", {"userId": "user_id", "token": "key"}),
        ACCOUNT.renamed(None, {"userId": "person", "accountId": "subject"}),
        VERIFICATION.renamed("one_time_values", {"identifier": "select"}),
        RATE_LIMIT.renamed("limits", {"lastRequest": "last_request", "key": "what"}),
    )
)


async def test_renamed_tables_and_columns_keep_every_promise(store_of: StoreOf) -> None:
    store = await store_of(RENAMED)
    user = await store.rows(USER).insert(a_user(nickname="x"))
    session = await store.rows(SESSION).insert(a_session(user))
    account = await store.rows(ACCOUNT).insert(an_account(user))
    found, credential = await store.session_with_user("token"), await store.credential(user.email)
    assert found is not None
    assert (found.session, found.user) == (session, user)
    assert credential is not None
    assert credential.account == account
    with pytest.raises(AlreadyExists):
        await store.rows(USER).insert(a_user())
    by_name = OrderBy(UserFields.EMAIL)
    assert await store.rows(USER).all(
        NICKNAME.contains("x"), UserFields.EMAIL.equals(user.email), order_by=by_name
    )
    changed = await store.rows(USER).update({UserFields.EMAIL_VERIFIED: True}, ID.equals(user.id))
    assert changed == replace(user, email_verified=True)
    await store.rows(USER).increment(SCORE, ID.equals(user.id))
    hits = [await store.hit("key", 1, timedelta(seconds=1), 1000) for _ in range(2)]
    assert [hit.allowed for hit in hits] == [True, False]
    await store.rows(USER).delete(ID.equals(user.id))
    assert await store.rows(SESSION).count(SessionFields.USER_ID.equals(user.id)) == 0


async def test_serial_identifiers_are_given_by_the_database_and_read_as_text(store_of: StoreOf) -> None:
    store = await store_of(Schema(CORE, id_type="serial"))
    first = await store.rows(USER).insert(a_user("a@example.com", row_id="ignored"))
    second = await store.rows(USER).insert(a_user("b@example.com", row_id=""))
    assert (first.id, second.id) == ("1", "2")
    session = await store.rows(SESSION).insert(a_session(second))
    assert session.user_id == "2"
    account = await store.rows(ACCOUNT).insert(an_account(second))
    found, credential = await store.session_with_user("token"), await store.credential("b@example.com")
    assert found is not None
    assert (found.session, found.user) == (session, second)
    assert credential is not None
    assert credential.account == account
    assert await store.rows(USER).first(ID.equals("2")) == second
    assert await store.rows(USER).first(ID.is_in(["1", "nobody", "99999999999999999999"])) == first
    for impossible in ("", "nobody", "2 OR 1=1", "-1", "1.0", "99999999999", "²"):
        assert await store.rows(USER).first(ID.equals(impossible)) is None
        assert await store.rows(SESSION).count(SessionFields.USER_ID.equals(impossible)) == 0


async def test_serial_identifiers_count_in_transactions_too(store_of: StoreOf) -> None:
    store = await store_of(Schema(CORE, id_type="serial"))
    async with store.transaction() as transaction:
        user = await transaction.rows(USER).insert(a_user())
        session = await transaction.rows(SESSION).insert(a_session(user))
    assert await store.rows(SESSION).first(ID.equals(session.id)) == session
    spent = await store.rows(VERIFICATION).insert(a_verification())
    assert await store.rows(VERIFICATION).consume(ID.equals(spent.id)) == spent
    changed = await store.rows(USER).increment(SCORE, ID.equals(user.id))
    assert changed is not None
    assert (await store.hit("key", 1, timedelta(seconds=1), 1000)).allowed


async def test_a_serial_reference_that_is_no_number_is_refused(store_of: StoreOf) -> None:
    store = await store_of(Schema(CORE, id_type="serial"))
    with pytest.raises(InvalidValue):
        await store.rows(SESSION).insert(a_session(a_user(row_id="nobody")))


async def test_uuid_identifiers_are_kept_as_they_are(store_of: StoreOf) -> None:
    store = await store_of(Schema(CORE, id_type="uuid"))
    user = await store.rows(USER).insert(a_user(row_id=str(uuid.uuid4())))
    session = await store.rows(SESSION).insert(a_session(user, id=str(uuid.uuid4())))
    account = await store.rows(ACCOUNT).insert(an_account(user, id=str(uuid.uuid4())))
    found, credential = await store.session_with_user("token"), await store.credential(user.email)
    assert found is not None
    assert (found.session, found.user) == (session, user)
    assert credential is not None
    assert credential.account == account
    assert await store.rows(USER).first(ID.equals(user.id)) == user
    for impossible in ("", "nobody", "1", "0" * 32, "' OR 1=1 --"):
        assert await store.rows(USER).first(ID.equals(impossible)) is None
        assert await store.rows(USER).count(ID.is_in([impossible, user.id])) == 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Passkey(Entity):
    """A row of a plugin's own table."""

    name: str | None
    user_id: str
    counter: int
    backed_up: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant(Entity):
    """A row that refers to another by a unique field, and outlives what it refers to."""

    user_email: str
    session_id: str | None
    role: str
    area: str


PASSKEY = Model[Passkey](
    "passkey",
    Passkey,
    (
        Field(name="name", required=False),
        Field(name="userId", references=Reference("user"), index=True),
        Field(name="counter", type="number"),
        Field(name="backedUp", type="boolean"),
    ),
)
GRANT = Model[Grant](
    "grant",
    Grant,
    (
        Field(name="userEmail", references=Reference("user", "email"), index=True),
        Field(
            name="sessionId",
            references=Reference("session", on_delete="set null"),
            required=False,
            index=True,
        ),
        Field(name="role"),
        Field(name="area"),
    ),
    indexes=(Index(fields=("role", "area"), unique=True),),
)
ROLE, AREA, SESSION_ID = GRANT.by_name["role"], GRANT.by_name["area"], GRANT.by_name["sessionId"]


def a_grant(user_email: str, session_id: str | None, role: str, area: str) -> Grant:
    return Grant(id=f"{role}-{area}", user_email=user_email, session_id=session_id, role=role, area=area)


async def test_a_plugins_table_is_a_table_like_any_other(store_of: StoreOf) -> None:
    store = await store_of(Schema((*CORE, PASSKEY)))
    user = await store.rows(USER).insert(a_user())
    passkey = Passkey(id="p", name=None, user_id=user.id, counter=3, backed_up=True)
    assert await store.rows(PASSKEY).insert(passkey) == passkey
    assert await store.rows(PASSKEY).first(PASSKEY.by_name["userId"].equals(user.id)) == passkey
    await store.rows(USER).delete(ID.equals(user.id))
    assert await store.rows(PASSKEY).count() == 0


async def test_what_refers_to_a_session_may_outlive_it(store_of: StoreOf) -> None:
    store = await store_of(Schema((*CORE, GRANT)))
    user = await store.rows(USER).insert(a_user("a@example.com"))
    session = await store.rows(SESSION).insert(a_session(user))
    await store.rows(GRANT).insert(a_grant(user.email, session.id, "admin", "here"))
    await store.rows(SESSION).delete(ID.equals(session.id))
    kept = await store.rows(GRANT).first()
    assert kept is not None
    assert kept.session_id is None


async def test_a_reference_to_a_unique_field_cascades(store_of: StoreOf) -> None:
    store = await store_of(Schema((*CORE, GRANT)))
    user = await store.rows(USER).insert(a_user("a@example.com"))
    await store.rows(GRANT).insert(a_grant(user.email, None, "admin", "here"))
    with pytest.raises(InvalidValue):
        await store.rows(GRANT).insert(a_grant("nobody@example.com", None, "admin", "there"))
    await store.rows(USER).delete(ID.equals(user.id))
    assert await store.rows(GRANT).count() == 0


async def test_an_index_over_two_columns_is_unique_in_both(store_of: StoreOf) -> None:
    store = await store_of(Schema((*CORE, GRANT)))
    user = await store.rows(USER).insert(a_user("a@example.com"))
    await store.rows(GRANT).insert(a_grant(user.email, None, "admin", "here"))
    await store.rows(GRANT).insert(a_grant(user.email, None, "admin", "there"))
    again = replace(a_grant(user.email, None, "admin", "here"), id="other")
    with pytest.raises(AlreadyExists):
        await store.rows(GRANT).insert(again)
