"""What comes once is forgotten; what comes again is remembered, and only so much of it."""

from ostiary.domain.recurring import Recurring


def test_a_text_is_remembered_from_its_second_coming_on() -> None:
    memory: Recurring[int] = Recurring(2)
    memory.add("a", 1)
    assert memory.get("a") is None
    memory.add("a", 2)
    assert (memory.get("a"), len(memory)) == (2, 1)


def test_the_oldest_makes_room_and_what_comes_once_pushes_nothing_out() -> None:
    memory: Recurring[int] = Recurring(2)
    for text in ("a", "a", "b", "b"):
        memory.add(text, 1)
    for number in range(1_000):
        memory.add(f"once {number}", 0)
    assert (memory.get("a"), memory.get("b"), len(memory)) == (1, 1, 2)
    for text in ("c", "c"):
        memory.add(text, 1)
    assert (memory.get("a"), memory.get("b"), memory.get("c"), len(memory)) == (None, 1, 1, 2)


def test_what_is_found_out_anew_replaces_what_was_known() -> None:
    memory: Recurring[int] = Recurring(1)
    for value in (1, 2, 3):
        memory.add("a", value)
    assert (memory.get("a"), len(memory)) == (3, 1)
