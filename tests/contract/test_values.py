"""Every kind of value comes back as it was written, or is refused before anything is."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from ostiary.domain.errors import InvalidValue
from ostiary.domain.models import ID, USER, UserFields
from ostiary.storage.store import Store
from tests.contract.places import MARIA, SQL_PLACES, Place, fetch, param
from tests.contract.rows import BORN_AT, LUCKY, NICKNAME, NOW, PREFERENCES, TAGS, a_user

TEXTS = (
    "",
    " leading and trailing ",
    "Zoë",
    "e\u0301 is not \u00e9",
    "日本語",
    "👩‍👩‍👧‍👦 and 𝒜",
    "\u202eright to left",
    "line\nbreak\r\n\ttab",
    '\'; DROP TABLE "user"; --',
    "%s $1 ? :name {0}",
    "\\x00 \\u0000 \\",
    "x" * 20_000,
    "\u007f\u0080\uffff",
)
DOCUMENTS: tuple[Any, ...] = (
    {"theme": "dark", "nested": {"list": [1, 2.5, True, None, "ü"]}},
    {},
    [],
    [1, "two", None],
    "a text",
    "",
    0,
    False,
    12345678901234,
    {"quote": "'\"\\", "escaped": "\\u0000"},
    {"key with 👋": "💥"},
)


async def stored(store: Store, **extra: Any) -> Any:
    """Write a user and read it again."""
    user = await store.rows(USER).insert(a_user(**extra))
    read = await store.rows(USER).first(ID.equals(user.id))
    assert read == user
    return read


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
async def test_text_comes_back_as_it_was(store: Store, text: str) -> None:
    assert (await stored(store, nickname=text))[NICKNAME] == text
    assert await store.rows(USER).count(NICKNAME.equals(text)) == 1


@pytest.mark.parametrize("document", DOCUMENTS, ids=range(len(DOCUMENTS)))
async def test_a_document_comes_back_as_it_was(store: Store, document: Any) -> None:
    assert (await stored(store, preferences=document))[PREFERENCES] == document


async def test_lists_come_back_in_order(store: Store) -> None:
    read = await stored(store, tags=["b", "a", "ü,", '"'], lucky=[3, 1, 2])
    assert (read[TAGS], read[LUCKY]) == (["b", "a", "ü,", '"'], [3, 1, 2])


async def test_an_empty_list_is_not_the_absence_of_one(store: Store) -> None:
    read = await stored(store, tags=[], lucky=None)
    assert (read[TAGS], read[LUCKY]) == ([], None)


async def test_a_stored_document_is_the_stores_own(store: Store) -> None:
    document = {"list": [1]}
    user = await store.rows(USER).insert(a_user(preferences=document))
    document["list"].append(2)
    read = await store.rows(USER).first(ID.equals(user.id))
    assert read is not None
    assert read[PREFERENCES] == {"list": [1]}


@pytest.mark.parametrize("number", [0, 1, -1, 2**31 - 1, -(2**31)])
async def test_numbers_come_back_exactly(store: Store, number: int) -> None:
    assert (await stored(store, score=number)).extra["score"] == number


@pytest.mark.parametrize("number", [0, 2**31, 2**53, 2**63 - 1, -(2**63)])
async def test_big_numbers_come_back_exactly(store: Store, number: int) -> None:
    assert (await stored(store, big=number)).extra["big"] == number


@pytest.mark.parametrize("flag", [True, False])
async def test_booleans_come_back_as_booleans(store: Store, flag: bool) -> None:
    assert (await stored(store, vip=flag)).extra["vip"] is flag


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2030, 1, 1, tzinfo=UTC),
        datetime(2029, 12, 31, 23, 59, 59, 999000, tzinfo=UTC),
        datetime(2024, 2, 29, 12, 0, 0, 1000, tzinfo=UTC),
        datetime(2001, 9, 9, 1, 46, 40, 100000, tzinfo=UTC),
    ],
)
async def test_moments_come_back_to_the_millisecond_and_in_utc(store: Store, moment: datetime) -> None:
    read = (await stored(store, bornAt=moment))[BORN_AT]
    assert read == moment
    assert read.utcoffset() == timedelta(0)


async def test_a_moment_of_another_time_zone_is_the_same_moment(store: Store) -> None:
    there = NOW.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert (await stored(store, bornAt=there))[BORN_AT] == NOW
    assert await store.rows(USER).count(BORN_AT.equals(there)) == 1


async def test_what_is_finer_than_a_millisecond_is_dropped(store: Store) -> None:
    finer = NOW + timedelta(microseconds=999)
    user = await store.rows(USER).insert(a_user(bornAt=finer))
    assert user[BORN_AT] == NOW
    assert await store.rows(USER).count(BORN_AT.equals(NOW)) == 1
    changed = await store.rows(USER).update(
        {BORN_AT: finer, UserFields.UPDATED_AT: finer}, ID.equals(user.id)
    )
    assert changed is not None
    assert (changed[BORN_AT], changed.updated_at) == (NOW, NOW)


@pytest.mark.parametrize("text", ["\0", "a\0b", "\ud800", "ok\udfff"])
@pytest.mark.parametrize("field", ["nickname", "email", "preferences", "tags"])
async def test_text_no_database_can_hold_is_refused_everywhere(store: Store, field: str, text: str) -> None:
    """S57"""
    value: Any = {"preferences": {"deep": [text]}, "tags": [text]}.get(field, text)
    row = a_user(text) if field == "email" else a_user(**{field: value})
    with pytest.raises(InvalidValue):
        await store.rows(USER).insert(row)
    assert await store.rows(USER).count() == 0
    user = await store.rows(USER).insert(a_user())
    changed = (
        UserFields.EMAIL
        if field == "email"
        else next(f for f in store.schema[USER].fields if f.name == field)
    )
    with pytest.raises(InvalidValue):
        await store.rows(USER).update({changed: value}, ID.equals(user.id))
    assert await store.rows(USER).first(ID.equals(user.id)) == user


@pytest.mark.parametrize("text", ["\0", "a\0b", "\ud800"])
async def test_a_question_about_text_no_database_can_hold_is_refused(store: Store, text: str) -> None:
    """S57"""
    for condition in (
        NICKNAME.equals(text),
        NICKNAME.contains(text),
        NICKNAME.is_in([text]),
        ID.equals(text),
    ):
        with pytest.raises(InvalidValue):
            await store.rows(USER).first(condition)
    with pytest.raises(InvalidValue):
        await store.session_with_user(text)
    with pytest.raises(InvalidValue):
        await store.credential(text)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("score", "7"),
        ("score", 1.5),
        ("score", True),
        ("score", 2**70),
        ("vip", 1),
        ("vip", "true"),
        ("bornAt", "2030-01-01T00:00:00.000Z"),
        ("bornAt", NOW.replace(tzinfo=None)),
        ("nickname", 7),
        ("nickname", ["x"]),
        ("preferences", float("nan")),
        ("preferences", {1, 2}),
    ],
)
async def test_a_value_of_the_wrong_kind_is_refused_everywhere(store: Store, field: str, value: Any) -> None:
    """S58"""
    with pytest.raises(InvalidValue):
        await store.rows(USER).insert(a_user(**{field: value}))
    assert await store.rows(USER).count() == 0


async def test_a_whole_number_with_a_decimal_point_is_a_whole_number(store: Store) -> None:
    assert (await stored(store, score=7.0)).extra["score"] == 7


@pytest.mark.parametrize("place", [param(MARIA)], indirect=True)
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "x" * 256),
        ("email", "x" * 256),
        ("code", "x" * 256),
        ("nickname", "x" * 65_536),
        ("score", 2**31),
    ],
)
async def test_what_does_not_fit_a_column_is_refused_not_cut(store: Store, field: str, value: Any) -> None:
    row = replace(a_user(), **{field: value}) if field in {"name", "email"} else a_user(**{field: value})
    with pytest.raises(InvalidValue):
        await store.rows(USER).insert(row)
    assert await store.rows(USER).count() == 0


RAW = {
    "sqlite": ("2030-01-01T12:30:15.123Z", 1, '{"a":[1,"ü"]}', '["x"]', "text", "text"),
    "postgresql": ("2030-01-01 12:30:15.123", "true", '{"a": [1, "ü"]}', '["x"]', "object", "array"),
    "mysql": ("2030-01-01 12:30:15.123", "1", '{"a":[1,"ü"]}', '["x"]', "OBJECT", "ARRAY"),
}
QUESTIONS = {
    "sqlite": 'SELECT "bornAt", vip, preferences, tags, typeof(preferences), typeof(tags) FROM "user"',
    "postgresql": (
        """SELECT ("bornAt" AT TIME ZONE 'UTC')::text, vip::text, preferences::text, tags::text, """
        """jsonb_typeof(preferences), jsonb_typeof(tags) FROM "user\""""
    ),
    "mysql": (
        "SELECT CAST(bornAt AS CHAR), CAST(vip AS CHAR), preferences, tags, JSON_TYPE(preferences), "
        "JSON_TYPE(tags) FROM user"
    ),
}


@pytest.mark.parametrize("place", SQL_PLACES, indirect=True)
async def test_values_are_written_in_the_form_a_node_server_reads(
    store: Any, place: Place, databases: Any
) -> None:
    await store.rows(USER).insert(a_user(bornAt=NOW, vip=True, preferences={"a": [1, "ü"]}, tags=["x"]))
    dialect = store._driver.dialect
    assert await fetch(databases(place), QUESTIONS[dialect]) == [RAW[dialect]]
