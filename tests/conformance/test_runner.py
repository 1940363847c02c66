"""The comparison notices what it must notice, and forgives only what it should."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.conformance.cookie_values import CookieValues, forged
from tests.conformance.differences import Judge, Listed, listed
from tests.conformance.normalise import Placeholders, parsed, pretty, waiting
from tests.conformance.transcript import Difference, Exchange, Transcript

SECRET = "a-secret-of-the-runner-0123456789"
NOW = datetime(2030, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)
ONE, TWO = "a" * 32, "b" * 32


def shown(text: str) -> str:
    return pretty(Placeholders().value(parsed(text), NOW.timestamp()))


def iso(**distance: float) -> str:
    return (NOW + timedelta(**distance)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def test_random_values_are_forgiven_but_not_their_sameness() -> None:
    assert shown(f'{{"a":"{ONE}","b":"{ONE}"}}') == shown(f'{{"a":"{TWO}","b":"{TWO}"}}')
    assert shown(f'{{"a":"{ONE}","b":"{ONE}"}}') != shown(f'{{"a":"{ONE}","b":"{TWO}"}}')


def test_the_order_of_keys_is_not_forgiven() -> None:
    assert shown('{"a":1,"b":2}') != shown('{"b":2,"a":1}')


def test_a_repeated_key_shows() -> None:
    assert "repeated" in shown('{"a":1,"a":1}')


@pytest.mark.parametrize("value", [ONE[:31], ONE + "a", "-" + ONE[1:], ONE[:16] + "_" + ONE[17:]])
def test_an_identifier_of_another_form_is_not_forgiven(value: str) -> None:
    assert shown(f'"{value}"') != shown(f'"{ONE}"')


@pytest.mark.parametrize("ending", [".678000Z", "Z", ".678+00:00", ".6Z"])
def test_a_time_of_another_form_is_not_forgiven(ending: str) -> None:
    assert shown(f'"2030-01-02T03:04:05{ending}"') != shown(f'"{iso()}"')


def test_times_are_told_by_their_distance_from_now() -> None:
    assert shown(f'"{iso(seconds=-3)}"') == '"<time now>"'
    assert shown(f'"{iso(days=7, seconds=-3)}"') == '"<time +7d>"'
    assert shown(f'"{iso(minutes=-90)}"') == '"<time -90m>"'
    assert shown(str(int(NOW.timestamp() * 1000) + 300_000)) == '"<ms +5m>"'


@pytest.mark.parametrize("day", ["1990-12-10", "2001-01-01", "2029-12-31", "2030-01-03", "2099-01-01"])
def test_a_date_that_was_written_down_is_shown_as_it_is(day: str) -> None:
    moment = datetime.fromisoformat(f"{day}T00:00:00.000Z")
    assert shown(f'"{day}T00:00:00.000Z"') == f'"{day}T00:00:00.000Z"'
    assert shown(str(int(moment.timestamp() * 1000))) == str(int(moment.timestamp() * 1000))


def test_a_signature_is_checked() -> None:
    values = CookieValues(SECRET, Placeholders())
    assert values.summary(forged(SECRET, ONE), 0) == "<signed <random 1.1>>"
    assert values.summary(forged("another secret", ONE), 0) == "<badly signed <random 1.1>>"
    unescaped = forged(SECRET, ONE).replace("%3D", "=")
    assert values.summary(unescaped, 0) == "<signed and oddly escaped <random 1.1>>"


def test_a_wait_without_sense_shows() -> None:
    assert waiting("9") == waiting("10")
    assert waiting("599") == waiting("600") != waiting("60")
    assert waiting("1795226015992789") == "<no sensible number of seconds>"


def transcript(server: str, *bodies: str) -> Transcript:
    steps = [Exchange(f"{number:02d}", "", {"body": body}) for number, body in enumerate(bodies, 1)]
    return Transcript("default/story", server, steps)


def test_every_differing_part_and_every_missing_step_is_reported() -> None:
    found = list(transcript("left", "same", "one", "last").differences(transcript("right", "same", "two")))
    assert found == [
        Difference("default/story", "02", "body", "one", "two"),
        Difference("default/story", "03", "body", "last", None),
    ]


def entry(**changes: str | None) -> Listed:
    plain = {"left": "left", "right": "right", "scenario": "default/*", "step": "02", "part": "body"}
    return Listed(**{**plain, "reason": "because", **changes})


def judged(judge: Judge, left: str = "one", right: str = "two") -> list[Difference]:
    difference = Difference("default/story", "02", "body", left, right)
    return judge.unexplained("default/story", "left", "right", [difference])


@pytest.mark.parametrize(
    "changes",
    [
        {"scenario": "other/*"},
        {"step": "03"},
        {"part": "status"},
        {"left": "x"},
        {"right": "x"},
        {"says": "three"},
        {"says": None},
    ],
)
def test_an_entry_explains_only_what_it_names(changes: dict[str, str]) -> None:
    assert judged(Judge([entry(**changes)])) != []


def test_an_entry_may_say_that_a_part_is_missing() -> None:
    gone = Difference("default/story", "02", "body", "one", None)
    for says, unexplained in ((None, []), ("", []), ("two", [gone])):
        judge = Judge([entry(says=says)])
        assert judge.unexplained("default/story", "left", "right", [gone]) == unexplained


def test_no_entry_swallows_whatever_may_differ_in_a_step() -> None:
    assert [each for each in listed() if each.part == "*"] == []


def test_an_entry_that_explains_is_not_stale() -> None:
    judge = Judge([entry(says="two")])
    assert judged(judge) == []
    assert judge.stale(["default/story"]) == []


def test_an_entry_that_explains_nothing_is_stale() -> None:
    judge = Judge([entry()])
    assert judge.unexplained("default/story", "left", "right", []) == []
    assert len(judge.stale(["default/story"])) == 1
    assert judge.stale(["default/story", "default/not-played-yet"]) == []


def test_an_entry_for_no_scenario_is_stale() -> None:
    assert len(Judge([entry(scenario="gone/*")]).stale(["default/story"])) == 1
