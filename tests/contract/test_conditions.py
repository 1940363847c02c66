"""What conditions mean, on every store alike."""

from datetime import timedelta
from typing import Any

import pytest

from ostiary.domain.models import ID, USER, UserFields
from ostiary.domain.schema import Condition
from ostiary.storage.store import Store
from tests.contract.rows import BIG, BORN_AT, NICKNAME, NOW, SCORE, VIP, a_user


async def matching(store: Store, *where: Condition) -> list[str]:
    return sorted(user.email.partition("@")[0] for user in await store.rows(USER).all(*where))


@pytest.fixture
async def people(store: Store) -> Store:
    """Return a store with three people: `a`, `b` and `c`."""
    day = timedelta(days=1)
    await store.rows(USER).insert(a_user("a@example.com", nickname="x", score=1, vip=True, bornAt=NOW))
    await store.rows(USER).insert(a_user("b@example.com", nickname="y", score=2, bornAt=NOW + day, big=2**40))
    await store.rows(USER).insert(a_user("c@example.com", score=3))
    return store


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (SCORE.equals(2), ["b"]),
        (SCORE.differs(2), ["a", "c"]),
        (SCORE.below(2), ["a"]),
        (SCORE.at_most(2), ["a", "b"]),
        (SCORE.above(2), ["c"]),
        (SCORE.at_least(2), ["b", "c"]),
        (SCORE.is_in([1, 3]), ["a", "c"]),
        (SCORE.is_in([]), []),
        (VIP.equals(True), ["a"]),
        (VIP.equals(False), ["b", "c"]),
        (BIG.equals(2**40), ["b"]),
        (BORN_AT.equals(NOW), ["a"]),
        (BORN_AT.below(NOW + timedelta(milliseconds=1)), ["a"]),
        (BORN_AT.above(NOW), ["b"]),
        (BORN_AT.at_least(NOW), ["a", "b"]),
        (NICKNAME.is_in(["x", "z"]), ["a"]),
        (NICKNAME.is_in(tuple("xy")), ["a", "b"]),
    ],
)
async def test_a_comparison_matches_what_it_says(
    people: Store, condition: Condition, expected: list[str]
) -> None:
    assert await matching(people, condition) == expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (NICKNAME.equals(None), ["c"]),
        (NICKNAME.differs(None), ["a", "b"]),
        (NICKNAME.differs("x"), ["b"]),
        (NICKNAME.is_in(["x", None]), ["a"]),
        (NICKNAME.contains(""), ["a", "b"]),
        (BORN_AT.below(NOW + timedelta(days=9)), ["a", "b"]),
        (Condition(SCORE, "<", None), []),
    ],
)
async def test_null_compares_with_nothing_but_none(
    people: Store, condition: Condition, expected: list[str]
) -> None:
    assert await matching(people, condition) == expected


async def test_conditions_are_joined_by_and(people: Store) -> None:
    assert await matching(people, SCORE.above(1), NICKNAME.differs(None)) == ["b"]


async def test_one_field_may_be_compared_twice(people: Store) -> None:
    assert await matching(people, SCORE.above(1), SCORE.below(3)) == ["b"]


async def test_a_list_of_any_length_matches_its_members(people: Store) -> None:
    for length in (1, 2, 3, 5, 8, 40):
        assert await matching(people, SCORE.is_in(list(range(2, 2 + length)))) == (
            ["b"] if length == 1 else ["b", "c"]
        )


ODD = (
    "100%",
    "100x",
    "under_score",
    "underXscore",
    "back\\slash",
    "backslash",
    "a!b",
    "a[b]",
    "quote'",
    '"double"',
)


@pytest.mark.parametrize(
    ("part", "expected"),
    [("%", ["100%"]), ("_", ["under_score"]), ("\\", ["back\\slash"]), ("!", ["a!b"]), ("[", ["a[b]"]),
     ("'", ["quote'"]), ('"', ['"double"']), ("' OR 1=1 --", []), ("100_", []), ("%%", [])],
)  # fmt: skip
async def test_a_search_takes_every_character_literally(store: Store, part: str, expected: list[str]) -> None:
    """S84"""
    for number, nickname in enumerate(ODD):
        await store.rows(USER).insert(a_user(f"{number}@example.com", nickname=nickname))
    found = await store.rows(USER).all(NICKNAME.contains(part))
    assert sorted(str(user[NICKNAME]) for user in found) == sorted(expected)


async def test_a_search_looks_at_the_beginning_or_the_end(store: Store) -> None:
    """S84"""
    for number, nickname in enumerate(("%ab", "ab%", "a%b", "ab")):
        await store.rows(USER).insert(a_user(f"{number}@example.com", nickname=nickname))
    assert await matching(store, NICKNAME.starts_with("%")) == ["0"]
    assert await matching(store, NICKNAME.starts_with("ab")) == ["1", "3"]
    assert await matching(store, NICKNAME.ends_with("%")) == ["1"]
    assert await matching(store, NICKNAME.ends_with("ab")) == ["0", "3"]


@pytest.mark.parametrize("operator", ["; DROP TABLE user", "eq", "OR", ""])
async def test_an_operator_nobody_declared_is_an_error(store: Store, operator: Any) -> None:
    """S84"""
    await store.rows(USER).insert(a_user())
    with pytest.raises((KeyError, ValueError)):
        await store.rows(USER).first(Condition(NICKNAME, operator, "x"))
    assert await store.rows(USER).count() == 1


async def test_equality_knows_case_accents_and_trailing_blanks(store: Store) -> None:
    """A provider's subject `abc` is not `ABC`, whatever a database's collation says."""
    await store.rows(USER).insert(a_user(nickname="Straße"))
    for other in ("straße", "STRASSE", "Strasse", "Straße ", "Strase"):
        assert await matching(store, NICKNAME.equals(other)) == []
        assert await matching(store, NICKNAME.is_in([other])) == []
        assert await matching(store, NICKNAME.differs(other)) == ["ada"]
    assert await matching(store, NICKNAME.equals("Straße")) == ["ada"]


@pytest.mark.parametrize("made_up", ["", "nobody", "0", "-1", "1' OR '1'='1", "x" * 500, "ÿ", "💥"])
async def test_an_identifier_that_cannot_exist_matches_nothing(store: Store, made_up: str) -> None:
    await store.rows(USER).insert(a_user())
    assert await store.rows(USER).first(ID.equals(made_up)) is None
    assert await store.rows(USER).count(ID.differs(made_up)) == 1
    assert await store.rows(USER).delete(ID.is_in([made_up])) == 0
    assert await store.rows(USER).update({UserFields.NAME: "x"}, ID.equals(made_up)) is None
